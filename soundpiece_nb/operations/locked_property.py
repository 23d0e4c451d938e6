"""A cached property whose first computation is locked."""

from __future__ import annotations

import os
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    locked_cached_property = cached_property
else:

    class locked_cached_property(cached_property):  # noqa: N801 - a decorator, like its parent
        """A cached property that one thread computes; since 3.12 its parent has no lock."""

        _lock = threading.RLock()

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            with self._lock:
                return super().__get__(instance, owner)

        @classmethod
        def renew_lock(cls) -> None:
            """Have a free lock in a forked child: a thread that is not there may have held it."""
            cls._lock = threading.RLock()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=locked_cached_property.renew_lock)
