"""Listeners that are told the key of each operation that has changed."""

from __future__ import annotations

from collections.abc import Callable

from soundpiece_nb.api.error_logging import logging_unforeseen


class Changes:
    """One kind of change, and the listeners to it."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[str], None]] = []

    def subscribe(self, listener: Callable[[str], None]) -> None:
        """Call `listener(key)` at every change, on whatever thread makes it."""
        self._listeners.append(listener)

    def tell(self, key: str) -> None:
        """Tell every listener that this operation has changed; one that fails stops no other."""
        for listener in self._listeners:
            with logging_unforeseen("display"):
                listener(key)
