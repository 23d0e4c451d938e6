"""Paths as people type them: variables in them, and what cannot be a path on this system."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.shown_text import quoted

WINDOWS = os.name == "nt"

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):/")  # a drive has one letter
_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\\w")
_BARE_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|(COM|LPT)[0-9¹²³]) *(\..*)?", re.IGNORECASE)
"""Names that mean a device in every folder of Windows, whatever their ending."""
_REFUSED = re.compile(r'[<>:"|?*]')
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)|%(\w+)%")


def require_path_text(text: str, *, windows: bool = WINDOWS) -> None:
    """Raise Mistake for a text that means no path here, or another one than it says."""
    if not text.strip():
        raise Mistake("The path is empty.", next="Name a file or a folder.")
    if address := _ADDRESS.match(text):
        what = f"{quoted(text)} is an address, and cannot be a path on this machine."
        if address["scheme"].lower() == "file":
            raise Mistake(what, next="Write the path alone, without file://.")
        raise Mistake(what, next="Save it in a folder, then copy it there.")
    if _CONTROL.search(text):
        raise Mistake(
            f"{quoted(text)} cannot be a path on this machine: it has control characters."
        )
    if windows:
        _require_windows_names(text)
    elif _DRIVE.match(text):
        raise _as_windows_writes(text)


def _as_windows_writes(text: str) -> Mistake:
    what = f"{quoted(text)} cannot be a path on this machine: that is how Windows writes one."
    return Mistake(what, next="Python runs here on another system, whose paths have /.")


def _require_windows_names(text: str) -> None:
    text = text.removeprefix("\\\\?\\")  # takes paths of any length
    beyond_drive = text[2:] if _BARE_DRIVE.match(text) else text
    for name in re.split(r"[\\/]", beyond_drive):
        why = ""
        if is_reserved(name):
            why = f"{name} is a device in Windows"
        elif refused := _REFUSED.search(name):
            why = f"Windows takes no {refused[0]} in a name"
        elif name.endswith((" ", ".")) and name.strip("."):
            why = "Windows takes off a point or space at a name's end"
        if why:
            raise Mistake(f"{quoted(text)} cannot be a path on this machine: {why}.")


def is_reserved(name: str) -> bool:
    """Tell whether a name means a device in every folder of Windows, whatever its ending."""
    return _RESERVED.fullmatch(name) is not None


def expand_variables(
    text: str, *, windows: bool = WINDOWS, environment: Mapping[str, str] = os.environ
) -> str:
    """Return a path as typed with `$HOME`, `${HOME}` and `%USERPROFILE%` replaced.

    Others stay, as `$` and `%` may be in names. Raises Mistake for a path that begins with a
    variable that is not set, or with a drive where there are none: its backslashes are lost.
    """
    if not windows and _BARE_DRIVE.match(text):
        raise _as_windows_writes(text)

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2] or found[3]
        if name not in environment and found.start() == 0:
            raise Mistake(
                f"{quoted(text)} begins with {found[0]}, and no variable {name} is set.",
                next="Write the path itself.",
            )
        return environment.get(name, found[0])

    return _VARIABLE.sub(value, text)
