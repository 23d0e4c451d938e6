"""The magics and their settings; heavy modules are imported when a command is first used."""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from typing import Any

from IPython.core.magic import magics_class
from traitlets import Bool, Enum, Float, Int, List, TraitType, Unicode

from soundpiece_nb.api.routes import ROUTES, Route
from soundpiece_nb.files.export_choices import FIELDS, FORMATS
from soundpiece_nb.settings import LEAST_SECONDS, SETTINGS

from . import (
    display_commands,
    doctor_command,
    file_commands,
    history_command,
    rating_commands,
    setup_commands,
    wait_and_resume_commands,
)
from .command import Command, Local, Magic, Notebook
from .log_lines import LogLines
from .options import Usage, route_usage
from .settable import Settable

_LOGGER = logging.getLogger("soundpiece_nb")


def _setting(trait: TraitType[Any, Any], reader: str, **rule: Any) -> Any:
    """Return a trait that `%config` sets to what a reader makes of a value; None unsets it.

    The reader is a function of `setting_values`, which is imported when a setting is made.
    """

    def read(value: Any, what: str) -> Any:
        from soundpiece_nb import setting_values

        return getattr(setting_values, reader)(value, what, **rule)

    return trait.tag(config=True, reader=read)


def _choice(choices: Sequence[str], words: str) -> Any:
    return _setting(Enum(choices, choices[0], help=words), "read_choice", choices=choices)


def _text(words: str, reader: str) -> Any:
    return _setting(Unicode("", help=words), reader)


def _seconds(usual: float, words: str, least: float = LEAST_SECONDS) -> Any:
    return _setting(Float(usual, help=words), "read_seconds", least=least)


def _ceiling(words: str) -> Any:
    return _setting(Int(None, allow_none=True, help=words), "read_ceiling")


@magics_class
class SoundpieceMagics(Settable):
    """Songs and sounds from cells; `%config SoundpieceMagics` shows and sets these."""

    base_url = _text(
        "Root of the API; empty: SOUNDPIECE_BASE_URL, else the public service.", "read_service"
    )
    home = _text(
        "Folder of journal and audio, fixed at the first use; empty: SOUNDPIECE_HOME, "
        "else the user-data folder.",
        "read_home",
    )
    wait = _choice(
        ["auto", "always", "never"],
        "Whether magics wait for their result; auto: only where nobody watches.",
    )
    sound = _choice(
        ["auto", "link", "embed"],
        "How finished players hold their sound; auto: the lossless file where the "
        "notebook's folder is known, else a small MP3 inside the notebook.",
    )
    once = _setting(
        Bool(
            default_value=False,
            help="Whether the key follows from the request, as with --once, so that running all "
            "cells again makes nothing new: of magics, functions, reruns, sweeps and batches. Each "
            "press in the lab still makes a new one. Unset: SOUNDPIECE_ONCE.",
        ),
        "read_switch",
    )
    tags = _setting(
        List(
            Unicode(),
            help="Tags of everything that is started, beside its own; unset: SOUNDPIECE_TAGS, with "
            "commas between them.",
        ),
        "read_tags",
    )
    export_folder = _text(
        "Folder of %soundpiece_export without --to, and of save() without a path; empty: "
        "SOUNDPIECE_EXPORT_FOLDER.",
        "read_folder",
    )
    export_format = _setting(
        Enum(
            ["", *FORMATS],
            "",
            help="Format of exported files without --format; empty: SOUNDPIECE_EXPORT_FORMAT, else "
            "flac.",
        ),
        "read_format",
    )
    export_name = _text(
        'Names of exported files, such as "{name} {take}" or "{date}/{name} {kind}", by the fields '
        f"{', '.join(FIELDS)}; empty: SOUNDPIECE_EXPORT_NAME, else title, take and key.",
        "read_file_name",
    )
    callback_url = _text(
        "https URL that the service tells of every operation's end; empty: "
        "SOUNDPIECE_CALLBACK_URL, else none; auto: this Jupyter server's, by SOUNDPIECE_PUBLIC_URL "
        "or JupyterHub.",
        "read_callback_url",
    )
    request_timeout = _seconds(
        20.0,
        "Seconds one exchange with the service may take, beyond what it holds a long poll; "
        "of a download, seconds of silence. Then it is tried again. Unset: "
        "SOUNDPIECE_REQUEST_TIMEOUT.",
    )
    retry_budget = _seconds(
        300.0,
        "Seconds of nothing but failures after which trying stops; unset: SOUNDPIECE_RETRY_BUDGET.",
        0.0,
    )
    operation_deadline = _seconds(
        3600.0,
        "Seconds after which following one operation stops; it goes on. Unset: "
        "SOUNDPIECE_OPERATION_DEADLINE.",
    )
    most_a_day = _ceiling(
        "Operations that a person may begin a day; None: SOUNDPIECE_MOST_A_DAY, else no ceiling; "
        "0: no ceiling."
    )
    most_at_once = _ceiling(
        "Operations that a person may have on the way at once, beyond which is asked; None: "
        "SOUNDPIECE_MOST_AT_ONCE; 0: no ceiling, but a person is asked above 50."
    )
    most_a_day_in_journal = _ceiling(
        "Operations that everybody who shares the journal may begin a day together; None: "
        "SOUNDPIECE_MOST_A_DAY_IN_JOURNAL, else no ceiling; 0: no ceiling."
    )
    most_at_once_in_journal = _ceiling(
        "Operations of everybody who shares the journal that may be on the way at once; "
        "None: SOUNDPIECE_MOST_AT_ONCE_IN_JOURNAL, else no ceiling; 0: no ceiling."
    )
    log = _choice(
        ["off", "error", "warning", "info", "debug"],
        "Which log records of soundpiece_nb are shown: what happens to each operation, by "
        "key and route, without secrets, prompts or lyrics.",
    )

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._log_lines = LogLines()
        self.when_set = self._keep_settings
        self._keep_settings()
        for route in ROUTES.values():
            self._add_route(route)
        for module in (
            display_commands,
            setup_commands,
            history_command,
            wait_and_resume_commands,
            rating_commands,
            file_commands,
            doctor_command,
        ):
            for declared in vars(module).values():
                if isinstance(declared, Command):
                    self._add_command(declared)

    def _notebook(self, local: Local) -> Notebook:
        from soundpiece_nb.api.shadowing_files import libraries_first

        with libraries_first():
            from .calling_scope import CallingScope  # with handles, which take long to import
        shell: Any = self.shell
        return Notebook(CallingScope(shell.user_ns, local), self.wait, self.sound)

    def usage_of(self, title: str) -> Any:
        """Return the usage of a magic; None for a magic of others."""
        magic = self.magics["line"].get(title) or self.magics["cell"].get(title)
        return getattr(magic, "usage", None)

    def hide_log(self) -> None:
        """Stop showing log records."""
        if self._log_lines in _LOGGER.handlers:  # else the level is a person's own
            _LOGGER.removeHandler(self._log_lines)
            _LOGGER.setLevel(logging.NOTSET)
        self._log_lines.rest()

    def _keep_settings(self) -> None:
        for field in fields(SETTINGS):
            chosen = getattr(self, field.name) if field.name in self.chosen else None
            setattr(SETTINGS, field.name, chosen)
        self.hide_log()
        if self.log != "off":
            _LOGGER.setLevel(self.log.upper())
            _LOGGER.addHandler(self._log_lines)

    def _add_route(self, route: Route) -> None:
        def make(usage: Usage, options: Namespace, cell: str | None, local: Local) -> Any:
            from .route_commands import make

            return make(self._notebook(local), route, usage, options, cell)

        magic = Magic(f"soundpiece_{route.noun}", partial(route_usage, route), make, makes=True)
        for kind in ("line", "cell") if route.body else ("line",):
            self.magics[kind][magic.__name__] = magic

    def _add_command(self, declared: Command) -> None:
        def run(usage: Usage, options: Namespace, _: str | None, local: Local) -> Any:
            notebook = self._notebook(local)
            return declared.run(notebook, usage.read(options, notebook.namespace))

        self.magics["line"][declared.title] = Magic(declared.title, declared.usage, run)
