"""The session of this process: made at its first use, paused and closed with the extension.

Light, so that loading and unloading the extension import nothing else.
"""

from __future__ import annotations

import atexit
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .session import Session


class CurrentSession:
    """The one session of a process: `current()` returns it."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._making = threading.Lock()

    def __call__(self) -> Session:
        """Return the session, made at the first call."""
        with self._making:
            if self._session is None:
                from .session import Session

                self._session = Session()
                atexit.register(self._session.close)
            return self._session

    def use(self, session: Session) -> None:
        """Have this process work with a session that was made elsewhere."""
        self.close()
        with self._making:
            self._session = session
            atexit.register(session.close)

    def pause(self) -> None:
        """Stop all work; operations on their way go on with `go_on`, or at the next use."""
        if self._session is not None:
            self._session.pause()

    def go_on(self) -> None:
        """Carry on with the operations that were on their way at `pause`; instant without any."""
        if self._session is not None:
            self._session.go_on()

    def close(self) -> None:
        """Close the session; the next use makes another."""
        closing = self._session
        if closing is not None:
            atexit.unregister(closing.close)
            closing.close()  # outputs that are drawn a last time still find it
            with self._making:
                self._session = None


current = CurrentSession()
