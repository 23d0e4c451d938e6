"""Loading and unloading: instant to come, and nothing left behind."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from soundpiece_nb.handle import Operation

_OPERATION = ("soundpiece_nb.handle", "Operation")


def load(shell: Any) -> None:
    """Register magics, traits and the way handles are shown; see `load_ipython_extension`."""
    from .magics import SoundpieceMagics

    shell.register_magics(SoundpieceMagics(shell))
    show_handles(shell)
    _tell_of_abandoned()


def unload(shell: Any) -> None:
    """Undo `load`; see `unload_ipython_extension`."""
    from .magics import SoundpieceMagics

    manager = shell.magics_manager
    instance = manager.registry.pop(SoundpieceMagics.__name__, None)
    if instance is not None:
        for kind, names in instance.magics.items():
            for name in names:
                manager.magics[kind].pop(name, None)
        if instance in shell.configurables:
            shell.configurables.remove(instance)
    shell.display_formatter.ipython_display_formatter.deferred_printers.pop(_OPERATION, None)
    session = sys.modules.get("soundpiece_nb.session")
    if session is not None:
        session.close()


def show_handles(shell: Any = None) -> None:
    """Show a handle that ends a cell as its card or player; without IPython, do nothing."""
    if shell is None and "IPython" in sys.modules:
        from IPython import get_ipython

        shell = get_ipython()
    if shell is not None:
        formatter = shell.display_formatter.ipython_display_formatter
        formatter.for_type_by_name(*_OPERATION, _show_handle)


def _show_handle(operation: Operation) -> None:
    from soundpiece_nb.views.show import show_handle

    show_handle(operation)


def _tell_of_abandoned() -> None:
    from soundpiece_nb.journal.glance import count_abandoned
    from soundpiece_nb.settings import SETTINGS

    count = count_abandoned(SETTINGS.read_home(), time.time_ns() // 1000)
    if count:
        what = "1 operation" if count == 1 else f"{count} operations"
        print(  # noqa: T201 - the one line that loading may say
            f"{what} of an earlier kernel {'is' if count == 1 else 'are'} unfinished; "
            "%soundpiece_resume goes on."
        )
