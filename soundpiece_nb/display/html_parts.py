"""The small pieces all views are made of: inline styles, escaping, times in words.

Inline styles with Jupyter's CSS variables are what survives a notebook that is not trusted, and
an exported page. Markup escapes whatever is formatted into it, so that text from a person or the
service cannot become HTML. The class keeps MathJax away from prices and other dollars in lyrics.
"""

from __future__ import annotations

import re
from datetime import datetime

from markupsafe import Markup, escape

from soundpiece_nb.text import visible

BLUE, GREEN, RED, AMBER = "#3b82c4", "#2e9e6b", "#c9503c", "#b98a1e"
"""The accent line: going on, ready, failed, needs a person."""

QUIET = "opacity:.7"
"""The second colour, in a form that JupyterLab leaves in a notebook it does not trust."""

NO_MATH = "tex2jax_ignore mathjax_ignore"
LABEL_WIDTH = "72px"

_FRAME = Markup(
    '<div class="{}" style="font-family:var(--jp-ui-font-family,system-ui,-apple-system,Segoe UI,'
    "Roboto,sans-serif);font-size:13px;line-height:1.45;color:var(--jp-content-font-color1,inherit);"
    'max-width:{}px;padding:2px 0 4px 14px;border-left:3px solid {};margin:6px 0">{}</div>'
)
_HEAD = Markup(
    '<div style="margin-bottom:2px"><span style="float:right;{quiet};padding-left:12px">{right}'
    '</span><b style="font-size:14px" dir="auto">{title}</b> <span style="{quiet}">· {kind}</span>'
    "</div>"
)
_QUIET_LINE = Markup('<div style="{};margin-bottom:8px;overflow-wrap:anywhere" dir="auto">{}</div>')
_LINE = Markup('<div style="overflow-wrap:anywhere">{}</div>')
_FOLD = Markup(
    '<details style="margin-top:2px"><summary style="{};cursor:pointer">{}</summary>'
    '<div style="margin-top:4px">{}</div></details>'
)
_PRE = Markup(
    '<pre style="margin:4px 0 8px;padding:6px 8px;white-space:pre-wrap;overflow-wrap:anywhere;'
    'background:rgba(128,128,128,.12);border-radius:3px;font-size:12px" dir="auto">{}</pre>'
)
_ROW = Markup(
    '<div style="margin-left:{width};margin-bottom:2px;overflow-wrap:anywhere">'
    '<span style="float:left;margin-left:-{width};{quiet}">{label}</span>'
    '<span dir="auto">{value}</span></div>'
)


def frame(accent: str, *content: Markup, wide: bool = False) -> Markup:
    """Return the outer box with its accent line."""
    return _FRAME.format(NO_MATH, 1100 if wide else 760, accent, Markup("").join(content))


def head(title: str, kind: str, right: str) -> Markup:
    """Return the first line: name, what it is, and on the right how it stands."""
    return _HEAD.format(quiet=Markup(QUIET), right=right, title=visible(title), kind=kind)


def quiet_line(text: str) -> Markup:
    """Return a line in the second colour."""
    return _QUIET_LINE.format(QUIET, visible(text))


def line(text: str | Markup) -> Markup:
    """Return a plain line."""
    return _LINE.format(text)


def fold(summary: str, *content: Markup) -> Markup:
    """Return content that opens on demand, by mouse and keyboard."""
    return _FOLD.format(QUIET, summary, Markup("").join(content))


def row(label: str, value: str | Markup) -> Markup:
    """Return a labelled row of a fold."""
    return _ROW.format(width=LABEL_WIDTH, quiet=Markup(QUIET), label=label, value=value)


def isolated(text: str) -> Markup:
    """Return a text whose direction stays its own, whatever it says of right and left."""
    return Markup('<span dir="auto">{}</span>').format(text)


def code(text: str) -> Markup:
    """Return text in the code face."""
    return Markup("<code>{}</code>").format(text)


def multiline(text: str) -> Markup:
    """Return text with its line breaks."""
    return Markup("<br>").join(visible(text).split("\n"))


def pre(text: str) -> Markup:
    """Return text as it is typed, to be copied."""
    return _PRE.format(visible(text))


def with_commands(text: str) -> Markup:
    """Return a sentence with its `%soundpiece_resume 550e8400` in the code face."""
    parts = _COMMAND.split(text)
    return Markup("").join(
        code(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


_COMMAND = re.compile(r"(%soundpiece_\w+(?: [0-9a-f]{8}\b)?)")


def clock(seconds: float) -> str:
    """Return a length as `1:27`, whole seconds that have passed, as players count."""
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(seconds: float) -> str:
    """Return a duration in words: `0.4 s`, `31 s`, `2 min 5 s`."""
    if seconds < _SECONDS_WITH_TENTHS:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


_SECONDS_WITH_TENTHS = 9.95


def usual_time(usual: tuple[float, float]) -> str:
    """Return `usually take 12 s, 9 of 10 within 20 s`, from median and 90th percentile."""
    middle, ninetieth = (max(1, round(seconds)) for seconds in usual)
    if middle == ninetieth:
        return f"usually take about {span(middle)}"
    return f"usually take {span(middle)}, 9 of 10 within {span(ninetieth)}"


def moment(time: datetime) -> str:
    """Return a time as `2026-11-22 14:03 UTC`."""
    return f"{time:%Y-%m-%d %H:%M} UTC"
