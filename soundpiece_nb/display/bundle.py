"""A copy of a notebook with its sound inside: every linked player gets a small MP3.

Linked players play from the folder beside their notebook, so a notebook that is sent alone is
silent. A bundle has `data:` addresses instead, which play in any Jupyter, trusted or not, or is a
web page with nothing to fetch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

from soundpiece_nb.api.errors import Mistake, StorageFailed
from soundpiece_nb.audio.preview import make_preview
from soundpiece_nb.files import LINK_FOLDER, numbered, readable_name, written_beside
from soundpiece_nb.journal.journal import Journal

from .sound_source import data_address, embedded

_PLAYER = re.compile(rf'(<audio\b[^>]*?\ssrc=")({re.escape(LINK_FOLDER)}/[^"]+)(?=")')
_KEY = re.compile(r"-([0-9a-f]{8})\.flac$")

_PAGE = """\
{%- extends "lab/index.html.j2" -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
"""
"""Jupyter's own page without the scripts it fetches from elsewhere, for widgets and formulas."""


@dataclass(frozen=True)
class Bundle:
    """A bundle that was written: its path, players with sound inside, names of missing sounds."""

    path: Path
    sounds: int
    missing: tuple[str, ...]


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
        sounds = _Sounds(self.notebook.parent / LINK_FOLDER, journal)
        outputs = (output for cell in self.content.cells for output in cell.get("outputs", ()))
        for data in (output.get("data", {}) for output in outputs):
            if isinstance(data.get("text/html"), str):
                data["text/html"] = _PLAYER.sub(sounds.put_in, data["text/html"])
        text = self._as_text()
        target = next(path for path in numbered(self.target) if not path.exists())
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with written_beside(target) as partial:
                partial.write_text(text, encoding="utf-8")
        except OSError as error:
            raise StorageFailed(f"{target} cannot be written: {error.strerror}.") from None
        return Bundle(target, sounds.count, tuple(sounds.missing))

    def _as_text(self) -> str:
        if not self.html:
            from nbformat import v4

            return str(v4.writes(self.content)) + "\n"
        from nbconvert import HTMLExporter

        where = {"name": self.notebook.stem, "path": str(self.notebook.parent)}
        exporter = HTMLExporter(raw_template=_PAGE, embed_images=True)
        page, _ = exporter.from_notebook_node(self.content, resources={"metadata": where})
        return str(page)


def plan_bundle(notebook: Path, target: Path | None, *, html: bool) -> Plan:
    """Read a notebook and choose the bundle's name; raises Mistake where either is unfit."""
    library = "nbconvert" if html else "nbformat"
    if find_spec(library) is None:
        raise Mistake(f"That needs {library}, which comes with Jupyter: pip install {library}.")
    noun, ending = ("web page", ".html") if html else ("notebook", ".ipynb")
    name = f"{notebook.stem}-with-sound{ending}"
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
        raise Mistake(f"There is no notebook {notebook} (seen from {Path.cwd()}).")
    try:
        content = reader.reads(notebook.read_text(encoding="utf-8"))
    except (OSError, ValueError, AttributeError, KeyError, TypeError, ValidationError):
        raise Mistake(f"{notebook} is no notebook that can be read.") from None
    if content.get("nbformat") != 4:  # noqa: PLR2004 - the format's number, since 2015
        raise Mistake(f"{notebook} has an old format; save it once in Jupyter, then bundle it.")
    return content


@dataclass
class _Sounds:
    """Sounds of one notebook: from the folder beside it, else from the home folder."""

    folder: Path
    journal: Journal
    count: int = 0
    missing: dict[str, None] = field(default_factory=dict)
    _found: dict[str, str | None] = field(default_factory=dict)

    def put_in(self, player: re.Match[str]) -> str:
        """Return a player's beginning with its sound inside, or unchanged where that is missing."""
        name = unquote(unescape(player[2])).removeprefix(f"{LINK_FOLDER}/")
        address = self._found[name] = self._found.get(name) or self._address(name)
        if address is None:
            self.missing[name] = None
            return player[0]
        self.count += 1
        return player[1] + address

    def _address(self, name: str) -> str | None:
        import soundfile

        if name != Path(name).name:  # the folder beside the notebook has no folders
            return None
        linked, stored = self.folder / name, self._stored(name)
        if linked.is_file() and not (stored and linked.samefile(stored)):
            with TemporaryDirectory() as folder:
                try:
                    return data_address(make_preview(linked, Path(folder) / "preview.mp3"))
                except soundfile.SoundFileError:  # damaged; the home folder may have it whole
                    pass
        return embedded(stored) if stored else None

    def _stored(self, name: str) -> Path | None:
        """Return the stored take that a linked file's name means, if it is on this machine."""
        match = _KEY.search(name)
        if match is None:
            return None
        try:
            entry = self.journal.entry(self.journal.find(match[1]))
        except Mistake:
            return None
        for take in entry.takes:
            called = (take.take, take.kind or take.take)
            ends = tuple(readable_name("", each, entry.key).removeprefix("take") for each in called)
            if take.path and name.endswith(ends):
                path = self.journal.home / take.path
                return path if path.is_file() else None
        return None
