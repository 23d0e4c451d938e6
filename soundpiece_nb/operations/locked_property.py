"""What several threads may ask for at once, and what is to be made once."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

_making = threading.RLock()

if TYPE_CHECKING:
    made_once = cached_property
else:

    class made_once(cached_property):  # noqa: N801 - a decorator, like its parent
        """A property that one thread makes; since Python 3.12 its parent has no lock."""

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            with _making:
                return super().__get__(instance, owner)
