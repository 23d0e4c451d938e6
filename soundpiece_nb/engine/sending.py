"""Sending a request under its key, with the addresses of the outputs that it is made from.

Those addresses are secrets: they go into the body that is sent, never into the journal.
"""

from __future__ import annotations

import logging

from soundpiece_nb.api.answer import Answer, OutputLink
from soundpiece_nb.api.errors import Refusal, SourceLost
from soundpiece_nb.api.output_ref import OutputRef
from soundpiece_nb.api.request import Request, restore_request
from soundpiece_nb.api.retry_policy import Exchange
from soundpiece_nb.shown_text import short

from .explanations import refusal_words
from .operation_context import OperationContext


async def submit(context: OperationContext) -> Answer | None:
    """Send the operation's request and note the service's id; None where it was refused.

    Raises SoundpieceError where the outcome is not known.
    """
    entry, journal = context.entry, context.journal
    submission = Submission(
        context, restore_request(entry.route, entry.key, entry.fields, entry.body)
    )
    context.log(logging.INFO, "submitted")
    try:
        answer = await context.retry(submission.attempt, Exchange.SUBMIT)
    except (Refusal, SourceLost) as why:
        if context.run.may_have_arrived:  # a refusal now does not say that nothing was made
            raise
        if isinstance(why, Refusal):
            code, words = str(why.status_code), why.detail
        else:
            code, words = "source", why.message
        context.log(logging.INFO, "rejected: %s", code)
        await context.workers.journal(journal.rejected, entry.key, code, words)
        return None
    context.log(logging.INFO, "accepted as %s", answer.id)
    await context.workers.journal(journal.accepted, entry.key, answer.id)
    return answer


class Submission:
    """One request on its way out; repeated attempts carry the same bytes while they are good."""

    def __init__(self, context: OperationContext, request: Request) -> None:
        self._context = context
        self._request = request
        self._links: dict[OutputRef, OutputLink] = {}

    async def attempt(self) -> Answer:
        """Send it once, with fresh addresses of the outputs it is made from if need be.

        Raises WireFailure, or SourceLost where such an output cannot be had any more.
        """
        request, now = self._request, self._context.clock.now()
        for output in request.output_refs:
            if output not in self._links or self._links[output].expired(now):
                self._links[output] = await self._fresh_link(output)
        if self._links:
            urls = {output: link.url for output, link in self._links.items()}
            request = request.with_addresses(urls)
        return await self._context.client.submit(request)

    async def _fresh_link(self, output: OutputRef) -> OutputLink:
        context = self._context
        try:
            maker = await context.workers.journal(context.journal.entry, output.key)
            operation_id = maker.operation_id or ""
            answer = await context.retry(
                lambda: context.client.read(maker.route, operation_id, wait=False), Exchange.POLL
            )
            return answer.outputs[output.take - 1]
        except Refusal as refusal:
            reason = refusal_words(refusal)
        except (IndexError, KeyError):
            reason = "The service no longer names it."
        raise SourceLost(f"Take {output.take} of {short(output.key)} cannot be had: {reason}")
