"""The way of one operation, top to bottom: submit, poll until it is done, fetch its takes."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from soundpiece_nb.api.answer import Answer
from soundpiece_nb.shown_text import counted

from .downloads import fetch_takes
from .operation_context import OperationContext
from .polling import asks_for_webhook, poll_until_done
from .run_state import Phase
from .sending import submit

Fetch = Callable[[OperationContext, Answer], Awaitable[None]]


async def run_operation(context: OperationContext, *, fetch: Fetch = fetch_takes) -> None:
    """Carry an operation from where the journal has it to its end, noting every step.

    Raises SoundpieceError where following it has to stop short of an end.
    """
    if asks_for_webhook(context):
        await context.wakeups.listen()
    answer = await _first_answer(context)
    if answer is None:
        return
    if not answer.ended:
        context.run.change(Phase.PROCESSING)
        context.run.hear(answer.status)
        answer = await poll_until_done(context, answer)
    workers, journal, key = context.workers, context.journal, context.run.key
    if answer.failed:
        code, message = answer.error_code or "internal_error", answer.error_message or ""
        context.log(logging.INFO, "failed: %s", code)
        await workers.journal(journal.failed, key, code, message, answer.cost)
        return
    context.log(logging.INFO, "ready, with %s", counted(len(answer.outputs), "output"))
    context.run.change(Phase.DOWNLOADING)
    await workers.journal(journal.ready, key, answer.outputs, answer.cost)
    await fetch(context, answer)


async def _first_answer(context: OperationContext) -> Answer | None:
    """Return how the operation stands, submitted first if the service gave it no id yet."""
    operation_id = context.entry.operation_id
    if operation_id is None:
        return await submit(context)
    if context.entry.status == "ready":
        return await context.read(operation_id)
    return Answer(id=operation_id, status="processing")
