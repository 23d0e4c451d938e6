"""The sound of a finished player: the lossless file beside the notebook, or a preview inside it."""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import quote

from soundpiece_nb.audio.preview import make_preview, usable_preview
from soundpiece_nb.files.paths import working_folder
from soundpiece_nb.files.writing import LINK_FOLDER, place_beside
from soundpiece_nb.journal.entry import Entry, TakeEntry
from soundpiece_nb.operations.session import Session
from soundpiece_nb.settings import notebook_path

from .front_end import FrontEnd, front_end


class Holding(Enum):
    """A person's choice; AUTO links where the notebook's folder is known, else embeds."""

    AUTO = "auto"
    LINK = "link"
    EMBED = "embed"


@dataclass(frozen=True)
class Place:
    """The folders that sound comes from and goes to: home, and the notebook's if known."""

    home: Path
    notebook_folder: Path | None
    holding: Holding = Holding.AUTO

    def source(self, entry: Entry, take: TakeEntry) -> tuple[str, str]:
        """Return the address of an `<audio>`, and the file's path beside the notebook, if any.

        No other path is shown, since it would be shared with the notebook. Links or copies the
        file, or encodes a preview, which takes a second or two: call it off the main thread.
        """
        linked, stored = self._link(entry, take, copies=True), self.home / (take.path or "")
        return (quote(linked), linked) if linked else (embedded(stored), "")

    def nearby(self, entry: Entry, take: TakeEntry) -> str | None:
        """Return the address of a take that is linked, or can be without a copy; else None."""
        linked = self._link(entry, take, copies=False)
        return quote(linked) if linked else None

    def stored_takes(self, entry: Entry) -> list[TakeEntry]:
        """Return the takes of an operation whose files are on this machine."""
        return [take for take in entry.takes if take.path and (self.home / take.path).exists()]

    def without_home(self, error: Exception) -> str:
        """Return what an error says, without where this machine keeps its files."""
        return str(error).replace(f"{self.home}{os.sep}", "")

    @property
    def links(self) -> bool:
        """Whether sound is a file that the notebook points at."""
        return self._folder() is not None

    def at_hand(self, entry: Entry) -> bool:
        """Tell whether every take can be shown without encoding anything."""
        stored = [self.home / take.path for take in entry.takes if take.path]
        return self.links or all(usable_preview(path.with_suffix(".mp3")) for path in stored)

    def _link(self, entry: Entry, take: TakeEntry, *, copies: bool) -> str | None:
        """Put a take beside the notebook and return its path from there; None where it cannot."""
        stored, name, folder = self.home / (take.path or ""), entry.file_name(take), self._folder()
        with suppress(OSError):  # of a folder that cannot be written, or is a link, say
            if folder is not None:
                placed = place_beside(stored, folder / LINK_FOLDER, name, copies=copies)
                return f"{LINK_FOLDER}/{placed.name}"
        return None

    def _folder(self) -> Path | None:
        """Return the folder to link files from; None where sound is embedded."""
        if self.holding is Holding.LINK:
            return self.notebook_folder or working_folder()
        return self.notebook_folder if self.holding is Holding.AUTO else None


def place_of(session: Session, holding: Holding = Holding.AUTO) -> Place:
    """Return the folders of the players of this kernel."""
    notebook = notebook_path() if front_end() is FrontEnd.NOTEBOOK else None
    return Place(session.home, notebook.parent if notebook else None, holding)


def embedded(stored: Path) -> str:
    """Return a stored take as the data address of its preview, made if there is none yet."""
    preview = stored.with_suffix(".mp3")
    if not usable_preview(preview):
        make_preview(stored, preview)
    return data_address(preview)


def data_address(preview: Path) -> str:
    """Return an MP3 file as the address of an `<audio>`."""
    return "data:audio/mpeg;base64," + base64.b64encode(preview.read_bytes()).decode()
