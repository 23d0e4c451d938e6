"""Labels by handle: an operation's NAME, tags and note, a take's stars and note, each undoable."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Self

from soundpiece_nb.api.number_arguments import read_stars

from . import earlier_operations
from .handle import Handle
from .labels import NO_STARS, read_note

if TYPE_CHECKING:
    from soundpiece_nb.journal.entry import Entry


class Labelled(Handle):
    """An operation as a person labels it."""

    @property
    @abstractmethod
    def entry(self) -> Entry:
        """Its row in the journal, as it is now."""

    @property
    def name(self) -> str | None:
        """The NAME it was given."""
        return self.entry.name

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags it was given, in that order."""
        return self.entry.tags

    def rename(self, name: str | None) -> Self:
        """Give it another NAME, or none; raises Mistake for one that means something newer."""
        earlier_operations.rename(self.session, self.entry.key, name)
        return self

    def tag(self, *tags: str) -> Self:
        """Give it tags, beside those it has."""
        earlier_operations.label(self.session, self.entry.key, tags=_listed(tags))
        return self

    def untag(self, *tags: str) -> Self:
        """Take tags away; raises Mistake, with all of them kept, for one that it does not have.

        `op.untag(*op.tags)` takes away all.
        """
        earlier_operations.untag(self.session, [self.entry.key], _listed(tags))
        return self

    def note(self, text: str | None) -> Self:
        """Give it a note, in place of the one it has; None or an empty text removes that."""
        earlier_operations.label(self.session, self.entry.key, note=_read(text))
        return self


class Judged(Handle):
    """A take as a person judges it."""

    take: int = 0
    operation: Labelled

    def rate(self, stars: int, note: str | None = None) -> Self:
        """Rate it with 1 to 5 stars, and a note if you like; kept at once. Raises Mistake."""
        said = None if note is None else read_note(note)
        self._judge(rating=read_stars(stars), note=said)
        return self

    def unrate(self) -> Self:
        """Take its stars away; a note stays."""
        self._judge(rating=NO_STARS)
        return self

    def annotate(self, text: str | None) -> Self:
        """Give it a note, in place of the one it has; None or an empty text removes that."""
        self._judge(note=_read(text))
        return self

    def _judge(self, **given: Any) -> None:
        earlier_operations.rate(self.session, self.operation.entry.key, self.take, **given)


def _read(text: str | None) -> str:
    return "" if text is None else read_note(text)


def _listed(tags: tuple[Any, ...]) -> Any:
    """Return tags that were given one by one, or as one list."""
    return tags[0] if len(tags) == 1 and isinstance(tags[0], list | tuple) else tags
