"""What is measured, each part as rows of the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import (
    batch_at_a_limit,
    history_at_100k,
    load_extension,
    many_at_once,
    notebook_bytes,
    ready_to_playable,
)
from bench.many_at_once import Run
from bench.table import Row


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    loads: int = 15
    """Kernels that load each extension."""
    at_once: tuple[int, ...] = (200, 1_000)
    rounds: int = 3
    """Times that each client does its work; the median counts."""
    most_at_once: int = 5_000
    seconds: float = many_at_once.SECONDS
    songs: int = 9
    song_seconds: float = 90.0
    lines: int = notebook_bytes.LINES
    history: int = history_at_100k.ROWS
    batch: tuple[int, int, float] = (
        batch_at_a_limit.ROWS,
        batch_at_a_limit.LIMIT,
        batch_at_a_limit.SECONDS,
    )
    """Rows, and the requests that the service takes in so many seconds."""


SMALL = Extent(
    loads=1,
    at_once=(8,),
    rounds=1,
    most_at_once=16,
    seconds=0.3,
    songs=1,
    song_seconds=3.0,
    lines=1,
    history=300,
    batch=(10, 10, 2.0),
)
"""Enough to see that everything can be measured."""

NOT_INSTALLED = "not installed"


def loading(extent: Extent) -> list[Row]:
    """Measure `%load_ext` in new kernels."""
    found = load_extension.measure(extent.loads)
    nothing = found[load_extension.NOTHING]

    def said(name: str) -> str:
        return f"{1_000 * (found[name] - nothing):.1f} ms" if name in found else NOT_INSTALLED

    others = f"bigquery-magics {said('bigquery_magics')}, jupysql {said('sql')}"
    what = "`%load_ext`, beyond an extension that does nothing"
    return [Row(what, said("soundpiece_nb"), others, f"{1_000 * nothing:.1f} ms", "12 ms")]


def together(extent: Extent) -> list[Row]:
    """Measure many operations at once, by every client."""
    rows: list[Row] = []
    for number in extent.at_once:
        runs = many_at_once.measure(number, extent.seconds, rounds=extent.rounds)
        rows += _together(number, extent.seconds, *runs)
    return rows


def _together(number: int, seconds: float, ours: Run, *others: Run) -> list[Row]:
    """Return the rows of so many at once."""
    threads = next(run for run in others if run.client == "requests")
    share = 1.1 if number <= _FEW else 1.15

    def beside(said: Callable[[Run], str]) -> str:
        return ", ".join(f"{run.client} {run.ended or said(run)}" for run in others)

    def row(what: str, said: Callable[[Run], str], limit: str = "", asked: str = "") -> Row:
        return Row(
            f"{number:,} at once: {what}", ours.ended or said(ours), beside(said), limit, asked
        )

    wanted = f"{share * threads.seconds:.1f} s ({share:g} times requests)"
    return [
        row("until all are there", lambda run: f"{run.seconds:.1f} s", f"{seconds:.1f} s", wanted),
        row("memory, libraries included", lambda run: f"{run.growth:.0f} MiB", asked="80 MiB"),
        row("main thread's lag, p99", lambda run: f"{run.lag:.1f} ms", asked="5 ms"),
        Row(f"{number:,} at once: submitting", f"{ours.submitting:.2f} s", asked="1 s"),
        Row(
            f"{number:,} at once: PUTs, polls",
            f"{ours.puts:,}, {ours.polls:,}",
            limit=f"{number:,}, {number:,}",
            asked=f"{number:,}, {number:,}",
        ),
    ]


_FEW = 200


def most_together(extent: Extent) -> list[Row]:
    """Measure more operations at once than there are descriptors for connections."""
    number = extent.most_at_once
    (run,) = many_at_once.measure(number, extent.seconds, ["this"])
    figures = f"{run.files:,} of {number:,} in {run.seconds:.1f} s"
    what = f"{number:,} at once"
    return [
        Row(f"{what}: ready and verified", run.ended or figures, limit=f"{extent.seconds:.1f} s"),
        Row(f"{what}: memory, descriptors", f"{run.growth:.0f} MiB, {run.descriptors:,}"),
    ]


def playable(extent: Extent) -> list[Row]:
    """Measure the way from ready to a verified file and to a player."""
    found = ready_to_playable.measure(extent.songs, extent.song_seconds)
    limit = found.download + found.decode
    take = f"{found.seconds:g} s of stereo"

    def ms(seconds: float) -> str:
        return f"{1_000 * seconds:.0f} ms"

    plain = f"download and IPython.display.Audio {ms(found.plain)}"
    both = f"{ms(limit)} (download {ms(found.download)}, decode with MD5 {ms(found.decode)})"
    return [
        Row(f"{take}: ready to verified file", ms(found.verified), "", both, ms(1.2 * limit)),
        Row(f"{take}: ready to player, linked", ms(found.linked), plain),
        Row(f"{take}: ready to player, embedded", ms(found.embedded), plain),
    ]


def in_notebook(extent: Extent) -> list[Row]:
    """Measure what a take takes of a notebook."""
    found = notebook_bytes.measure(extent.lines)
    what = f"a take of {found.seconds:.0f} s in the notebook"
    plain = f"IPython.display.Audio {found.plain / 1e3:,.1f} kB"
    return [
        Row(f"{what}, linked", f"{found.linked / 1e3:,.1f} kB", plain),
        Row(f"{what}, embedded", f"{found.embedded / 1e3:,.1f} kB", plain),
    ]


def in_history(extent: Extent) -> list[Row]:
    """Measure what is asked of a long history."""
    found = history_at_100k.measure(extent.history)
    medians = {what: median for what, median, _ in found}
    plain = f"pandas.read_sql {medians[_READ_SQL]:,.0f} ms"
    return [
        Row(
            f"history of {extent.history:,}: {what}",
            f"{median:,.1f} ms",
            plain if "DataFrame" in what and "whole" in what else "",
            asked=_ASKED.get(what, ""),
        )
        for what, median in medians.items()
        if what != _READ_SQL
    ]


_READ_SQL = "the same columns by `pandas.read_sql`"
_ASKED = {
    "whole history as a DataFrame": "500 ms",
    "all takes as a DataFrame": "1,000 ms",
    "page of 20, of a search": "30 ms",
    "number of a search's operations": "30 ms",
    "one more written down, synced": "2 ms",
}


def at_a_limit(extent: Extent) -> list[Row]:
    """Measure a batch where the service takes so many requests in a time."""
    run = batch_at_a_limit.measure(*extent.batch)
    rows, limit, seconds = extent.batch
    return [
        Row(
            f"{rows} effects at {limit} requests in {seconds:g} s: {run.ready} ready, "
            f"{run.polls} polls, {run.early} early",
            f"{run.took:.0f} s",
            limit=f"{run.least:.0f} s",
            asked=f"{1.15 * run.least:.0f} s (1.15 times the limit)",
        )
    ]


PARTS: Sequence[Callable[[Extent], list[Row]]] = (
    loading,
    together,
    most_together,
    playable,
    in_notebook,
    in_history,
    at_a_limit,
)
"""Each is measured in a process of its own."""
