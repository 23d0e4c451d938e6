"""What a render worker is asked for: one take of a request, and the sounds it is made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Commission:
    """One take of an accepted request. The same commission makes the same sound."""

    route: str
    request: Mapping[str, Any]
    variation: int = 0
    source: "Sound | None" = None
    """What to work on."""
    reference: "Sound | None" = None
    """What to be guided by."""


@dataclass(frozen=True)
class Sound:
    """A sound file on this disk."""

    file: Path
    identity: str
    """The same for the same sound, whatever address it came from."""
    made_by: Commission | None = None
    """What it was made from, if that was here."""


class UnreadableSoundError(Exception):
    """A file that was given as sound is none; the message says so as a whole sentence."""
