"""Downloads: signed URLs to verified files, resumed after a cut, refreshed when a URL expired."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from functools import partial

from soundpiece_nb.api.answer import Answer, OutputLink
from soundpiece_nb.api.client import Part
from soundpiece_nb.api.errors import DownloadFailed, Refusal, Unreadable, WireFailure
from soundpiece_nb.api.retry_policy import Exchange, Verdict, judge
from soundpiece_nb.audio.store import PartialFile
from soundpiece_nb.audio.verification import NotIntact

from .explanations import refusal_words
from .operation_context import OperationContext

DAMAGED_TRIES = 3
"""Downloads that may fail to verify before the take is given up."""

REFUSED_TRIES = 2
"""Refusals in a row that a signed URL may get: once for having expired, not twice."""


async def fetch_takes(context: OperationContext, answer: Answer) -> None:
    """Download, verify and note every output that is not yet a file; raises DownloadFailed."""
    links = _Links(context, answer)
    present = {take.take for take in context.entry.takes if take.path}
    missing = [number for number in range(1, len(answer.outputs) + 1) if number not in present]
    fetches = (_fetch(context, links, number) for number in missing)
    ends = await asyncio.gather(*fetches, return_exceptions=True)  # one's failure is not another's
    for end in ends:
        if end is not None:
            raise end


@dataclass
class _Links:
    """The current signed URLs of one operation; fresh ones are asked for once at a time."""

    context: OperationContext
    answer: Answer
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, number: int, *, instead_of: OutputLink | None = None) -> OutputLink:
        async with self._asking:
            current = self._link(number)
            if current is instead_of or current.expired(self.context.clock.now()):
                self.answer = await self.context.read(self.answer.id)
        return self._link(number)

    def _link(self, number: int) -> OutputLink:
        try:
            return self.answer.outputs[number - 1]
        except IndexError:
            raise DownloadFailed("The service no longer names this output.") from None


async def _fetch(context: OperationContext, links: _Links, number: int) -> None:
    key, workers = context.run.key, context.workers
    unfinished = context.store.partial(key, number)
    try:
        for damaged in range(1, DAMAGED_TRIES + 1):
            await _download(context, links, number, unfinished)
            try:
                take = await workers.compute(unfinished.finish)
            except NotIntact as problem:
                if damaged == DAMAGED_TRIES:
                    raise DownloadFailed(
                        f"Take {number} did not arrive intact, {damaged} times: {problem}"
                    ) from None
                continue
            path = context.store.path(key, number)
            await workers.journal(context.journal.stored, key, number, take, path)
            context.log(logging.INFO, "take %d is verified, %.1f s", number, take.duration)
            context.run.tell()
            return
    finally:
        unfinished.close()


async def _download(
    context: OperationContext, links: _Links, number: int, unfinished: PartialFile
) -> None:
    link = await links.get(number)
    for refused in range(1, REFUSED_TRIES + 1):
        try:
            attempt = partial(_stream, context, link.url, unfinished)
            await context.retry(attempt, Exchange.DOWNLOAD, lambda: unfinished.size)
        except Refusal as refusal:
            fresh_helps = judge(Exchange.DOWNLOAD, refusal) is Verdict.FRESH_LINK
            if not fresh_helps or refused == REFUSED_TRIES:
                raise DownloadFailed(f"Take {number}: {refusal_words(refusal)}") from None
            link = await links.get(number, instead_of=link)
        except WireFailure as failure:
            raise DownloadFailed(f"Take {number}: {failure.message}") from None
        else:
            context.log(logging.INFO, "take %d is downloaded, %d bytes", number, unfinished.size)
            return


async def _stream(context: OperationContext, url: str, unfinished: PartialFile) -> None:
    async with context.client.download(
        url, offset=unfinished.size, etag=unfinished.etag
    ) as download:
        if download.part is Part.STALE:
            unfinished.drop()
            raise Unreadable("The file at the service is another one now.")
        unfinished.begin(download.offset, download.total, download.etag)
        if download.part is Part.COMING:
            async for chunk in download.chunks:
                unfinished.write(chunk)
