"""A copy of a notebook with its sound inside: every linked player gets a small MP3.

Linked players play from the folder beside their notebook, so a notebook that is sent alone is
silent. A bundle has `data:` addresses instead, which play in any Jupyter, trusted or not, or is a
web page with nothing to fetch.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

from soundpiece_nb.api.errors import Mistake, SoundpieceError, StorageFailed
from soundpiece_nb.audio.decoding import CannotDecode
from soundpiece_nb.audio.preview import make_preview
from soundpiece_nb.files.machine_traces import MachineTraces
from soundpiece_nb.files.naming import readable_name
from soundpiece_nb.files.paths import make_folder, shown_path, working_folder
from soundpiece_nb.files.reading import read_inside
from soundpiece_nb.files.writing import LINK_FOLDER, write_new
from soundpiece_nb.journal.journal import Journal

from .embedding import NotebookFolder, Room
from .shared_notebook import remove_traces
from .sound_source import data_address, embedded

MOST_NOTEBOOK_BYTES = 500_000_000
"""Jupyter itself opens no notebook of this size; 60 players with MP3 inside are 112 MB."""

MOST_SOUND_BYTES = 500_000_000
"""Of one linked file: 45 minutes of stereo at 44.1 kHz and 16 bits, if FLAC saved nothing."""

MOST_SOUND_SECONDS = 3600
"""Of one linked file, which may say that it is a year of silence; takes are minutes long."""

MOST_SOUNDS = 10_000
"""Different sounds that the players of one notebook may name."""

MOST_STEM_BYTES = 230
"""Of a notebook's name in a bundle's, which has 255 at most with its ending and a number."""

_PLAYER = re.compile(rf'(<audio\b[^<>]*?\ssrc=")({re.escape(LINK_FOLDER)}/[^"<>]{{1,1000}})(?=")')
"""A linked player up to its address; stops at the next tag, so that the search stays linear."""

_EMBEDDED = re.compile(r'<audio\b[^<>]*?\ssrc="data:audio/')
"""A player that carries its sound already."""

_KEY = re.compile(r"-([0-9a-f]{8})(-[0-9]+)?\.flac$")

_PAGE = """\
{%- extends "lab/index.html.j2" -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
"""
"""Jupyter's own page without the scripts it fetches: for widgets, formulas and diagrams."""


@dataclass(frozen=True)
class Bundle:
    """A bundle that was written: its path, its players and those of them with sound inside.

    `missing` names the sounds that the others have not; `removed` counts the paths and names of
    this machine that were taken out.
    """

    path: Path
    players: int
    sounds: int
    missing: tuple[str, ...]
    removed: int


@dataclass(frozen=True)
class Plan:
    """A bundle about to be written: nothing is changed until `write`."""

    notebook: Path
    target: Path
    html: bool
    content: Any

    def write(self, journal: Journal) -> Bundle:
        """Write the bundle, whole or not at all; raises StorageFailed where the disk refuses.

        Encodes what has no preview yet: call it off the main thread.
        """
        room = Room()
        sounds = _Sounds(self.notebook.parent, journal, room)
        for data in _shown(self.content):
            if isinstance(data.get("text/html"), str):
                sounds.count += len(_EMBEDDED.findall(data["text/html"]))
                data["text/html"] = _PLAYER.sub(sounds.put_in, data["text/html"])
        folder = Path(os.path.realpath(self.notebook)).parent
        traces = MachineTraces(
            {self.notebook.parent.absolute(): ".", folder: ".", journal.home: "$SOUNDPIECE_HOME"}
        )
        remove_traces(self.content, traces)
        text = self._as_text(room, traces).encode("utf-8", "replace")  # a surrogate is none
        try:
            make_folder(self.target.parent)
            target = write_new(self.target, partial(Path.write_bytes, data=text))
        except OSError as error:
            where = shown_path(self.target)
            raise StorageFailed(f"{where} cannot be written: {error.strerror or error}.") from None
        players = sounds.count + sounds.silent
        return Bundle(target, players, sounds.count, tuple(sounds.missing), traces.count)

    def _as_text(self, room: Room, traces: MachineTraces) -> str:
        try:
            if not self.html:
                from nbformat import v4

                return str(v4.writes(self.content)) + "\n"
            return NotebookFolder(self.notebook.parent, room).embed(self._as_page(traces))
        except SoundpieceError:
            raise
        except Exception as error:  # noqa: BLE001 - a notebook can be wrong in every way
            why = str(error).strip().partition("\n")[0][:200] or type(error).__name__
            noun = "made a web page" if self.html else "copied"
            what = f"{self.notebook} is no notebook that can be {noun}: {why.rstrip('.')}."
            raise Mistake(what, next="Open it in Jupyter and save it once.") from None

    def _as_page(self, traces: MachineTraces) -> str:
        """Return Jupyter's page of the notebook, made of its content and Jupyter's templates only.

        By itself nbconvert would also take templates, which are programs, from the current folder:
        from folders called as its own ones, and from a file called as the template in use.
        """
        from jinja2 import DictLoader
        from nbconvert import HTMLExporter

        name = f"{uuid.uuid4().hex}.html.j2"
        exporter = HTMLExporter(
            template_file=name,
            extra_loaders=[DictLoader({name: _PAGE})],
            extra_template_basedirs=[],
            extra_template_paths=[],
            embed_images=False,  # reads whatever the notebook names
        )
        where = {"name": traces.remove(self.notebook.stem), "path": ""}
        page, _ = exporter.from_notebook_node(self.content, resources={"metadata": where})
        return str(page)


def plan_bundle(notebook: Path, target: Path | None, *, html: bool) -> Plan:
    """Read a notebook and choose the bundle's name; raises Mistake where either is unfit."""
    library = "nbconvert" if html else "nbformat"
    if find_spec(library) is None:
        raise Mistake(f"That needs {library}, which comes with Jupyter: pip install {library}.")
    noun, ending = ("web page", ".html") if html else ("notebook", ".ipynb")
    stem = os.fsencode(notebook.stem)[:MOST_STEM_BYTES].decode(errors="ignore")
    name = f"{stem}-with-sound{ending}"
    chosen = target or notebook.with_name(name)
    if chosen.is_dir():
        chosen /= name
    if chosen.suffix.lower() != ending:
        other = "Without --html it is a notebook." if html else "--html makes a web page."
        what = f"The copy is a {noun}, whose name ends in {ending}, not {chosen.name}."
        raise Mistake(what, next=f"Call it {chosen.stem}{ending}. {other}")
    return Plan(notebook, chosen, html, _read(notebook))


def _read(notebook: Path) -> Any:
    """Return a notebook as its file has it, neither upgraded nor given new ids."""
    from nbformat import ValidationError, reader

    if not notebook.is_file():
        here = working_folder()
        seen = f" (seen from {shown_path(here, whole=True)})" if here else ""
        seen = "" if notebook.is_absolute() else seen
        raise Mistake(f"There is no notebook {notebook}{seen}.")
    try:
        with notebook.open("rb") as file:
            text = file.read(MOST_NOTEBOOK_BYTES + 1)
        if len(text) > MOST_NOTEBOOK_BYTES:
            raise Mistake(f"{notebook} has over {MOST_NOTEBOOK_BYTES / 1e6:.0f} MB.")
        content = reader.reads(text.decode("utf-8"))
        list(_shown(content))
    except OSError as error:
        raise Mistake(f"{notebook} cannot be read: {error.strerror}.") from None
    except (ValueError, AttributeError, LookupError, TypeError, RecursionError, ValidationError):
        raise Mistake(f"{notebook} is no notebook that can be read.") from None
    if content.get("nbformat") != 4:  # noqa: PLR2004 - the format's number, since 2015
        raise Mistake(f"{notebook} has an old format; save it once in Jupyter, then bundle it.")
    return content


def _shown(content: Any) -> Iterator[dict[str, Any]]:
    """Yield what each output shows, by media type; raises TypeError where it has another form."""
    for cell in _listed(content, "cells"):
        for output in _listed(cell, "outputs"):
            data = output.get("data", {})
            if not isinstance(data, dict):
                raise TypeError("data")
            yield data


def _listed(owner: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = owner.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise TypeError(name)
    return found


@dataclass
class _Sounds:
    """Sounds of one notebook: from the folder beside it, else from the home folder."""

    folder: Path
    journal: Journal
    room: Room
    count: int = 0
    silent: int = 0
    missing: dict[str, None] = field(default_factory=dict)
    _found: dict[str, str | None] = field(default_factory=dict)

    def put_in(self, player: re.Match[str]) -> str:
        """Return a player's beginning with its sound inside, or unchanged where that is missing."""
        name = unquote(unescape(player[2])).removeprefix(f"{LINK_FOLDER}/")
        if name not in self._found:
            if len(self._found) == MOST_SOUNDS:
                raise Mistake(f"The notebook's players name over {MOST_SOUNDS} different sounds.")
            self._found[name] = self._address(name)
        address = self._found[name]
        if address is None:
            self.missing[name] = None
            self.silent += 1
            return player[0]
        self.count += 1
        return player[1] + self.room.take(address)

    def _address(self, name: str) -> str | None:
        if name != Path(name).name or "\0" in name:  # the folder beside the notebook has no folders
            return None
        try:
            stored = self._stored(name)
            if not (stored and self._is_linked(name, stored)):
                linked = self._read_linked(name)
                if linked is not None and (address := _encoded(linked)):
                    return address  # else it is damaged; the home folder may have it whole
            return embedded(stored) if stored else None
        except OSError:  # what cannot be decoded too
            return None

    def _read_linked(self, name: str) -> bytes | None:
        beside = self.folder / LINK_FOLDER
        return None if beside.is_symlink() else read_inside(beside, name, MOST_SOUND_BYTES)

    def _is_linked(self, name: str, stored: Path) -> bool:
        linked = self.folder / LINK_FOLDER / name
        return linked.is_file() and linked.samefile(stored)

    def _stored(self, name: str) -> Path | None:
        """Return the stored take that a linked file's name means, if it is on this machine."""
        match = _KEY.search(name)
        if match is None:
            return None
        try:
            entry = self.journal.entry(self.journal.find(match[1]))
        except Mistake:
            return None
        name = name.removesuffix(f"{match[2] or ''}.flac") + ".flac"
        for take in entry.takes:
            called = (take.take, take.kind or take.take)
            ends = tuple(readable_name("", each, entry.key).removeprefix("take") for each in called)
            if take.path and name.endswith(ends):
                path = self.journal.home / take.path
                return path if path.is_file() else None
        return None


def _encoded(sound: bytes) -> str | None:
    """Return a sound as the data address of its preview; None where it is no sound or too long."""
    import soundfile

    with TemporaryDirectory() as folder:
        file = Path(folder, "sound.flac")
        file.write_bytes(sound)
        try:
            if soundfile.info(file).duration > MOST_SOUND_SECONDS:
                return None
            return data_address(make_preview(file, file.with_suffix(".mp3")))
        except (CannotDecode, soundfile.SoundFileError):
            return None
