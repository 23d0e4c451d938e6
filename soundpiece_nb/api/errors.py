"""Everything that can go wrong, as one tree whose every member knows its operation.

SoundpieceError
├── Mistake             a person's slip: bad input, an unknown name, no key; nothing is lost
│   └── KeyringFailed   the system keyring did not answer, or failed, and no key is set otherwise
├── WireFailure         one HTTP exchange went wrong; the engine decides whether to try again
│   ├── Unreachable     no complete answer came
│   ├── Refusal         the service answered with an HTTP error
│   └── Unreadable      the answer was not what the API speaks
├── RequestRejected     refused at the HTTP layer: nothing was made
├── NotSent             waited for, and never acknowledged: waiting sends nothing
├── Discarded           dropped before it was sent
├── OperationFailed     accepted, then failed, in the service's own words
├── OtherAccount        begun under another API key, and not sent under this one unasked
├── ServiceSilent       no usable answer for so long that trying stopped; the operation stands
├── DownloadFailed      made and paid for, but no intact file arrived yet
├── SourceLost          the service no longer offers an earlier output that a request is made from
├── StorageFailed       the disk did not take what had to be kept
│   └── JournalDamaged  the journal's file holds bytes that SQLite never wrote
├── MachineLimit        the machine refused a thread that the work needs
├── JournalTooNew       the journal was written by a later soundpiece_nb than this one
├── SandboxSilent       the embedded sandbox did not start or stop
├── WaitTimeout         the waiting ended, the operation goes on
├── WaitInterrupted     a person interrupted the waiting, the operation goes on
└── WatchingStopped     this kernel no longer follows the operation, which goes on
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from soundpiece_nb.shown_text import cut, encodable, scrub, visible

NOTHING_SENT = "Nothing was sent."


class SoundpieceError(Exception):
    """Base of all errors of this package; a notebook shows it as its sentences alone.

    `what` happened, what that means for the person's `money`, and what to do `next` are a
    sentence each, or empty. `key` is the idempotency key and `operation_id` the service's id,
    where known. Every text that it holds is without secrets, and of a length that can be shown.
    """

    def __init__(
        self,
        what: str,
        *,
        money: str = "",
        next: str = "",  # noqa: A002 - the third of what, money, next
        key: str | None = None,
        operation_id: str | None = None,
        **more: Any,
    ) -> None:
        """State the sentences, and by name what an error of its class tells `more`."""
        super().__init__(cut(scrub(what)))
        self.what = what
        self.money = money
        self.next = next
        self.key = key
        self.operation_id = operation_id
        for name, value in more.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        """Keep a text as it may be shown, whoever sets it: it may repeat what a person typed."""
        super().__setattr__(name, cut(scrub(value)) if isinstance(value, str) else value)

    @property
    def message(self) -> str:
        """The sentences together."""
        return " ".join(part for part in (self.what, self.money, self.next) if part)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, self.__dict__)

    def prefixed(self, words: str) -> Self:
        """Return a copy of this error that says these words first."""
        changed = copy.copy(self)
        changed.what = f"{words} {self.what}"
        changed.args = (changed.what,)
        return changed

    def _render_traceback_(self) -> list[str]:
        """Show the sentences alone where IPython would print a traceback."""
        words = visible(f"{type(self).__name__}: {self.message}")  # may hold the service's
        return [encodable(words, sys.stdout)]  # or IPython, which prints it there, says nothing


def _restore(
    kind: type[SoundpieceError], given: tuple[Any, ...], state: dict[str, Any]
) -> SoundpieceError:
    """Make an error again from what `pickle` and `copy` keep of it."""
    error = kind.__new__(kind, *given)
    error.args = given
    error.__dict__.update(state)
    return error


@contextmanager
def nothing_sent() -> Iterator[None]:
    """Add to every error raised inside that nothing was sent, unless it speaks of money."""
    try:
        yield
    except (Mistake, StorageFailed, MachineLimit) as error:
        error.money = error.money or NOTHING_SENT
        raise


class Mistake(SoundpieceError):
    """Bad input, refused before it could do anything; nothing is lost."""


class KeyringFailed(Mistake):
    """The system keyring did not answer in time or failed; the message says what it said."""


class SourceLost(SoundpieceError):
    """The service no longer offers an earlier output that a request is made from."""


class WireFailure(SoundpieceError):
    """One exchange with the service went wrong; says nothing about the operation."""


class Unreachable(WireFailure):
    """No complete answer came.

    `never` marks what no repetition can mend, `undelivered` what cannot have reached the service.
    """

    never: bool = False
    undelivered: bool = False


class Refusal(WireFailure):
    """An HTTP error, with its status, the service's words and `Retry-After` in seconds."""

    def __init__(self, status_code: int, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{detail} ({status_code})")
        self.status_code = status_code
        self.detail = detail
        self.retry_after = retry_after


class Unreadable(WireFailure):
    """An answer that is not the API's: a web page, cut JSON, an envelope without operation."""


class RequestRejected(SoundpieceError):
    """The service refused the request: nothing was made and nothing was charged.

    `status_code` is that of the HTTP answer, `detail` the service's own words.
    """

    status_code: int
    detail: str = ""


class NotSent(SoundpieceError):
    """The service has not acknowledged the operation, and looking or waiting sends nothing."""


class Discarded(SoundpieceError):
    """The operation was dropped before it was sent: nothing was made and nothing was charged."""


class OperationFailed(SoundpieceError):
    """The service accepted the operation and could not make it; `code` says why."""

    code: str


class OtherAccount(SoundpieceError):
    """The operation was begun under another API key; under this one it might be made twice."""


class ServiceSilent(SoundpieceError):
    """Trying stopped: the service gave no usable answer, or named a pause too long to wait.

    `retry_after` is that pause in seconds, where one was named.
    """

    retry_after: float | None = None


class DownloadFailed(SoundpieceError):
    """The audio exists at the service, but no intact FLAC file arrived."""


class StorageFailed(SoundpieceError):
    """The journal or an audio file could not be written; the operation stands."""


class JournalDamaged(StorageFailed):
    """The journal's file holds bytes that SQLite never wrote."""


class MachineLimit(SoundpieceError):
    """The machine refused a thread that the work needs; what is written down stays so."""


class JournalTooNew(SoundpieceError):
    """The journal was written by a later soundpiece_nb than this one."""


class SandboxSilent(SoundpieceError):
    """The embedded sandbox did not start or stop; the message says what it printed."""


class WaitTimeout(SoundpieceError, TimeoutError):
    """The time given for waiting is over; the operation goes on."""


class WaitInterrupted(SoundpieceError, KeyboardInterrupt):
    """A person interrupted the waiting; the operation goes on."""


class WatchingStopped(SoundpieceError):
    """A person stopped following the operation in this kernel; it goes on at the service."""
