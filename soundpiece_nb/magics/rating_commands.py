"""Commands that give stars, tags and notes, as the buttons beside a take do."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.shown_text import short, visible

from .command import Notebook, command
from .options import option

if TYPE_CHECKING:
    from soundpiece_nb.journal.entry import Entry


_NOTE = option("note", nargs="*", default=[], metavar="NOTE", help="words of yours on this take")


@command(
    "rate",
    option("take", metavar="KEY:N", help="a NAME or key, with :2 or :vocals for a take"),
    option("stars", metavar="STARS", help="1 to 5; 0 takes them away"),
    _NOTE,
    example='%soundpiece_rate night_drive:2 4 "love the bass"',
)
def rate(notebook: Notebook, options: Namespace) -> None:
    """Judge a take with 1 to 5 stars and a note, as the stars beside its player do.

    0 takes the stars away. It is kept at once, and shown wherever the take is shown.
    """
    from soundpiece_nb.api.number_arguments import as_number, read_stars
    from soundpiece_nb.display.take_player import stars
    from soundpiece_nb.operations import earlier_operations
    from soundpiece_nb.operations.labels import NO_STARS

    entry, take = _find(notebook, options.take)
    if take is None:
        if len(entry.takes) != 1:
            offered = ", ".join(f"{options.take}:{each.kind or each.take}" for each in entry.takes)
            if not entry.takes:
                raise Mistake(f"{_called(entry)} has no takes yet; it is {entry.status}.")
            raise Mistake("A take is what one judges.", next=f"Say {offered}.")
        take = 1
    rating = read_stars(as_number(options.stars), least=NO_STARS)
    note = " ".join(options.note) or None
    earlier_operations.rate(notebook.session, entry.key, take, rating=rating, note=note)
    print(f"{_called(entry)}, take {take}: {stars(rating) if rating else 'no stars'}")


@command(
    "tag",
    option("key", metavar="KEY", help="a key, its unique beginning, or a NAME"),
    option("tags", nargs="+", metavar="TAG", help="one or more tags"),
    example="%soundpiece_tag night_drive demo keep",
)
def tag(notebook: Notebook, options: Namespace) -> None:
    """Give an operation tags, beside those it has."""
    from soundpiece_nb.operations import earlier_operations

    from .targets import find_operation

    session = notebook.session
    operation = find_operation(options.key, notebook.namespace, session)
    earlier_operations.label(session, operation.key, tags=options.tags)
    print(f"{_called(operation.entry)}: {visible(', '.join(operation.entry.tags))}")


@command(
    "note",
    option("take", metavar="KEY[:N]", help="a NAME or key, with :2 for one take"),
    option("note", nargs="*", default=[], metavar="NOTE", help="words of yours"),
    example='%soundpiece_note night_drive "for the second scene"',
)
def note(notebook: Notebook, options: Namespace) -> None:
    """Give an operation a note, or one of its takes; an empty note removes that of a take."""
    from soundpiece_nb.operations import earlier_operations

    entry, take = _find(notebook, options.take)
    words = " ".join(options.note)
    if take is None:
        earlier_operations.label(notebook.session, entry.key, note=words)
        print(f"{_called(entry)}: noted")
    else:
        earlier_operations.rate(notebook.session, entry.key, take, note=words)
        print(f"{_called(entry)}, take {take}: noted")


def _find(notebook: Notebook, word: str) -> tuple[Entry, int | None]:
    """Return the operation that a word names, and the take it picks; raises Mistake."""
    from soundpiece_nb.operations.references import find_output, parse_reference

    return find_output(parse_reference(word, notebook.namespace), notebook.session.journal)


def _called(entry: Entry) -> str:
    return entry.name or short(entry.key)
