"""The doctor's inquiry: the service is asked about operations, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from soundpiece_nb.api.answer import Answer
from soundpiece_nb.api.client import Client
from soundpiece_nb.api.errors import Mistake, Refusal, SoundpieceError, Unreachable
from soundpiece_nb.api.pacing import AccountPace
from soundpiece_nb.api.retry_policy import Exchange
from soundpiece_nb.api.transport import check_environment
from soundpiece_nb.engine.clients import Connection
from soundpiece_nb.engine.clock import Clock
from soundpiece_nb.engine.explanations import refusal_words
from soundpiece_nb.engine.retrying import retry
from soundpiece_nb.operations.embedded_sandbox import API_KEY
from soundpiece_nb.operations.services import SANDBOX
from soundpiece_nb.operations.session import Session

from .inventory import Known
from .report import LONGEST_REASON, Finding, Group, inert

AT_A_TIME = 4
ANSWER_WITHIN = 10.0
"""Seconds an answer may take; no long poll is asked for."""
PATIENCE = 5.0
"""Seconds of nothing but failures after which the service counts as silent."""

UNKNOWN = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Statuses of a service that does not know an id; 422 says that the id itself is wrong."""


@dataclass
class Inquiry:
    """The service's answers by key, None for an operation that it does not know.

    `silence` is a sentence that says why the rest of the operations `asked` about got no answer.
    """

    asked: Sequence[Known]
    answers: dict[str, Answer | None] = field(default_factory=dict)
    silence: str | None = None

    @property
    def unknown(self) -> set[str]:
        """The keys of the operations that the service does not know."""
        return {key for key, answer in self.answers.items() if answer is None}

    @property
    def ends(self) -> dict[str, str]:
        """The status of each operation that has ended at the service, by key."""
        return {
            key: answer.status
            for key, answer in self.answers.items()
            if answer is not None and (answer.ready or answer.failed)
        }


def inquire(
    session: Session,
    asked: Sequence[Known],
    check_stopped: Callable[[], None],
    patience: float = PATIENCE,
) -> Inquiry:
    """Ask the service in use about operations that were sent to it; blocks meanwhile.

    `check_stopped` is called before each, and may raise. After `patience` seconds without an
    answer the rest is not asked about.
    """
    inquiry = Inquiry(asked)
    if not asked:
        return inquiry
    try:
        connection = _connect(session)
        with asyncio.Runner() as runner:
            runner.run(_ask_all(inquiry, connection, check_stopped, patience))
    except Refusal as refusal:
        inquiry.silence = refusal_words(refusal)
    except SoundpieceError as error:
        inquiry.silence = error.message
    return inquiry


def blocked(session: Session) -> Iterator[Finding]:
    """Say which proxy or certificates keep requests from leaving; asks nobody."""
    try:
        service = session.services.in_use
        if service != SANDBOX:
            check_environment(service)
    except Unreachable as failure:
        sentence = f"No request would leave this machine. {failure.message}"
        yield Finding(Group.FOR_YOU, inert(sentence, LONGEST_REASON))
    except Mistake:
        return  # the base URL cannot be used; its own check says so


def _connect(session: Session) -> Connection:
    """Return the connection to the service in use; raises Mistake if the sandbox is not running."""
    if session.services.in_use != SANDBOX:
        return session.services.connect(session.services.in_use)
    address = session.sandbox.running()
    if address is None:
        raise Mistake("The sandbox is not running.", next="%soundpiece_sandbox start starts it.")
    return Connection(address.base_url, API_KEY)


async def _ask_all(
    inquiry: Inquiry, connection: Connection, check_stopped: Callable[[], None], patience: float
) -> None:
    client = Client(connection.base_url, connection.api_key, request_timeout=lambda: ANSWER_WITHIN)
    pace, waiting = AccountPace(), iter(inquiry.asked)

    async def ask_on(waiting: Iterator[Known]) -> None:
        for known in waiting:
            check_stopped()
            inquiry.answers[known.key] = await _ask(client, pace, known, patience)

    askers = [asyncio.ensure_future(ask_on(waiting)) for _ in range(AT_A_TIME)]
    try:
        await asyncio.gather(*askers)
    finally:
        for asker in askers:
            asker.cancel()
        await asyncio.gather(*askers, return_exceptions=True)
        await client.close()


async def _ask(client: Client, pace: AccountPace, known: Known, patience: float) -> Answer | None:
    try:
        return await retry(
            lambda: client.read(known.route, known.operation_id or "", wait=False, key=known.key),
            Exchange.POLL,
            pace=pace,
            budget=patience,
            on_failure=lambda _: None,
            clock=Clock(),
        )
    except Refusal as refusal:
        if refusal.status_code in UNKNOWN:
            return None
        raise
