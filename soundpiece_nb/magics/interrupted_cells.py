"""Interrupted cells: what they have begun and not sent yet is held back, and said."""

from __future__ import annotations

from typing import Any

from soundpiece_nb.operations.current_session import current


def watch(shell: Any) -> None:
    """Hold back, from now on, what a cell has begun and not sent when a person interrupts it."""
    withdraw(shell)
    for event, callback in _CALLBACKS.items():
        shell.events.register(event, callback)


def withdraw(shell: Any) -> None:
    """Undo `watch`."""
    for event, callback in _CALLBACKS.items():
        registered = shell.events.callbacks[event]
        name = callback.__name__  # not the function, which a reloaded module has anew
        registered[:] = [each for each in registered if getattr(each, "__name__", "") != name]


def soundpiece_cell_begins(*_: Any) -> None:
    """Forget what earlier cells have begun."""
    if (session := current.existing) is not None:
        from soundpiece_nb.operations.begun_in_cell import BegunInCell

        session.part(BegunInCell).keys.clear()


def soundpiece_cell_ends(result: Any) -> None:
    """Hold back what a cell has begun, if it was interrupted."""
    import asyncio

    from soundpiece_nb.api.errors import SoundpieceError

    error = getattr(result, "error_in_exec", None)
    interrupted = isinstance(error, KeyboardInterrupt | asyncio.CancelledError)
    session = current.existing
    # An interrupt of waiting is an error of ours: what is waited for goes on.
    if interrupted and session is not None and not isinstance(error, SoundpieceError):
        from soundpiece_nb.operations.holding_back import hold_back
        from soundpiece_nb.shown_text import say

        if words := hold_back(session):
            say(words)


_CALLBACKS = {"pre_run_cell": soundpiece_cell_begins, "post_run_cell": soundpiece_cell_ends}
