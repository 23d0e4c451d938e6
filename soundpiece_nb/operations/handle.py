"""Handles: what operations, takes and batches have in common, in one process and in another."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.shown_text import label

from .current_session import current
from .references import Referable

if TYPE_CHECKING:
    from .session import Session


class Handle(Referable):
    """Names something in a journal, and may be copied, pickled and shown anywhere.

    A copy is the handle itself. A pickled one keeps its keys and its home folder: another process
    reads that journal with it, and sends nothing by having it.
    """

    _session: Session | None = None
    _home: str | None = None
    """Home folder of the process it came from, where that was another one."""

    @property
    def session(self) -> Session:
        """The session it belongs to: this process's, if it came from another process.

        Raises Mistake where this process has another home folder than that one.
        """
        return self._session or _session_of(self._home)

    @abstractmethod
    def _name(self) -> str:
        """Return how to call it if nothing can be read."""

    @abstractmethod
    def _description(self) -> str:
        """Return how to call it; may raise."""

    def __repr__(self) -> str:
        try:
            return label(self._description())
        except Exception as problem:  # noqa: BLE001 - a person, a debugger or a log asks for it
            return label(f"<{self._name()}: {problem or type(problem).__name__}>")

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> Self:
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Keep the home folder in place of the session."""
        kept = {name: value for name, value in vars(self).items() if name != "_session"}
        return {**kept, "_home": self._home or str(self.session.home)}


def _session_of(home: str | None) -> Session:
    """Return this process's session, if its home folder is this one; raises Mistake."""
    session = current()
    if home is None or str(session.home) == home:
        return session
    with suppress(OSError):  # one of them is gone
        if session.home.samefile(home):
            return session
    raise Mistake(
        f"It is written down in {home}, and this process uses {session.home}.",
        next=f"Set SOUNDPIECE_HOME={home} before this process starts, or use it where it was made.",
    )
