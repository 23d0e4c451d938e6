"""Reasons why this process stopped following an operation, as errors to raise."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from soundpiece_nb.api.error_logging import log_unforeseen, unforeseen_words
from soundpiece_nb.api.errors import (
    DownloadFailed,
    Refusal,
    ServiceSilent,
    SoundpieceError,
    StorageFailed,
    WatchingStopped,
    WireFailure,
)
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.shown_text import short

from .explanations import explain, refusal_words

_log = logging.getLogger("soundpiece_nb.engine")


@dataclass(frozen=True)
class StopReason:
    """The error to raise; and the code and words that the journal keeps of it."""

    error: SoundpieceError
    code: str
    words: str


def stop_reason(error: BaseException, key: str, entry: Entry | None, home: Path) -> StopReason:
    """Return why following an operation stopped, with what that means and what to do next.

    `entry` is None where the journal fails too. An unforeseen error is logged with its traceback.
    """
    known = as_known(error)
    if known is None:
        private = [] if entry is None else [str(value) for value in entry.fields.values()]
        log_unforeseen("engine", error, private)
        known = SoundpieceError(unforeseen_words(error, home))
    code, words = code_of(known), known.message
    _log.warning("%s: following it stopped: %s", key, code)
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


def detached(key: str) -> WatchingStopped:
    """Return the error of an operation that is no longer followed here, and goes on."""
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
        case ServiceSilent():
            return "unreachable"
        case _:
            return "stopped"
