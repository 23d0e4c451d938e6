"""The magics and their settings; heavy modules are imported when a command is first used."""

from __future__ import annotations

import logging
import sys
from argparse import Namespace
from contextlib import suppress
from dataclasses import fields
from functools import partial
from typing import Any

from IPython.core.magic import Magics, magics_class
from traitlets import Bool, Enum, Float, Unicode

from soundpiece_nb.api.routes import ROUTES, Route
from soundpiece_nb.settings import SETTINGS

from . import (
    display_commands,
    doctor_command,
    file_commands,
    history_command,
    rating_commands,
    setup_commands,
    wait_and_resume_commands,
)
from .command import Command, Magic, Notebook
from .options import Usage, route_usage

_LOGGER = logging.getLogger("soundpiece_nb")


class LogLines(logging.Handler):
    """Shows log records where errors are written now, unless a handler of all records does so."""

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record; a closed or broken stream is no error."""
        if not any(type(each) is logging.StreamHandler for each in logging.root.handlers):
            with suppress(OSError, ValueError):
                print(self.format(record), file=sys.stderr)  # noqa: T201 - a line of the log


@magics_class
class SoundpieceMagics(Magics):
    """Songs and sounds from cells; `%config SoundpieceMagics` shows and sets these."""

    base_url = Unicode(
        "", help="Root of the API; empty: SOUNDPIECE_BASE_URL, else the public service."
    ).tag(config=True)
    home = Unicode(
        "",
        help="Folder of journal and audio, fixed at the first use; empty: SOUNDPIECE_HOME, "
        "else the user-data folder.",
    ).tag(config=True)
    wait = Enum(
        ["auto", "always", "never"],
        "auto",
        help="Whether magics wait for their result; auto: only where nobody watches.",
    ).tag(config=True)
    sound = Enum(
        ["auto", "link", "embed"],
        "auto",
        help="How finished players hold their sound; auto: the lossless file where the "
        "notebook's folder is known, else a small MP3 inside the notebook.",
    ).tag(config=True)
    once = Bool(
        False,
        help="Whether magics derive the key from the request, as with --once, so that running "
        "all cells again makes nothing new.",
    ).tag(config=True)
    callback_url = Unicode(
        "",
        help="https URL that the service tells of every operation's end; empty: none; auto: this "
        "Jupyter server's, by SOUNDPIECE_PUBLIC_URL or JupyterHub.",
    ).tag(config=True)
    request_timeout = Float(
        20.0,
        min=1.0,
        help="Seconds one exchange with the service may take, beyond what it holds a long poll; "
        "of a download, seconds of silence. Then it is tried again.",
    ).tag(config=True)
    retry_budget = Float(
        300.0, min=0.0, help="Seconds of nothing but failures after which trying stops."
    ).tag(config=True)
    operation_deadline = Float(
        3600.0, min=1.0, help="Seconds after which following one operation stops; it goes on."
    ).tag(config=True)
    log = Enum(
        ["off", "error", "warning", "info", "debug"],
        "off",
        help="Which log records of soundpiece_nb are shown: what happens to each operation, by "
        "key and route, without secrets, prompts or lyrics.",
    ).tag(config=True)

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._log_lines = LogLines()
        self.observe(self._keep_settings)
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

    def _notebook(self) -> Notebook:
        shell: Any = self.shell
        return Notebook(shell.user_ns, self.wait, self.sound)

    def usage_of(self, title: str) -> Any:
        """Return the usage of a magic; None for a magic of others."""
        magic = self.magics["line"].get(title) or self.magics["cell"].get(title)
        return getattr(magic, "usage", None)

    def hide_log(self) -> None:
        """Stop showing log records."""
        if self._log_lines in _LOGGER.handlers:  # else the level is a person's own
            _LOGGER.removeHandler(self._log_lines)
            _LOGGER.setLevel(logging.NOTSET)

    def _keep_settings(self, _: object = None) -> None:
        for field in fields(SETTINGS):
            chosen = getattr(self, field.name)
            setattr(SETTINGS, field.name, None if chosen == "" else chosen)
        self.hide_log()
        if self.log != "off":
            _LOGGER.setLevel(self.log.upper())
            _LOGGER.addHandler(self._log_lines)

    def _add_route(self, route: Route) -> None:
        def make(usage: Usage, options: Namespace, cell: str | None) -> None:
            from .route_commands import make

            make(self._notebook(), route, usage, options, cell)

        magic = Magic(f"soundpiece_{route.noun}", partial(route_usage, route), make)
        for kind in ("line", "cell") if route.body else ("line",):
            self.magics[kind][magic.__name__] = magic

    def _add_command(self, declared: Command) -> None:
        def run(usage: Usage, options: Namespace, _: str | None) -> Any:
            notebook = self._notebook()
            return declared.run(notebook, usage.read(options, notebook.namespace))

        self.magics["line"][declared.title] = Magic(declared.title, declared.usage, run)
