"""A company's or café's network on this machine: proxies, TLS with good and bad certificates."""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from .raw_service import end_all

NOW, DAY = datetime.now(UTC), timedelta(days=1)


class _Listener:
    """Listens on a free port, on a thread of its own, until it is closed."""

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self._tls = tls
        self.port = port
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(10)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _serve(self, started: threading.Event) -> None:
        self._loop.set_exception_handler(lambda *_: None)  # clients that trust nobody hang up
        server = self._loop.run_until_complete(
            asyncio.start_server(self._connected, "127.0.0.1", self.port, ssl=self._tls)
        )
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(end_all())
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self.answer(reader, writer)
        writer.close()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


class TlsFront(_Listener):
    """Speaks TLS with one certificate, and passes what it hears on to a port of plain http."""

    def __init__(self, certificate: trustme.LeafCert, behind: int) -> None:
        self._behind = behind
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(tls)
        super().__init__(tls)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _relay(reader, writer, self._behind)


class MutualTls:
    """Speaks TLS 1.3, and ends it with an alert for want of the client's certificate."""

    def __init__(self, tls: ssl.SSLContext, trusted: Path) -> None:
        tls.verify_mode = ssl.CERT_REQUIRED
        tls.load_verify_locations(str(trusted))
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection, suppress(ssl.SSLError):
                    raw = connection.dup()
                    self._tls.wrap_socket(connection, server_side=True)
                with raw, suppress(OSError):  # or the alert could be lost with the connection
                    raw.shutdown(socket.SHUT_WR)
                    raw.settimeout(5)
                    while raw.recv(65_536):
                        pass


class HttpProxy(_Listener):
    """Connects whoever asks for a host to one port here; or answers only `instead`.

    `heard` are the heads of its requests. Only `whole` bytes of an answer arrive as they were.
    """

    whole = math.inf

    def __init__(
        self,
        leads_to: int = 0,
        *,
        instead: bytes | None = None,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self.leads_to = leads_to
        self.instead = instead
        self.heard: list[str] = []
        super().__init__(tls, port)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(1)
        if not first.isalpha():  # TLS, say
            writer.write(refusing("400 Bad Request"))
            return
        head = first + await reader.readuntil(b"\r\n\r\n")
        self.heard.append(head.decode("latin-1"))
        if self.instead is not None:
            writer.write(self.instead)
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _relay(reader, writer, self.leads_to, self.whole)


async def _relay(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, whole: float = math.inf
) -> None:
    there, back = await asyncio.open_connection("127.0.0.1", port)
    ways = [
        asyncio.ensure_future(_pass_on(reader, back)),
        asyncio.ensure_future(_pass_on(there, writer, whole)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        back.close()


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, whole: float = math.inf
) -> None:
    """Pass bytes on, so many of them `whole`; of the pieces behind them the last bit is turned."""
    passed = 0
    while piece := await reader.read(65_536):
        passed += len(piece)
        writer.write(piece if passed <= whole else piece[:-1] + bytes([piece[-1] ^ 1]))
        await writer.drain()


def refusing(status: str) -> bytes:
    """Return a proxy's answer that is no connection."""
    return f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


class Authorities:
    """A certificate authority that is trusted where its file is named, and one that never is."""

    def __init__(self, folder: Path) -> None:
        self._trusted, self._unknown = trustme.CA(), trustme.CA()
        self.file = folder / "authority.pem"
        self._trusted.cert_pem.write_to_path(self.file)

    def certificate(self, *hosts: str, begins: int = -1, ends: int = 1) -> trustme.LeafCert:
        """Return a certificate that is valid between so many days from now."""
        return self._trusted.issue_cert(
            *hosts, not_before=NOW + begins * DAY, not_after=NOW + ends * DAY
        )

    def unknown(self, *hosts: str) -> trustme.LeafCert:
        """Return a certificate of the authority that nobody trusts."""
        return self._unknown.issue_cert(*hosts)

    def server_context(self, *hosts: str) -> ssl.SSLContext:
        """Return a server's context with a good certificate."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.certificate(*hosts).configure_cert(tls)
        return tls
