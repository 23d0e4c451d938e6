"""What stands beneath a history: how many, how long they take, how many fail, what was made."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import date

from markupsafe import Markup, escape

from soundpiece_nb.api.routes import find_route
from soundpiece_nb.journal.summary import Summary
from soundpiece_nb.text import counted

from .html_parts import QUIET, row, span

BAR_WIDTH, HEIGHT = 14, 44
"""Pixels of a day in the chart of days, and the chart's height."""
_COLOUR = "#3b82c4"

_IMAGE = Markup('<img alt="{}" src="{}" style="display:block;height:{}px;max-width:100%">')
_SHARE = Markup(
    '<div style="display:flex;gap:8px;align-items:center"><span style="flex:0 0 150px;'
    'overflow-wrap:anywhere">{name}</span><span style="flex:0 1 160px;min-width:0"><span '
    'style="display:block;height:8px;width:{share:.1f}%;min-width:2px;background:{colour};'
    'border-radius:2px"></span></span><span style="flex:1 1 auto;{quiet}">{words}</span></div>'
)


def summary_lines(whole: Summary) -> list[Markup]:
    """Return the summary's lines, with small charts that need no script."""
    lines = [row("Status", _listed(whole.statuses)), row("Sound", _sound(whole.seconds))]
    if whole.errors:
        lines.append(row("Failures", _listed(whole.errors)))
    lines.append(row("Routes", Markup("").join(_routes(whole))))
    if whole.days:
        lines.append(row("Days", _days(whole.days)))
    return lines


def summary_text(whole: Summary) -> list[str]:
    """Return the summary as lines of text."""
    if not whole.total:
        return []
    failures = f" Failures: {_listed(whole.errors)}." if whole.errors else ""
    return [f"{_listed(whole.statuses)}; {_sound(whole.seconds)}.{failures}"]


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {word}" for word, count in counts.items())


def _sound(seconds: float) -> str:
    return f"{span(seconds)} of audio"


def _routes(whole: Summary) -> Iterable[Markup]:
    most = max((each.count for each in whole.routes.values()), default=1)
    for path, each in whole.routes.items():
        usual = ""
        if each.median is not None and each.ninetieth is not None:
            usual = f", ready in {span(each.median)} (9 of 10 in {span(each.ninetieth)})"
        yield _SHARE.format(
            name=find_route(path).title,
            share=100 * each.count / most,
            colour=_COLOUR,
            quiet=Markup(QUIET),
            words=f"{each.count}, {span(each.seconds)} of audio{usual}",
        )


def _days(days: Mapping[date, int]) -> Markup:
    """Return a bar a day as an image, with the same in words."""
    most = max(days.values())
    bars = []
    for number, (day, count) in enumerate(days.items()):
        height = max(2, round((HEIGHT - 2) * count / most))
        left, top = number * BAR_WIDTH, HEIGHT - height
        title = escape(f"{day}: {counted(count, 'operation')}")
        bars.append(
            f'<rect x="{left}" y="{top}" width="{BAR_WIDTH - 3}" height="{height}" rx="1">'
            f"<title>{title}</title></rect>"
        )
    width = len(days) * BAR_WIDTH
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" '
        f'width="{width}" height="{HEIGHT}" fill="{_COLOUR}">{"".join(bars)}</svg>'
    )
    source = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
    first, last = next(iter(days)), list(days)[-1]
    busiest = max(days, key=lambda day: days[day])
    words = f"{first} to {last}, most on {busiest}: {counted(days[busiest], 'operation')}"
    return _IMAGE.format(f"Operations a day, {words}", source, HEIGHT) + Markup(
        '<span style="{}">{}</span>'
    ).format(QUIET, words)
