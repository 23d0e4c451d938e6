"""A session: settings, journal, engine and sandbox, which live, pause and close together."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from soundpiece_nb.api.errors import Mistake, SoundpieceError
from soundpiece_nb.audio.store import AudioStore
from soundpiece_nb.engine.engine import Engine
from soundpiece_nb.engine.retrying import Limits
from soundpiece_nb.settings import SETTINGS, Settings

from .change_listeners import Changes
from .embedded_sandbox import EmbeddedSandbox
from .error_log import ErrorLog
from .locked_property import locked_cached_property
from .services import Services

if TYPE_CHECKING:
    from soundpiece_nb.engine.run_state import Run
    from soundpiece_nb.journal.journal import Journal
    from soundpiece_nb.journal.lease import Holder


class SessionPart:
    """An object that belongs to a session, made at its first use by `Session.part`."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def pause(self) -> None:
        """Stop all work of this part, until `go_on`."""

    def go_on(self) -> None:
        """Continue the work that `pause` stopped."""


Part = TypeVar("Part", bound=SessionPart)


class Session:
    """The settings, journal, engine and sandbox of one kernel, each made at its first use."""

    def __init__(self, settings: Settings | None = None, **engine: Any) -> None:
        """Work with these settings; `engine` are the Engine's own options, such as its clock."""
        self.settings = settings or SETTINGS
        self.services = Services(self.settings, lambda: self.sandbox)
        self._engine_options = engine
        self._begin_empty()
        _renew_in_children(self)

    def _begin_empty(self) -> None:
        self.changed = Changes()
        """Operations that made progress here, or were rated or labelled."""
        self.rated = Changes()
        """Operations whose takes were rated or noted here."""
        self._parts: dict[type[SessionPart], SessionPart] = {}
        self._making_part = threading.RLock()
        self._paused: dict[str, Run] = {}

    def __reduce__(self) -> NoReturn:
        raise Mistake(
            "A session, with its journal and its threads, stays in its process.",
            next="Send an operation, a take or a key: each finds its journal again.",
        )

    def renew_after_fork(self) -> None:
        """Begin anew in a forked child, which has the parent's objects but not their threads.

        Those are kept, unused: ending them would touch files that the parent has open.
        """
        inherited = [self.__dict__.pop(name, None) for name in ("journal", "engine", "sandbox")]
        if any(inherited):
            from soundpiece_nb.journal.database import never_end

            never_end([*inherited, self._parts, self._paused])
        self._begin_empty()

    @locked_cached_property
    def home(self) -> Path:
        """Folder of journal and audio; fixed at the first use."""
        return self.settings.read_home()

    @locked_cached_property
    def journal(self) -> Journal:
        """Record of all operations."""
        from soundpiece_nb.journal.journal import open_journal

        return open_journal(self.home, self.holder)

    @locked_cached_property
    def holder(self) -> Holder:
        """This session as the holder of operations; the same while it pauses."""
        from soundpiece_nb.journal.lease import Holder

        return Holder()

    @locked_cached_property
    def engine(self) -> Engine:
        """Engine that runs the operations."""
        self.limits()  # a wrong one in the environment is said before anything is written
        self.error_log.open()
        return Engine(
            self.journal,
            AudioStore(self.home / "audio"),
            self.services.connect,
            limits=self.limits,
            paused=self._paused,
            on_change=self.changed.tell,
            **self._engine_options,
        )

    @locked_cached_property
    def sandbox(self) -> EmbeddedSandbox:
        """Embedded sandbox of this home folder."""
        return EmbeddedSandbox(self.home)

    @locked_cached_property
    def error_log(self) -> ErrorLog:
        """File in the home folder that keeps unforeseen errors."""
        return ErrorLog(self.home)

    def part(self, kind: type[Part]) -> Part:
        """Return this session's object of a class, made at the first call."""
        with self._making_part:
            found = self._parts.get(kind)
            if found is None:
                found = self._parts[kind] = kind(self)
        return cast("Part", found)

    def limits(self) -> Limits:
        """Return the time limits as they are set now, which each new operation starts with."""
        chosen = {limit: self.settings.read(limit) for limit in asdict(Limits())}
        return Limits(**{limit: value for limit, value in chosen.items() if value is not None})

    def pause(self) -> None:
        """Stop all work until `go_on`; if nothing is on its way, forget the home folder too."""
        for part in self._parts.values():
            part.pause()
        self._drop("engine", Engine.pause)
        self._close_files()
        if not (self._paused or self.services.uses_sandbox):
            self._drop("sandbox")
            self._drop("home")  # settings may name another by the next use

    def go_on(self) -> None:
        """Go on with the operations that were on their way at `pause`."""
        with suppress(SoundpieceError):  # the next use raises it where it can be shown
            for key in list(self._paused):
                self.journal.claim(key)  # at once, so that no other process takes it for abandoned
                self.engine.start(key, sends=False)  # as it was: one that was to be sent is sent
        for part in self._parts.values():
            part.go_on()

    def close(self) -> None:
        """Stop the engine and close the journal; unfinished operations can be resumed."""
        for part in self._parts.values():
            part.pause()
        self._drop("engine", Engine.stop)
        self._close_files()
        self._drop("holder", lambda holder: holder.end())

    def _close_files(self) -> None:
        self._drop("journal", lambda journal: journal.close())
        self._drop("error_log", ErrorLog.close)

    def _drop(self, name: str, end: Callable[[Any], object] = id) -> None:
        """End a property's value, which may still be used meanwhile, then forget it."""
        if name in self.__dict__:
            end(self.__dict__[name])
            self.__dict__.pop(name, None)


def _renew_in_children(session: Session) -> None:
    """Have a session begin anew in each child that this process forks, as long as it exists."""
    if hasattr(os, "register_at_fork"):
        found = weakref.ref(session)

        def renew() -> None:
            if (living := found()) is not None:
                living.renew_after_fork()

        os.register_at_fork(after_in_child=renew)
