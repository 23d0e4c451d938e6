"""The system keyring: asked for a few seconds, on a thread of its own, whatever it does there.

Its back ends are other people's programs: one waits for ever on a D-Bus without a session
(https://github.com/jaraco/keyring/issues/477), one is not installed, one waits for a window to be
answered. None of them stops the notebook, and what one did is told in a sentence.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from soundpiece_nb.api.errors import KeyringFailed
from soundpiece_nb.shown_text import cut, visible

SECONDS = 3.0
"""Seconds that the keyring may take. One that is unlocked answers in some hundredths."""

_LONGEST_REASON = 200

_NEXT = (
    "What is set in the environment that starts Jupyter needs no keyring: SOUNDPIECE_API_KEY, "
    "SOUNDPIECE_WEBHOOK_SECRET."
)


@dataclass(eq=False)
class _Question:
    """What the keyring is asked, and what came of it: a value, or an error that it raised."""

    work: Callable[[Any], object]
    backend: object = None
    value: object = None
    error: BaseException | None = None
    answered: threading.Event = field(default_factory=threading.Event)
    process: int = field(default_factory=os.getpid)

    def ask(self) -> None:
        try:
            # Importing may hang or fail too: it looks for its back ends.
            import keyring
            from keyring.errors import NoKeyringError

            self.backend = keyring.get_keyring()
            with suppress(NoKeyringError):  # as on most servers: there is nothing to be had
                self.value = self.work(keyring)
        except BaseException as error:  # noqa: BLE001 - its back ends raise what they like
            self.error = error.with_traceback(None)  # whose frames hold what is to be kept
        self.answered.set()


class SystemKeyring:
    """Reads, keeps and removes the secrets of one service; raises KeyringFailed where it cannot.

    One that did not answer is not asked again until its late answer is there, or another keyring
    is chosen, or `forgive` is called; so no more than one thread waits for it.
    """

    def __init__(self, service: str, seconds: float = SECONDS) -> None:
        """Ask for `service`; wait `seconds` for each answer."""
        self._service = service
        self._seconds = seconds
        self._open: _Question | None = None
        self._asking = threading.Lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew_lock)

    def _renew_lock(self) -> None:
        """Have a free lock in a forked child: a thread that is not there may have held it."""
        self._asking = threading.Lock()

    def read(self, account: str) -> str | None:
        """Return what is kept for an account; None where nothing is, or there is no keyring."""
        value = self._ask(lambda keyring: keyring.get_password(self._service, account))
        if value is None or isinstance(value, str):
            return value
        raise KeyringFailed(
            f"The system keyring gave no text for {account}, but {type(value).__name__}.",
            next=_NEXT,
        )

    def keep(self, account: str, text: str) -> bool:
        """Keep a text, and return whether it can be read again: some keyrings store nothing."""

        def work(keyring: Any) -> bool:
            keyring.set_password(self._service, account, text)
            return bool(keyring.get_password(self._service, account) == text)

        return bool(self._ask(work, hidden=text, again=True))

    def remove(self, account: str) -> bool:
        """Remove what is kept for an account; returns whether there was anything."""

        def work(keyring: Any) -> bool:
            if keyring.get_password(self._service, account) is None:
                return False
            keyring.delete_password(self._service, account)
            return True

        return bool(self._ask(work, again=True))

    def forgive(self) -> None:
        """Have a keyring asked again that failed too late; one that hangs still is not."""
        if self._open is not None and self._open.answered.is_set():
            self._open = None

    def _ask(
        self, work: Callable[[Any], object], *, hidden: str = "", again: bool = False
    ) -> object:
        """Return the keyring's answer; raises KeyringFailed, in whose words `hidden` is not.

        With `again`, the end of a question that hangs is waited for, and how it ended is forgiven.
        """
        with self._asking:
            if again and self._open is not None and _is_silent(self._open):
                self._open.answered.wait(self._seconds)
                self.forgive()
            if self._open is not None and _is_silent(self._open):
                raise self._silent()
            question = self._open = _Question(work)
            thread = threading.Thread(target=question.ask, name="soundpiece-keyring", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # the machine starts no more threads
                self._open = None
                what = f"The system keyring could not be asked ({error})."
                raise KeyringFailed(what, next=_NEXT) from None
            if not question.answered.wait(self._seconds):
                raise self._silent()
            self._open = None
        if question.error is not None:
            raise KeyringFailed(_words(question.error, hidden), next=_NEXT) from None
        return question.value

    def _silent(self) -> KeyringFailed:
        return KeyringFailed(
            f"The system keyring did not answer within {self._seconds:g} seconds.",
            next=f"It may wait in a window of its own. {_NEXT}",
        )


def _is_silent(late: _Question) -> bool:
    """Tell whether a question that was waited for in vain hangs still, or ended in an error."""
    if late.process != os.getpid():  # a forked child has no such thread
        return False
    if late.backend is not None:
        import keyring  # which that thread has imported, so this takes no time

        if keyring.get_keyring() is not late.backend:
            return False
    return late.error is not None or not late.answered.is_set()


def _words(error: BaseException, hidden: str) -> str:
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 - as above
        said = ""
    if hidden:
        said = said.replace(hidden, "…")
    reason = " ".join(visible(f"{type(error).__name__}: {said}").split()).rstrip(":.")
    return f"The system keyring failed: {cut(reason, _LONGEST_REASON)}."
