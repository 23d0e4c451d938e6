"""Outputs that stand in the notebook, each drawn again in place when what it shows has changed.

What is drawn is static at any time: a notebook saved at any moment keeps it as it is.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from .finished_output import Rendering

VIEW = Markup('<div class="soundpiece-view soundpiece-is-{}">{}</div>')
"""An output that a person can arrange, with its id."""
SLOT = Markup('<div class="soundpiece-slot"></div>')
"""Where, while a kernel lives, it gets what it is arranged with."""

QUIET_BEFORE_REDRAWING = 0.6
"""Seconds without another change, so that five clicks are one redrawing."""
MOST_STANDING = 200
"""Outputs of one kernel that are kept up to date, the latest ones."""


@dataclass
class Standing:
    """One output: how it is drawn, which operations it shows, how a person may arrange it.

    `draw` links files or encodes previews, so it is called off the main thread.
    """

    id: str
    draw: Callable[[Standing], Rendering]
    keys: Callable[[], Collection[str]]
    orders: Mapping[str, str] = field(default_factory=dict)
    """What it can be sorted by, and how that is called; nothing where it has no order."""
    order: str = ""
    page: int = 1
    pages: int = 1
    matched: bool = False
    """Whether its takes may be played at equal loudness."""
    form: Mapping[str, Any] | None = None
    """What a form that stands in it is made from."""
    handle: Any = None

    def redraw(self) -> None:
        """Draw it again where it stands."""
        with suppress(Exception):  # a closed front end is no trouble of a judgement's
            self.handle.update(self.draw(self))

    def arrange(self, order: str, page: int) -> None:
        """Put it in another order or on another page, and keep it so."""
        if order in self.orders:
            self.order = order
        self.page = min(max(page, 1), self.pages)
        self.redraw()


_standing: OrderedDict[str, Standing] = OrderedDict()
_changed: set[str] = set()
_timer: threading.Timer | None = None
_lock = threading.Lock()


def stand(view: Standing, handle: Any) -> None:
    """Keep an output up to date from now on, in place of the one that had its id."""
    view.handle = handle
    with _lock:
        _standing[view.id] = view
        _standing.move_to_end(view.id)
        while len(_standing) > MOST_STANDING:
            _standing.popitem(last=False)


def find(wanted: str) -> Standing | None:
    """Return the output of an id, if it stands in this kernel's notebook."""
    return _standing.get(wanted)


def redraw_soon(key: str) -> None:
    """Draw again what shows this operation, once changes have paused."""
    global _timer  # noqa: PLW0603 - one for all changes of this process
    with _lock:
        _changed.add(key)
        if _timer is not None:
            _timer.cancel()
        _timer = threading.Timer(QUIET_BEFORE_REDRAWING, _redraw_changed)
        _timer.daemon = True
        _timer.start()


def _redraw_changed() -> None:
    with _lock:
        keys = set(_changed)
        _changed.clear()
        views = list(_standing.values())
    for view in views:
        if keys & set(view.keys()):
            view.redraw()
