"""The session of this process, made at its first use, so that loading imports nothing heavy."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .session import Session


class CurrentSession:
    """The one session of a process: `current()` returns it."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._making = threading.Lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew_lock)

    def _renew_lock(self) -> None:
        """Have a free lock in a forked child: a thread that is not there may have held it."""
        self._making = threading.Lock()

    def __reduce__(self) -> str:
        """Keep its name alone: in another process it stands for that one's session."""
        return "current"

    def __call__(self) -> Session:
        """Return the session, made at the first call."""
        with self._making:
            if self._session is None:
                from soundpiece_nb.api.shadowing_files import libraries_first

                with libraries_first():
                    from .session import Session

                self._session = Session()
                atexit.register(self._session.close)
            return self._session

    @property
    def existing(self) -> Session | None:
        """The session, if it was made."""
        return self._session

    def use(self, session: Session) -> None:
        """Close the session, and use this one from now on."""
        self.close()
        with self._making:
            self._session = session
            atexit.register(session.close)

    def pause(self) -> None:
        """Stop all work until `go_on` or the next use of the session."""
        if self._session is not None:
            self._session.pause()

    def go_on(self) -> None:
        """Go on with the operations that were on their way at `pause`; instant without any."""
        if self._session is not None:
            self._session.go_on()

    def close(self) -> None:
        """Close the session; the next use makes another."""
        closing = self._session
        if closing is not None:
            atexit.unregister(closing.close)
            closing.close()  # outputs are drawn a last time meanwhile, and need the session
            with self._making:
                self._session = None


current = CurrentSession()
