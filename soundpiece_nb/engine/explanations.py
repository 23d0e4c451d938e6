"""Explanations of what went wrong: what happened, what it means for the money, what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from soundpiece_nb.api.errors import (
    NOTHING_SENT,
    Discarded,
    NotSent,
    OperationFailed,
    Refusal,
    RequestRejected,
    SoundpieceError,
    WireFailure,
)
from soundpiece_nb.api.request import has_derived_key
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.shown_text import short

OTHER_ACCOUNT = "account"
"""The code of an operation that is not sent because the API key is another one now."""

NOTHING_MADE = "Nothing was made or charged."

NOT_SENT = "unsent"
"""The code of an operation that is stuck before anything of it has left this machine."""

POLICY_WORDS = "The text was rejected by the content policy."


@dataclass(frozen=True)
class Explanation:
    """Three sentences for a person; `code` is the short name of the reason."""

    what: str
    money: str
    next: str
    code: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.money, self.next) if part)


DISCARDED = Explanation(
    "It was discarded before it was sent.",
    NOTHING_MADE,
    "Run its cell again to make it after all.",
    "discarded",
)


def explain(entry: Entry) -> Explanation | None:
    """Explain why an operation ended badly or is stuck; None where all is well."""
    code, message = entry.error_code, entry.error_message
    if entry.status == "discarded":
        return DISCARDED
    if entry.status == "failed":
        return _failure(entry, code or "internal_error", message)
    if entry.status == "rejected":
        return _rejection(entry, code or "", message or "")
    if code is None:
        return None
    resume = f"%soundpiece_resume {short(entry.key)}"
    what = "The service gave no answer."
    if entry.status == "ready":
        what = "The download did not succeed."
        money = "The audio is made and stays yours; fetching it again costs nothing."
        remedy = f"{resume} downloads it again."
    elif entry.status == "processing":
        money = "The operation goes on at the service and is paid for once."
        remedy = f"{resume} asks for it again."
    else:
        money = "Whether it was accepted is not known; its key makes sure it is made once at most."
        remedy = f"{resume} sends the same request under the same key."
    if entry.unsent or code == NOT_SENT:
        money = NOTHING_SENT
        remedy = f"Once that is mended, {resume} sends it under the same key."
    if code == OTHER_ACCOUNT:
        money = "If the former account has it, sending it from here would make and pay it again."
        remedy = (
            f"Set the former key, then {resume}; or, if both keys are of one account, "
            f"{resume} --yes sends it."
        )
    return Explanation(message or what, money, remedy, code)


def never_sent(entry: Entry) -> bool:
    """Tell whether nothing was made of an operation, for it was refused or never left."""
    return entry.unsent or entry.status == "rejected"


def waiting_words(entry: Entry) -> Explanation:
    """Explain an operation that the service has not acknowledged, and that nobody is sending."""
    resume, drop = (f"%soundpiece_{word} {short(entry.key)}" for word in ("resume", "discard"))
    if entry.unsent:
        remedy = f"{resume} sends it; {drop} drops it."
        return Explanation("It was never sent.", NOTHING_MADE, remedy, NOT_SENT)
    money = "Its key makes sure that it is made once at most."
    remedy = f"{resume} sends it again under the same key."
    return Explanation("Whether the service has it is not known.", money, remedy, "unknown")


def not_sent(entry: Entry) -> NotSent:
    """Return the error of an operation that is waited for, and that nobody has asked to send."""
    why = explain(entry) or waiting_words(entry)
    return NotSent(why.what, money=why.money, next=why.next, key=entry.key)


def discarded(entry: Entry) -> Discarded:
    """Return the error that an operation raises which was dropped before it was sent."""
    why = DISCARDED
    return Discarded(why.what, money=why.money, next=why.next, key=entry.key)


def outcome(entry: Entry) -> SoundpieceError | None:
    """Return the error that a finished operation raises to whoever waits for it."""
    why = explain(entry)
    if why is None:
        return None
    if entry.status == "failed":
        return OperationFailed(
            why.what,
            money=why.money,
            next=why.next,
            code=why.code,
            key=entry.key,
            operation_id=entry.operation_id,
        )
    if entry.status == "discarded":
        return discarded(entry)
    if entry.status == "rejected":
        number = int(why.code) if why.code.isdecimal() else 0
        return RequestRejected(
            why.what,
            money=why.money,
            next=why.next,
            status_code=number,
            detail=entry.error_message or "",
            key=entry.key,
        )
    return None


def refusal_words(refusal: Refusal) -> str:
    """Put an HTTP refusal of a poll or download into one sentence."""
    return f"The service refused ({refusal.status_code}): {_sentence(refusal.detail)}"


def _failure(entry: Entry, code: str, message: str | None) -> Explanation:
    fallback = POLICY_WORDS if code == "content_policy" else "The service could not make it."
    if code == "content_policy":
        again = "Change the text and run the cell again; that is a new operation with a new key."
    elif has_derived_key(entry.key):  # the same request would only show this one again
        again = "With --take 2 the same is tried once more, as a new operation with a new key."
    else:
        again = "Run the cell again to try once more; that is a new operation with a new key."
    return Explanation(_sentence(message or fallback), "Nothing was made.", again, code)


def _rejection(entry: Entry, code: str, detail: str) -> Explanation:
    resume = f"%soundpiece_resume {short(entry.key)} sends the same request under the same key."
    said = _sentence(detail)
    what, remedy = f"The service refused: {said}", resume
    match code:
        case "401":
            what = f"The service does not accept the API key: {said}"
            remedy = f"Set a valid SOUNDPIECE_API_KEY (or %soundpiece_login), then {resume}"
        case "402":
            what, remedy = "Not enough credits.", f"Top up, then {resume}"
        case "source":
            what, remedy = said, f"Make it again, or {resume}"
        case "404":
            what = f"The service has no route {entry.route}."
            remedy = "Check SOUNDPIECE_BASE_URL; then run the cell again."
        case "400" | "409" | "422":
            what = f"The service refused the request: {said}"
            remedy = "Change it and run the cell again; that is a new operation with a new key."
    return Explanation(what, NOTHING_MADE, remedy, code)


def _sentence(words: str) -> str:
    words = words.strip()
    return words if words.endswith((".", "!", "?")) else f"{words}."


_PASSING = {
    429: "The service asks to slow down.",
    408: "The service timed out.",
    511: "This network wants you to sign in first: open any page in a browser.",
}
"""Words for statuses that may pass; 511 is the answer of a network's login page (RFC 6585, 6)."""


def trouble_words(failure: WireFailure) -> str:
    """Put a failure that is tried again into a few words."""
    if not isinstance(failure, Refusal):
        return failure.message
    words = _PASSING.get(failure.status_code, "The service has a problem.")
    return f"{words} ({failure.status_code})"
