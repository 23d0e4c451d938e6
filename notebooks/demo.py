"""`make demo`: runs the quickstart without a screen and says what it made.

Everything happens below `build/`: the home folder, the executed notebook and a page with working
players.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
HOME = BUILD / "demo-home"


def main() -> int:
    """Execute, export, report; returns 1 where no verified file came of it."""
    options = argparse.ArgumentParser(description="Runs the quickstart without a screen.")
    help_ = "when the command began, in seconds since 1970: an installation counts too"
    options.add_argument("--began", type=float, default=time.time(), help=help_)
    began = options.parse_args().began
    shutil.rmtree(HOME, ignore_errors=True)
    BUILD.mkdir(exist_ok=True)
    os.environ["SOUNDPIECE_HOME"] = str(HOME)
    try:
        execute(ROOT / "notebooks" / "quickstart.ipynb", BUILD / "quickstart.ipynb", began)
        page = export(BUILD / "quickstart.ipynb")
        files = report()
    finally:
        stop_sandbox()
    print(f"\nListen: open {page.relative_to(ROOT)} in a browser.")
    print(f"Took {time.time() - began:.0f} s.")
    return 0 if files else 1


def execute(source: Path, target: Path, began: float) -> None:
    """Run a notebook from top to bottom, as CI or a batch job would; tells of its first song."""
    import nbformat
    from nbclient import NotebookClient

    print(f"Running {source.relative_to(ROOT)} against the sandbox …", flush=True)
    notebook = nbformat.read(source, as_version=4)
    context = {"metadata": {"path": str(BUILD)}}
    quiet = ["--log-level=ERROR"]  # of ipykernel, which warns of things that are not news here
    client = NotebookClient(
        notebook,
        timeout=150,
        kernel_name="python3",
        resources=context,
        extra_arguments=quiet,
        on_cell_executed=FirstSong(began).look,
    )
    client.execute()
    nbformat.write(notebook, target)


class FirstSong:
    """Says, once, where the first verified song is and how long it took to be there."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._told = False

    def look(self, **_: object) -> None:
        """Look for it, after each cell."""
        takes = sorted((HOME / "audio").rglob("*.flac")) if not self._told else []
        if takes:
            self._told = True
            took = time.time() - self._began
            print(f"The first song, {took:.0f} s after this began: {takes[0].relative_to(ROOT)}")


def export(notebook: Path) -> Path:
    """Write a page that plays without Jupyter."""
    from nbconvert import HTMLExporter

    html, _ = HTMLExporter().from_filename(str(notebook))
    page = notebook.with_suffix(".html")
    page.write_text(html, encoding="utf-8")
    return page


def report() -> list[str]:
    """Print the history and each file, verified once more; returns the files."""
    import soundpiece_nb as sp
    from soundpiece_nb.audio.verification import verify

    history = sp.history()
    shown = history[["name", "status", "duration", "elapsed", "polls", "prompt"]].copy()
    shown["elapsed"] = shown["elapsed"].dt.round("s")
    print("\n" + shown.to_string(max_colwidth=40) + "\n")
    files = [file for row in history["files"] for file in row]
    for file in files:
        take = verify(Path(file))
        print(f"verified  {take.duration:5.1f} s  {Path(file).relative_to(ROOT)}")
    return files


def stop_sandbox() -> None:
    """End the sandbox that the notebook started."""
    from soundpiece_nb.operations.embedded_sandbox import EmbeddedSandbox

    EmbeddedSandbox(HOME).stop()


if __name__ == "__main__":
    sys.exit(main())
