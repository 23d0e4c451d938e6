"""Reasons why this process stopped following an operation, as errors to raise."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from soundpiece_nb.api.error_logging import log, log_unforeseen, unforeseen_words
from soundpiece_nb.api.errors import (
    DownloadFailed,
    OtherAccount,
    Refusal,
    SandboxSilent,
    ServiceSilent,
    SoundpieceError,
    StorageFailed,
    WatchingStopped,
    WireFailure,
)
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.shown_text import short

from .explanations import (
    NOT_SENT,
    NOTHING_MADE,
    OTHER_ACCOUNT,
    explain,
    refusal_words,
)
from .threads import is_no_thread, no_thread


@dataclass(frozen=True)
class StopReason:
    """The error to raise; and the code and words that the journal keeps of it."""

    error: SoundpieceError
    code: str
    words: str


def stop_reason(
    error: BaseException, key: str, entry: Entry | None, home: Path, *, unsent: bool = False
) -> StopReason:
    """Return why following an operation stopped, with what that means and what to do next.

    `entry` is None where the journal fails too. `unsent` says that no request of it can have
    reached the service. An unforeseen error is logged with its traceback.
    """
    known = as_known(error)
    if known is None:
        private = [] if entry is None else [str(value) for value in entry.fields.values()]
        log_unforeseen("engine", error, private)
        known = SoundpieceError(unforeseen_words(error, home))
    code, words = code_of(known), known.message
    if unsent and isinstance(known, _BEFORE_SENDING):
        code = NOT_SENT
    log("engine", logging.WARNING, "%s: following it stopped: %s", key, code)
    known.key, known.what, known.money = key, words, ""
    known.next = f"%soundpiece_resume {short(key)} goes on with it."
    if entry is not None:
        known.operation_id = entry.operation_id
        kept = entry if entry.complete else replace(entry, error_code=code, error_message=words)
        why = explain(kept)
        if why is not None:
            known.what, known.money, known.next = why.what, why.money, why.next
        elif entry.complete:
            known.next = ""
    return StopReason(known, code, words)


_BEFORE_SENDING = (ServiceSilent, SandboxSilent)
"""Errors of the way to a service, which leave no doubt whether a request was sent."""


def detached(key: str, *, unsent: bool = False) -> WatchingStopped:
    """Return the error of an operation that is no longer followed here, and goes on if sent."""
    if unsent:
        return WatchingStopped(
            "This kernel no longer follows the operation, which was not sent.",
            money=NOTHING_MADE,
            next=f"%soundpiece_resume {short(key)} sends it; %soundpiece_discard {short(key)} "
            "drops it.",
            key=key,
        )
    return WatchingStopped(
        "This kernel no longer follows the operation, which goes on at the service.",
        next=f"%soundpiece_resume {short(key)} follows it again.",
        key=key,
    )


def as_known(error: BaseException) -> SoundpieceError | None:
    """Return an error as one of our own, the first of a group's; None for an unforeseen one."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    match error:
        case Refusal():
            return ServiceSilent(refusal_words(error), retry_after=error.retry_after)
        case WireFailure():
            return ServiceSilent(error.message)
        case SoundpieceError():
            return error
        case RuntimeError() if is_no_thread(error):
            return no_thread(error)
        case OSError():
            return StorageFailed(f"The disk refused: {error.strerror or error}.")
        case _:
            return None


def code_of(error: SoundpieceError) -> str:
    """Return the short name that the journal keeps of why an operation is stuck."""
    match error:
        case DownloadFailed():
            return "download"
        case StorageFailed():
            return "storage"
        case OtherAccount():
            return OTHER_ACCOUNT
        case ServiceSilent():
            return "unreachable"
        case _:
            return "stopped"
