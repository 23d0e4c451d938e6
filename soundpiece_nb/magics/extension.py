"""Loading and unloading the extension: loading is instant, unloading leaves nothing behind."""

from __future__ import annotations

import re
import sys
import time
from functools import partial
from importlib import import_module
from typing import Any

from soundpiece_nb.operations.current_session import current

from . import interrupted_cells

_SHOWN = {
    ("soundpiece_nb.operations.operation", "Operation"): ("display.show", "show_handle"),
    ("soundpiece_nb.operations.batch", "Batch"): ("display.batch_card", "show_batch"),
    ("soundpiece_nb.operations.sweep", "Sweep"): ("display.sweep_board", "show_board"),
}
"""The classes of handles, by module and name, and the function that shows each."""
_MATCHER = "soundpiece"
_RUN_ON = r"^\s*(?:[\w.]+ *= *)?%%?soundpiece\w*(?=[^\x00-\x7f])"
"""A magic's name with something behind it that is neither a letter nor in ASCII."""


def load(shell: Any) -> None:
    """Register magics, completion and the display of handles; see `load_ipython_extension`."""
    from .config_command import ConfigCommand
    from .magics import SoundpieceMagics

    settings = SoundpieceMagics(shell)
    shell.register_magics(settings)
    _withdraw_config(shell)
    ConfigCommand(settings)
    _withdraw_separation(shell)
    shell.input_transformers_cleanup.append(separate_arguments)
    _offer_completion(shell)
    show_handles(shell)
    current.go_on()
    _tell_of_abandoned()


def unload(shell: Any) -> None:
    """Undo `load`; see `unload_ipython_extension`."""
    from .magics import SoundpieceMagics

    manager = shell.magics_manager
    instance = manager.registry.pop(SoundpieceMagics.__name__, None)
    if instance is not None:
        instance.hide_log()
        for kind, names in instance.magics.items():
            for name in names:
                manager.magics[kind].pop(name, None)
        if instance in shell.configurables:
            shell.configurables.remove(instance)
    _withdraw_config(shell)
    _withdraw_separation(shell)
    _withdraw_completion(shell)
    interrupted_cells.withdraw(shell)
    printers = shell.display_formatter.ipython_display_formatter.deferred_printers
    for shown in _SHOWN:
        printers.pop(shown, None)
    current.pause()


def _withdraw_config(shell: Any) -> None:
    command = shell.magics_manager.magics["line"].get("config")
    if type(command).__name__ == "ConfigCommand":  # not the class, which a reloaded module has anew
        command.withdraw()


def separate_arguments(lines: list[str]) -> list[str]:
    """Return a cell with a space behind a magic's name where a no-break space or long dash is.

    IPython takes those for a part of the name, and finds no such magic; the magic itself says what
    is wrong. Text beneath a `%%` line is left alone.
    """
    own = lines[:1] if lines and lines[0].startswith("%%") else lines
    return [re.sub(_RUN_ON, r"\g<0> ", line) for line in own] + lines[len(own) :]


def _withdraw_separation(shell: Any) -> None:
    transformers = shell.input_transformers_cleanup
    name = separate_arguments.__name__  # not the function, which a reloaded module has anew
    transformers[:] = [each for each in transformers if getattr(each, "__name__", "") != name]


def _offer_completion(shell: Any) -> None:
    from IPython.core.completer import context_matcher

    @context_matcher(identifier=_MATCHER)  # type: ignore[untyped-decorator]
    def complete(context: Any) -> Any:
        from .completion import complete  # at the first Tab, so that loading stays instant

        return complete(context, shell)

    _withdraw_completion(shell)
    shell.Completer.custom_matchers.append(complete)


def _withdraw_completion(shell: Any) -> None:
    matchers = shell.Completer.custom_matchers
    matchers[:] = [m for m in matchers if getattr(m, "matcher_identifier", None) != _MATCHER]


def show_handles(shell: Any = None) -> None:
    """Show a handle that ends a cell as its card or player; without IPython, do nothing."""
    if shell is None and "IPython" in sys.modules:
        from IPython import get_ipython

        shell = get_ipython()
    if shell is not None:
        formatter = shell.display_formatter.ipython_display_formatter
        for shown, function in _SHOWN.items():
            formatter.for_type_by_name(*shown, partial(_show, function))
        interrupted_cells.watch(shell)


def _show(function: tuple[str, str], handle: Any) -> None:
    module, name = function
    getattr(import_module(f"soundpiece_nb.{module}"), name)(handle)


def _tell_of_abandoned() -> None:
    from soundpiece_nb.api.errors import SoundpieceError
    from soundpiece_nb.journal.quick_reads import find_abandoned
    from soundpiece_nb.settings import SETTINGS
    from soundpiece_nb.shown_text import say

    try:
        abandoned = find_abandoned(SETTINGS.read_home(), time.time_ns() // 1000)
    except SoundpieceError as error:  # the magics are there all the same, and help and %config too
        say(error)
        return
    if abandoned:
        say(_left_behind(len(abandoned), sum(each.unsent for each in abandoned)))


def _left_behind(number: int, unsent: int) -> str:
    """Return what an earlier kernel left: how many were never sent, and how to drop those."""
    from soundpiece_nb.shown_text import counted

    are = "is" if number == 1 else "are"
    words = f"{counted(number, 'operation')} of an earlier kernel {are} unfinished"
    if not unsent:
        return f"{words}; %soundpiece_resume goes on."
    on, were = number - unsent, "was" if unsent == 1 else "were"
    goes = f", {on} {'goes' if on == 1 else 'go'} on at the service" if on else ""
    return (
        f"{words}: {unsent} {were} never sent{goes}. %soundpiece_resume goes on with all; "
        "%soundpiece_history --unsent lists those never sent, %soundpiece_discard --unsent drops "
        "them."
    )
