"""Operations side by side: differences in plain sight, the rest folded, players below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from markupsafe import Markup

from soundpiece_nb.analysis.measurement import METHODS
from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.operations import library
from soundpiece_nb.operations.session import Session
from soundpiece_nb.text import counted, visible

from .finished_output import kind
from .html_parts import BLUE, QUIET, fold, frame, head, line, multiline, quiet_line, row
from .live_output import SLOT, VIEW, LiveOutput, Rendering
from .sound_source import Place
from .take_player import figures, player

_COLUMNS = Markup('<div style="display:flex;flex-wrap:wrap;gap:14px 22px;margin:8px 0">{}</div>')
_COLUMN = Markup(
    '<div style="flex:1 1 {}px;min-width:0;overflow-wrap:anywhere" dir="auto">{}</div>'
)
_WIDTH = 230
"""Pixels below which an operation goes under the others instead of beside them."""
_LABEL = Markup('<div style="margin-bottom:6px"><div style="{}">{}</div>{}</div>')
_MARK = Markup('<mark style="background:rgba(230,170,40,.35);color:inherit">{}</mark>')
_WORD = re.compile(r"(\s+)")
_FEWEST, _MOST = 2, 8


class Comparison(LiveOutput):
    """Two to eight operations side by side in one output."""

    prefix = "compare"
    matched = True

    def __init__(self, session: Session, keys: Sequence[str], place: Place) -> None:
        """Compare these operations; raises Mistake unless they are two to eight."""
        if not _FEWEST <= len(keys) <= _MOST:
            raise Mistake(f"{_FEWEST} to {_MOST} operations are compared, not {len(keys)}.")
        super().__init__(session)
        self._keys = tuple(keys)
        self._place = place

    def keys(self) -> tuple[str, ...]:
        """Return the keys of the operations."""
        return self._keys

    def draw(self) -> Rendering:
        """Measure takes that were not measured yet, and return all side by side."""
        with suppress(Exception):  # figures are a help to the ear, not what was asked for
            library.measure(self.session, self._keys)
        entries = self.session.journal.of_keys(self._keys)
        self.follow(entries)
        return compare(entries, self._place, self.id)


def compare(entries: Sequence[Entry], place: Place, view: str) -> Rendering:
    """Return operations side by side, as an output of this id.

    Previews may have to be encoded: call it off the main thread.
    """
    asked = [{"route": entry.route, **entry.fields} for entry in entries]
    names = list(dict.fromkeys(name for fields in asked for name in fields))
    values = {name: [_said(fields.get(name)) for fields in asked] for name in names}
    different = [name for name in names if len(set(values[name])) > 1]
    same = [name for name in names if name not in different]
    marked = {name: _marked(name, values[name]) for name in different}
    columns = [
        _heading(entry)
        + Markup("").join(marked[name][number] for name in different)
        + _players(entry, place)
        for number, entry in enumerate(entries)
    ]
    html = frame(
        BLUE,
        head("Comparison", counted(len(entries), "operation"), ""),
        SLOT,
        _COLUMNS.format(Markup("").join(_COLUMN.format(_WIDTH, each) for each in columns)),
        *([] if different else [line("They ask for just the same.")]),
        fold("What is the same", *(row(_words(name), values[name][0]) for name in same)),
        fold("How the figures are measured", *(row(_words(n), how) for n, how in METHODS.items())),
        wide=True,
    )
    return Rendering(str(VIEW.format(view, html)), _plain(entries, different, values))


def _said(value: Any) -> str:
    return "" if value is None else visible(str(value))


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _heading(entry: Entry) -> Markup:
    return _LABEL.format(
        Markup(QUIET), f"{kind(entry)} · {entry.status}", Markup("<b>{}</b>").format(entry.title)
    )


def _marked(name: str, values: Sequence[str]) -> list[Markup]:
    """Return the values of a field, those words marked that do not stand in all of them."""
    common = set.intersection(*(set(value.split()) for value in values))
    return [
        _LABEL.format(
            Markup(QUIET),
            _words(name),
            Markup("").join(
                _MARK.format(part) if part.strip() and part not in common else multiline(part)
                for part in _WORD.split(value)
            ),
        )
        for value in values
    ]


def _players(entry: Entry, place: Place) -> Markup:
    takes = [take for take in entry.takes if take.path and (place.home / take.path).exists()]
    return Markup("").join(
        player(entry, take, place, compact=True)[0] + quiet_line(figures(take)) for take in takes
    )


def _plain(entries: Sequence[Entry], different: Sequence[str], values: dict[str, list[str]]) -> str:
    blocks = []
    for number, entry in enumerate(entries):
        lines = [f"{entry.title} · {kind(entry)} · {entry.status}"]
        lines += [f"  {name}: {values[name][number] or '-'}" for name in different]
        blocks.append("\n".join(lines))
    return "\n".join(blocks)
