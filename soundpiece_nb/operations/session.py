"""One session a kernel: its settings, journal and engine; what magics and functions call.

It can rest: nothing of it runs then, and what was on its way goes on at its next use.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.request import Request, new_request
from soundpiece_nb.api.request import once as derive_key
from soundpiece_nb.api.routes import CALLBACK_URL, Kind, find_route
from soundpiece_nb.audio.store import Shelf
from soundpiece_nb.callback import AUTO, own_callback_url
from soundpiece_nb.credentials import find_api_key, require_api_key
from soundpiece_nb.engine.engine import Connection, Engine
from soundpiece_nb.engine.interrupts import undisturbed
from soundpiece_nb.engine.retrying import Limits
from soundpiece_nb.settings import SETTINGS, Settings

from .embedded_sandbox import API_KEY, LocalSandbox
from .labels import NO_STARS, require_labels, require_name, require_stars
from .locked_property import made_once
from .operation import Group, Operation
from .references import find_link

if TYPE_CHECKING:
    from soundpiece_nb.engine.run import Run
    from soundpiece_nb.journal.entry import Entry
    from soundpiece_nb.journal.journal import Journal

SANDBOX = "sandbox"
"""What the journal calls the embedded sandbox, whose port may change."""


class Session:
    """What one kernel works with; made at the first use, closed when the process ends."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or SETTINGS
        self.uses_sandbox = False
        self.on_judged: list[Callable[[str], None]] = []
        """Who is told the key of an operation that was judged or labelled here."""
        self.groups: list[Group] = []
        """The batches and sweeps that go on here, the earliest first."""
        self.unwatched: list[Operation | Group] = []
        """What was started where nobody watches, and nobody has waited for yet."""
        self._unsent: set[str] = set()
        self._left: dict[str, Run] = {}

    @made_once
    def home(self) -> Path:
        """The folder of journal and audio; fixed at the first use."""
        return self.settings.read_home()

    @made_once
    def journal(self) -> Journal:
        """The record of all operations."""
        from soundpiece_nb.journal.journal import open_journal

        return open_journal(self.home)

    @made_once
    def engine(self) -> Engine:
        """What carries operations."""
        shelf = Shelf(self.home / "audio")
        return Engine(self.journal, shelf, self.connect, self.limits, self._left)

    def limits(self) -> Limits:
        """Return the time limits as they are set now; a new operation takes them along."""
        chosen = {limit: getattr(self.settings, limit) for limit in asdict(Limits())}
        return Limits(**{limit: value for limit, value in chosen.items() if value is not None})

    @made_once
    def sandbox(self) -> LocalSandbox:
        """The embedded sandbox of this home folder."""
        return LocalSandbox(self.home)

    @property
    def service(self) -> str:
        """The service new operations go to, as the journal names it."""
        return SANDBOX if self.uses_sandbox else self.settings.read_base_url()

    def connect(self, service: str) -> Connection:
        """Return where a service of the journal is and its key; starts the sandbox if need be.

        Raises Mistake where there is no key, or where the service is not the one in use: a key
        goes to its own service only.
        """
        if service == SANDBOX:
            return Connection(self.sandbox.start().base_url, API_KEY)
        in_use = self.settings.read_base_url()
        if service != in_use:
            raise Mistake(
                f"It belongs to {service}, and SOUNDPIECE_BASE_URL is {in_use}. "
                "Set it to the former to go on with it."
            )
        return Connection(service, require_api_key())

    def prepare(
        self,
        route: str,
        fields: Mapping[str, Any],
        key: str | None = None,
        *,
        once: bool | None = None,
        take: int | None = None,
    ) -> Request:
        """Check a request without sending or writing anything; raises Mistake.

        Without a `key`, it gets a new one, or with `once` (else the setting of that name) the
        one that follows from it; `take` asks for another one of the same. A field goes by the name
        of its option too.
        """
        entry = find_route(route)
        named = {field.option: field.name for field in entry.all_fields}
        given = {named.get(name, name): value for name, value in fields.items()}
        if given.get(CALLBACK_URL.name) is None:
            given[CALLBACK_URL.name] = self.settings.callback_url
        if given[CALLBACK_URL.name] == AUTO:
            given[CALLBACK_URL.name] = own_callback_url()
        for field in entry.fields:
            if field.kind is Kind.LINK and given.get(field.name) is not None:
                given[field.name] = find_link(
                    given[field.name], field.name, self.journal, self.service
                )
        request = new_request(entry, given, key)
        derives = self.settings.once and key is None if once is None else once
        if derives and key is not None:
            raise Mistake("--once derives the key from the request; leave --key out.")
        if take is not None and not derives:
            raise Mistake("--take counts the takes of --once; say both.")
        if not derives:
            return request
        return derive_key(request, self.service, 1 if take is None else take)

    def submit(
        self,
        request: Request,
        *,
        name: str | None = None,
        tags: Sequence[str] = (),
        note: str | None = None,
    ) -> Operation:
        """Write a request down and hand it to the engine; returns without waiting.

        The same request under the same key is the same operation. Raises Mistake, having
        written nothing, where there is no key or the name is none.
        """
        if name is not None:
            require_name(name)
        require_labels(tags, note)
        service = self.service
        if service != SANDBOX:
            require_api_key()
        notebook = notebook_path()
        with undisturbed():
            new = self.journal.record(
                request,
                service=service,
                name=name,
                tags=tuple(tags),
                note=note,
                notebook=str(notebook) if notebook else None,
            )
            if new:
                self.engine.carry(request.key, unsent=True)
        if not new:
            self.journal.relabel(request.key, name=name, tags=tuple(tags), note=note)
            self._go_on(self.journal.check_files(request.key))
        return self._handle(request.key)

    def record_all(
        self,
        requests: Sequence[Request],
        labels: Sequence[Mapping[str, Any]],
        *,
        batch: str | None = None,
    ) -> None:
        """Write many requests down, all or none, for `set_out` to send; raises Mistake."""
        service = self.service
        if service != SANDBOX:
            require_api_key()
        notebook = notebook_path()
        new = self.journal.record_all(
            requests,
            labels,
            service=service,
            batch=batch,
            notebook=str(notebook) if notebook else None,
        )
        self._unsent |= new

    def set_out(self, key: str, *, refused_too: bool = True) -> Run | None:
        """Send or go on with an operation of the journal; None where nothing is left to do.

        One that was refused is sent again, unless it is not `refused_too`.
        """
        entry = self.journal.check_files(key)
        if entry.complete and not (entry.status == "rejected" and refused_too):
            return None
        unsent = key in self._unsent or entry.status == "rejected"
        self._unsent.discard(key)
        return self.engine.carry(key, unsent=unsent)

    def again(self, key: str, changes: Mapping[str, Any]) -> Operation:
        """Start the request of an operation once more under a new key, changed.

        `name`, `tags` and `note` among the changes label it, `key`, `once` and `take` give it its
        key, all else are fields.
        """
        entry = self.journal.entry(key)
        given = dict(changes)
        either = find_route(entry.route).either
        if set(either) & set(given):  # a prompt takes the place of a reference
            given = {**dict.fromkeys(either), **given}
        labels = {"tags": entry.tags, **_taken(given, ("name", "tags", "note"))}
        keys = {"once": False, **_taken(given, ("key", "once", "take"))}
        request = self.prepare(entry.route, {**entry.fields, **given}, **keys)
        return self.submit(request, **labels)

    def judge(
        self, key: str, take: int, *, rating: int | None = None, note: str | None = None
    ) -> None:
        """Keep a take's stars (1 to 5, 0 for none) or note (empty for none); None changes nothing.

        Raises Mistake for another number of stars.
        """
        if rating not in (None, NO_STARS):
            require_stars(rating)
        self.journal.judge(key, take, rating=rating, note=None if note is None else str(note))
        self._tell(key)

    def label(self, key: str, *, tags: Sequence[str] = (), note: str | None = None) -> None:
        """Give an operation tags, beside those it has, or a note; raises Mistake."""
        require_labels(tags, note)
        self.journal.relabel(key, name=None, tags=tuple(tags), note=note)
        self._tell(key)

    def measure(self, keys: Iterable[str]) -> bool:
        """Measure the takes that are here and were not measured yet; True if there were any.

        About half a second for each: call it off the main thread.
        """
        from soundpiece_nb.analysis.measurement import VERSION, measure

        fresh = False
        for key in keys:
            for take in self.journal.entry(key).takes:
                file = self.home / take.path if take.path else None
                if take.measured == VERSION or file is None or not file.exists():
                    continue
                figures = measure(file)
                self.journal.measured(
                    key,
                    take.take,
                    loudness=figures.loudness,
                    tempo=figures.tempo,
                    centroid=figures.centroid,
                    version=VERSION,
                )
                fresh = True
        return fresh

    def _tell(self, key: str) -> None:
        for listener in self.on_judged:
            listener(key)

    def find(self, wanted: str | UUID | Operation) -> str:
        """Return the key of a handle, a name, a key, its beginning or an id; raises Mistake."""
        return wanted.key if isinstance(wanted, Operation) else self.journal.find(wanted)

    def operation(self, wanted: str | UUID | Operation) -> Operation:
        """Return the operation of a handle, a name, a key, its beginning or an id.

        Raises Mistake where there is none, or more than one.
        """
        return self._handle(self.find(wanted))

    def unfinished(self) -> list[Entry]:
        """Return what has something left to do, oldest first."""
        return [self.journal.entry(key) for key in self.journal.unfinished()]

    def resume(self, wanted: Iterable[str | UUID | Operation] = ()) -> list[Operation]:
        """Go on with operations: the named ones, else all unfinished ones of the service in use.

        A named one that was rejected is sent again under its key, one that was pruned fetched
        again. What needs nothing more is returned as it is.
        """
        keys = [self.find(word) for word in wanted]
        entries = [self.journal.check_files(key) for key in keys] or [
            entry for entry in self.unfinished() if self.reaches(entry)
        ]
        if keys and any(entry.service != SANDBOX for entry in entries):
            require_api_key()
        for entry in entries:
            self._go_on(self.journal.unprune(entry.key) if keys else entry)
        return [self._handle(entry.key) for entry in entries]

    def _go_on(self, entry: Entry) -> None:
        """Carry what has something left to do; what was rejected is sent again, as it was."""
        if entry.status == "rejected" or not entry.complete:
            self.engine.carry(entry.key, unsent=entry.status == "rejected")

    def _handle(self, key: str) -> Operation:
        return Operation(key, current)

    def reaches(self, entry: Entry) -> bool:
        """Tell whether an operation's service is one this session can speak to, with its key."""
        if entry.service == SANDBOX:
            return True
        return entry.service == self.settings.read_base_url() and find_api_key() is not None

    def rest(self) -> bool:
        """Stop all work until the next use; False where there is nothing to come back to."""
        if "engine" in self.__dict__:
            self.engine.rest()
            del self.engine
        if "journal" in self.__dict__:
            self.journal.close()
            del self.journal
        return bool(self._left) or self.uses_sandbox

    def go_on(self) -> None:
        """Carry on with what was on its way when the session went to rest."""
        for key in list(self._left):
            self.journal.claim(key)  # at once, so that nobody takes it for abandoned
            self.engine.carry(key)

    def close(self) -> None:
        """Stop the engine and close the journal; what is unfinished can be resumed."""
        if "engine" in self.__dict__:
            self.engine.stop()
        if "journal" in self.__dict__:
            self.journal.close()


def _taken(given: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Take some of the given words out of the rest."""
    return {name: given.pop(name) for name in names if name in given}


def notebook_path() -> Path | None:
    """Return the notebook this kernel belongs to, where Jupyter says so and it is there."""
    named = os.environ.get("JPY_SESSION_NAME", "")
    path = Path(named)
    return path if named.endswith(".ipynb") and path.is_absolute() and path.is_file() else None


_current: Session | None = None
_making = threading.Lock()


def current() -> Session:
    """Return this process's session, made at the first call."""
    global _current  # noqa: PLW0603 - one session a process is what this module is for
    with _making:
        if _current is None:
            _current = Session()
            atexit.register(_current.close)
        return _current


def rest() -> None:
    """Stop all work of this process's session; what was on its way waits for `go_on`."""
    if _current is not None and not _current.rest():
        close()


def go_on() -> None:
    """Carry on with what was on its way when the session went to rest; at once if nothing was."""
    if _current is not None:
        _current.go_on()


def close() -> None:
    """Close this process's session; the next use makes another."""
    global _current  # noqa: PLW0603 - as above
    closing = _current
    if closing is not None:
        atexit.unregister(closing.close)
        closing.close()  # views that draw a last time still find it
        with _making:
            _current = None
