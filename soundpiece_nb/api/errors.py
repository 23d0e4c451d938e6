"""Everything that can go wrong, as one tree whose every member knows its operation.

SoundpieceError
├── Mistake             a person's slip: bad input, an unknown name, no key; nothing was sent
├── WireFailure         one HTTP exchange went wrong; the engine decides whether to try again
│   ├── Unreachable     no complete answer came
│   ├── Refusal         the service answered with an HTTP error
│   └── Unreadable      the answer was not what the API speaks
├── RequestRejected     refused at the HTTP layer: nothing was made
├── OperationFailed     accepted, then failed, in the service's own words
├── ServiceSilent       no usable answer for so long that trying stopped; the operation stands
├── DownloadFailed      made and paid for, but no intact file arrived yet
├── SourceLost          the service no longer offers an earlier output that a request is made from
├── StorageFailed       the disk did not take what had to be kept
├── WaitTimeout         the waiting ended, the operation goes on
├── WaitInterrupted     a person interrupted the waiting, the operation goes on
└── WatchingStopped     this kernel no longer follows the operation, which goes on
"""

from __future__ import annotations

from soundpiece_nb.text import visible


class SoundpieceError(Exception):
    """What every error of this package is; shown in a notebook as one sentence.

    `key` is the idempotency key and `operation_id` the service's id, where known.
    """

    def __init__(
        self, message: str, *, key: str | None = None, operation_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.key = key
        self.operation_id = operation_id

    def __str__(self) -> str:
        return self.message

    def _render_traceback_(self) -> list[str]:
        """Show the sentence alone where IPython would print a traceback."""
        return [visible(f"{type(self).__name__}: {self.message}")]  # may hold the service's words


class Mistake(SoundpieceError):
    """What was typed cannot be done; nothing was sent and nothing is lost."""


class SourceLost(SoundpieceError):
    """The service no longer offers an earlier output that a request is made from."""


class WireFailure(SoundpieceError):
    """One exchange with the service went wrong; says nothing about the operation."""


class Unreachable(WireFailure):
    """No complete answer came.

    `never` marks what no repetition can mend, `undelivered` what cannot have reached the service.
    """

    def __init__(self, message: str, *, never: bool = False, undelivered: bool = False) -> None:
        super().__init__(message)
        self.never = never
        self.undelivered = undelivered


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
    """The service refused the request: nothing was made and nothing was charged."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        detail: str = "",
        key: str | None = None,
        operation_id: str | None = None,
    ) -> None:
        super().__init__(message, key=key, operation_id=operation_id)
        self.status_code = status_code
        self.detail = detail


class OperationFailed(SoundpieceError):
    """The service accepted the operation and could not make it."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        key: str | None = None,
        operation_id: str | None = None,
    ) -> None:
        super().__init__(message, key=key, operation_id=operation_id)
        self.code = code


class ServiceSilent(SoundpieceError):
    """Trying stopped: the service gave no usable answer, or named a pause too long to wait.

    `retry_after` is that pause in seconds, where one was named.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        key: str | None = None,
        operation_id: str | None = None,
    ) -> None:
        super().__init__(message, key=key, operation_id=operation_id)
        self.retry_after = retry_after


class DownloadFailed(SoundpieceError):
    """The audio exists at the service, but no intact FLAC file arrived."""


class StorageFailed(SoundpieceError):
    """The journal or an audio file could not be written; the operation stands."""


class WaitTimeout(SoundpieceError, TimeoutError):
    """The time given for waiting is over; the operation goes on."""


class WaitInterrupted(SoundpieceError, KeyboardInterrupt):
    """A person interrupted the waiting; the operation goes on."""


class WatchingStopped(SoundpieceError):
    """A person stopped following the operation in this kernel; it goes on at the service."""
