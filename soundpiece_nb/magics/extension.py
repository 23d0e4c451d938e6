"""Loading and unloading the extension: instant to come, and nothing is left behind."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from soundpiece_nb.operations.current_session import current

if TYPE_CHECKING:
    from soundpiece_nb.operations.batch import Batch
    from soundpiece_nb.operations.operation import Operation
    from soundpiece_nb.operations.sweep import Sweep

_OPERATION = ("soundpiece_nb.operations.operation", "Operation")
_BATCH = ("soundpiece_nb.operations.batch", "Batch")
_SWEEP = ("soundpiece_nb.operations.sweep", "Sweep")
_MATCHER = "soundpiece"


def load(shell: Any) -> None:
    """Register magics, completion and how handles are shown; see `load_ipython_extension`."""
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
    for shown in (_OPERATION, _BATCH, _SWEEP):
        printers.pop(shown, None)
    current.pause()


def _offer_completion(shell: Any) -> None:
    from IPython.core.completer import context_matcher

    @context_matcher(identifier=_MATCHER)  # type: ignore[untyped-decorator]
    def complete(context: Any) -> Any:
        from .completion import complete  # with the first Tab, not with loading

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
        formatter.for_type_by_name(*_OPERATION, _show_handle)
        formatter.for_type_by_name(*_BATCH, _show_batch)
        formatter.for_type_by_name(*_SWEEP, _show_sweep)


def _show_batch(batch: Batch) -> None:
    from soundpiece_nb.display.batch_card import show_batch

    show_batch(batch)


def _show_sweep(sweep: Sweep) -> None:
    from soundpiece_nb.display.sweep_board import show_board

    show_board(sweep)


def _show_handle(operation: Operation) -> None:
    from soundpiece_nb.display.show import show_handle

    show_handle(operation)


def _tell_of_abandoned() -> None:
    from soundpiece_nb.journal.quick_reads import count_abandoned
    from soundpiece_nb.settings import SETTINGS

    count = count_abandoned(SETTINGS.read_home(), time.time_ns() // 1000)
    if count:
        what = "1 operation" if count == 1 else f"{count} operations"
        print(  # noqa: T201 - the one line that loading may say
            f"{what} of an earlier kernel {'is' if count == 1 else 'are'} unfinished; "
            "%soundpiece_resume goes on."
        )
