"""The small pieces all views are made of: inline styles, escaping, times in words.

Inline styles with Jupyter's CSS variables are what survives a notebook that is not trusted, and
an exported page. Markup escapes whatever is formatted into it, so that text from a person or the
service cannot become HTML; on the way it takes out secrets, and cuts what is too long. A class
keeps MathJax away from prices and other dollars in lyrics.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

import markupsafe

from soundpiece_nb.shown_text import MOST_IN_A_NAME, MOST_SAID, shown


class Markup(markupsafe.Markup):
    """HTML; a text that is put into it is escaped, and shown as far as it may be."""

    @classmethod
    def escape(cls, text: Any, /) -> Self:
        """Return HTML as it is, and anything else as text without secrets, cut and escaped."""
        return super().escape(text if hasattr(text, "__html__") else shown(text))


BLUE, GREEN, RED, AMBER, GREY = "#3b82c4", "#2e9e6b", "#c9503c", "#b98a1e", "#808080"
"""The accent line: going on, ready, failed, needs a person, dropped."""

QUIET = Markup("opacity:.7")
"""The second colour, in a form that JupyterLab leaves in a notebook it does not trust."""

RULE = Markup("border-top:1px solid rgba(128,128,128,.28)")
FONT = Markup(
    "font-family:var(--jp-ui-font-family,system-ui,-apple-system,Segoe UI,Roboto,sans-serif);"
    "font-size:13px;line-height:1.45;color:var(--jp-content-font-color1,inherit)"
)
NO_MATH = "tex2jax_ignore mathjax_ignore"

_COLUMN = Markup('<div style="flex:{};min-width:0;overflow-wrap:anywhere" dir="auto">{}</div>')
_PART = Markup('<div style="float:left;height:{}px;width:{:.2f}%;background:{}"></div>')


def join(parts: Iterable[str | Markup], between: str = "") -> Markup:
    """Return pieces of HTML one after the other; what is plain text is escaped."""
    return Markup(between).join(parts)


def frame(accent: str, *content: Markup, wide: bool = False) -> Markup:
    """Return the outer box with its accent line."""
    return Markup(
        '<div class="{}" style="{};max-width:{}px;padding:2px 0 4px 14px;border-left:3px solid {};'
        'margin:6px 0">{}</div>'
    ).format(NO_MATH, FONT, 1100 if wide else 760, accent, join(content))


def head(title: str, kind: str, right: str) -> Markup:
    """Return the first line: the name, its kind, and on the right its state."""
    return Markup(
        '<div style="margin-bottom:2px"><span style="float:right;{};padding-left:12px">{}</span>'
        '<b style="font-size:14px" dir="auto">{}</b> {}</div>'
    ).format(QUIET, right, shown(title, MOST_IN_A_NAME), quiet(f"· {kind}"))


def line(text: str | Markup) -> Markup:
    """Return a plain line."""
    return Markup('<div style="overflow-wrap:anywhere">{}</div>').format(text)


def quiet_line(text: str) -> Markup:
    """Return a line in the second colour, with a gap below."""
    return Markup(
        '<div style="{};margin-bottom:8px;overflow-wrap:anywhere" dir="auto">{}</div>'
    ).format(QUIET, text)


def quiet(text: str | Markup) -> Markup:
    """Return text in the second colour, within a line."""
    return Markup('<span style="{}" dir="auto">{}</span>').format(QUIET, text)


def quiet_block(text: str | Markup) -> Markup:
    """Return text in the second colour, on lines of its own."""
    return Markup('<div style="{}" dir="auto">{}</div>').format(QUIET, text)


def isolated(text: str | Markup) -> Markup:
    """Return a text whose direction stays its own, whatever it says of right and left."""
    return Markup('<span dir="auto">{}</span>').format(text)


def bold(text: str) -> Markup:
    """Return a text in bold, whose direction stays its own."""
    return Markup('<b dir="auto">{}</b>').format(text)


def fold(summary: str, *content: Markup) -> Markup:
    """Return content that opens on demand, by mouse and keyboard."""
    return Markup(
        '<details style="margin-top:2px"><summary style="{};cursor:pointer">{}</summary>'
        '<div style="margin-top:4px">{}</div></details>'
    ).format(QUIET, summary, join(content))


def row(label: str, value: str | Markup) -> Markup:
    """Return a labelled row of a fold."""
    return Markup(
        '<div style="margin-left:72px;margin-bottom:2px;overflow-wrap:anywhere">'
        '<span style="float:left;margin-left:-72px;{}">{}</span>{}</div>'
    ).format(QUIET, label, isolated(value))


def columns(style: str | Markup, cells: Iterable[tuple[str, str | Markup]]) -> Markup:
    """Return cells side by side, one below the other where it is narrow; each with its `flex`."""
    return Markup('<div style="display:flex;flex-wrap:wrap;{}">{}</div>').format(
        style, join(_COLUMN.format(*cell) for cell in cells)
    )


def bar(height: int, parts: Iterable[tuple[float, str]]) -> Markup:
    """Return a bar of parts, each a percentage of its width and a colour; `height` in pixels."""
    return Markup(
        '<div style="height:{0}px;background:rgba(128,128,128,.22);border-radius:3px;'
        'margin:10px 0 8px;overflow:hidden">{1}</div>'
    ).format(height, join(_PART.format(height, *part) for part in parts))


def reason(what: str, why: str) -> Markup:
    """Return a sentence, with the code of its reason where it has one."""
    return join([isolated(what), quiet(f"({why})")] if why else [isolated(what)], " ")


def code(text: str) -> Markup:
    """Return text in the code face."""
    return Markup("<code>{}</code>").format(text)


def multiline(text: str, most: int = MOST_SAID) -> Markup:
    """Return the beginning of a text with its line breaks, in at most `most` bytes of HTML."""
    return Markup(_within(text, most).replace("\n", "<br>"))


def pre(text: str) -> Markup:
    """Return text as it is typed, to be copied."""
    return Markup(
        '<pre style="margin:4px 0 8px;padding:6px 8px;white-space:pre-wrap;overflow-wrap:anywhere;'
        'background:rgba(128,128,128,.12);border-radius:3px;font-size:12px" dir="auto">{}</pre>'
    ).format(Markup(_within(text, MOST_SAID)))


def address(text: str) -> Markup:
    """Return the address of a sound or image, which is longer than any text that is shown.

    It is one that a `data:` URL or `urllib.parse.quote` is made of, without a character to escape.
    """
    return Markup(text)


def _within(text: str, most: int) -> str:
    """Return the beginning of a text as HTML of at most `most` bytes, counting a <br> a line."""
    words = shown(text, most)
    while len((escaped := str(markupsafe.escape(words))).encode()) + 3 * words.count("\n") > most:
        words = shown(words, len(words) * 3 // 4)
    return escaped


def with_commands(text: str, word: str = "") -> Markup:
    """Return a sentence with its `%soundpiece_resume 550e8400:2` in the code face.

    `word` is what it may name beside keys: a NAME or the id of a sweep.
    """
    named = f"{re.escape(word)}(?!\\w)|" if word else ""
    parts = re.split(rf"(%soundpiece_\w+(?: (?:{named}[0-9a-f]{{8}}\b(?::\w+)?))*)", text)
    return join(code(part) if number % 2 else part for number, part in enumerate(parts))


def clock(seconds: float) -> str:
    """Return a length as `1:27`, whole seconds that have passed, as players count."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(seconds: float) -> str:
    """Return a duration in words: `0.4 s`, `31 s`, `2 min 5 s`."""
    if seconds < 9.95:  # noqa: PLR2004 - which is rounded to 10
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def usual_time(usual: tuple[float, float]) -> str:
    """Return `usually take 12 s, 9 of 10 within 20 s`, from median and 90th percentile."""
    middle, ninetieth = (max(1, round(seconds)) for seconds in usual)
    if middle == ninetieth:
        return f"usually take about {span(middle)}"
    return f"usually take {span(middle)}, 9 of 10 within {span(ninetieth)}"


def moment(time: datetime) -> str:
    """Return a time as `2026-11-22 14:03 UTC`."""
    return f"{time:%Y-%m-%d %H:%M} UTC"
