"""What the magics about files do: export, prune, bundle."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.engine import pruning
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.operations.operation import Operation, Output, require_path
from soundpiece_nb.operations.session import current
from soundpiece_nb.operations.waiting import attend
from soundpiece_nb.text import counted, short, visible

from .targets import several

MOST_LISTED = 20
"""More operations than this are summed up in one line."""


def export(magics: Any, options: Namespace) -> None:
    """Copy takes into a folder; raises Mistake at the end for what could not be copied."""
    if not options.keys:
        raise Mistake(
            "Say what to export: %soundpiece_export night_drive --to songs takes NAMEs, keys and "
            "their beginnings; %soundpiece_history lists them."
        )
    session = current()
    keys = several(options.keys, magics.shell.user_ns, session)
    folder = require_path(options.to)
    if folder.exists() and not folder.is_dir():
        raise Mistake(f"{folder} is a file; --to takes a folder. Nothing was written.")
    ready, left_out = _exportable([session.operation(key) for key in keys], options.take)
    there_already = 0
    for output in ready:
        target = output.place_in(folder, f".{options.format}")
        if target.exists():
            there_already += 1
            _say(f"{target.name}  already there")
        else:
            _say(output.save(target).name)
    if ready:
        known = f", {there_already} of them there already" if there_already else ""
        _say(f"{counted(len(ready), 'file')} in {folder.resolve()}{known}.")
    if left_out:
        raise Mistake(f"Not exported: {'; '.join(left_out)}.")


def _exportable(operations: list[Operation], take: str | None) -> tuple[list[Output], list[str]]:
    """Return the outputs that can be copied now, and in words what cannot and why."""
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


def prune(magics: Any, options: Namespace) -> None:
    """Say what pruning would remove, or with `--yes` remove it and say what that was."""
    filters = (options.older_than, options.status, options.below_rating)
    if not options.keys and all(given is None for given in filters):
        raise Mistake(
            "Say what to prune: a KEY or NAME, or --older-than 30d, --status, --below-rating. "
            "Nothing was removed."
        )
    from soundpiece_nb.journal.prunable import find_prunable

    session = current()
    journal, engine = session.journal, session.engine
    keys = set(several(options.keys, magics.shell.user_ns, session))
    found = find_prunable(
        journal,
        keys,
        older_than=options.older_than,
        status=options.status,
        below_rating=options.below_rating,
    )
    meant = {entry.key: entry for entry in [*map(journal.entry, sorted(keys)), *found]}
    busy = [entry for entry in meant.values() if pruning.is_on_the_way(engine, entry)]
    chosen = [entry for entry in found if entry not in busy]
    weights = {entry.key: pruning.weigh(engine, entry) for entry in chosen}
    if options.yes:
        busy += [entry for entry in chosen if not pruning.prune(engine, entry)]
        chosen = [entry for entry in chosen if entry not in busy]
    _say(_pruning(chosen, weights, done=options.yes))
    if busy:
        names = ", ".join(entry.name or short(entry.key) for entry in busy)
        _say(f"Left alone, because on the way: {names}.")


def _pruning(chosen: list[Entry], weights: dict[str, pruning.Weight], *, done: bool) -> str:
    """Return what is or would be removed, an operation a line, and what stays."""
    if not chosen:
        return "Nothing to remove: no audio on this machine fits."
    total = sum((weights[entry.key] for entry in chosen), pruning.Weight())
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


def bundle(_: Any, options: Namespace) -> None:
    """Write a copy of a notebook that carries its own sound."""
    from soundpiece_nb.display.bundle import plan_bundle

    session = current()
    to = None if options.to is None else require_path(options.to)
    plan = plan_bundle(require_path(options.notebook), to, html=options.html)
    made = attend(session.engine.workbench.start(plan.write, session.journal))
    size = _megabytes(made.path.stat().st_size)
    _say(f"{made.path} ({size}), {counted(made.sounds, 'player')} with sound inside.")
    if made.missing:
        _say(
            f"{counted(len(made.missing), 'sound')} can be found neither beside the notebook nor "
            f"in the journal, so the players stay as they were: {', '.join(made.missing)}."
        )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _say(text: str) -> None:
    print(visible(text))  # noqa: T201 - the answer to what was typed
