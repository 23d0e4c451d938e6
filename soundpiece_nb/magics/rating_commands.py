"""Commands that give stars, tags, notes and NAMEs, and take them away.

Each answer says what was there before, and the line that undoes it.
"""

from __future__ import annotations

import re
import shlex
from argparse import Namespace
from typing import TYPE_CHECKING

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.inputs.spelling import composed
from soundpiece_nb.shown_text import label, quoted, say, short

from .command import Notebook, command
from .options import option

if TYPE_CHECKING:
    from soundpiece_nb.journal.entry import Entry, TakeEntry


_NOTE = (
    option("words", nargs="*", default=[], metavar="NOTE", help="words of yours"),
    option(
        "--note",
        metavar="NOTE",
        help="the same, as one text",
        known_as=("text", "comment", "words", "because"),
    ),
)


@command(
    "rate",
    option(
        "take",
        metavar="KEY:N",
        help="a NAME or key, with :2 or :vocals for a take",
        known_as=("take", "key", "name"),
    ),
    option(
        "stars",
        metavar="STARS",
        help="1 to 5; 0 takes them away",
        known_as=("stars", "rating", "rate", "score"),
    ),
    *_NOTE,
    example='%soundpiece_rate night_drive:2 4 "love the bass"',
)
def rate(notebook: Notebook, options: Namespace) -> None:
    """Judge a take with 1 to 5 stars and a note, as the stars beside its player do.

    0 takes the stars away, "" the note. It is kept at once, and shown wherever the take is shown.
    """
    from soundpiece_nb.display.take_player import stars
    from soundpiece_nb.operations import earlier_operations
    from soundpiece_nb.operations.labels import NO_STARS

    from .typed_stars import read_typed_stars

    rating, words = read_typed_stars(options.take, options.stars, options.words)
    entry, take = _find(notebook, options.take)
    if take is None:
        if len(entry.takes) != 1:
            offered = ", ".join(f"{options.take}:{each.kind or each.take}" for each in entry.takes)
            if not entry.takes:
                raise Mistake(
                    f"{_called(entry, options.take)} has no takes yet; it is {entry.status}."
                )
            raise Mistake("A take is what one judges.", next=f"Say {offered}.")
        take = 1
    emptied = "" if options.words and not any(options.words) else None
    note = next((each for each in (options.note, words, emptied) if each is not None), None)
    before = _take(entry, take)
    earlier_operations.rate(notebook.session, entry.key, take, rating=rating, note=note)
    answer = (
        f"{_called(entry, options.take)}, take {take}: {stars(rating) if rating else 'no stars'}"
    )
    if rating == (before.rating or NO_STARS):
        answer += ", as before."
    elif before.rating:
        undo = _line("rate", options.take, str(before.rating))
        answer += f", {stars(before.rating)} before: {undo} gives them back."
    else:
        answer += f". {_line('rate', options.take, '0')} takes them away."
    if note is not None:
        noted = _noted(note, before.note)
        answer += f" {noted[0].upper()}{noted[1:]}."
    say(answer)


@command(
    "tag",
    option("key", metavar="KEY", help="a NAME or key, or that of a sweep or batch for all of it"),
    option(
        "tags",
        nargs="*",
        metavar="TAG",
        help="one or more tags",
        known_as=("tag", "tags", "add", "label", "labels"),
    ),
    option("--remove", nargs="*", metavar="TAG", help="tags to take away"),
    example="%soundpiece_tag night_drive demo keep --remove draft",
)
def tag(notebook: Notebook, options: Namespace) -> None:
    """Give an operation tags, beside those it has, and take tags away.

    A sweep or a batch, by its NAME, is tagged as a whole.
    """
    from soundpiece_nb.operations import earlier_operations
    from soundpiece_nb.operations.labels import read_tags

    session, keys = notebook.session, notebook.find_keys([options.key])
    given, unwanted = read_tags(options.tags), options.remove or ()
    if options.remove == []:  # it stands behind the tags
        given, unwanted = (), given
    if not (given or unwanted):
        present = [each for entry in session.journal.of_keys(keys) for each in entry.tags]
        words = (
            ["demo", "keep"] if options.remove is None else ["--remove", *dict.fromkeys(present)]
        )
        raise Mistake(f"Say which tags, as in {_line('tag', options.key, *words)}.")
    gone = earlier_operations.untag(session, keys, unwanted)
    had = {composed(each) for entry in session.journal.of_keys(keys) for each in entry.tags}
    new = [each for each in dict.fromkeys(given) if composed(each) not in had]
    for key in keys:
        earlier_operations.label(session, key, tags=given)
    words = [*gone, *(["--remove", *new] if new else [])]
    undo = f" {_line('tag', options.key, *words)} undoes it." if words else ""
    say(f"{_tagged(session.journal.of_keys(keys), options.key)}.{undo}")


def _tagged(entries: list[Entry], word: str) -> str:
    """Return the tags that operations have now: one, or all of a sweep or batch."""
    tags = dict.fromkeys(tag for entry in entries for tag in entry.tags)
    listed = ", ".join(map(label, tags)) or "no tags"
    called = _called(entries[0]) if len(entries) == 1 else label(word)
    return f"{called}{f', {len(entries)} operations' * (len(entries) > 1)}: {listed}"


@command(
    "note",
    option("take", metavar="KEY[:N]", help="a NAME or key, with :2 for one take"),
    *_NOTE,
    example='%soundpiece_note night_drive "for the second scene"',
)
def note(notebook: Notebook, options: Namespace) -> None:
    """Give an operation a note, or one of its takes; an empty note removes the one it has."""
    from soundpiece_nb.operations import earlier_operations

    entry, take = _find(notebook, options.take)
    words = _words(options)
    if take is None:
        earlier_operations.label(notebook.session, entry.key, note=words)
        where, before = "", entry.note
    else:
        earlier_operations.rate(notebook.session, entry.key, take, note=words)
        where, before = f", take {take}", _take(entry, take).note
    undo = ""
    if words != (before or ""):
        gives_back = "gives the old one back" if before else "removes it"
        undo = f". {_line('note', options.take, before or '')} {gives_back}"
    say(f"{_called(entry, options.take)}{where}: {_noted(words, before)}{undo}.")


@command(
    "rename",
    option("key", metavar="KEY", help="a key, its unique beginning, or a NAME"),
    option("name", metavar="NAME", help='the NAME it has from now on; "" for none'),
    example="%soundpiece_rename night_drive louder",
)
def rename(notebook: Notebook, options: Namespace) -> None:
    """Give an operation another NAME, or none; the variable of that name is its handle then.

    Its old NAME is free again. A batch and a sweep keep theirs, from which their keys follow.
    """
    from soundpiece_nb.operations import earlier_operations
    from soundpiece_nb.operations.labels import read_variable

    from .targets import find_operation

    operation = find_operation(options.key, notebook.namespace, notebook.session)
    before = operation.entry
    name = read_variable(options.name) if options.name else ""
    if name:
        notebook.scope.require_free(name, "%soundpiece_rename")
    hidden = earlier_operations.rename(notebook.session, operation.key, name)
    if name:
        notebook.scope.bind(name, operation)
    if name == (before.name or ""):
        say(f"{_called(before, options.key)}: nothing was changed.")
        return
    undo = _line("rename", name or short(operation.key), before.name or "")
    called, named = _called(before, options.key), f"the NAME {name}" if name else "no NAME"
    answer = (
        f"{called} has {named} now. {undo} "
        f"{'gives the old one back' if before.name else 'takes it away'}."
    )
    if hidden:
        answer += f" {name} meant {short(hidden)} until now."
    say(answer)


def _find(notebook: Notebook, word: str) -> tuple[Entry, int | None]:
    """Return the operation that a word names, and the take it picks; raises Mistake."""
    from soundpiece_nb.operations.references import find_output, parse_reference

    return find_output(parse_reference(word, notebook.namespace), notebook.session.journal)


def _take(entry: Entry, number: int) -> TakeEntry:
    return next(each for each in entry.takes if each.take == number)


def _words(options: Namespace) -> str:
    """Return the note that was typed, as one text or word by word; empty for none."""
    return str(options.note or " ".join(options.words))


def _noted(note: str, before: str | None) -> str:
    """Return what was done to a note."""
    if not note:
        return f"note removed: {quoted(before)}" if before else "it had no note"
    return f"noted, in place of {quoted(before)}" if before not in (None, note) else "noted"


def _line(command: str, *words: str) -> str:
    """Return a magic's line as it is typed."""
    return " ".join([f"%soundpiece_{command}", *(shlex.quote(label(word)) for word in words)])


def _called(entry: Entry, typed: str = "") -> str:
    """Return the word for an operation: as it was typed where it is one of several."""
    one_of_several = re.search(r"[\[ ]", typed)
    return label(re.sub(r":\w+$", "", typed) if one_of_several else entry.name or short(entry.key))
