"""Handles of operations and of their outputs."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from soundpiece_nb.api.errors import Mistake, StorageFailed, WaitTimeout
from soundpiece_nb.api.number_arguments import read_stars
from soundpiece_nb.audio.export import ENDINGS, find_place, write_copy
from soundpiece_nb.engine.explanations import outcome
from soundpiece_nb.files import read_path
from soundpiece_nb.journal.entry import Entry, Status, TakeEntry
from soundpiece_nb.shown_text import short

from . import earlier_operations, submission
from .labels import NO_STARS, read_note
from .references import Referable, Reference
from .session import Session
from .waiting import attend, wait, wait_in_loop, wait_seconds

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Problem(NamedTuple):
    """The reason why an operation failed, was refused, or is stuck: a short code, and words."""

    code: str
    message: str


class Operation(Referable):
    """One operation. It is read from the journal each time, so any number of handles agree."""

    def __init__(self, key: str, session: Session) -> None:
        self.key = key
        self.session = session

    def __repr__(self) -> str:
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
        """The operation's row in the journal, as it is now."""
        return self.session.journal.entry(self.key)

    @property
    def id(self) -> str | None:
        """The service's id; None until the service has acknowledged the request."""
        return self.entry.operation_id

    @property
    def name(self) -> str | None:
        """The NAME it was given."""
        return self.entry.name

    @property
    def route(self) -> str:
        """The route it was sent to, such as `create.new_song`."""
        return self.entry.route

    @property
    def status(self) -> Status:
        """`submitting`, `processing`, `ready`, `failed` or `rejected`."""
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
        """The fields that were sent, links as plain addresses."""
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
        `.operation_id`, and WaitTimeout does not end the operation.
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

    def tag(self, *tags: str) -> Self:
        """Give it tags, beside those it has."""
        listed = tags[0] if len(tags) == 1 and isinstance(tags[0], list | tuple) else tags
        earlier_operations.label(self.session, self.key, tags=listed)
        return self

    def note(self, text: str) -> Self:
        """Give it a note, in place of the one it has."""
        earlier_operations.label(self.session, self.key, note=read_note(text))
        return self

    def rerun(self, **changes: Any) -> Operation:
        """Start the same request with these changes under a new key; None takes a field out.

        `name`, `tags` and `note` label the new one; without `tags` it has this one's. Raises
        Mistake for bad input, before anything is sent.
        """
        return Operation(submission.rerun(self.session, self.key, changes), self.session)

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
        run = run or submission.start_recorded(self.session, self.key, resend=False)
        return None if run is None else run.ended

    def _conclude(self) -> Operation:
        error = outcome(self.entry)
        if error is not None:
            raise error
        return self


class Output(Referable):
    """One take of an operation."""

    def __init__(self, operation: Operation, take: TakeEntry) -> None:
        self.operation = operation
        self.take = take.take
        self.kind = take.kind
        self.duration = take.duration
        self.pruned_at = take.pruned_at
        self._entry = take
        self._session = operation.session
        self.path: Path | None = self._session.home / take.path if take.path else None

    def __repr__(self) -> str:
        length = f" {self.duration:.1f} s" if self.duration else ""
        pruned = f"pruned on {self.pruned_at:%Y-%m-%d}" if self.pruned_at else ""
        return f"<take {self.take} of {short(self.operation.key)}{length} {self.path or pruned}>"

    def __str__(self) -> str:
        """Return the key and the take's number, which name it on a magic's line."""
        return f"{self.operation.key}:{self.take}"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, Output) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))

    def as_reference(self) -> Reference:
        """Return a reference by the operation's key and the take's number."""
        return Reference(self.operation.key, str(self.take))

    @property
    def rating(self) -> int | None:
        """The stars it was given, 1 to 5."""
        return self._now().rating

    @property
    def note(self) -> str | None:
        """The note it was given."""
        return self._now().note

    def rate(self, stars: int, note: str | None = None) -> Self:
        """Rate it with 1 to 5 stars, and a note if you like; kept at once. Raises Mistake."""
        said = None if note is None else read_note(note)
        key = self.operation.key
        earlier_operations.rate(self._session, key, self.take, rating=read_stars(stars), note=said)
        return self

    def unrate(self) -> Self:
        """Take its stars away; a note stays."""
        earlier_operations.rate(self._session, self.operation.key, self.take, rating=NO_STARS)
        return self

    def _now(self) -> TakeEntry:
        return self.operation.entry.takes[self.take - 1]

    def audio(self) -> tuple[npt.NDArray[np.float32], int]:
        """Return the samples as `(frames, channels)` float32 within ±1, and 44100 (Hz)."""
        from soundpiece_nb.audio.verification import read

        return read(self._file())

    def save(self, path: str | Path) -> Path:
        """Write the take as .flac, .wav or .mp3, by the ending of `path`; returns the file's path.

        FLAC and WAV hold the very same samples, MP3 has 256 kbit/s; tags say how it was made. Into
        a folder it goes as FLAC under a readable name. Raises Mistake for another ending,
        StorageFailed if the disk refuses.
        """
        source = self._file()
        target = read_path(path)
        if target.is_dir():
            target = self.place_in(target)
        if target.suffix.lower() not in ENDINGS:
            raise Mistake(
                "Takes are saved as .flac, .wav or .mp3.",
                next=f"Call the file {target.stem or 'take'}.flac, or name a folder that exists.",
            )
        store = self._session.engine.store.folder.resolve()
        if store in target.resolve().parents:
            raise Mistake(f"{store} holds the takes as they came.", next="Save it somewhere else.")
        story = self.operation.entry.story(self._entry)
        try:
            return attend(self._session.engine.workers.start(write_copy, source, target, story))
        except OSError as error:
            raise StorageFailed(f"{target} cannot be written: {error.strerror}.") from error

    def place_in(self, folder: Path, ending: str = ".flac") -> Path:
        """Return the free path that `save` gives it in a folder, or the one that holds it."""
        entry = self.operation.entry
        name = entry.file_name(self._entry, ending)
        return find_place(folder, name, self._file(), entry.story(self._entry))

    def _file(self) -> Path:
        if self.path is not None and self.path.exists():
            return self.path
        key = short(self.operation.key)
        if self.pruned_at:
            raise Mistake(
                f"Take {self.take} of {key} was pruned on {self.pruned_at:%Y-%m-%d}.",
                next=f"%soundpiece_resume {key} fetches it again.",
            )
        raise Mistake(
            f"Take {self.take} of {key} is not on this machine (yet).",
            next=".result() waits for it.",
        )
