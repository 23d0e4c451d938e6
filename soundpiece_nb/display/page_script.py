"""The page's companion: what static outputs cannot do by themselves, while a kernel lives.

One model without a view is sent to the page. There it finds takes and views by their class names,
and adds stars, notes, sorting and equal loudness; a saved notebook holds nothing of it. Where the
front end has no widgets, outputs are as they are, and magics do what buttons would.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

from soundpiece_nb.api.errors import Mistake, SoundpieceError
from soundpiece_nb.operations.session import Session, current

from .front_end import FrontEnd, front_end
from .live_output import Standing, find, redraw_soon

ROOMS = ("nodes", "playback", "server", "judgement", "tools", "form", "companion")
"""The parts of the page's script, which become one module."""

Message = dict[str, Any]
Answer = Callable[[Message], Message | None]

_answers: dict[str, Answer] = {}
_companions: list[Any] = []
_summoning = threading.Lock()


def answers(word: str) -> Callable[[Answer], Answer]:
    """Declare the function that answers a message of this word from the page."""

    def declare(answer: Answer) -> Answer:
        _answers[word] = answer
        return answer

    return declare


def summon() -> None:
    """Send the companion to this kernel's page, once; nothing where nobody looks."""
    if front_end() is not FrontEnd.NOTEBOOK:
        return
    with _summoning:
        if not _companions:
            _companions.append(_make())
        listeners = current().on_judged
        if _after_judging not in listeners:
            listeners.append(_after_judging)


def dismiss() -> None:
    """Take the companion from the page, with all it added there."""
    while _companions:
        _companions.pop().close()


def tell(message: Message) -> None:
    """Say something to the page."""
    for companion in _companions:
        companion.send(message)


def _make() -> Any:
    import anywidget

    class Companion(anywidget.AnyWidget):
        _esm = script()

    companion = Companion()
    companion.on_msg(_hear)
    return companion


@cache
def script() -> str:
    """Return the page's script as one module."""
    folder = resources.files(__package__) / "javascript"
    return "\n".join((folder / f"{room}.js").read_text(encoding="utf-8") for room in ROOMS)


def _hear(_: Any, message: Message, __: object) -> None:
    """Answer a message from the page; what goes wrong is said there, where the person looks."""
    answer = _answers.get(str(message.get("do"))) if isinstance(message, dict) else None
    if answer is None:
        return
    try:
        said = answer(message)
    except SoundpieceError as error:
        said = {"say": "refused", "words": str(error), "about": message}
    except Exception as error:  # noqa: BLE001 - a person has clicked, and has to hear of it
        words = f"That did not work ({type(error).__name__})."
        said = {"say": "refused", "words": words, "about": message}
    if said is not None:
        tell(said)


@answers("look")
def _look(message: Message) -> Message:
    """Say how the takes of a page are judged by now, and what its views can do."""
    session = current()
    judged = []
    for key in dict.fromkeys(str(each["key"]) for each in message["takes"]):
        judged += _judged(session, key)
    views = [view for each in message["views"] if (view := find(str(each))) is not None]
    return {"say": "seen", "judged": judged, "views": [_arranged(view) for view in views]}


def _arranged(view: Standing) -> Message:
    """Return what the page has to know of a view."""
    return {
        "id": view.id,
        "orders": dict(view.orders),
        "order": view.order,
        "page": view.page,
        "pages": view.pages,
        "matched": view.matched,
        "form": view.form,
    }


@answers("judge")
def _judge(message: Message) -> None:
    current().judge(
        str(message["key"]),
        int(message["take"]),
        rating=message.get("rating"),
        note=message.get("note"),
    )


@answers("arrange")
def _arrange(message: Message) -> Message:
    view = find(str(message["view"]))
    if view is None:
        raise Mistake("This output belongs to an earlier kernel; run its cell again to sort it.")
    view.arrange(str(message.get("order", view.order)), int(message.get("page", 1)))
    return {"say": "seen", "judged": [], "views": [_arranged(view)]}


def _after_judging(key: str) -> None:
    tell({"say": "seen", "judged": _judged(current(), key), "views": []})
    redraw_soon(key)


def _judged(session: Session, key: str) -> list[Message]:
    """Return how the takes of an operation are judged; nothing for one that is not known here."""
    try:
        takes = session.journal.entry(key).takes
    except KeyError:
        return []
    return [
        {"key": key, "take": each.take, "rating": each.rating, "note": each.note} for each in takes
    ]
