"""The description of one take to be rendered, and of the sound files that it is made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class TakeRequest:
    """One take of an accepted request. Equal take requests make the same sound."""

    route: str
    request: Mapping[str, Any]
    variation: int = 0
    source: "SourceFile | None" = None
    """The sound that is remixed, cut or separated."""
    reference: "SourceFile | None" = None
    """The sound whose tempo and brightness the take follows."""


@dataclass(frozen=True)
class SourceFile:
    """A sound file on this disk."""

    file: Path
    identity: str
    """The same for the same sound, whatever the signature in its URL."""
    made_by: TakeRequest | None = None
    """The take that it is, if this sandbox made it."""


class UnreadableSoundError(Exception):
    """A source or reference cannot be read as audio; the message is a whole sentence."""
