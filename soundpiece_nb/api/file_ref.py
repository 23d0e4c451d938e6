"""A reference to a person's own sound file, as a request names it until it is sent.

The file goes to the team's store, where it is called by what it holds; a signed address of it is
a secret and soon expires. A request therefore says `soundpiece-file:<SHA-256>.<ending>`, which is
the same for the same content whatever the file is called, and the address is made when it is sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

from soundpiece_nb.shown_text import MOST_IN_A_NAME, short, shown

_WRITTEN = re.compile(
    r"soundpiece-file:(?P<sha256>[0-9a-f]{64})(?P<ending>\.[a-z0-9]{2,5})(?:#(?P<name>\S{1,1000}))?"
)


@dataclass(frozen=True)
class FileRef:
    """The sound file of this content and ending; its `name` is for people, and may be unknown.

    `path` is where it was read on this machine, in the process that read it.
    """

    sha256: str
    ending: str
    name: str | None = field(default=None, compare=False)
    path: Path | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"soundpiece-file:{self.object_name}"

    @property
    def object_name(self) -> str:
        """The file's name in the store, which says what it holds."""
        return f"{self.sha256}{self.ending}"

    @property
    def with_name(self) -> str:
        """The reference with the name that the file had, as the journal's columns keep it."""
        return f"{self}#{quote(self.name, safe='')}" if self.name else str(self)

    @property
    def title(self) -> str:
        """The file's name, to be shown."""
        return self.name or f"{short(self.sha256)}…{self.ending}"


def parse_file_ref(text: object) -> FileRef | None:
    """Read a reference as it is written, with or without a name; None for anything else."""
    match = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    name = re.split(r"[/\\]", unquote(match["name"] or ""))[-1]
    return FileRef(match["sha256"], match["ending"], shown(name, MOST_IN_A_NAME) or None)
