"""Export of a take as a person's own file: tagged, in the format of its ending, written whole."""

from __future__ import annotations

import errno
import filecmp
import shutil
from pathlib import Path

from soundpiece_nb.files import numbered, written_beside

from .preview import BLOCK, encode
from .tags import Story, read_identity, write_tags

ENDINGS = (".flac", ".wav", ".mp3")

MP3_BIT_RATE = 256
"""kbit/s, constant: players tell the length and seek without an index."""

MP3_QUALITY = 2
"""The setting that LAME recommends where encoding time does not matter."""

_WAV_FORMS = {"PCM_S8": "PCM_U8"}
"""Samples of one byte are unsigned in WAV; the other sample formats have the same names."""


def write_copy(source: Path, target: Path, story: Story) -> Path:
    """Write a stored FLAC file as `target`, in the format of its ending, with its story as tags.

    FLAC and WAV hold identical samples. Takes processor time: call it off the main thread.
    Raises OSError, also where the source cannot be read.
    """
    import mutagen
    import soundfile

    ending = target.suffix.lower()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with written_beside(target) as partial:
            match ending:
                case ".flac":
                    shutil.copyfile(source, partial)
                case ".wav":
                    _write_wav(source, partial)
                case ".mp3":
                    encode(source, partial, bit_rate=MP3_BIT_RATE, quality=MP3_QUALITY)
            write_tags(partial, ending, story)
    except (mutagen.MutagenError, soundfile.SoundFileError) as error:
        raise OSError(errno.EIO, str(error)) from None
    return target


def find_place(folder: Path, name: str, source: Path, story: Story) -> Path:
    """Return the path for a take in a folder: `name`, numbered where another file has it.

    If a file exists at this path, it holds this very take.
    """
    return next(
        path for path in numbered(folder / name) if not path.exists() or _holds(path, source, story)
    )


def _holds(file: Path, source: Path, story: Story) -> bool:
    """Tell whether a file holds a take, by its tags, or byte for byte if it has none."""
    identity = read_identity(file)
    if identity is not None:
        return identity == story.identity
    return filecmp.cmp(file, source, shallow=False)


def _write_wav(source: Path, target: Path) -> None:
    import soundfile

    with soundfile.SoundFile(source) as sound:
        form = {
            "samplerate": sound.samplerate,
            "channels": sound.channels,
            "format": "WAV",
            "subtype": _WAV_FORMS.get(sound.subtype, sound.subtype),
        }
        with soundfile.SoundFile(target, "w", **form) as wave:
            for block in sound.blocks(blocksize=BLOCK, dtype="int32", always_2d=True):
                wave.write(block)
