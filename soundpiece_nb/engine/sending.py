"""Sending a request under its key, with the addresses of the sound that it is made from.

Those addresses are secrets: they go into the body that is sent, never into the journal.
"""

from __future__ import annotations

import asyncio
import logging

from soundpiece_nb.api.answer import Answer, OutputLink
from soundpiece_nb.api.errors import Discarded, OtherAccount, Refusal, SourceLost, WireFailure
from soundpiece_nb.api.file_ref import FileRef
from soundpiece_nb.api.output_ref import OutputRef
from soundpiece_nb.api.request import Request, restore_request
from soundpiece_nb.api.retry_policy import Exchange, may_have_arrived
from soundpiece_nb.shown_text import short

from .explanations import discarded, not_sent, refusal_words
from .operation_context import OperationContext


async def submit(context: OperationContext) -> Answer | None:
    """Send the operation's request and note the service's id; None where it was refused.

    Raises SoundpieceError where the outcome is not known, and OtherAccount before sending anything
    where the operation was begun under another key.
    """
    entry, journal = context.entry, context.journal
    if entry.account not in (None, context.account):
        raise OtherAccount("It was begun under another API key than the one that is set now.")
    submission = Submission(
        context, restore_request(entry.route, entry.key, entry.fields_to_send, entry.body)
    )
    context.log(logging.INFO, "submitted")
    try:
        answer = await context.retry(submission.attempt, Exchange.SUBMIT)
    except Discarded:
        return None
    except (Refusal, SourceLost) as why:
        if context.run.may_have_arrived:  # a refusal now does not say that nothing was made
            raise
        if isinstance(why, Refusal):
            code, words = str(why.status_code), why.detail
            context.run.refusal = why.status_code
        else:
            code, words = "source", why.message
        context.log(logging.INFO, "rejected: %s", code)
        await context.workers.journal(journal.rejected, entry.key, code, words)
        return None
    except WireFailure as failure:
        context.run.may_have_arrived |= may_have_arrived(failure)
        raise
    context.log(logging.INFO, "accepted as %s", answer.id)
    await context.workers.journal(journal.accepted, entry.key, answer.id, answer.cost)
    return answer


class Submission:
    """One request on its way out; repeated attempts carry the same bytes while they are good."""

    def __init__(self, context: OperationContext, request: Request) -> None:
        self._context = context
        self._request = request
        self._links: dict[OutputRef | FileRef, OutputLink] = {}

    async def attempt(self) -> Answer:
        """Send it once, with fresh addresses of the sound it is made from if need be.

        Raises WireFailure, SourceLost where such an output cannot be had any more, or Discarded.
        """
        request, now = self._request, self._context.clock.now()
        for sound in request.sounds_to_address:
            if sound not in self._links or self._links[sound].expired(now):
                self._links[sound] = await self._fresh_link(sound)
        if self._links:
            urls = {sound: link.url for sound, link in self._links.items()}
            request = request.with_addresses(urls)
        await self._depart()
        try:
            return await self._context.client.submit(request)
        except WireFailure as failure:
            if not may_have_arrived(failure) and not self._context.run.may_have_arrived:
                await self._return()
            raise

    async def _depart(self) -> None:
        """Have the journal say that it leaves; raises Discarded or NotSent where it must not."""
        run, departures = self._context.run, self._context.departures
        if not (run.sends or run.may_have_arrived):  # its key makes it once at most
            raise not_sent(self._context.entry)
        if run.departed:
            return
        try:
            may_leave = await departures.note(run.key)
        except asyncio.CancelledError:
            if not run.may_have_arrived:
                await departures.take_back(run.key)
            raise
        if not may_leave:
            raise discarded(self._context.entry)
        run.departed = True

    async def _return(self) -> None:
        """Have the journal say that it has not left, so that it can be discarded meanwhile."""
        run = self._context.run
        run.departed = False  # before the note, which nothing cuts off
        await self._context.departures.take_back(run.key)

    async def _fresh_link(self, output: OutputRef | FileRef) -> OutputLink:
        context = self._context
        if isinstance(output, FileRef):
            now, service = context.clock.now(), context.entry.service
            return await context.own_files.link(output, now, service)
        try:
            maker = await context.workers.journal(context.journal.entry, output.key)
            operation_id = maker.operation_id or ""
            answer = await context.retry(
                lambda: context.client.read(maker.route, operation_id, wait=False, key=output.key),
                Exchange.POLL,
            )
            return answer.outputs[output.take - 1]
        except Refusal as refusal:
            reason = refusal_words(refusal)
        except (IndexError, KeyError):
            reason = "The service no longer names it."
        raise SourceLost(f"Take {output.take} of {short(output.key)} cannot be had: {reason}")
