"""From signed URLs to verified files: resumed after a cut, refreshed when a URL has expired."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from soundpiece_nb.api.answer import Answer, OutputLink
from soundpiece_nb.api.client import Part
from soundpiece_nb.api.errors import DownloadFailed, Refusal, Unreadable, WireFailure
from soundpiece_nb.api.pacing import Exchange, Verdict, judge
from soundpiece_nb.audio.store import PartialFile
from soundpiece_nb.audio.verification import NotIntact

from .explanations import refusal_words

if TYPE_CHECKING:
    from .runner import Passage

DAMAGED_TRIES = 3
"""How often a download that does not verify is made before it is given up."""

REFUSED_TRIES = 2
"""How often in a row a signed URL may be refused: once for having expired, not twice."""


async def fetch_takes(passage: Passage, answer: Answer) -> None:
    """Download, verify and note every output that is not yet a file; raises DownloadFailed."""
    links = _Links(passage, answer)
    present = {take.take for take in passage.entry.takes if take.path}
    missing = [number for number in range(1, len(answer.outputs) + 1) if number not in present]
    fetches = (_fetch(passage, links, number) for number in missing)
    ends = await asyncio.gather(*fetches, return_exceptions=True)  # one's failure is not another's
    for end in ends:
        if end is not None:
            raise end


@dataclass
class _Links:
    """The current signed URLs of one operation; asking for fresh ones happens once at a time."""

    passage: Passage
    answer: Answer
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, number: int, *, instead_of: OutputLink | None = None) -> OutputLink:
        async with self._asking:
            current = self._link(number)
            if current is instead_of or current.expired(datetime.now(UTC)):
                self.answer = await self.passage.read(self.answer.id)
        return self._link(number)

    def _link(self, number: int) -> OutputLink:
        try:
            return self.answer.outputs[number - 1]
        except IndexError:
            raise DownloadFailed("The service no longer names this output.") from None


async def _fetch(passage: Passage, links: _Links, number: int) -> None:
    key, bench = passage.run.key, passage.workbench
    unfinished = passage.shelf.partial(key, number)
    try:
        for damaged in range(1, DAMAGED_TRIES + 1):
            await _download(passage, links, number, unfinished)
            try:
                take = await bench.work(unfinished.finish)
            except NotIntact as problem:
                if damaged == DAMAGED_TRIES:
                    raise DownloadFailed(
                        f"Take {number} did not arrive intact, {damaged} times: {problem}"
                    ) from None
                continue
            path = passage.shelf.path(key, number)
            await bench.note(passage.journal.stored, key, number, take, path)
            return
    finally:
        unfinished.close()


async def _download(passage: Passage, links: _Links, number: int, unfinished: PartialFile) -> None:
    link = await links.get(number)
    for refused in range(1, REFUSED_TRIES + 1):
        try:
            attempt = partial(_stream, passage, link.url, unfinished)
            await passage.persist(attempt, Exchange.DOWNLOAD, lambda: unfinished.size)
        except Refusal as refusal:
            fresh_helps = judge(Exchange.DOWNLOAD, refusal) is Verdict.FRESH_LINK
            if not fresh_helps or refused == REFUSED_TRIES:
                raise DownloadFailed(f"Take {number}: {refusal_words(refusal)}") from None
            link = await links.get(number, instead_of=link)
        except WireFailure as failure:
            raise DownloadFailed(f"Take {number}: {failure.message}") from None
        else:
            return


async def _stream(passage: Passage, url: str, unfinished: PartialFile) -> None:
    async with passage.client.download(
        url, offset=unfinished.size, etag=unfinished.etag
    ) as download:
        if download.part is Part.STALE:
            unfinished.drop()
            raise Unreadable("The file at the service is another one now.")
        unfinished.begin(download.offset, download.total, download.etag)
        if download.part is Part.COMING:
            async for chunk in download.chunks:
                unfinished.write(chunk)
