"""The receiver of webhooks: open to everyone, believed only by signature.

A delivery is a wake-up. What it says of an operation is not used: whoever follows that operation
asks the service itself.
"""

from __future__ import annotations

import asyncio
import binascii
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import stream_request_body

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.credentials import find_webhook_secrets
from soundpiece_nb.journal.deliveries import Deliveries

MOST_BYTES = 64 * 1024
"""Of a delivery's body; an operation with three outputs has some 2 KB."""

SECRETS_SECONDS = 60.0

_MOST_LETTERS = 200
"""Of a webhook's id and of an operation's."""


class NotOurs(Exception):
    """It is not signed with one of the secrets, or is no delivery. Why is nobody's business."""


def operation_of(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str]
) -> tuple[str, str]:
    """Return the id of a delivery and that of the operation it is about; raises NotOurs.

    Signed as Standard Webhooks over the body as it came, within five minutes of now.
    """
    from standardwebhooks import Webhook, WebhookVerificationError

    for secret in secrets:
        try:
            said = Webhook(secret).verify(body, dict(headers))
            delivery, operation = str(headers["webhook-id"]), said["data"]["id"]
        except (WebhookVerificationError, ValueError, binascii.Error, LookupError, TypeError):
            continue
        if isinstance(operation, str) and max(len(delivery), len(operation)) <= _MOST_LETTERS:
            return delivery, operation
    raise NotOurs


class Receiver:
    """Believes what is signed with the person's secrets, and passes it on; for any thread."""

    def __init__(self, home: Path) -> None:
        self._deliveries = Deliveries(home)
        self._secrets: list[str] = []
        self._read_again_at = 0.0

    def receive(self, headers: Mapping[str, str], body: bytes) -> None:
        """Note a delivery in the journal, once; raises NotOurs, or sqlite3.Error for a busy one."""
        self._deliveries.note(*operation_of(headers, body, self.secrets()))

    def secrets(self) -> list[str]:
        """Return the secrets, read again once a minute: a keyring takes its time."""
        if time.monotonic() >= self._read_again_at:
            with suppress(Mistake):  # said when the server started
                self._secrets = find_webhook_secrets()
            self._read_again_at = time.monotonic() + SECRETS_SECONDS
        return self._secrets


@stream_request_body
class WebhookHandler(JupyterHandler):
    """`POST /soundpiece/webhook`: 204 for what is signed, 400 for everything else alike.

    503 while the journal is busy: the service delivers again.
    """

    def initialize(self, receiver: Receiver) -> None:
        """Hand deliveries to `receiver`."""
        self._receiver = receiver
        self._body = bytearray()

    async def prepare(self) -> None:  # type: ignore[override]
        """Take no more bytes than a delivery can have; ask for no login."""
        self.request.connection.set_max_body_size(MOST_BYTES)  # type: ignore[union-attr]

    def data_received(self, chunk: bytes) -> None:
        """Gather the body."""
        self._body += chunk

    @allow_unauthenticated
    async def post(self) -> None:
        """Verify a delivery and pass it on."""
        try:
            await asyncio.to_thread(self._receiver.receive, self.request.headers, bytes(self._body))
        except NotOurs:
            self.set_status(400)
        except sqlite3.Error:
            self.set_status(503)
        else:
            self.set_status(204)

    def check_xsrf_cookie(self) -> None:
        """Ask for no token: the signature is the proof."""

    def write_error(self, status_code: int, **_: Any) -> None:  # noqa: ARG002 - tornado's own name
        """Say nothing of why."""
        self.finish()
