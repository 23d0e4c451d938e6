"""Names of exported takes by a person's pattern, always within the folder that they chose."""

from __future__ import annotations

import os
from pathlib import Path

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.routes import ROUTES
from soundpiece_nb.files.name_pattern import fill
from soundpiece_nb.files.path_text import expand_variables
from soundpiece_nb.files.paths import read_path, shown_path
from soundpiece_nb.journal.entry import Entry, TakeEntry
from soundpiece_nb.settings import Settings
from soundpiece_nb.shown_text import short, shown

MOST_IN_A_WORD = 60
"""Characters that one field takes of a name, so that there is room for the others."""
MOST_WORDS = 6
"""Words of a prompt or of lyrics in a name."""


def export_folder(settings: Settings, chosen: str | None = None) -> Path:
    """Return the folder to export to: as `chosen`, else the setting; raises Mistake for neither."""
    words = "--to" if chosen else "The setting export_folder"
    text = chosen or settings.read("export_folder")
    if not text:
        raise Mistake(
            "Say where to, or set a folder for all exports.",
            next="--to songs, .save('songs/') or %config SoundpieceMagics.export_folder = 'songs'.",
        )
    folder = read_path(expand_variables(text))
    if os.path.lexists(folder) and not folder.is_dir():
        noun = "a link that leads nowhere" if folder.is_symlink() else "a file"
        what = f"{shown_path(folder)} is {noun}; {words} takes a folder."
        raise Mistake(what, money="Nothing was written.")
    return folder


def file_path(
    folder: Path, entry: Entry, take: TakeEntry, ending: str, pattern: str | None
) -> Path:
    """Return the path that a take is to have in a folder; without a pattern, title, take and key.

    Raises Mistake where a folder that the pattern names is a link that leads elsewhere.
    """
    if pattern is None:
        return folder / entry.file_name(take, ending)
    path = folder / fill(pattern, _words(entry, take), ending)
    if not Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(folder)):
        raise Mistake(
            f"{shown_path(path.parent)} is a link that leads out of {shown_path(folder)}.",
            money="Nothing was written.",
            next="Move the link away, or choose another pattern of names.",
        )
    return path


def _words(entry: Entry, take: TakeEntry) -> dict[str, str]:
    """Return the texts of all fields that a pattern may have; empty where there is none."""
    made_at = entry.finished_at or entry.submitted_at
    shared = [each.kind for each in entry.takes].count(take.kind) > 1
    words = {
        "name": entry.title,
        "prompt": _first_words(entry.fields.get("prompt")),
        "lyrics": _first_words(entry.fields.get("lyrics")),
        "take": take.take,
        "kind": take.take if shared or take.kind is None else take.kind,
        "route": ROUTES[entry.route].noun if entry.route in ROUTES else entry.route,
        "key": short(entry.key),
        "date": f"{made_at:%Y-%m-%d}",
        "time": f"{made_at:%H.%M.%S}",
        "tags": ", ".join(entry.tags),
        "varied": ", ".join(v for name, v in (entry.sweep or {}).items() if name != "id"),
        "tempo": "" if take.tempo is None else round(take.tempo),
        "duration": "" if take.duration is None else round(take.duration),
    }
    return {field: shown(word)[:MOST_IN_A_WORD] for field, word in words.items()}


def _first_words(text: object) -> str:
    """Return the first words of a text, without lines in brackets, which begin a part of lyrics."""
    lines = "" if text is None else shown(text)
    words = " ".join(line for line in lines.split("\n") if not line.lstrip().startswith("["))
    return " ".join(words.split()[:MOST_WORDS])
