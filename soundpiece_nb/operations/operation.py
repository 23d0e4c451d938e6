"""Handles of operations and of their outputs."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar, overload

from soundpiece_nb.api.errors import Mistake, SoundpieceError, StorageFailed, WaitTimeout
from soundpiece_nb.audio.export import ENDINGS, find_place, write_copy, write_into
from soundpiece_nb.engine.explanations import outcome
from soundpiece_nb.files.open_files import (
    Openable,
    OpenFile,
    copy_to_open_file,
    ending_of,
    require_binary,
)
from soundpiece_nb.files.paths import read_path, shown_path
from soundpiece_nb.journal.entry import Entry, Status, TakeEntry
from soundpiece_nb.shown_text import scrub, short

from . import discarding, earlier_operations, submission
from .assigned_name import assigned_name
from .consent import GIVEN, NOBODY
from .export_names import export_folder, file_path
from .labelled import Judged, Labelled
from .references import Reference
from .session import Session
from .waiting import attend, wait, wait_in_loop, wait_seconds

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

PathText = str | bytes | os.PathLike[str] | os.PathLike[bytes]
"""A path as Python's own functions take it."""
Opened = TypeVar("Opened", bound=OpenFile | Openable)


class Problem(NamedTuple):
    """The reason why an operation failed, was refused, or is stuck: a short code, and words."""

    code: str
    message: str


class Operation(Labelled):
    """One operation. It is read from the journal each time, so any number of handles agree."""

    key: str = ""

    def __init__(self, key: str, session: Session) -> None:
        self.key = key
        self._session = session

    def _name(self) -> str:
        return f"operation {short(self.key) or 'without a key'}"

    def _description(self) -> str:
        entry = self.entry
        name = f" {entry.name!r}" if entry.name else ""
        return f"<{entry.route}{name} {short(self.key)} {entry.status}>"

    def __str__(self) -> str:
        """Return the key, which names the operation in `{{name}}` on a magic's line."""
        return self.key

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Operation) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def as_reference(self) -> Reference:
        """Return a reference by its key."""
        return Reference(self.key)

    @property
    def entry(self) -> Entry:
        """The operation's row in the journal, as it is now; raises Mistake where there is none."""
        session = self.session
        try:
            return session.journal.entry(self.key)
        except KeyError:
            what = f"There is no operation {self.key} in the journal of {session.home}."
            raise Mistake(what, next="%soundpiece_history lists those that it has.") from None

    @property
    def id(self) -> str | None:
        """The service's id; None until the service has acknowledged the request."""
        known = self.entry.operation_id
        return None if known is None else scrub(known)

    @property
    def route(self) -> str:
        """The route it was sent to, such as `create.new_song`."""
        return self.entry.route

    @property
    def status(self) -> Status:
        """`submitting`, `processing`, `ready`, `failed`, `rejected` or `discarded`."""
        return self.entry.status

    @property
    def error(self) -> Problem | None:
        """The reason why it failed, was refused, or is stuck; None while all is well."""
        entry = self.entry
        return Problem(entry.error_code, entry.error_message or "") if entry.error_code else None

    @property
    def elapsed(self) -> timedelta:
        """The time from submission to the end, or to now."""
        entry = self.entry
        return (entry.finished_at or datetime.now(UTC)) - entry.submitted_at

    @property
    def request(self) -> dict[str, Any]:
        """The fields that were sent, links as plain addresses without what may be a secret."""
        return self.entry.fields

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The takes, once the operation is ready; their files may still be on the way."""
        return tuple(Output(self, take) for take in self.entry.takes)

    @property
    def parents(self) -> tuple[Operation, ...]:
        """The operations whose outputs this one was made from."""
        keys = dict.fromkeys(each.key for each in self.entry.made_from)
        return tuple(Operation(key, self.session) for key in keys)

    @property
    def children(self) -> tuple[Operation, ...]:
        """The operations that were made from this one's outputs, oldest first."""
        keys = self.session.journal.made_from(self.key)
        return tuple(Operation(key, self.session) for key in keys)

    def result(self, timeout: float | timedelta | None = None) -> Operation:
        """Wait until every output is a verified file, and return this operation.

        A notebook's own asyncio tasks go on meanwhile. Raises OperationFailed, RequestRejected,
        DownloadFailed, ServiceSilent, or WaitTimeout after `timeout` seconds; each has `.key` and
        `.operation_id`, and WaitTimeout does not end the operation. What an earlier kernel left
        unsent raises NotSent: waiting sends nothing, `sp.resume()` does.
        """
        seconds = wait_seconds(timeout)
        future = self._future()
        if future is not None:
            try:
                wait(future, seconds, self.key)
            except WaitTimeout as timed_out:
                timed_out.operation_id = self.id
                raise
        return self._conclude()

    def rate(self, stars: int, note: str | None = None) -> Self:
        """Rate the only take with 1 to 5 stars and a note; raises Mistake if there are more."""
        outputs = self.outputs
        if not outputs:
            raise Mistake(f"It has no takes yet to judge; it is {self.status}.")
        if len(outputs) != 1:
            raise Mistake(
                f"A take is what one judges, and there are {len(outputs)}.",
                next=f".outputs[0].rate({stars}) judges the first.",
            )
        outputs[0].rate(stars, note)
        return self

    def rerun(self, *, send: bool = False, **changes: Any) -> Operation:
        """Start the same request with these changes under a new key; None takes a field out.

        `name`, `tags` and `note` label the new one; without `tags` it has this one's. `extra`
        changes its extra fields by name. With `once`, else as its setting says, the same call again
        returns the same operation: unchanged, the next take of this one. In a cell, `louder =
        op.rerun(…)` gives it the NAME `louder`, unless `name` does or something has that NAME;
        `.rename("louder")` gives it one then. `send` sends it above the ceiling `most_at_once` too.
        Raises Mistake for bad input, having sent nothing.
        """
        consent = GIVEN if send else NOBODY
        key = submission.rerun(self.session, self.entry.key, changes, consent)
        variable = None if "name" in changes else assigned_name("rerun")
        if variable is not None:
            with suppress(SoundpieceError):  # it is on its way, with or without a NAME
                earlier_operations.name_after(self.session, key, variable)
        return Operation(key, self.session)

    def discard(self) -> Self:
        """Drop it for good, if it was never sent or was refused; the row stays, as `discarded`.

        Raises Mistake where the service has it, or may have: it is made and paid for all the same.
        """
        discarding.require_dropped(discarding.discard(self.session, [self.entry.key]))
        return self

    def stop_watching(self) -> None:
        """Stop following it in this process; it goes on at the service and can be resumed."""
        self.session.engine.detach(self.key)

    def __await__(self) -> Generator[Any, None, Operation]:
        return self._wait_in_loop().__await__()

    async def _wait_in_loop(self) -> Operation:
        future = self._future()
        if future is not None:
            await wait_in_loop(future, self.key)
        return self._conclude()

    def _future(self) -> Future[None] | None:
        run = self.session.engine.run(self.key)
        run = run or submission.start_recorded(self.session, self.entry.key, sends=False)
        return None if run is None else run.ended

    def _conclude(self) -> Operation:
        error = outcome(self.entry)
        if error is not None:
            raise error
        return self


class Output(Judged):
    """One take of an operation."""

    operation: Operation
    _key: str = ""

    def __init__(self, operation: Operation, take: TakeEntry) -> None:
        self.operation = operation
        self._key = operation.key
        self.take = take.take
        self.kind = take.kind
        self.duration = take.duration
        self.pruned_at = take.pruned_at
        self._entry = take
        self.path: Path | None = operation.session.home / take.path if take.path else None

    @property
    def session(self) -> Session:
        """The session of its operation."""
        return self.operation.session

    def _name(self) -> str:
        return f"take {self.take} of {short(self._key)}"

    def _description(self) -> str:
        length = f" {self.duration:.1f} s" if self.duration else ""
        pruned = f"pruned on {self.pruned_at:%Y-%m-%d}" if self.pruned_at else ""
        where = shown_path(self.path, whole=True) if self.path else pruned
        return f"<{self._name()}{length} {where}>"

    def __str__(self) -> str:
        """Return the key and the take's number, which name it on a magic's line."""
        return f"{self._key}:{self.take}"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, Output) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))

    def as_reference(self) -> Reference:
        """Return a reference by the operation's key and the take's number."""
        return Reference(self._key, str(self.take))

    @property
    def rating(self) -> int | None:
        """The stars it was given, 1 to 5."""
        return self._now().rating

    @property
    def note(self) -> str | None:
        """The note it was given."""
        return self._now().note

    def _now(self) -> TakeEntry:
        """Return the take's row as it is now; as it was where that is gone."""
        takes = {take.take: take for take in self.operation.entry.takes}
        return takes.get(self.take, self._entry)

    def audio(self) -> tuple[npt.NDArray[np.float32], int]:
        """Return the samples as `(frames, channels)` float32 within ±1, and 44100 (Hz).

        Raises Mistake where the file is not here, StorageFailed where it cannot be decoded.
        """
        from soundpiece_nb.audio.verification import read

        file = self._file()
        try:
            return read(file)
        except OSError as error:
            why = str(error.strerror or error).rstrip(".")
            raise StorageFailed(f"{file} cannot be read as sound: {why}.") from error

    @overload
    def save(self, path: PathText = "") -> Path: ...

    @overload
    def save(self, path: Opened) -> Opened: ...

    def save(self, path: PathText | Opened = "") -> Path | Opened:
        """Write the take as .flac, .wav or .mp3, by the ending of `path`; returns the file's path.

        FLAC and WAV hold the very same samples, MP3 has 256 kbit/s; tags say how it was made. Into
        a folder (one that exists, or a path that ends in /) it goes as the settings `export_format`
        and `export_name` say, else as FLAC under a readable name; `export_folder` is the folder
        where no path is given. A file that is open for writing bytes gets it too, as FLAC if its
        name says nothing else, and is returned. Raises Mistake for another ending, StorageFailed if
        the disk refuses.
        """
        if isinstance(path, str) and not path and self.session.settings.read("export_folder"):
            return self.save_in(export_folder(self.session.settings))
        if not isinstance(path, str | bytes | os.PathLike) and isinstance(
            path, OpenFile | Openable
        ):
            self._save_to_open_file(path)
            return path
        target = read_path(path)
        if target.is_dir() or os.fsdecode(path).endswith(("/", os.sep)):
            return self.save_in(target)
        if target.suffix.lower() not in ENDINGS:
            raise Mistake(
                "Takes are saved as .flac, .wav or .mp3.",
                next=f"Call the file {target.stem or 'take'}.flac, or name a folder that exists.",
            )
        return self._write(target, write_copy, self._file(), target)

    def _save_to_open_file(self, file: OpenFile | Openable) -> None:
        require_binary(file)
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            whole = Path(folder, f"take{ending_of(file, ENDINGS)}")
            self._write(whole, write_copy, self._file(), whole)
            copy_to_open_file(whole, file)

    def save_in(self, folder: Path, ending: str | None = None, pattern: str | None = None) -> Path:
        """Write it into a folder under a readable name that no other file has; see `save`."""
        target = self._target(folder, ending, pattern)
        return self._write(target, write_into, target.parent, target.name, self._file())

    def _target(self, folder: Path, ending: str | None, pattern: str | None) -> Path:
        settings = self.session.settings
        ending = ending or f".{settings.read('export_format') or 'flac'}"
        pattern = pattern or settings.read("export_name")
        return file_path(folder, self.operation.entry, self._entry, ending, pattern)

    def _write(self, target: Path, write: Callable[..., Path], *where: object) -> Path:
        store = os.path.realpath(self.session.engine.store.folder)
        if Path(store) in Path(os.path.realpath(target)).parents:
            raise Mistake(f"{store} holds the takes as they came.", next="Save it somewhere else.")
        story = self.operation.entry.story(self._entry)
        try:
            return attend(self.session.engine.workers.start(write, *where, story))
        except OSError as error:
            why = str(error.strerror or error).rstrip(".")
            raise StorageFailed(f"{target} cannot be written: {why}.") from error
        except (RuntimeError, ValueError) as error:  # it is damaged, or has no such form
            raise StorageFailed(f"{target} cannot be made of it: {error}.") from error

    def place_in(self, folder: Path, ending: str | None = None, pattern: str | None = None) -> Path:
        """Return the free path that `save` gives it in a folder, or the one that holds it."""
        target = self._target(folder, ending, pattern)
        story = self.operation.entry.story(self._entry)
        return find_place(target.parent, target.name, self._file(), story)

    def _file(self) -> Path:
        if self.path is not None and self.path.exists():
            return self.path
        if self.pruned_at:
            word = self.operation.entry.word_for(self._entry)
            raise Mistake(
                f"{self._name().capitalize()} was pruned on {self.pruned_at:%Y-%m-%d}.",
                next=f"%soundpiece_resume {word} fetches it again.",
            )
        raise Mistake(
            f"{self._name().capitalize()} is not on this machine (yet).",
            next=".result() waits for it.",
        )
