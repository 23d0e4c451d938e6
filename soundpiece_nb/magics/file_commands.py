"""Commands about files: export takes, remove audio from the disk, bundle a notebook."""

from __future__ import annotations

from argparse import Namespace
from functools import partial
from typing import TYPE_CHECKING

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.number_arguments import MOST_STARS, read_whole
from soundpiece_nb.shown_text import counted, short, visible

from .command import Notebook, command
from .options import KEYS, option

if TYPE_CHECKING:
    from soundpiece_nb.engine.pruning import Weight
    from soundpiece_nb.journal.entry import Entry
    from soundpiece_nb.operations.operation import Operation, Output


MOST_LISTED = 20
"""Operations that %soundpiece_prune lists; the rest is one line."""


@command(
    "export",
    KEYS,
    option("--to", metavar="DIR", required=True, help="the folder, made if need be"),
    option("--format", choices=["flac", "wav", "mp3"], default="flac", help="flac, as made"),
    option("--take", metavar="N", help="only this take: its number, or vocals, say"),
    example="%soundpiece_export night_drive --to songs --format wav",
)
def export(notebook: Notebook, options: Namespace) -> None:
    """Copy takes into a folder under readable names; what is there is not written again.

    Each has its story as tags: title, prompt, lyrics, route, key, date.
    """
    from soundpiece_nb.files import read_path
    from soundpiece_nb.operations.operation import Operation

    if not options.keys:
        raise Mistake(
            "Say what to export: %soundpiece_export night_drive --to songs takes NAMEs, keys and "
            "their beginnings.",
            next="%soundpiece_history lists them.",
        )
    keys = notebook.find_keys(options.keys)
    folder = read_path(options.to)
    if folder.exists() and not folder.is_dir():
        raise Mistake(f"{folder} is a file; --to takes a folder.", money="Nothing was written.")
    ready, left_out = _exportable([Operation(key, notebook.session) for key in keys], options.take)
    there_already = 0
    for output in ready:
        target = output.place_in(folder, f".{options.format}")
        if target.exists():
            there_already += 1
            _print(f"{target.name}  already there")
        else:
            _print(output.save(target).name)
    if ready:
        known = f", {there_already} of them there already" if there_already else ""
        _print(f"{counted(len(ready), 'file')} in {folder.resolve()}{known}.")
    if left_out:
        raise Mistake(f"Not exported: {'; '.join(left_out)}.")


def _exportable(operations: list[Operation], take: str | None) -> tuple[list[Output], list[str]]:
    """Return the outputs that can be copied now, and why the others cannot."""
    ready, left_out = [], []
    for operation in operations:
        called = operation.name or short(operation.key)
        wanted = [each for each in operation.outputs if take in (None, str(each.take), each.kind)]
        absent = [each for each in wanted if each.path is None or not each.path.exists()]
        ready += [each for each in wanted if each not in absent]
        if operation.status != "ready":
            left_out.append(f"{called} is {operation.status}")
        elif not wanted:
            left_out.append(f"{called} has no take {take}")
        elif absent:
            pruned = [each.pruned_at for each in absent if each.pruned_at]
            why = f"was pruned on {max(pruned):%Y-%m-%d}" if pruned else "is not on this machine"
            left_out.append(f"{called} {why} (%soundpiece_resume {called} fetches it)")
    return ready, left_out


@command(
    "prune",
    KEYS,
    option("--older-than", metavar="AGE", help="made before: 12h, 30d, or a date"),
    option("--status", help="submitting, processing, ready, failed or rejected"),
    option(
        "--below-rating",
        metavar="N",
        reader=partial(read_whole, most=MOST_STARS + 1),
        help="whose best take is rated lower",
    ),
    option("--yes", action="store_true", help="remove it, instead of saying what it is"),
    example="%soundpiece_prune --older-than 30d --below-rating 3",
)
def prune(notebook: Notebook, options: Namespace) -> None:
    """Say how much audio of operations is on this disk, and with --yes remove it.

    Rows stay; %soundpiece_resume KEY fetches audio again, while the service has it.
    """
    from soundpiece_nb.engine import pruning
    from soundpiece_nb.journal.prunable import find_prunable

    filters = {name: getattr(options, name) for name in ("older_than", "status", "below_rating")}
    if not options.keys and all(given is None for given in filters.values()):
        raise Mistake(
            "Say what to prune: a KEY or NAME, or --older-than 30d, --status, --below-rating.",
            money="Nothing was removed.",
        )
    journal, engine = notebook.session.journal, notebook.session.engine
    keys = set(notebook.find_keys(options.keys))
    found = find_prunable(journal, keys, **filters)
    named = {entry.key: entry for entry in [*map(journal.entry, sorted(keys)), *found]}
    busy = [entry for entry in named.values() if pruning.is_on_the_way(engine, entry)]
    chosen = [entry for entry in found if entry not in busy]
    weights = {entry.key: pruning.weigh(engine, entry) for entry in chosen}
    if options.yes:
        busy += [entry for entry in chosen if not pruning.prune(engine, entry)]
        chosen = [entry for entry in chosen if entry not in busy]
    _print(_pruning(chosen, weights, done=options.yes))
    if busy:
        names = ", ".join(entry.name or short(entry.key) for entry in busy)
        _print(f"Left alone, because on the way: {names}.")


def _pruning(chosen: list[Entry], weights: dict[str, Weight], *, done: bool) -> str:
    """Return a line for each operation whose audio is or would be removed, and what stays."""
    if not chosen:
        return "Nothing to remove: no audio on this machine fits."
    from soundpiece_nb.engine.pruning import Weight

    total = sum((weights[entry.key] for entry in chosen), Weight())
    what = f"{counted(total.takes, 'take')} of {counted(len(chosen), 'operation')}"
    lines = [f"{'Removed' if done else 'This would remove'} {what}, {_megabytes(total.size)}:"]
    for entry in chosen[:MOST_LISTED]:
        weight = weights[entry.key]
        heavy = f"{counted(weight.takes, 'take')}, {_megabytes(weight.size)}"
        lines.append(f"  {short(entry.key)}  {entry.title}  {heavy}")
    if len(chosen) > MOST_LISTED:
        lines.append(f"  and {len(chosen) - MOST_LISTED} more")
    lines.append("Their rows stay; %soundpiece_resume KEY fetches audio again.")
    beside = "Files beside notebooks (soundpiece-audio) are left alone and go on playing"
    shared = f"; {_megabytes(total.shared)} of these lie there too, and use the disk while they do"
    lines.append(f"{beside}{shared if total.shared else ''}.")
    if not done:
        lines.append("Nothing was removed; the same line with --yes removes it.")
    return "\n".join(lines)


@command(
    "bundle",
    option("notebook", metavar="NOTEBOOK", help="the .ipynb file; save it first"),
    option("--to", metavar="FILE", help="the copy (beside it: NOTEBOOK-with-sound)"),
    option("--html", action="store_true", help="a web page instead of a notebook"),
    example="%soundpiece_bundle album.ipynb --html",
)
def bundle(notebook: Notebook, options: Namespace) -> None:
    """Write a copy of a saved notebook that carries its own sound, as MP3 inside its players.

    One file plays anywhere then. The notebook itself is left as it is.
    """
    from soundpiece_nb.display.bundle import plan_bundle
    from soundpiece_nb.files import read_path
    from soundpiece_nb.operations.waiting import attend

    session = notebook.session
    to = None if options.to is None else read_path(options.to)
    plan = plan_bundle(read_path(options.notebook), to, html=options.html)
    made = attend(session.engine.workers.start(plan.write, session.journal))
    size = _megabytes(made.path.stat().st_size)
    _print(f"{made.path} ({size}), {counted(made.sounds, 'player')} with sound inside.")
    if made.missing:
        _print(
            f"{counted(len(made.missing), 'sound')} can be found neither beside the notebook nor "
            f"in the journal, so the players stay as they were: {', '.join(made.missing)}."
        )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _print(text: str) -> None:
    print(visible(text))
