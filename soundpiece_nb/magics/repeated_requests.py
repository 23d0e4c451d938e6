"""Requests that a front end sends again: what a magic has begun for one is not begun twice.

A cell that is run twice is two requests, and makes two operations. One that comes again under the
same `msg_id`, after a broken connection say, is the same request.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from soundpiece_nb.display.front_end import request
from soundpiece_nb.operations.session import Session, SessionPart

MOST_REMEMBERED = 100
"""Requests whose operations are remembered, the latest ones."""

Begun = TypeVar("Begun")


@dataclass
class _Request:
    """A request of the front end: the operations begun for it, and how often each was asked for."""

    message: Mapping[str, Any]
    begun: dict[tuple[str, int], Any] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)


class Requests(SessionPart):
    """The latest requests of the front end, each with the operations that were begun for it."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._known: OrderedDict[str, _Request] = OrderedDict()

    def begin_once(self, asked: str, begin: Callable[[], Begun]) -> Begun:
        """Return what was begun when this request came before; else `begin` it.

        What a cell asks for twice is begun twice.
        """
        message = request()
        if message is None:
            return begin()
        known = self._known.setdefault(message["header"]["msg_id"], _Request(message))
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        if known.message is not message:  # it has come again
            known.message, known.asked = message, Counter()
        place = (asked, known.asked[asked])
        known.asked[asked] += 1
        if place not in known.begun:
            known.begun[place] = begin()
        found: Begun = known.begun[place]
        return found
