"""The address of a running sandbox: noted on disk, and believed once the sandbox proves itself."""

from __future__ import annotations

import hmac
import json
import os
import re
import socket
import stat
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import NoneType

from soundpiece_nb.files.naming import first_free
from soundpiece_nb.files.writing import written_beside

_LONGEST_NOTE, _LONGEST_HEAD = 4096, 2**14
"""Bytes of a note, and of the head of an answer, that are read at most."""

_SECRET = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Address:
    """The port and process id of a sandbox, and the secret that it was handed at its start."""

    port: int
    process: int
    secret: str = field(repr=False)
    pace: float | None = None
    """The pace that it was started with; None of one that an earlier version started."""

    @property
    def base_url(self) -> str:
        """The API root."""
        return f"http://127.0.0.1:{self.port}/v1"

    def proves_itself(self, seconds: float = 2.0) -> bool:
        """Return whether the program at this port shows within `seconds` that it has the secret.

        It is sent nothing but a random challenge, and answers with its HMAC-SHA256.
        """
        challenge = os.urandom(32).hex()
        proof = hmac.new(self.secret.encode(), challenge.encode(), "sha256").hexdigest()
        try:
            return proof.encode() in _answer(self.port, challenge, seconds)
        except OSError:
            return False


def read_address(note: Path) -> Address | None:
    """Return the address in a file of ours; None where there is none, or it is damaged."""
    try:
        found = json.loads(_read_own_file(note))
        address = Address(**found)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return address if _is_possible(address) else None


def write_address(address: Address, note: Path) -> None:
    """Write an address to a file that its owner alone can read; raises OSError."""
    if note.is_dir() and not note.is_symlink():
        note.rename(first_free(note))
    with written_beside(note, private=True) as partial:
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(asdict(address)))


def _read_own_file(note: Path) -> bytes:
    """Return the first bytes of an ordinary file of ours; raises OSError for any other."""
    # A link would lead elsewhere, and opening a pipe would wait for its other end.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(note, flags), "rb") as file:
        status = os.fstat(file.fileno())
        ours = os.name != "posix" or status.st_uid == os.geteuid()
        if not (ours and stat.S_ISREG(status.st_mode)):
            raise PermissionError(f"{note} is not an ordinary file of ours")
        return file.read(_LONGEST_NOTE)


def _is_possible(address: Address) -> bool:
    port, process, secret = address.port, address.process, address.secret
    return (
        type(port) is int
        and 0 < port < 2**16
        and type(process) is int
        and 0 < process < 2**31
        and isinstance(secret, str)
        and bool(_SECRET.fullmatch(secret))
        and type(address.pace) in (int, float, NoneType)
    )


def _answer(port: int, challenge: str, seconds: float) -> bytes:
    """Return the head of the answer at a port; raises OSError, in time however slow it comes."""
    deadline = time.monotonic() + seconds
    request = (
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        f"Soundpiece-Sandbox-Challenge: {challenge}\r\n\r\n"
    )
    head = b""
    with socket.create_connection(("127.0.0.1", port), seconds) as connection:
        connection.sendall(request.encode())
        while b"\r\n\r\n" not in head and len(head) < _LONGEST_HEAD:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            connection.settimeout(left)
            piece = connection.recv(4096)
            if not piece:
                break
            head += piece
    return head
