"""One operation on its way: its phase, its listeners, and the future of its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from enum import Enum

from soundpiece_nb.api.answer import KNOWN_STATUSES
from soundpiece_nb.api.error_logging import log_unforeseen

Listener = Callable[["Run"], None]


class Phase(Enum):
    """The phases of an operation in this process."""

    SENDING = "sending"
    PROCESSING = "processing"
    DOWNLOADING = "downloading"
    ENDED = "ended"
    PAUSED = "paused"
    """Not followed here until the session goes on."""


AS_FAR = {"processing": Phase.PROCESSING, "ready": Phase.DOWNLOADING}
"""The phase of an operation that another process carries, by its status in the journal."""


class Run:
    """An operation being carried; read from any thread, changed by the engine's alone.

    `begun` is when a person asked for it, on the engine's monotonic clock.
    `may_have_arrived` says that the service may have the request already, unacknowledged; without
    `sends`, what is not acknowledged is not sent. `departed` says that it may be leaving now,
    `dropped` that it was discarded here. `refusal` is the HTTP status of a refusal.
    `trouble` is a sentence while something is being tried again. `word` is the service's own for
    the status where this version does not know it: within v1 any may come. `ended` resolves to
    None at the end, whatever the end was (the journal knows), or raises why following it stopped.
    """

    def __init__(
        self, key: str, *, unsent: bool = False, sends: bool = True, begun: float = 0.0
    ) -> None:
        self.key = key
        self.begun = begun
        self.may_have_arrived = not unsent
        self.sends = sends
        self.departed = False
        self.dropped = False
        self.refusal: int | None = None
        self.phase = Phase.SENDING
        self.trouble: str | None = None
        self.word: str | None = None
        self.polls = 0
        self.retries = 0
        self.ended: Future[None] = Future()
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def subscribe(self, listener: Listener) -> None:
        """Call `listener(run)` at every change, on the engine's thread; never after the end.

        What is there already is told at once, on the caller's thread.
        """
        with self._lock:
            self._listeners.append(listener)
        _tell(listener, self)

    def change(self, phase: Phase, trouble: str | None = None) -> None:
        """Go to a phase, or say a trouble, and tell everybody who listens."""
        if (phase, trouble) == (self.phase, self.trouble):
            return
        self.phase, self.trouble = phase, trouble
        self.tell()

    @property
    def unsent(self) -> bool:
        """Whether the service can have nothing of it."""
        return not (self.departed or self.may_have_arrived)

    def hear(self, status: str) -> None:
        """Note the status that the service answered, and tell everybody if its word is new."""
        word = None if status in KNOWN_STATUSES else status
        if word != self.word:
            self.word = word
            self.tell()

    def end(self, error: BaseException | None = None) -> None:
        """Resolve the future, then tell; nothing follows, another end neither."""
        if self.ended.done():
            return
        self.phase, self.trouble = Phase.ENDED, None
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)
        self.tell()

    def tell(self) -> None:
        """Call every listener: something about the operation has changed."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            _tell(listener, self)


def _tell(listener: Listener, run: Run) -> None:
    """Tell one listener; it may break or vanish, the operation does not notice."""
    try:
        listener(run)
    except Exception as error:  # noqa: BLE001 - whatever it is
        log_unforeseen("engine", error)
