"""Webhooks: a signed message to whoever asked to be told that an operation has ended."""

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

from soundpiece_sandbox.network.access import NETWORK_TROUBLE, PublicInternet, Reach
from soundpiece_sandbox.store.operation import Operation, Webhook
from soundpiece_sandbox.store.operation_store import Ledger

_log = logging.getLogger(__name__)

_ATTEMPTS = 6
_FIRST_GAP, _GROWTH = 5.0, 3.0
"""Seconds before the second attempt, and how many times longer each later gap is."""
_QUICKEST_PACE = 0.006
"""At pace 0, the gaps still grow: 0.03 s, 0.09 s, 0.27 s…"""
_LONGEST_ANSWER = 10.0
"""Seconds a receiver has to answer, by the service's documentation."""
_AT_ONCE = 100


class Webhooks:
    """Delivers each operation's end to its callback address, again and again if need be.

    Signed as Standard Webhooks. A delivery counts when it is answered with 2xx within 10 seconds;
    redirects are not followed. Nothing is delivered without a secret.
    """

    def __init__(
        self,
        ledger: Ledger,
        reach: Reach,
        secret: str | None,
        pace: float,
        describe: Callable[[Operation], dict[str, Any]],
    ) -> None:
        """Deliver what ``describe`` makes of an operation; ``pace`` scales the gaps.

        ``secret`` is ``whsec_`` and the key in base64.
        """
        self.delivered = 0
        self.given_up = 0
        self._ledger = ledger
        self._reach = reach
        self._signer = Signer(secret) if secret else None
        self._pace = max(pace, _QUICKEST_PACE)
        self._describe = describe
        # As many connections as places: waiting for one would count as a receiver's silence.
        self._public = httpcore.AsyncConnectionPool(
            max_connections=_AT_ONCE, network_backend=PublicInternet()
        )
        self._named = httpcore.AsyncConnectionPool(max_connections=_AT_ONCE)
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._work: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether any webhook is neither delivered nor given up."""
        return bool(self._work)

    def about(self, operation: Operation) -> Webhook | None:
        """Make the message that is to tell of an operation's end, if anybody is to be told."""
        wanted = self._signer is not None and "callback_url" in operation.request
        return Webhook.about(operation.id) if wanted else None

    def begin(self, webhook: Webhook) -> None:
        """Take a message in. It goes on by itself until it is delivered or given up."""
        task = asyncio.create_task(self._carry(webhook))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def resume(self) -> None:
        """Begin everything again that an earlier process did not bring to an end."""
        if self._signer is not None:
            for webhook in self._ledger.unsettled():
                self.begin(webhook)

    async def close(self) -> None:
        """Drop all work at once; what was not delivered stays in the ledger for the next time."""
        for task in self._work:
            task.cancel()
        await self._public.aclose()
        await self._named.aclose()

    async def _carry(self, webhook: Webhook) -> None:
        delivered = False
        while not delivered and webhook.attempts < _ATTEMPTS:
            if webhook.attempts:
                await asyncio.sleep(self._pace * _FIRST_GAP * _GROWTH ** (webhook.attempts - 1))
            async with self._places:
                delivered = await self._deliver(webhook)
            webhook = replace(webhook, attempts=webhook.attempts + 1)
            settled = delivered or webhook.attempts == _ATTEMPTS
            with suppress(sqlite3.Error):  # a full disk: it is tried again after a restart
                self._ledger.note_attempt(webhook, settled=settled)
        self.delivered += delivered
        self.given_up += not delivered

    async def _deliver(self, webhook: Webhook) -> bool:
        operation = self._ledger.find(webhook.operation_id)
        if operation is None or self._signer is None:
            return False
        address = operation.request["callback_url"]
        body = json.dumps(
            {"type": f"{operation.route}.{operation.status}", "data": self._describe(operation)}
        )
        now = datetime.now(UTC)
        headers = [
            ("content-type", "application/json"),
            ("webhook-id", webhook.id),
            ("webhook-timestamp", str(int(now.timestamp()))),
            ("webhook-signature", self._signer.sign(webhook.id, now, body)),
        ]
        network = self._named if self._reach.names(address) else self._public
        try:
            async with (
                asyncio.timeout(_LONGEST_ANSWER),
                # Nothing but the status is read: a receiver may say as much as it likes.
                network.stream("POST", address, headers=headers, content=body.encode()) as response,
            ):
                return 200 <= response.status < 300  # noqa: PLR2004 - 2xx
        except NETWORK_TROUBLE:
            return False
        except Exception:  # noqa: BLE001 - an address may be odd in ways no network foresees
            _log.exception("A webhook could not be sent.")
            return False
