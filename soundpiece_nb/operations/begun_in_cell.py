"""The operations that the running cell has begun."""

from __future__ import annotations

from collections.abc import Collection

from .session import Session, SessionPart


class BegunInCell(SessionPart):
    """The keys of what the running cell has begun, in no order; emptied by the next cell."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.keys: set[str] = set()

    def add(self, keys: Collection[str]) -> None:
        """Note what was written down just now."""
        self.keys |= set(keys)
