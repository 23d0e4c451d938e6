"""Loading and unloading the extension: loading is instant, unloading leaves nothing behind."""

from __future__ import annotations

import sys
import time
from functools import partial
from importlib import import_module
from typing import Any

from soundpiece_nb.operations.current_session import current

_SHOWN = {
    ("soundpiece_nb.operations.operation", "Operation"): ("display.show", "show_handle"),
    ("soundpiece_nb.operations.batch", "Batch"): ("display.batch_card", "show_batch"),
    ("soundpiece_nb.operations.sweep", "Sweep"): ("display.sweep_board", "show_board"),
}
"""The classes of handles, by module and name, and the function that shows each."""
_MATCHER = "soundpiece"


def load(shell: Any) -> None:
    """Register magics, completion and the display of handles; see `load_ipython_extension`."""
    from .magics import SoundpieceMagics

    shell.register_magics(SoundpieceMagics(shell))
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
    _withdraw_completion(shell)
    printers = shell.display_formatter.ipython_display_formatter.deferred_printers
    for shown in _SHOWN:
        printers.pop(shown, None)
    current.pause()


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


def _show(function: tuple[str, str], handle: Any) -> None:
    module, name = function
    getattr(import_module(f"soundpiece_nb.{module}"), name)(handle)


def _tell_of_abandoned() -> None:
    from soundpiece_nb.journal.quick_reads import count_abandoned
    from soundpiece_nb.settings import SETTINGS

    count = count_abandoned(SETTINGS.read_home(), time.time_ns() // 1000)
    if count:
        from soundpiece_nb.shown_text import counted

        are = "is" if count == 1 else "are"
        print(  # noqa: T201 - the one line that loading may say
            f"{counted(count, 'operation')} of an earlier kernel {are} unfinished; "
            "%soundpiece_resume goes on."
        )
