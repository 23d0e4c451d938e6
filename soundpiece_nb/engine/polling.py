"""The long-poll loop: asks the service until an operation has ended, or waits for its webhook."""

from __future__ import annotations

from soundpiece_nb.api.answer import Answer
from soundpiece_nb.api.errors import ServiceSilent
from soundpiece_nb.api.retry_policy import Backoff, poll_pause
from soundpiece_nb.api.routes import CALLBACK_URL

from .operation_context import OperationContext

CAUTION = 0.9
"""Share of the shortest time such an operation took, after which polling begins at the latest."""


def asks_for_webhook(context: OperationContext) -> bool:
    """Tell whether the service was asked to send a webhook at the operation's end."""
    return CALLBACK_URL.name in context.entry.fields


async def poll_until_done(context: OperationContext, answer: Answer) -> Answer:
    """Long-poll until the operation has ended; raises ServiceSilent after its deadline."""
    clock, limit = context.clock, context.limits.operation_deadline
    deadline = clock.monotonic() + limit
    if asks_for_webhook(context) and await _webhook_came(context, answer.id):
        answer = await context.read(answer.id)
        if answer.ended:
            return answer
    quick_polls = 0
    while True:
        began = clock.monotonic()
        answer = await context.read(answer.id, wait=True)
        if answer.ended:
            return answer
        if clock.monotonic() > deadline:
            word = context.run.word
            state = f"processing ({word}, says the service)" if word else "processing"
            raise ServiceSilent(
                f"It has been {state} for longer than the operation deadline ({limit:.0f} s)."
            )
        took = clock.monotonic() - began if answer.held else 0.0  # a queue of our own holds too
        pause = poll_pause(took, quick_polls + 1, clock.chance(), Backoff())
        quick_polls = quick_polls + 1 if pause else 0
        await clock.sleep(pause)


async def _webhook_came(context: OperationContext, operation_id: str) -> bool:
    """Ask nothing while no operation of the kind was ever ready; True once a webhook came.

    After that time the long poll is quicker than any webhook, and needs none.
    """
    entry = context.entry
    soonest = await context.workers.journal(
        context.journal.soonest_seconds, entry.route, entry.service
    )
    age = (context.clock.now() - entry.submitted_at).total_seconds()
    left = min(soonest * CAUTION - max(age, 0.0), context.limits.operation_deadline)
    return left > 0 and await context.wakeups.wait(operation_id, left)
