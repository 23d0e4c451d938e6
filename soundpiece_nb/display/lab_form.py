"""The lab: a form beside the growing list of what it made.

The form is the companion's, made from the description of the routes; the list is a static output
like any other, and what it shows are ordinary operations.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.routes import ROUTES, Field, Route, find_route
from soundpiece_nb.engine.run import Phase, Run
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.operations.labels import require_name
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.session import Session, current
from soundpiece_nb.text import short

from .cell_source import make_cell
from .finished_output import Rendering, kind
from .front_end import FrontEnd, front_end
from .html_parts import BLUE, fold, frame, head, pre, quiet_line
from .live_output import SLOT, VIEW, Standing, stand
from .operation_row import MOST_EMBEDDED, row
from .page_script import Message, answers, summon
from .request_summary import subject
from .show import place_of

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

_labs: dict[str, Lab] = {}


def show_lab(bind: Bind) -> None:
    """Open a lab in the running cell; raises Mistake where there is nobody to fill in a form."""
    if front_end() is not FrontEnd.NOTEBOOK:
        raise Mistake(
            "The lab is a form for a person at a notebook; here, %soundpiece_song --prompt … and "
            "its likes do what it does."
        )
    from IPython.display import display

    session = current()
    lab = Lab(session, bind)
    handle = display(lab.draw(lab.standing), display_id=True)
    _labs[lab.standing.id] = lab
    stand(lab.standing, handle)
    session.engine.workbench.start(summon)


class Lab:
    """One form and what it made."""

    def __init__(self, session: Session, bind: Bind) -> None:
        self._session = session
        self._bind = bind
        self._keys: list[str] = []
        self.standing = Standing(
            id=f"lab-{uuid.uuid4().hex[:8]}",
            draw=self.draw,
            keys=lambda: self._keys,
            form=_form(session),
        )

    def draw(self, _: Standing) -> Rendering:
        """Return the lab as it stands, the latest operation first."""
        place = place_of(self._session)
        rows, text, left = [], ["Soundpiece lab"], MOST_EMBEDDED
        for entry in reversed(self._session.journal.of_keys(self._keys)):
            playable = place.links or left >= len(entry.takes)
            left -= len(entry.takes) if playable else 0
            heading = _TITLE.format(entry.title, kind(entry)) + quiet_line(subject(entry))
            rows.append(row(entry, heading, place, playable=playable))
            cell = make_cell(entry.route, entry.name, entry.fields)
            rows.append(fold("The cell that makes this again", pre(cell)))
            text.append(
                f"  {entry.title} · {kind(entry)} · {entry.status} · key {short(entry.key)}"
            )
        made = Markup("").join(rows) if rows else quiet_line(_EMPTY)
        title = head("Soundpiece lab", "a form for every route", f"{len(self._keys)} made")
        html = frame(BLUE, title, _LAYOUT.format(slot=SLOT, made=made), wide=True)
        return Rendering(str(VIEW.format(self.standing.id, html)), "\n".join(text))

    def make(self, route: str, fields: Mapping[str, Any], name: str | None) -> Operation:
        """Start what the form asks for and list it; raises Mistake."""
        request = self._session.prepare(route, fields)
        operation = self._session.submit(request, name=name)
        if name is not None:
            self._bind(name, operation)
        self._keys.append(operation.key)
        run = self._session.engine.run(operation.key)
        if run is not None:
            run.listen(self._on_change)
        self._session.engine.workbench.start(self.standing.redraw)
        return operation

    def cell(self, route: str, fields: Mapping[str, Any], name: str | None) -> str:
        """Return the cell that would make what the form asks for; raises Mistake."""
        request = self._session.prepare(route, fields)
        return make_cell(route, name, request.fields)

    def _on_change(self, run: Run) -> None:
        if run.phase in (Phase.PROCESSING, Phase.ENDED):
            self._session.engine.workbench.start(self.standing.redraw)


@answers("make")
def _make(message: Message) -> Message:
    route, fields, name = _read(message)
    operation = _lab(message).make(route, fields, name)
    called = name or short(operation.key)
    return {"say": "made", "form": message["form"], "words": f"{called} was sent."}


@answers("cell")
def _cell(message: Message) -> Message:
    route, fields, name = _read(message)
    return {"say": "cell", "form": message["form"], "text": _lab(message).cell(route, fields, name)}


def _lab(message: Message) -> Lab:
    lab = _labs.get(str(message["form"]))
    if lab is None:
        raise Mistake("This form belongs to an earlier kernel; %soundpiece_lab opens a new one.")
    return lab


def _read(message: Message) -> tuple[str, dict[str, Any], str | None]:
    """Return route, fields and NAME as a form gives them: what is left empty is not sent.

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
    return route.path, fields, require_name(name) if name else None


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
