"""Export of a take as a person's own file: tagged, in the format of its ending, written whole."""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
import stat
from functools import partial
from pathlib import Path

from soundpiece_nb.files.naming import numbered
from soundpiece_nb.files.paths import make_folder
from soundpiece_nb.files.writing import write_new, written_beside

from .decoding import opened
from .preview import encode
from .tags import Story, read_identity, write_tags

ENDINGS = (".flac", ".wav", ".mp3")

MP3_BIT_RATE = 256
"""kbit/s, constant: players tell the length and seek without an index."""

MP3_QUALITY = 2
"""The setting that LAME recommends where encoding time does not matter."""


def write_copy(source: Path, target: Path, story: Story) -> Path:
    """Write a stored FLAC file as `target`, in the format of its ending, with its story as tags.

    FLAC and WAV hold identical samples. Takes processor time: call it off the main thread.
    Raises OSError, as CannotDecode where the source cannot be decoded, or MP3 cannot hold it.
    """
    make_folder(target.parent)
    with written_beside(target) as unfinished:
        _write(source, story, target.suffix.lower(), unfinished)
    return target


def write_into(folder: Path, name: str, source: Path, story: Story) -> Path:
    """Write a copy into a folder like `write_copy`, under the first name that is free or its own.

    Returns its path. Two processes at once never overwrite each other's takes.
    """
    target = make_folder(folder) / name
    write = partial(_write, source, story, target.suffix.lower())
    return write_new(target, write, partial(_holds, source, story))


def find_place(folder: Path, name: str, source: Path, story: Story) -> Path:
    """Return the path for a take in a folder: `name`, numbered where another file has it.

    If a file exists at this path, it holds this very take.
    """
    return next(
        path
        for path in numbered(folder / name)
        if not os.path.lexists(path) or _holds(source, story, path)
    )


def _write(source: Path, story: Story, ending: str, target: Path) -> None:
    import mutagen
    import soundfile

    try:
        match ending:
            case ".flac":
                shutil.copyfile(source, target)
            case ".wav":
                _write_wav(source, target)
            case ".mp3":
                encode(source, target, bit_rate=MP3_BIT_RATE, quality=MP3_QUALITY)
        write_tags(target, ending, story)
    except (mutagen.MutagenError, soundfile.SoundFileError) as error:
        raise OSError(errno.EIO, str(error)) from None


def _holds(source: Path, story: Story, path: Path) -> bool:
    """Tell whether a regular file holds a take, by its tags, or by its bytes if it has none."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):  # a link, or a pipe that would never end
            return False
        identity = read_identity(path)
        if identity is not None:
            return identity == story.identity
        return filecmp.cmp(path, source, shallow=False)
    except OSError:
        return False


def _write_wav(source: Path, target: Path) -> None:
    import soundfile

    with opened(source) as sound:
        form = {
            "samplerate": sound.sample_rate,
            "channels": sound.channels,
            "format": "WAV",
            "subtype": next(form for bits, form in _WAV_FORMS if sound.bits <= bits),
        }
        with soundfile.SoundFile(target, "w", **form) as wave:
            for block in sound.blocks():
                wave.write(block)


_WAV_FORMS = ((8, "PCM_U8"), (16, "PCM_16"), (24, "PCM_24"), (32, "PCM_32"))
"""Sample formats by the bits that they hold; those of one byte are unsigned in WAV."""
