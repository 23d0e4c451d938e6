"""A session: settings, journal, engine and sandbox, which live, pause and close together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from soundpiece_nb.api.errors import Mistake, SoundpieceError
from soundpiece_nb.audio.store import AudioStore
from soundpiece_nb.credentials import find_api_key, require_api_key
from soundpiece_nb.engine.engine import Connection, Engine
from soundpiece_nb.engine.retrying import Limits
from soundpiece_nb.settings import SETTINGS, Settings

from .embedded_sandbox import API_KEY, EmbeddedSandbox
from .error_log import ErrorLog
from .locked_property import locked_cached_property

if TYPE_CHECKING:
    from soundpiece_nb.engine.run import Run
    from soundpiece_nb.journal.entry import Entry
    from soundpiece_nb.journal.journal import Journal

SANDBOX = "sandbox"
"""The embedded sandbox, whose port may change, as the journal names it."""


class Changes:
    """Listeners that are told the key of each operation that has changed."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[str], None]] = []

    def subscribe(self, listener: Callable[[str], None]) -> None:
        """Call `listener(key)` at every change, on whatever thread makes it."""
        self._listeners.append(listener)

    def tell(self, key: str) -> None:
        """Tell every listener that this operation has changed."""
        for listener in self._listeners:
            listener(key)


class SessionPart:
    """An object that belongs to a session, made at its first use by `Session.part`."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def pause(self) -> None:
        """Stop all work of this part, until `go_on`."""

    def go_on(self) -> None:
        """Take up the work that `pause` stopped."""


Part = TypeVar("Part", bound=SessionPart)


class Session:
    """The settings, journal, engine and sandbox that one kernel works with, made when used."""

    def __init__(self, settings: Settings | None = None, **engine: Any) -> None:
        """Work with these settings; `engine` is handed to the engine (its clock, waits, client)."""
        self.settings = settings or SETTINGS
        self._engine_options = engine
        self.uses_sandbox = False
        self.changed = Changes()
        """Operations that went on, or were rated or labelled, here."""
        self.rated = Changes()
        """Operations whose takes were rated or noted here."""
        self._parts: dict[type[SessionPart], SessionPart] = {}
        self._making_part = threading.RLock()
        self._paused: dict[str, Run] = {}

    @locked_cached_property
    def home(self) -> Path:
        """Folder of journal and audio; fixed at the first use."""
        return self.settings.read_home()

    @locked_cached_property
    def journal(self) -> Journal:
        """Record of all operations."""
        from soundpiece_nb.journal.journal import open_journal

        return open_journal(self.home)

    @locked_cached_property
    def engine(self) -> Engine:
        """Engine that carries operations."""
        self.error_log.open()
        return Engine(
            self.journal,
            AudioStore(self.home / "audio"),
            self.connect,
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
        """Return this session's object of a kind, made at the first call."""
        with self._making_part:
            found = self._parts.get(kind)
            if found is None:
                found = self._parts[kind] = kind(self)
        return cast("Part", found)

    def limits(self) -> Limits:
        """Return the time limits as they are set now; a new operation takes them along."""
        chosen = {limit: getattr(self.settings, limit) for limit in asdict(Limits())}
        return Limits(**{limit: value for limit, value in chosen.items() if value is not None})

    @property
    def service(self) -> str:
        """The service new operations go to, as the journal names it."""
        return SANDBOX if self.uses_sandbox else self.settings.read_base_url()

    def require_service(self) -> str:
        """Return the service in use; raises Mistake where it needs a key and there is none."""
        service = self.service
        if service != SANDBOX:
            require_api_key()
        return service

    def connect(self, service: str) -> Connection:
        """Return the address and key of a service; starts the sandbox if need be.

        Raises Mistake where there is no key, or where the service is not the one in use: a key
        goes to its own service only.
        """
        if service == SANDBOX:
            return Connection(self.sandbox.start().base_url, API_KEY)
        in_use = self.settings.read_base_url()
        if service != in_use:
            raise Mistake(
                f"It belongs to {service}, and SOUNDPIECE_BASE_URL is {in_use}.",
                next="Set it to the former to go on with it.",
            )
        return Connection(service, require_api_key())

    def reaches(self, entry: Entry) -> bool:
        """Tell whether this session can speak to an operation's service, with its key."""
        if entry.service == SANDBOX:
            return True
        return entry.service == self.settings.read_base_url() and find_api_key() is not None

    def pause(self) -> None:
        """Stop all work until `go_on`; where nothing is on its way, forget the home folder too."""
        for part in self._parts.values():
            part.pause()
        self._drop("engine", lambda engine: engine.pause())
        self._drop("journal", lambda journal: journal.close())
        self._drop("error_log", lambda log: log.close())
        if not (self._paused or self.uses_sandbox):
            self._drop("sandbox")
            self._drop("home")  # settings may name another by the next use

    def go_on(self) -> None:
        """Carry on with the operations that were on their way at `pause`."""
        with suppress(SoundpieceError):  # the next use raises it where it can be shown
            for key in list(self._paused):
                self.journal.claim(key)  # at once, so that no other process takes it for abandoned
                self.engine.start(key)
        for part in self._parts.values():
            part.go_on()

    def close(self) -> None:
        """Stop the engine and close the journal; what is unfinished can be resumed."""
        self._drop("engine", lambda engine: engine.stop())
        self._drop("journal", lambda journal: journal.close())
        self._drop("error_log", lambda log: log.close())

    def _drop(self, name: str, end: Callable[[Any], object] = id) -> None:
        """End a property's value and forget it, if it was made."""
        if name in self.__dict__:
            end(self.__dict__[name])
            self.__dict__.pop(name, None)
