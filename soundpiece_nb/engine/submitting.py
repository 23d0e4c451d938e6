"""Sending a request that is made from earlier outputs: their addresses come fresh, and stay here.

They are secrets: they go into the body that is sent, never into the journal.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from soundpiece_nb.api.answer import Answer, OutputLink
from soundpiece_nb.api.errors import Refusal, SourceLost
from soundpiece_nb.api.output_ref import EarlierOutput, addressed, earlier_outputs
from soundpiece_nb.api.pacing import Exchange
from soundpiece_nb.api.request import Request
from soundpiece_nb.text import short

from .explanations import refusal_words

if TYPE_CHECKING:
    from .runner import Passage


class Sending:
    """One request on its way out; repeated attempts carry the same bytes while they are good."""

    def __init__(self, passage: Passage, request: Request) -> None:
        self._passage = passage
        self._request = request
        self._links: dict[EarlierOutput, OutputLink] = {}

    async def attempt(self) -> Answer:
        """Send it once, its links addressed freshly if need be.

        Raises WireFailure, or SourceLost where an earlier output cannot be had any more.
        """
        wanted = set(earlier_outputs(self._request.body).values())
        for earlier in wanted:
            if earlier not in self._links or self._links[earlier].expired(datetime.now(UTC)):
                self._links[earlier] = await self._fresh(earlier)
        urls = {earlier: link.url for earlier, link in self._links.items()}
        body = addressed(self._request.body, urls) if wanted else self._request.body
        return await self._passage.client.submit(replace(self._request, body=body))

    async def _fresh(self, earlier: EarlierOutput) -> OutputLink:
        passage = self._passage
        try:
            maker = await passage.workbench.note(passage.journal.entry, earlier.key)
            operation_id = maker.operation_id or ""
            answer = await passage.persist(
                lambda: passage.client.read(maker.route, operation_id, wait=False), Exchange.POLL
            )
            return answer.outputs[earlier.take - 1]
        except Refusal as refusal:
            reason = refusal_words(refusal)
        except (IndexError, KeyError):
            reason = "The service no longer names it."
        raise SourceLost(f"Take {earlier.take} of {short(earlier.key)} cannot be had: {reason}")
