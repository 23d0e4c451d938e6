"""Downloads: signed URLs to verified files, resumed after a cut, refreshed when a URL expired."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from soundpiece_nb.api.answer import Answer, OutputLink
from soundpiece_nb.api.client import Part
from soundpiece_nb.api.errors import DownloadFailed, Refusal, Unreadable, WireFailure
from soundpiece_nb.api.retry_policy import Exchange, Verdict, judge
from soundpiece_nb.audio.store import PartialFile
from soundpiece_nb.audio.verification import NotIntact, Take

from .explanations import refusal_words
from .operation_context import OperationContext
from .workers import AUDIO_THREADS

DAMAGED_TRIES = 3
"""Downloads that may fail to verify before the take is given up."""

REFUSED_TRIES = 2
"""Refusals in a row that a signed URL may get: once for having expired, not twice."""


AT_ONCE = 3
"""Takes of one operation that are downloaded at a time: it leaves places to the others."""

BYTES_A_SECOND, BYTES_BESIDE = 1_000_000, 16 * 1024 * 1024
"""The most that a second of sound takes, which is stereo of 32 bits at 96 kHz uncompressed and a
quarter more, and the most beside it (pictures, tags)."""
LONGEST_UNCLAIMED = 3600.0
"""Seconds of sound that are downloaded at most where the service does not say how long it is."""

MUCH = 512 * 1024
"""Bytes that are worth being verified while others come; a short effect has fewer."""

A_STEP = 1024
"""Bytes that count as progress of a download; a server that sends fewer and hangs up gets on no
better."""


async def fetch_takes(context: OperationContext, answer: Answer) -> None:
    """Download, verify and note every output that is wanted and no file; raises DownloadFailed."""
    links, entry = _Links(context, answer), context.entry
    begun = {take.take for take in entry.takes if take.path}
    failures: list[Exception] = []

    async def fetch_on(numbers: Iterator[int]) -> None:
        for number in numbers:
            try:
                await _fetch(context, links, number)
            except Exception as failure:  # noqa: BLE001 - one's failure is not another's
                failures.append(failure)

    while True:
        pruned = {take.take for take in entry.takes if take.pruned_at}
        missing = set(range(1, len(answer.outputs) + 1)) - begun - pruned
        numbers = iter(sorted(missing))
        await asyncio.gather(*(fetch_on(numbers) for _ in range(AT_ONCE)))
        begun |= missing
        if not (missing and pruned):
            break
        entry = await context.workers.journal(context.journal.entry, entry.key)  # wanted by now?
    if failures:
        raise failures[0]


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
    owner = context.journal.holder_part
    if context.store.is_new(key):
        unfinished = context.store.partial(key, number, owner)
    else:
        unfinished = await workers.compute(context.store.partial, key, number, owner)
    limit = context.limits.operation_deadline + context.limits.retry_budget
    try:
        async with asyncio.timeout(limit):
            take = await _fetch_intact(context, links, number, unfinished)
    except TimeoutError:
        raise DownloadFailed(f"Take {number} did not arrive within {limit:,.0f} s.") from None
    finally:
        unfinished.stop()
    path = context.store.path(key, number)
    await workers.journal(context.journal.stored, key, number, take, path)
    context.log(logging.INFO, "take %d is verified, %.1f s", number, take.duration)
    context.run.tell()


async def _fetch_intact(
    context: OperationContext, links: _Links, number: int, unfinished: PartialFile
) -> Take:
    """Download a take until it is intact; what never is, is kept aside. Raises DownloadFailed."""
    damaged = 0
    while True:
        damaged += 1
        claimed = await _download(context, links, number, unfinished)
        try:
            return await context.workers.compute(unfinished.finish, claimed)
        except NotIntact as problem:
            if damaged < DAMAGED_TRIES:
                unfinished.drop()
                continue
            aside = await context.workers.compute(unfinished.keep_aside)
            kept = f" What came is kept as {aside}." if aside else ""
            raise DownloadFailed(
                f"Take {number} did not arrive intact, {damaged} times: {problem}{kept}"
            ) from None


async def _download(
    context: OperationContext, links: _Links, number: int, unfinished: PartialFile
) -> float | None:
    """Download a take, from where an earlier try ended; return the seconds that it is said to be.

    Raises DownloadFailed.
    """
    link, refused = await links.get(number), 0
    while True:
        try:
            attempt = partial(_stream, context, link, unfinished)
            await context.retry(attempt, Exchange.DOWNLOAD, lambda: unfinished.size // A_STEP)
        except Refusal as refusal:
            refused += 1
            fresh_helps = judge(Exchange.DOWNLOAD, refusal) is Verdict.FRESH_LINK
            if not fresh_helps or refused == REFUSED_TRIES:
                raise DownloadFailed(f"Take {number}: {refusal_words(refusal)}") from None
            link = await links.get(number, instead_of=link)
        except WireFailure as failure:
            raise DownloadFailed(f"Take {number}: {failure.message}") from None
        else:
            context.log(logging.INFO, "take %d is downloaded, %d bytes", number, unfinished.size)
            return link.duration


async def _stream(context: OperationContext, link: OutputLink, unfinished: PartialFile) -> None:
    most = int((link.duration or LONGEST_UNCLAIMED) * BYTES_A_SECOND) + BYTES_BESIDE
    async with context.client.download(
        link.url, offset=unfinished.size, etag=unfinished.etag, most=most
    ) as download:
        if download.part is Part.STALE:
            unfinished.drop()
            raise Unreadable("The file at the service is another one now.")
        try:
            unfinished.begin(download.offset, download.total, download.etag)
            if download.part is Part.COMING:
                await _receive(context, download.chunks, unfinished, link.duration)
        finally:
            unfinished.stop()


async def _receive(
    context: OperationContext,
    chunks: AsyncIterator[bytes],
    unfinished: PartialFile,
    claimed_seconds: float | None,
) -> None:
    """Write what comes to a file; have it verified meanwhile, whenever much of it has come.

    Threads are taken for what is there, and never wait for bytes.
    """
    verified, at_work = unfinished.size, list[Future[None]]()
    async for chunk in chunks:
        unfinished.write(chunk)
        if unfinished.size - verified >= MUCH:
            at_work = [each for each in at_work if not each.done()]
            if len(at_work) < AUDIO_THREADS:
                verified = unfinished.size
                verification = unfinished.verification(claimed_seconds)
                at_work.append(context.workers.begin(verification.go_on))
