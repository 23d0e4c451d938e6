"""Operations side by side: what differs in plain sight, what is the same folded, players below."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.journal.entry import Entry

from .parts import BLUE, QUIET, counted, fold, frame, head, line, row, visible
from .permanent import Rendering, kind, player
from .sound import Place

_TABLE = Markup(
    '<table style="width:100%;table-layout:fixed;border-collapse:collapse;margin:6px 0">{}</table>'
)
_ROW = Markup("<tr>{}</tr>")
_CELL = Markup(
    '<td style="vertical-align:top;text-align:left;padding:4px 12px 4px 0;overflow-wrap:anywhere;'
    'white-space:normal" dir="auto">{}</td>'
)
_LABEL = Markup('<div style="{}">{}</div>{}')
_MARK = Markup('<mark style="background:rgba(230,170,40,.35);color:inherit">{}</mark>')
_WORD = re.compile(r"(\s+)")
_FEWEST, _MOST = 2, 8


def compare(entries: Sequence[Entry], place: Place) -> Rendering:
    """Return operations side by side; raises Mistake unless there are two to eight."""
    if not _FEWEST <= len(entries) <= _MOST:
        raise Mistake(f"{_FEWEST} to {_MOST} operations are compared; these are {len(entries)}.")
    asked = [{"route": entry.route, **entry.fields} for entry in entries]
    names = list(dict.fromkeys(name for fields in asked for name in fields))
    values = {name: [_said(fields.get(name)) for fields in asked] for name in names}
    different = [name for name in names if len(set(values[name])) > 1]
    same = [name for name in names if name not in different]
    html = frame(
        BLUE,
        head("Comparison", counted(len(entries), "operation"), ""),
        _TABLE.format(
            Markup("").join(
                [
                    _row(_heading(entry) for entry in entries),
                    *(_row(_marked(name, values[name])) for name in different),
                    _row(_players(entry, place) for entry in entries),
                ]
            )
        ),
        *([] if different else [line("They ask for just the same.")]),
        fold("What is the same", *(row(_words(name), values[name][0]) for name in same)),
    )
    return Rendering(str(html), _plain(entries, different, values))


def _said(value: Any) -> str:
    return "" if value is None else visible(str(value))


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _row(cells: Iterable[Markup]) -> Markup:
    return _ROW.format(Markup("").join(_CELL.format(cell) for cell in cells))


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
                Markup("<br>")
                if "\n" in part
                else _MARK.format(part)
                if part.strip() and part not in common
                else Markup("{}").format(part)
                for part in _WORD.split(value)
            ),
        )
        for value in values
    ]


def _players(entry: Entry, place: Place) -> Markup:
    takes = [take for take in entry.takes if take.path and (place.home / take.path).exists()]
    return Markup("").join(player(entry, take, place)[0] for take in takes)


def _plain(entries: Sequence[Entry], different: Sequence[str], values: dict[str, list[str]]) -> str:
    blocks = []
    for number, entry in enumerate(entries):
        lines = [f"{entry.title} · {kind(entry)} · {entry.status}"]
        lines += [f"  {name}: {values[name][number] or '-'}" for name in different]
        blocks.append("\n".join(lines))
    return "\n".join(blocks)
