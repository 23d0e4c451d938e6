"""Commands about files: export takes, remove audio from the disk, bundle a notebook."""

from __future__ import annotations

import os
from argparse import Namespace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from soundpiece_nb.api.errors import Mistake, SoundpieceError
from soundpiece_nb.api.number_arguments import MOST_STARS, read_whole
from soundpiece_nb.files.export_choices import FIELDS, FORMATS
from soundpiece_nb.shown_text import counted, label, say, short

from .command import Notebook, command
from .options import KEYS, option, reads_as_moment

if TYPE_CHECKING:
    from pathlib import Path

    from soundpiece_nb.display.bundle import Bundle
    from soundpiece_nb.engine.pruning import Weight
    from soundpiece_nb.journal.entry import Entry, TakeEntry
    from soundpiece_nb.operations.operation import Operation, Output


MOST_LISTED = 20
"""Operations or sounds that are listed; the rest is a number."""
MOST_NAMED = 5
"""Operations that a command in an answer names."""


@command(
    "export",
    KEYS,
    option(
        "--to",
        metavar="DIR",
        help="the folder, made if need be (the setting export_folder)",
        known_as=("folder", "dir", "directory", "out", "output", "into", "path", "destination"),
    ),
    option(
        "--format",
        choices=FORMATS,
        help="flac, as made (else the setting export_format)",
        known_as=("as", "type", "kind", "codec", "filetype", "file_format"),
    ),
    option(
        "--name",
        dest="pattern",
        metavar="PATTERN",
        help='names of the files, such as "{name} {take}" or "{date}/{name} {kind}", by the fields '
        f"{', '.join(FIELDS)} (the setting export_name, else title, take and key)",
    ),
    option(
        "--take",
        metavar="N",
        help="only this take: its number, or vocals, say",
        known_as=("number", "n", "only", "stem", "track", "vocals=vocals", "drums=drums"),
    ),
    option(
        "--best",
        action="store_true",
        help="only the best-rated take of each operation; of a sweep, of each combination",
    ),
    example="%soundpiece_export night_drive --to songs --format wav\n"
    "%soundpiece_export ways --best --to best",
)
def export(notebook: Notebook, options: Namespace) -> None:
    """Copy takes into a folder under readable names; what is there is not written again.

    Each has its story as tags: title, prompt, lyrics, route, key, date.
    """
    from soundpiece_nb.files.paths import shown_path
    from soundpiece_nb.operations.export_names import export_folder
    from soundpiece_nb.operations.operation import Operation

    from .exported_takes import choose_takes

    session = notebook.session
    if not options.keys:
        raise Mistake(
            "Say what to export: %soundpiece_export night_drive --to songs takes NAMEs, keys and "
            "their beginnings.",
            next="%soundpiece_history lists them.",
        )
    wanted = choose_takes(notebook, options)
    folder = export_folder(session.settings, options.to)
    form = options.format or session.settings.read("export_format") or FORMATS[0]
    pattern = session.settings.read("export_name")
    if options.pattern is not None:
        from soundpiece_nb.setting_values import read_file_name

        pattern = read_file_name(options.pattern, "--name")
    ready, left_out = _exportable([(Operation(key, session), take) for key, take in wanted])
    there = there_already = 0
    for output in ready:
        try:
            known = _export_one(output, folder, f".{form}", pattern)
        except (SoundpieceError, OSError) as error:  # the others are exported all the same
            called = output.operation.entry.title
            left_out.append(f"take {output.take} of {called} ({error})")
        else:
            there, there_already = there + 1, there_already + known
    for reason in _shortened(left_out):
        say(f"Not exported: {reason}")
    if there:
        more = f", {there_already} of them there already" if there_already else ""
        say(f"{counted(there, 'file')} in {shown_path(folder)}{more}.")
    if left_out:
        raise Mistake(f"Not exported: {'; '.join(_shortened(left_out))}.")


def _shortened(reasons: list[str]) -> list[str]:
    """Return the first few of many reasons, and how many there are more."""
    more = len(reasons) - MOST_NAMED
    return [*reasons[:MOST_NAMED], f"{more} more"] if more > 1 else reasons


def _export_one(output: Output, folder: Path, ending: str, pattern: str | None) -> bool:
    """Copy a take into a folder, and say so; tell whether it was there already."""
    how = (folder, ending, pattern)
    target = output.place_in(*how)
    known = os.path.lexists(target)
    name = (target if known else output.save_in(*how)).relative_to(folder)
    say(f"{name}  already there" if known else name)
    return known


def _exportable(
    wanted: list[tuple[Operation, str | None]],
) -> tuple[list[Output], list[str]]:
    """Return the outputs that can be copied now, and why the others cannot."""
    from soundpiece_nb.display.take_player import status_words

    ready, left_out = [], []
    for operation, take in wanted:
        called = label(operation.name or short(operation.key))
        outputs = [each for each in operation.outputs if take in (None, str(each.take), each.kind)]
        absent = [each for each in outputs if each.path is None or not each.path.exists()]
        ready += [each for each in outputs if each not in absent]
        if operation.status != "ready":
            left_out.append(f"{called} is {status_words(operation.entry)}")
        elif not outputs:
            left_out.append(f"{called} has no take {take}")
        elif len(absent) == len(operation.outputs):
            left_out.append(_absence(called, called, absent))
        else:
            takes = ((each, f"{called}:{each.kind or each.take}") for each in absent)
            left_out += [_absence(f"take {each.take} of {called}", w, [each]) for each, w in takes]
    return ready, left_out


def _absence(called: str, typed: str, absent: list[Output]) -> str:
    """Return why outputs have no files here, and the command that fetches them as it is typed."""
    pruned = [each.pruned_at for each in absent if each.pruned_at]
    why = f"was pruned on {max(pruned):%Y-%m-%d}" if pruned else "is not on this machine"
    return f"{called} {why} (%soundpiece_resume {typed} fetches it)"


@command(
    "prune",
    KEYS,
    option(
        "--older-than",
        metavar="AGE",
        help="made before: 12h, 30d, last month, or a date",
        known_as=("older", "before", "age", "until"),
        joins=reads_as_moment,
    ),
    option("--status", help="submitting, processing, ready, failed, rejected or discarded"),
    option(
        "--below-rating",
        metavar="N",
        reader=partial(read_whole, most=MOST_STARS + 1),
        help="whose best take is rated lower",
    ),
    option(
        "--yes",
        action="store_true",
        help="remove it, instead of saying what it is",
        known_as=("y", "force", "delete", "remove", "confirm"),
    ),
    example="%soundpiece_prune night_drive:2 --yes",
)
def prune(notebook: Notebook, options: Namespace) -> None:
    """Say how much audio of operations or takes is on this disk, and with --yes remove it.

    Rows stay; %soundpiece_resume KEY, or KEY:N, fetches audio again, while the service has it.
    """
    from soundpiece_nb.engine import pruning
    from soundpiece_nb.journal.prunable import find_prunable
    from soundpiece_nb.operations.earlier_operations import find_takes

    filters = {name: getattr(options, name) for name in ("older_than", "status", "below_rating")}
    if not options.keys and all(given is None for given in filters.values()):
        raise Mistake(
            "Say what to prune: a KEY or NAME, or --older-than 30d, --status, --below-rating.",
            money="Nothing was removed.",
        )
    journal, engine = notebook.session.journal, notebook.session.engine
    takes = find_takes(notebook.session, notebook.find_takes(options.keys))
    filtered = any(given is not None for given in filters.values())
    if filtered and any(takes.values()):
        raise Mistake(
            "A filter chooses whole operations, and KEY:N one take.",
            money="Nothing was removed.",
            next="Say one or the other.",
        )
    found = find_prunable(journal, takes, **filters)
    named = {entry.key: entry for entry in [*map(journal.entry, sorted(takes)), *found]}
    busy = [entry for entry in named.values() if pruning.is_on_the_way(engine, entry)]
    fitting = found if filtered else list(named.values())
    chosen = [Choice(entry, takes.get(entry.key, ())) for entry in fitting if entry not in busy]
    chosen = [each for each in chosen if each.is_wanted]
    weights = {each.entry.key: pruning.weigh(engine, *each) for each in chosen}
    if options.yes:
        busy += [each.entry for each in chosen if not pruning.prune(engine, *each)]
        chosen = [each for each in chosen if each.entry not in busy]
    say(_pruning(chosen, weights, done=options.yes))
    if busy:
        names = ", ".join(label(entry.name or short(entry.key)) for entry in busy)
        say(f"Left alone, because on the way: {names}.")


class Choice(NamedTuple):
    """An operation that is to be pruned, and the takes of it; none of them for all."""

    entry: Entry
    takes: tuple[int, ...]

    @property
    def picked(self) -> list[TakeEntry]:
        """Those takes as the journal has them."""
        return [each for each in self.entry.takes if not self.takes or each.take in self.takes]

    @property
    def is_wanted(self) -> bool:
        """Whether one of them has a file here, or is to have one: the service may not have it."""
        return any(each.path or not each.pruned_at for each in self.picked)

    @property
    def words(self) -> str:
        """The words that name it on a magic's line."""
        key = short(self.entry.key)
        return " ".join(map(self.entry.word_for, self.picked)) if self.takes else key


def _pruning(chosen: list[Choice], weights: dict[str, Weight], *, done: bool) -> str:
    """Return a line for each operation whose audio is or would be removed, and what stays."""
    if not chosen:
        return "Nothing to remove: no audio on this machine fits."
    from soundpiece_nb.engine.pruning import Weight

    total = sum(weights.values(), Weight())
    what = f"{counted(total.takes, 'take')} of {counted(len(chosen), 'operation')}"
    lines = [f"{'Removed' if done else 'This would remove'} {what}, {_megabytes(total.size)}:"]
    for each in chosen[:MOST_LISTED]:
        weight = weights[each.entry.key]
        heavy = f"{counted(weight.takes, 'take')}, {_megabytes(weight.size)}"
        lines.append(f"  {each.words}  {each.entry.title}  {heavy}")
    if len(chosen) > MOST_LISTED:
        lines.append(f"  and {len(chosen) - MOST_LISTED} more")
    again = " ".join(each.words for each in chosen) if len(chosen) <= MOST_NAMED else "KEY…"
    lines.append(
        f"The rows stay. %soundpiece_resume {again} fetches the audio again, while the service has "
        "it."
    )
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
    from soundpiece_nb.files.path_text import expand_variables
    from soundpiece_nb.files.paths import read_path, shown_path
    from soundpiece_nb.operations.waiting import attend

    session = notebook.session
    to = None if options.to is None else read_path(expand_variables(options.to))
    plan = plan_bundle(read_path(expand_variables(options.notebook)), to, html=options.html)
    made = attend(session.engine.workers.start(plan.write, session.journal))
    size = _megabytes(made.path.stat().st_size)
    say(f"{shown_path(made.path)} ({size}): {_carried(made)}")
    if made.missing:
        sounds = counted(len(made.missing), "sound")
        say(
            f"{sounds} can be found neither beside the notebook nor in the journal, so the players "
            "stay as they were."
        )
    if made.removed:
        say(f"{counted(made.removed, 'path')} or names of this machine were taken out of it.")


def _carried(made: Bundle) -> str:
    """Return what a bundle carries, as the end of a sentence."""
    silent = made.players - made.sounds
    if not made.players:
        return "no players: run and save it first."
    if made.players == made.sounds == 1:
        return "its player carries its sound."
    if not silent:
        return f"all {made.players:,} players carry their sound."
    carry = "carries its" if made.sounds == 1 else "carry their"
    more = f" and {len(made.missing) - MOST_LISTED} more" * (len(made.missing) > MOST_LISTED)
    names = f"{', '.join(made.missing[:MOST_LISTED])}{more}"
    others = f"{silent:,} do{'es' * (silent == 1)} not: {names}"
    return f"{made.sounds:,} of {counted(made.players, 'player')} {carry} sound; {others}."


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
