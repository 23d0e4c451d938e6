"""Settings that are made with `%config SoundpieceMagics`.

Precedence: an option on the magic, then these, then the environment, then the default. This module
imports nothing heavy, so that loading the extension stays instant.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.files.home_folder import read_home_folder, usual_home_folder
from soundpiece_nb.inputs.environment_variables import read_variable
from soundpiece_nb.inputs.spelling import composed, did_you_mean, nearest
from soundpiece_nb.shown_text import MOST_IN_A_NAME, quoted, shown

BASE_URL = "https://api.soundpiece.co/v1"
LEAST_SECONDS = 1.0
"""The shortest request timeout and operation deadline."""
_PREFIX = "SOUNDPIECE_"
Ceiling = Literal["most_a_day", "most_at_once", "most_a_day_in_journal", "most_at_once_in_journal"]
"""A limit of operations: of one person, or of everybody who shares the journal."""


@dataclass(eq=False, repr=False)
class Settings:
    """The settings of one process; None leaves a choice to the environment, then to the default."""

    base_url: str | None = None
    home: str | None = None
    request_timeout: float | None = None
    retry_budget: float | None = None
    operation_deadline: float | None = None
    once: bool | None = None
    callback_url: str | None = None
    tags: Sequence[str] | None = None
    export_folder: str | None = None
    export_format: str | None = None
    export_name: str | None = None
    most_a_day: int | None = None
    most_at_once: int | None = None
    most_a_day_in_journal: int | None = None
    most_at_once_in_journal: int | None = None

    def __post_init__(self) -> None:
        self._homes: dict[str, Path] = {}

    def __setattr__(self, name: str, value: object) -> None:
        """Raise Mistake for a setting that there is not."""
        known = self.__dataclass_fields__
        if name not in known and not name.startswith("_"):
            raise Mistake(f"There is no setting {quoted(name)}{did_you_mean(name, known)}.")
        super().__setattr__(name, value)

    def read(self, name: str) -> Any:
        """Return a setting: as it was set, else as the environment says, else None.

        Raises Mistake where the environment says what it cannot be.
        """
        chosen = getattr(self, name)
        return _from_environment(name) if chosen is None else chosen

    def in_force(self) -> dict[str, str]:
        """Return the settings that are set, but for service and home, each as its value in words.

        What the environment sets is named with its variable; what it sets wrongly is that Mistake.
        """
        words = {}
        for name in self.__dataclass_fields__:
            if name in {"base_url", "home"}:
                continue
            try:
                value = self.read(name)
            except Mistake as mistake:
                words[name] = mistake.what
                continue
            if value not in (None, ()):
                where = f" ({variable_of(name)})" if getattr(self, name) is None else ""
                words[name] = f"{', '.join(value) if name == 'tags' else value}{where}"
        return words

    def read_home(self) -> Path:
        """Return the folder of journal and audio; raises Mistake where what is set can be none.

        A relative one is below the folder that the process was in when it was first read: `%cd`
        does not move it.
        """
        chosen = (self.home or "").strip()
        name = "The home folder of the settings" if chosen else "SOUNDPIECE_HOME"
        chosen = chosen or os.environ.get("SOUNDPIECE_HOME", "").strip()
        if not chosen:
            return usual_home_folder()
        if chosen not in self._homes:
            self._homes[chosen] = read_home_folder(chosen, name)
        return self._homes[chosen]

    def read_base_url(self) -> str:
        """Return the API root; raises Mistake unless it is https or on this machine."""
        from soundpiece_nb.api.address import read_base_url

        chosen = self.base_url or read_variable("SOUNDPIECE_BASE_URL")
        return read_base_url(chosen or BASE_URL)

    def read_ceiling(self, name: Ceiling) -> int | None:
        """Return the most operations that a ceiling allows; None where there is none.

        0 takes a ceiling of the environment away. Raises Mistake for an unusable one there.
        """
        return self.read(name) or None


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"{_PREFIX}{name.upper()}"


def misnamed_variables() -> list[str]:
    """Return the environment's variables that set nothing, and are much like one that would."""
    known = {variable_of(name) for name in Settings.__dataclass_fields__}
    words = [each.removeprefix(_PREFIX) for each in known]
    return [
        f"{name} (did you mean `{_PREFIX}{meant}`?)"
        for name in sorted(os.environ)
        if name.startswith(_PREFIX) and name not in known
        for meant in [nearest(name.removeprefix(_PREFIX), words, least=0.75)]
        if meant
    ]


def _from_environment(name: str) -> Any:
    variable = variable_of(name)
    text = read_variable(variable)
    if not text:
        return None
    from soundpiece_nb import setting_values as values

    readers: dict[str, values.Reader] = {
        "once": values.read_switch_text,
        "callback_url": values.read_callback_url,
        "tags": values.read_tags,
        "export_folder": values.read_folder,
        "export_format": values.read_format,
        "export_name": values.read_file_name,
        **dict.fromkeys(get_args(Ceiling), values.read_ceiling),
        "request_timeout": partial(values.read_seconds, least=LEAST_SECONDS),
        "retry_budget": values.read_seconds,
        "operation_deadline": partial(values.read_seconds, least=LEAST_SECONDS),
    }
    return readers[name](text, variable)


def notebook_path() -> Path | None:
    """Return the path of this kernel's notebook, if Jupyter names it and it exists."""
    named = os.environ.get("JPY_SESSION_NAME", "")
    path = Path(named)
    return path if named.endswith(".ipynb") and path.is_absolute() and path.is_file() else None


def made_by() -> str:
    """Return the name of the person who makes something, of at most 80 characters.

    It is SOUNDPIECE_USER, else JupyterHub's user, else the system's, by number where that has no
    name, as in a container.
    """
    for word in (read_variable("SOUNDPIECE_USER"), read_variable("JUPYTERHUB_USER")):
        if name := _as_name(word):
            return name
    return _as_name(_system_user()) or "somebody"


def _as_name(word: str) -> str:
    return shown(composed(" ".join(word.split())), MOST_IN_A_NAME).strip()


def _system_user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # no such user, or no users: Windows has no pwd
        return str(os.getuid()) if hasattr(os, "getuid") else ""


SETTINGS = Settings()
"""This process's settings: the traits of the magics write them, the session reads them."""
