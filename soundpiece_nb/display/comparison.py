"""Operations side by side: differences in plain sight, the rest folded, players below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from soundpiece_nb.analysis.measurement import METHODS
from soundpiece_nb.api.error_logging import logging_unforeseen
from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.file_ref import parse_file_ref
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.operations import earlier_operations
from soundpiece_nb.operations.session import Session
from soundpiece_nb.shown_text import counted, label, shown

from . import html_parts as html
from .finished_output import kind
from .html_parts import Markup
from .live_output import SLOT, LiveOutput, Rendering, as_view
from .sound_source import Place
from .take_player import figures, player, status_words

_LABEL = Markup('<div style="margin-bottom:6px">{}{}</div>')
_MARK = Markup('<mark style="background:rgba(230,170,40,.35);color:inherit">{}</mark>')
_FEWEST, _MOST = 2, 8
MOST_FIELDS = 24
"""Fields that are compared; no route has more than seven."""


class Comparison(LiveOutput):
    """Two to eight operations side by side in one output."""

    prefix = "compare"
    matched = True

    def __init__(self, session: Session, keys: Sequence[str], place: Place) -> None:
        """Compare these operations; raises Mistake unless they are two to eight."""
        if not _FEWEST <= len(keys) <= _MOST:
            raise Mistake(
                f"{_FEWEST} to {_MOST} operations are compared, not {len(keys)}.",
                next='Of a sweep or batch choose some: ways[1] ways[4], or "ways mood=dusty".'
                if len(keys) > _MOST
                else "",
            )
        super().__init__(session, keys)
        self._place = place

    def draw(self) -> Rendering:
        """Measure takes that were not measured yet, and return all side by side."""
        with logging_unforeseen("display"):  # figures are a help to the ear, not what was asked for
            earlier_operations.measure(self.session, self.keys)
        entries = self.session.journal.of_keys(list(self.keys))
        self.follow(entries)
        return compare(entries, self._place, self.id)


def compare(entries: Sequence[Entry], place: Place, view: str) -> Rendering:
    """Return operations side by side, as an output of this id.

    Previews may have to be encoded: call it off the main thread.
    """
    asked = [{"route": entry.route, **entry.fields} for entry in entries]
    names = list(dict.fromkeys(name for fields in asked for name in fields))[:MOST_FIELDS]
    values = {name: [_as_text(fields.get(name)) for fields in asked] for name in names}
    different = [name for name in names if len(set(values[name])) > 1]
    marked = {name: _mark_differences(values[name]) for name in different}
    columns = [
        _labelled(f"{kind(entry)} · {status_words(entry)}", Markup("<b>{}</b>").format(entry.title))
        + html.join(_labelled(_words(name), marked[name][number]) for name in different)
        + html.quiet_block(entry.complaint)
        + _players(entry, place)
        for number, entry in enumerate(entries)
    ]
    same = [html.row(_words(n), each[0]) for n, each in values.items() if n not in different]
    measured = [html.row(_words(name), how) for name, how in METHODS.items()]
    drawn = html.frame(
        html.BLUE,
        html.head("Comparison", counted(len(entries), "operation"), ""),
        SLOT,
        html.columns("gap:14px 22px;margin:8px 0", (("1 1 230px", each) for each in columns)),
        *([] if different else [html.line("They ask for just the same.")]),
        html.fold("What is the same", *same),
        html.fold("How the figures are measured", *measured),
        wide=True,
    )
    return Rendering(as_view(view, drawn), _plain(entries, different, values))


def _as_text(value: Any) -> str:
    file = parse_file_ref(value)
    if file is not None:
        return f"{file.title} (your own file)"
    return "" if value is None else shown(value)


def _words(name: str) -> str:
    return label(name).replace("_", " ").capitalize()


def _labelled(label: str, value: Markup) -> Markup:
    return _LABEL.format(html.quiet_block(label), value)


def _mark_differences(values: Sequence[str]) -> list[Markup]:
    """Return the values of a field, with those words marked that not all of them have."""
    common = set.intersection(*(set(value.split()) for value in values))
    return [
        html.join(
            _MARK.format(part) if part.strip() and part not in common else html.multiline(part)
            for part in re.split(r"(\s+)", value)
        )
        for value in values
    ]


def _players(entry: Entry, place: Place) -> Markup:
    return html.join(
        player(entry, take, place, compact=True)[0] + html.quiet_line(figures(take))
        for take in place.stored_takes(entry)
    )


def _plain(entries: Sequence[Entry], different: Sequence[str], values: dict[str, list[str]]) -> str:
    lines = []
    for number, entry in enumerate(entries):
        lines.append(f"{entry.title} · {kind(entry)} · {status_words(entry)}")
        lines += [f"  {entry.complaint}"] if entry.complaint else []
        lines += [f"  {name}: {values[name][number] or '-'}" for name in different]
    return "\n".join(lines)
