"""Values of settings as a person writes them, in `%config` or in an environment variable.

Each reader returns a value, given it and its name as an error calls it; raises Mistake.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.number_arguments import as_number, finite_number, read_whole
from soundpiece_nb.api.whole_text import require_whole
from soundpiece_nb.files.export_choices import FORMATS
from soundpiece_nb.files.home_folder import read_home_folder
from soundpiece_nb.inputs.plain_values import unwrap
from soundpiece_nb.inputs.spelling import did_you_mean
from soundpiece_nb.shown_text import holds_a_key, quoted

Reader = Callable[[Any, str], Any]
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def read_text(value: Any, what: str) -> str:
    """Return a text without space around it; raises Mistake for a key, since settings are shown."""
    text = unwrap(value)
    if not isinstance(text, str):
        raise Mistake(f"{what} must be a text in quotes, not {quoted(value)}.")
    if holds_a_key(text):
        raise Mistake(f"{what} must hold no key, and what was given does.")
    return require_whole(text, what).strip()


def read_service(value: Any, what: str) -> str:
    """Return the root of an API: an https address, or one on this machine."""
    from soundpiece_nb.api.address import read_base_url

    return read_base_url(read_text(value, what), what)


def read_home(value: Any, what: str) -> str:
    """Return the path of the home folder as it was written; it need not exist."""
    text = read_text(os.fspath(value) if isinstance(value, os.PathLike) else value, what)
    read_home_folder(text, what)
    return text


def read_callback_url(value: Any, what: str) -> str:
    """Return an https address, or `auto`."""
    from soundpiece_nb.callback import AUTO

    text = read_text(value, what)
    if text != AUTO and not text.startswith("https://"):
        raise Mistake(f'{what} must be an https URL or "{AUTO}", not {quoted(text)}.')
    return text


def read_choice(value: Any, what: str, choices: Sequence[str]) -> str:
    """Return one of the choices, in whatever case it was written."""
    typed = unwrap(value)
    word = typed.strip().lower() if isinstance(typed, str) else typed
    if word not in choices:
        *others, last = (f'"{each}"' for each in choices)
        meant = did_you_mean(word, choices)
        raise Mistake(f"{what} must be {', '.join(others)} or {last}, not {quoted(value)}{meant}.")
    return str(word)


def read_format(value: Any, what: str) -> str:
    """Return a format of exported files: `flac`, `wav` or `mp3`."""
    return read_choice(value.removeprefix(".") if isinstance(value, str) else value, what, FORMATS)


def read_switch(value: Any, what: str) -> bool:
    """Return whether something is on: True or False."""
    switch = unwrap(value)
    if not isinstance(switch, bool):
        raise Mistake(f"{what} must be True or False, not {quoted(value)}.")
    return switch


def read_switch_text(text: str, what: str) -> bool:
    """Return whether something is on, as an environment variable says it: 1 or 0."""
    word = text.lower()
    if word not in _YES + _NO:
        raise Mistake(f"{what} must be 1 or 0, not {quoted(text)}.")
    return word in _YES


def read_seconds(value: Any, what: str, *, least: float = 0.0) -> float:
    """Return a number of seconds, or a timedelta as one; without end is one too."""
    given = as_number(unwrap(value))
    length = given.total_seconds() if hasattr(given, "total_seconds") else given
    seconds = math.inf if length == math.inf else finite_number(length)
    if seconds is None or seconds < least:
        raise Mistake(f"{what} must be a number of seconds from {least:g}, not {quoted(value)}.")
    return seconds


def read_ceiling(value: Any, what: str) -> int:
    """Return a number of operations; 0 is no ceiling."""
    return read_whole(as_number(value), what, least=0)


def read_tags(value: Any, what: str) -> tuple[str, ...]:
    """Return tags, each once: of a list of texts, or of one text with commas between them."""
    given = unwrap(value)
    listed = given.split(",") if isinstance(given, str) else given
    if not isinstance(listed, list | tuple) or not all(isinstance(tag, str) for tag in listed):
        raise Mistake(f"{what} must be a list of texts, not {quoted(value)}.")
    return tuple(dict.fromkeys(filter(None, (read_text(tag, what) for tag in listed))))


def read_folder(value: Any, what: str) -> str:
    """Return the path of a folder as it was written; it need not exist."""
    from soundpiece_nb.files.path_text import expand_variables
    from soundpiece_nb.files.paths import read_path

    text = read_text(os.fspath(value) if isinstance(value, os.PathLike) else value, what)
    if text and (folder := read_path(expand_variables(text))).exists() and not folder.is_dir():
        raise Mistake(f"{what} must be a folder, and {quoted(text)} is a file.")
    return text


def read_file_name(value: Any, what: str) -> str:
    """Return the pattern of exported files' names, such as `{date} {name} {take}`."""
    from soundpiece_nb.files.name_pattern import read_pattern

    return read_pattern(read_text(value, what), what)
