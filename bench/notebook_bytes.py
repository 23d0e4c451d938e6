"""What a finished take takes of a notebook, linked and embedded, beside `IPython.display.Audio`.

    python -m bench.notebook_bytes

The take is a song of the sandbox. A linked one leaves its file beside the notebook, an embedded one
has a preview inside; `IPython.display.Audio` puts the file itself into the notebook.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

LINES = 17
"""Lines of lyrics, which make a song of about 90 s."""


@dataclass(frozen=True)
class Sizes:
    """Bytes of a notebook for a take of so many seconds, whose file is of so many bytes."""

    seconds: float
    file: int
    linked: int
    embedded: int
    plain: int


def measure(lines: int = LINES) -> Sizes:
    """Make a song of so many lines and show its takes; closes this process's session."""
    from IPython.display import Audio

    import soundpiece_nb as sp
    from soundpiece_nb.display.finished_output import compose
    from soundpiece_nb.display.sound_source import Holding, Place
    from soundpiece_nb.operations.current_session import current

    with tempfile.TemporaryDirectory() as folder:
        os.environ["SOUNDPIECE_HOME"] = str(Path(folder, "home"))
        session = current()
        session.sandbox.start(pace=0)
        session.services.uses_sandbox = True
        try:
            lyrics = "\n".join(["[Verse]", *["I have been driving all night"] * lines])
            song = sp.song(lyrics, prompt="Synthwave, melancholic").result(300)
            home, takes = session.home, song.entry.takes
            files = [str(home / (take.path or "")) for take in takes]
            shown = {
                holding: compose(song.entry, Place(home, Path(folder), holding))
                for holding in (Holding.LINK, Holding.EMBED)
            }
            plain = [Audio(filename=file, embed=True)._repr_html_() for file in files]
            return Sizes(
                seconds=sum(take.duration or 0.0 for take in takes) / len(takes),
                file=sum(Path(file).stat().st_size for file in files) // len(files),
                linked=_size(shown[Holding.LINK].html) // len(takes),
                embedded=_size(shown[Holding.EMBED].html) // len(takes),
                plain=sum(map(_size, plain)) // len(takes),
            )
        finally:
            session.sandbox.stop()
            current.close()


def _size(html: str) -> int:
    """Return the bytes of an output as a notebook has it."""
    return len(json.dumps({"text/html": html}))


def main() -> None:
    """Run it and print what was measured."""
    found = measure()
    print(f"a take of {found.seconds:.0f} s of stereo, {found.file / 1e6:.1f} MB as FLAC; kB each:")
    print(f"  linked                {found.linked / 1e3:10,.1f}")
    print(f"  with a preview inside {found.embedded / 1e3:10,.1f}")
    print(f"  IPython.display.Audio {found.plain / 1e3:10,.1f}")


if __name__ == "__main__":
    main()
