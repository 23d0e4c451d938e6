"""The receiver of webhooks: open to everyone, trusting nothing but the signature.

A delivery wakes whoever polls that operation, who then asks the service itself: nothing else that
a delivery says is used.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import stream_request_body

from soundpiece_nb.api.error_logging import logging_unforeseen
from soundpiece_nb.api.errors import MachineLimit, Mistake
from soundpiece_nb.credentials import find_webhook_secrets
from soundpiece_nb.engine.threads import start_thread
from soundpiece_nb.journal.quick_reads import UNREADABLE
from soundpiece_nb.journal.webhook_deliveries import Deliveries

MOST_BYTES = 64 * 1024
"""Bytes of a delivery's body; that of an operation with three outputs has some 2 KB."""
_MOST_READ = 1024 * 1024
"""Bytes that are read, so that a sender of too many is answered; then the connection is cut."""
MOST_WAITING = 10_000
"""Deliveries that are not in the journal yet."""
SECRETS_SECONDS = 60.0
"""Seconds until the secrets are read again, as a keyring is slow."""
_MOST_LETTERS = 200
"""Characters of a webhook's id and of an operation's."""
_TRIES = 12
"""Tries to write to the journal, of up to five seconds each, while another process writes."""
PAUSE_SECONDS = 0.1
"""Seconds between two tries, where the disk refuses at once."""


class NotOurs(Exception):
    """A delivery is not signed with one of the secrets, or malformed; the sender is not told."""


def operation_of(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str]
) -> tuple[str, str]:
    """Return the id of a delivery and that of the operation it is about; raises NotOurs.

    The signature is that of Standard Webhooks over the raw body, at most five minutes old.
    """
    from standardwebhooks import Webhook, WebhookVerificationError

    for secret in secrets if len(body) <= MOST_BYTES else ():
        try:
            said = Webhook(secret).verify(body, dict(headers))
            delivery, operation = str(headers["webhook-id"]), said["data"]["id"]
            f"{delivery}{operation}".encode()  # half of a surrogate pair could not be kept
        except (WebhookVerificationError, ValueError, LookupError, TypeError, RecursionError):
            continue  # another secret's, or signed but no delivery
        if isinstance(operation, str) and max(len(delivery), len(operation)) <= _MOST_LETTERS:
            return delivery, operation
    raise NotOurs


class Receiver:
    """Accepts what is signed with the person's secrets, and notes it in the journal."""

    def __init__(self, home: Path) -> None:
        self._deliveries = Deliveries(home)
        self._heard: Queue[tuple[str, str]] = Queue(MOST_WAITING)
        self._secrets: list[str] = []
        self._read_again_at = 0.0
        self._writer: threading.Thread | None = None

    async def receive(self, headers: Mapping[str, str], body: bytes) -> None:
        """Take a delivery, to be noted in the journal in a moment; raises NotOurs, or queue.Full.

        The sender does not wait for the journal: were a delivery lost with this process, polling
        finds the operation's end all the same.
        """
        if time.monotonic() >= self._read_again_at:
            with suppress(Mistake):  # the log told of it when the server started
                await asyncio.to_thread(self._read_secrets)
        heard = operation_of(headers, body, self._secrets)
        if self._writer is None or not self._writer.is_alive():
            try:
                self._writer = start_thread(self._write, "soundpiece-webhooks")
            except MachineLimit:
                raise Full from None
        self._heard.put_nowait(heard)

    def prepare(self) -> None:
        """Import and read what the first delivery needs; raises Mistake for a wrong secret."""
        from standardwebhooks import Webhook  # noqa: F401 - imported before it is needed

        self._read_secrets()

    def _read_secrets(self) -> None:
        self._read_again_at = time.monotonic() + SECRETS_SECONDS
        self._secrets = find_webhook_secrets()

    def _write(self) -> None:
        while True:
            heard = [self._heard.get()]
            with suppress(Empty):
                while True:
                    heard.append(self._heard.get_nowait())
            for _ in range(_TRIES):
                # Whatever the disk says, later deliveries must be noted.
                with logging_unforeseen("server"), suppress(*UNREADABLE):
                    self._deliveries.note(heard)
                    break
                time.sleep(PAUSE_SECONDS)


@stream_request_body
class WebhookHandler(JupyterHandler):
    """`POST /soundpiece/webhook`: answers 204 to what is signed, 400 to everything else.

    503 where too many wait to be noted: the service delivers again.
    """

    def initialize(self, receiver: Receiver) -> None:
        """Pass deliveries to `receiver`."""
        self._receiver = receiver
        self._body = bytearray()

    async def prepare(self) -> None:  # type: ignore[override]
        """Ask for no login, and limit what is read."""
        self.request.connection.set_max_body_size(_MOST_READ)  # type: ignore[union-attr]

    def data_received(self, chunk: bytes) -> None:
        """Collect the body, or as much of it as shows that it is too long."""
        if len(self._body) <= MOST_BYTES:
            self._body += chunk

    @allow_unauthenticated
    async def post(self) -> None:
        """Verify a delivery and pass it on."""
        try:
            await self._receiver.receive(self.request.headers, bytes(self._body))
        except NotOurs:
            self.set_status(400)
        except Full:
            self.set_status(503)
        else:
            self.set_status(204)

    def check_xsrf_cookie(self) -> None:
        """Ask for no token: the signature is the proof."""

    def write_error(self, status_code: int, **_: Any) -> None:  # noqa: ARG002 - tornado's own name
        """Answer without a reason, which could help a forger."""
        self.finish()
