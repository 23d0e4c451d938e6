"""A notebook that carries its own sound: every linked player gets a small MP3 inside it.

Linked players play from the folder beside their notebook, so a notebook that travels alone is
silent. A bundle is a copy with `data:` addresses, which plays in any Jupyter, trusted or not, or
a web page with nothing to fetch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
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
    """What was written: where, how many players have sound inside, which sounds were not found."""

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
        for output in _outputs(self.content):
            output["text/html"] = _PLAYER.sub(sounds.put_in, output["text/html"])
        text = self._page() if self.html else _notebook_text(self.content)
        target = next(path for path in numbered(self.target) if not path.exists())
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with written_beside(target) as partial:
                partial.write_text(text, encoding="utf-8")
        except OSError as error:
            raise StorageFailed(f"{target} cannot be written: {error.strerror}.") from None
        return Bundle(target, sounds.count, tuple(sounds.missing))

    def _page(self) -> str:
        from nbconvert import HTMLExporter

        where = {"name": self.notebook.stem, "path": str(self.notebook.parent)}
        exporter = HTMLExporter(raw_template=_PAGE, embed_images=True)
        page, _ = exporter.from_notebook_node(self.content, resources={"metadata": where})
        return str(page)


def plan_bundle(notebook: Path, target: Path | None, *, html: bool) -> Plan:
    """Read a notebook and choose the bundle's name; raises Mistake where that does not go."""
    _require_libraries(html=html)
    ending = ".html" if html else ".ipynb"
    chosen = target or notebook.with_name(f"{notebook.stem}-with-sound{ending}")
    if chosen.is_dir():
        chosen /= f"{notebook.stem}-with-sound{ending}"
    if chosen.suffix.lower() != ending:
        raise Mistake(
            f"The copy is a{' web page' if html else ' notebook'}; call it {chosen.stem}{ending}. "
            f"{'Without --html it is a notebook.' if html else '--html makes a web page.'}"
        )
    return Plan(notebook, chosen, html, _read(notebook))


def _require_libraries(*, html: bool) -> None:
    name = "nbconvert" if html else "nbformat"
    from importlib.util import find_spec

    if find_spec(name) is None:
        raise Mistake(f"That needs {name}, which comes with Jupyter: pip install {name}.")


def _read(notebook: Path) -> Any:
    """Return a notebook as it stands in its file, neither upgraded nor given new ids."""
    from nbformat import ValidationError, reader

    if not notebook.is_file():
        raise Mistake(f"There is no notebook {notebook} (seen from {Path.cwd()}).")
    try:
        content = reader.reads(notebook.read_text(encoding="utf-8"))
    except (OSError, ValueError, AttributeError, KeyError, TypeError, ValidationError):
        raise Mistake(f"{notebook} is no notebook that can be read.") from None
    if content.get("nbformat") != _FORMAT:
        raise Mistake(f"{notebook} has an old format; save it once in Jupyter, then bundle it.")
    return content


_FORMAT = 4


def _notebook_text(content: Any) -> str:
    from nbformat import v4

    return str(v4.writes(content)) + "\n"


def _outputs(content: Any) -> list[Any]:
    """Return the data of every output that is HTML."""
    outputs = [output for cell in content.cells for output in cell.get("outputs", ())]
    shown = [output.get("data", {}) for output in outputs]
    return [data for data in shown if isinstance(data.get("text/html"), str)]


@dataclass
class _Sounds:
    """The sounds of one notebook: from the folder beside it, else from the journal's store."""

    folder: Path
    journal: Journal
    count: int = 0
    missing: dict[str, None] = field(default_factory=dict)
    _found: dict[str, str | None] = field(default_factory=dict)

    def put_in(self, player: re.Match[str]) -> str:
        """Return a player's beginning with its sound inside, or as it is if there is none."""
        name = unquote(unescape(player[2])).removeprefix(f"{LINK_FOLDER}/")
        if name not in self._found:
            self._found[name] = self._address(name)
        address = self._found[name]
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
                except soundfile.SoundFileError:  # damaged: the store may have it whole
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
