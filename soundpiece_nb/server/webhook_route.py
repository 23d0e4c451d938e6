"""The receiver of webhooks: open to everyone, believed only by signature.

A delivery is a wake-up. What it says of an operation is not used: whoever follows that operation
asks the service itself.
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

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.credentials import find_webhook_secrets
from soundpiece_nb.journal.webhook_deliveries import Deliveries

MOST_BYTES = 64 * 1024
"""Of a delivery's body; an operation with three outputs has some 2 KB."""

_MOST_HEARD = 1024 * 1024
"""Bytes that are listened to, so that who sends too much is answered; then the line is cut."""

MOST_WAITING = 10_000
"""Deliveries that are not in the journal yet."""

SECRETS_SECONDS = 60.0
"""How long they are good for before they are read again: a keyring takes its time."""

_MOST_LETTERS = 200
"""Of a webhook's id and of an operation's."""

_TRIES = 12
"""Of up to five seconds each, while somebody else writes."""

PAUSE_SECONDS = 0.1
"""Between them, where the disk refuses at once."""


_NO_DELIVERY = (ValueError, LookupError, TypeError, RecursionError)
"""What reading raises of something signed that is no delivery."""


class NotOurs(Exception):
    """It is not signed with one of the secrets, or is no delivery. Why is nobody's business."""


def operation_of(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str]
) -> tuple[str, str]:
    """Return the id of a delivery and that of the operation it is about; raises NotOurs.

    Signed as Standard Webhooks over the body as it came, 64 KiB at most, within five minutes of
    now.
    """
    from standardwebhooks import Webhook, WebhookVerificationError

    for secret in secrets if len(body) <= MOST_BYTES else ():
        try:
            said = Webhook(secret).verify(body, dict(headers))
            delivery, operation = str(headers["webhook-id"]), said["data"]["id"]
            f"{delivery}{operation}".encode()  # half of a surrogate pair could not be kept
        except (*_NO_DELIVERY, WebhookVerificationError):
            continue
        if isinstance(operation, str) and max(len(delivery), len(operation)) <= _MOST_LETTERS:
            return delivery, operation
    raise NotOurs


class Receiver:
    """Believes what is signed with the person's secrets, and passes it on."""

    def __init__(self, home: Path) -> None:
        self._deliveries = Deliveries(home)
        self._heard: Queue[tuple[str, str]] = Queue(MOST_WAITING)
        self._secrets: list[str] = []
        self._read_again_at = 0.0
        self._writer: threading.Thread | None = None

    async def receive(self, headers: Mapping[str, str], body: bytes) -> None:
        """Take a delivery, to be noted in the journal in a moment; raises NotOurs, or queue.Full.

        Who delivers does not wait for the journal: should one be lost with this process, polling
        tells.
        """
        if time.monotonic() >= self._read_again_at:
            with suppress(Mistake):  # said when the server started
                await asyncio.to_thread(self._read_secrets)
        self._heard.put_nowait(operation_of(headers, body, self._secrets))
        if self._writer is None:
            self._writer = threading.Thread(
                target=self._write, name="soundpiece-webhooks", daemon=True
            )
            self._writer.start()

    def prepare(self) -> None:
        """Import and read what the first delivery needs; raises Mistake for a wrong secret."""
        from standardwebhooks import Webhook  # noqa: F401 - so that it is there

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
                with suppress(Exception):  # whatever the disk says, later ones are to be noted
                    self._deliveries.note(heard)
                    break
                time.sleep(PAUSE_SECONDS)


@stream_request_body
class WebhookHandler(JupyterHandler):
    """`POST /soundpiece/webhook`: 204 for what is signed, 400 for everything else alike.

    503 where too many wait to be noted: the service delivers again.
    """

    def initialize(self, receiver: Receiver) -> None:
        """Hand deliveries to `receiver`."""
        self._receiver = receiver
        self._body = bytearray()

    async def prepare(self) -> None:  # type: ignore[override]
        """Ask for no login, and do not listen forever."""
        self.request.connection.set_max_body_size(_MOST_HEARD)  # type: ignore[union-attr]

    def data_received(self, chunk: bytes) -> None:
        """Gather the body, or as much of it as shows that it is too long."""
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
        """Say nothing of why."""
        self.finish()
