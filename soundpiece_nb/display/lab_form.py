"""The lab: a form beside the growing list of what it made.

The page's script builds the form from the description of the routes; the list is a static output
like any other, of ordinary operations.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

from soundpiece_nb.api.errors import Mistake, nothing_sent
from soundpiece_nb.api.routes import ROUTES, Field, Route, find_route
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.labels import read_variable
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.plan import Draft, Planned, plan_operation
from soundpiece_nb.operations.session import Session
from soundpiece_nb.operations.submission import submit_planned
from soundpiece_nb.shown_text import MOST_IN_A_NAME, short

from . import html_parts as html
from .cell_source import as_cell, make_cell
from .finished_output import kind
from .front_end import FrontEnd, front_end, request
from .live_output import SLOT, LiveOutput, Message, Rendering, as_view
from .redrawing import Page
from .sound_source import place_of
from .take_player import MOST_EMBEDDED, row

MOST_NAMES = 50
"""Names of earlier operations that are offered as a source or reference."""

Bind = Callable[[str, Operation], None]
"""Gives a handle the NAME it was made under, in the person's notebook."""
_EMPTY = "What the form makes is heard here. %soundpiece_lab opens another one."


def show_lab(bind: Bind) -> None:
    """Open a lab in the running cell; raises Mistake where there is nobody to fill in a form."""
    if front_end() is not FrontEnd.NOTEBOOK:
        raise Mistake(
            "The lab is a form for a person at a notebook, and nobody is at one here.",
            next="%soundpiece_song --prompt … and the magics of other routes do what it does.",
        )
    session = current()
    session.part(Page).show(LabForm(session, bind))


class LabForm(LiveOutput):
    """One form and what it made."""

    prefix = "lab"

    def __init__(self, session: Session, bind: Bind) -> None:
        super().__init__(session)
        self._bind = bind
        self._made: dict[str, str] = {}
        """The keys of what was made, by the intention of each."""
        self._making = threading.Lock()  # two pages may speak at once, by subshells of the kernel
        self.form = _form(session)

    def draw(self) -> Rendering:
        """Return the form's place and what it made, the latest operation first."""
        place = place_of(self.session)
        rows, text, left = [], ["Soundpiece lab"], MOST_EMBEDDED
        for entry in reversed(self.session.journal.of_keys(list(self.keys))):
            playable = place.links or left >= len(entry.takes)
            left -= len(entry.takes) if playable else 0
            title = html.line(html.bold(entry.title)) + html.quiet_block(kind(entry))
            heading = title + html.quiet_line(entry.summary)
            rows.append(row(entry, heading, place, playable=playable))
            rows.append(html.fold("The cell that makes this again", html.pre(as_cell(entry))))
            state = f"{entry.status} · key {short(entry.key)} {entry.complaint}".rstrip()
            text.append(f"  {entry.title} · {kind(entry)} · {state}")
        made = html.join(rows) or html.quiet_line(_EMPTY)
        layout = html.columns("gap:8px 28px", [("1 1 300px", SLOT), ("1 1 360px", made)])
        heading = html.head("Soundpiece lab", "a form for every route", f"{len(self.keys)} made")
        drawn = html.frame(html.BLUE, heading, layout, wide=True)
        return Rendering(as_view(self.id, drawn), "\n".join(text))

    def answer(self, message: Message) -> Message | None:
        """Make what the form asks for, or show the cell that would; raises Mistake.

        A message's `key` is that of one intention: of a press, however often it arrives here. So
        each press makes a new operation, whatever the setting `once` says.
        """
        if message.get("do") == "arrange":
            return super().answer(message)
        if message["do"] == "cell":
            draft, planned = self._plan(message)
            cell = make_cell(draft.route.path, draft.name, planned.request.fields)
            return {"say": "cell", "form": self.id, "text": cell}
        intention = str(message.get("key") or _message_id())
        with self._making:
            made = self._made.get(intention)
            if made is None:
                made = self._made[intention] = self._make(self._plan(message)[1])
        called = self.session.journal.entry(made).name or short(made)
        return {"say": "made", "form": self.id, "key": intention, "words": f"{called} was sent."}

    def _plan(self, message: Message) -> tuple[Draft, Planned]:
        """Check what the form asks for; raises Mistake."""
        with nothing_sent():
            draft = _read(message)
            return draft, plan_operation(self.session, draft)

    def _make(self, planned: Planned) -> str:
        """Submit an operation, give it its NAME in the notebook, list it, and return its key."""
        key, name = submit_planned(self.session, planned), planned.labels.name
        if name is not None:
            self._bind(name, Operation(key, self.session))
        self.keys = [*self.keys, key]
        self.session.changed.tell(key)
        return key


def _message_id() -> str:
    """Return the id of the page's message, the same where it was sent again."""
    asked = request()
    return str(asked["header"]["msg_id"]) if asked else uuid.uuid4().hex


def _read(message: Message) -> Draft:
    """Return a form's operation; empty fields are left out, as empty lines around a text are."""
    route = find_route(str(message["route"]))
    known = {field.name for field in route.all_fields}
    given = {n: v for n, v in dict(message["fields"]).items() if n in known}
    filled = {n: v for n, v in given.items() if v not in ("", None, False)}
    fields = {n: v.strip("\n") if isinstance(v, str) else v for n, v in filled.items()}
    name = str(message.get("name") or "").strip()
    called = read_variable(name) if name else None
    return Draft(route=route, fields=fields, name=called, key=message.get("key"), once=False)


def _form(session: Session) -> dict[str, Any]:
    """Return the description from which the page's script builds the form."""
    latest = session.journal.entries(Filter(status="ready", limit=MOST_NAMES))
    named = (entry.name for entry in latest if entry.name and len(entry.name) <= MOST_IN_A_NAME)
    names = dict.fromkeys(name for name in named if name.isidentifier())
    return {"routes": [_route(route) for route in ROUTES.values()], "names": list(names)}


def _route(route: Route) -> dict[str, Any]:
    return {
        "path": route.path,
        "title": route.title.capitalize(),
        "summary": route.summary,
        "either": list(route.either),
        "fields": [_field(field, route) for field in route.fields],
    }


def _field(field: Field, route: Route) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": (field.option or field.name).replace("_", " ").replace("-", " ").capitalize(),
        "kind": field.kind.value,
        "help": field.help,
        "required": field.required,
        "most": field.most,
        "sections": list(field.sections),
        "body": field.name == route.body,
    }
