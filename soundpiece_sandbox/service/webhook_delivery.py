"""Webhooks: a signed message to an operation's callback URL when the operation has ended."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpcore
from standardwebhooks import Webhook as Signer

from soundpiece_sandbox.network.allowed_origins import AllowedOrigins
from soundpiece_sandbox.network.public_network import NETWORK_ERRORS, PublicNetwork
from soundpiece_sandbox.store.operation import Operation, Webhook
from soundpiece_sandbox.store.operation_store import OperationStore

_log = logging.getLogger(__name__)

_MAX_ATTEMPTS = 6
_FIRST_GAP, _GROWTH = 5.0, 3.0
"""Seconds before the second attempt, and the factor by which each later gap is longer."""
_LEAST_PACE = 0.006
"""The pace used at pace 0, where gaps of 0.03 s, 0.09 s, 0.27 s… remain."""
_TIMEOUT = 10.0
"""Seconds that a receiver has to respond, by the service's documentation."""
_MAX_CONCURRENT = 100


class WebhookDelivery:
    """Sends each operation's end to its callback URL, in up to six attempts.

    Messages are signed by the Standard Webhooks specification. A message is delivered when the
    response is 2xx within 10 seconds; redirects are not followed. Without a secret, none is sent.
    """

    def __init__(
        self,
        store: OperationStore,
        allowed_origins: AllowedOrigins,
        secret: str | None,
        pace: float,
        operation_body: Callable[[Operation], dict[str, Any]],
    ) -> None:
        """Send the ``operation_body`` of an operation; ``pace`` scales the gaps between attempts.

        ``secret`` is ``whsec_`` and the key in base64.
        """
        self.delivered = 0
        self.given_up = 0
        self._store = store
        self._allowed_origins = allowed_origins
        self._signer = Signer(secret) if secret else None
        self._pace = max(pace, _LEAST_PACE)
        self._operation_body = operation_body
        # One connection for each slot: waiting for one would count towards a receiver's timeout.
        self._public = httpcore.AsyncConnectionPool(
            max_connections=_MAX_CONCURRENT, network_backend=PublicNetwork()
        )
        self._allowed = httpcore.AsyncConnectionPool(max_connections=_MAX_CONCURRENT)
        self._slots = asyncio.Semaphore(_MAX_CONCURRENT)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether any webhook is neither delivered nor given up."""
        return bool(self._tasks)

    def webhook_for(self, operation: Operation) -> Webhook | None:
        """Return a new webhook for an operation, or None if it has no callback URL."""
        wanted = self._signer is not None and "callback_url" in operation.request
        return Webhook.for_operation(operation.id) if wanted else None

    def send(self, webhook: Webhook) -> None:
        """Send a webhook in the background, until it is delivered or given up."""
        task = asyncio.create_task(self._send_with_retries(webhook))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def resume(self) -> None:
        """Send the webhooks that an earlier process neither delivered nor gave up."""
        if self._signer is not None:
            for webhook in self._store.unsettled():
                self.send(webhook)

    async def close(self) -> None:
        """Drop all work at once; undelivered webhooks stay in the store for the next start."""
        for task in self._tasks:
            task.cancel()
        await self._public.aclose()
        await self._allowed.aclose()

    async def _send_with_retries(self, webhook: Webhook) -> None:
        delivered = False
        while not delivered and webhook.attempts < _MAX_ATTEMPTS:
            if webhook.attempts:
                await asyncio.sleep(self._pace * _FIRST_GAP * _GROWTH ** (webhook.attempts - 1))
            async with self._slots:
                delivered = await self._attempt(webhook)
            webhook = replace(webhook, attempts=webhook.attempts + 1)
            settled = delivered or webhook.attempts == _MAX_ATTEMPTS
            with suppress(sqlite3.Error):  # a full disk: it is tried again after a restart
                self._store.record_attempt(webhook, settled=settled)
        self.delivered += delivered
        self.given_up += not delivered

    async def _attempt(self, webhook: Webhook) -> bool:
        operation = self._store.find(webhook.operation_id)
        if operation is None or self._signer is None:
            return False
        url = operation.request["callback_url"]
        body = json.dumps(
            {
                "type": f"{operation.route}.{operation.status}",
                "data": self._operation_body(operation),
            }
        )
        now = datetime.now(UTC)
        headers = [
            ("content-type", "application/json"),
            ("webhook-id", webhook.id),
            ("webhook-timestamp", str(int(now.timestamp()))),
            ("webhook-signature", self._signer.sign(webhook.id, now, body)),
        ]
        network = self._allowed if self._allowed_origins.includes(url) else self._public
        try:
            async with (
                asyncio.timeout(_TIMEOUT),
                # Only the status is read, however long the receiver's body is.
                network.stream("POST", url, headers=headers, content=body.encode()) as response,
            ):
                return 200 <= response.status < 300  # noqa: PLR2004 - 2xx
        except NETWORK_ERRORS:
            return False
        except Exception:  # noqa: BLE001 - odd URLs raise errors of many kinds
            _log.exception("A webhook could not be sent.")
            return False
