"""The lab: a form beside the growing list of what it made.

The form is the companion's, made from the description of the routes; the list is a static output
like any other, and what it shows are ordinary operations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from soundpiece_nb.api.errors import Mistake, nothing_sent
from soundpiece_nb.api.routes import ROUTES, Field, Route, find_route
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.plan import Draft, Planned, plan_operation
from soundpiece_nb.operations.session import Session
from soundpiece_nb.operations.submission import submit_planned
from soundpiece_nb.text import short

from .cell_source import make_cell
from .finished_output import kind
from .front_end import FrontEnd, front_end
from .html_parts import BLUE, fold, frame, head, pre, quiet_line
from .live_output import SLOT, VIEW, LiveOutput, Message, Rendering
from .operation_row import MOST_EMBEDDED, row
from .page import Page
from .sound_source import place_of

MOST_NAMES = 50
"""Names of earlier operations that a source or reference is offered."""

Bind = Callable[[str, Operation], None]
"""Gives a handle the NAME it was made under, in the person's notebook."""

_LAYOUT = Markup(
    '<div style="display:flex;flex-wrap:wrap;gap:8px 28px">'
    '<div style="flex:1 1 300px;min-width:0">{slot}</div>'
    '<div style="flex:1 1 360px;min-width:0">{made}</div></div>'
)
_TITLE = Markup('<div dir="auto"><b>{}</b></div><div style="opacity:.7" dir="auto">{}</div>')
_EMPTY = "What the form makes is heard here. %soundpiece_lab opens another one."


def show_lab(bind: Bind) -> None:
    """Open a lab in the running cell; raises Mistake where there is nobody to fill in a form."""
    if front_end() is not FrontEnd.NOTEBOOK:
        raise Mistake(
            "The lab is a form for a person at a notebook; here, %soundpiece_song --prompt … and "
            "its likes do what it does."
        )
    session = current()
    session.part(Page).show(LabForm(session, bind))


class LabForm(LiveOutput):
    """One form and what it made."""

    prefix = "lab"

    def __init__(self, session: Session, bind: Bind) -> None:
        super().__init__(session)
        self._bind = bind
        self._keys: list[str] = []
        self.form = _form(session)

    def keys(self) -> list[str]:
        """Return the keys of the operations that it made."""
        return self._keys

    def draw(self) -> Rendering:
        """Return the lab as it stands, the latest operation first."""
        place = place_of(self.session)
        rows, text, left = [], ["Soundpiece lab"], MOST_EMBEDDED
        for entry in reversed(self.session.journal.of_keys(self._keys)):
            playable = place.links or left >= len(entry.takes)
            left -= len(entry.takes) if playable else 0
            heading = _TITLE.format(entry.title, kind(entry)) + quiet_line(entry.summary)
            rows.append(row(entry, heading, place, playable=playable))
            cell = make_cell(entry.route, entry.name, entry.fields)
            rows.append(fold("The cell that makes this again", pre(cell)))
            text.append(
                f"  {entry.title} · {kind(entry)} · {entry.status} · key {short(entry.key)}"
            )
        made = Markup("").join(rows) if rows else quiet_line(_EMPTY)
        title = head("Soundpiece lab", "a form for every route", f"{len(self._keys)} made")
        html = frame(BLUE, title, _LAYOUT.format(slot=SLOT, made=made), wide=True)
        return Rendering(str(VIEW.format(self.id, html)), "\n".join(text))

    def answer(self, message: Message) -> Message | None:
        """Make what the form asks for, or show the cell that would; raises Mistake."""
        if message.get("do") == "arrange":
            return super().answer(message)
        with nothing_sent():
            draft = _read(message)
            planned = plan_operation(self.session, draft)
        if message["do"] == "cell":
            cell = make_cell(draft.route.path, draft.name, planned.request.fields)
            return {"say": "cell", "form": self.id, "text": cell}
        operation = self.make(planned)
        called = draft.name or short(operation.key)
        return {"say": "made", "form": self.id, "words": f"{called} was sent."}

    def make(self, planned: Planned) -> Operation:
        """Start what the form asks for and list it; raises Mistake."""
        operation = Operation(submit_planned(self.session, planned), self.session)
        if planned.labels.name is not None:
            self._bind(planned.labels.name, operation)
        self._keys.append(operation.key)
        self.session.changed.tell(operation.key)
        return operation


def _read(message: Message) -> Draft:
    """Return what a form asks for: what is left empty is not sent.

    A text loses the empty lines around it, as it would in a cell.
    """
    route = find_route(str(message["route"]))
    known = {field.name for field in route.all_fields}
    fields = {
        name: value.strip("\n") if isinstance(value, str) else value
        for name, value in dict(message["fields"]).items()
        if name in known and value not in ("", None, False)
    }
    name = str(message.get("name") or "").strip()
    return Draft(route=route, fields=fields, name=name or None)


def _form(session: Session) -> dict[str, Any]:
    """Return all that the page needs to build the form."""
    latest = session.journal.entries(Filter(status="ready", limit=MOST_NAMES))
    names = dict.fromkeys(entry.name for entry in latest if entry.name is not None)
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
