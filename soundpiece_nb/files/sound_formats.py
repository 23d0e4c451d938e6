"""Formats of sound files, told by their first bytes: a name says nothing about what is inside.

The bytes are those that https://mimesniff.spec.whatwg.org and the formats themselves name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

HEAD = 12
"""Bytes by which a format is told."""


class SoundFormat(NamedTuple):
    """A format's usual ending, its media type, and the check of a file's first bytes."""

    ending: str
    media_type: str
    matches: Callable[[bytes], bool]


def begins(*magic: bytes) -> Callable[[bytes], bool]:
    """Return the check of a format whose files begin with one of these bytes."""
    return lambda head: head.startswith(magic)


def riff(form: bytes) -> Callable[[bytes], bool]:
    """Return the check of a form of RIFF, such as `WAVE`."""
    return lambda head: head[:4] == b"RIFF" and head[8:12] == form


def mp4(*brands: bytes) -> Callable[[bytes], bool]:
    """Return the check of an MP4 file of one of these brands."""
    return lambda head: head[4:8] == b"ftyp" and head[8:12] in brands


def _is_mp3(head: bytes) -> bool:
    """Tell whether a file begins with ID3v2 tags, or with the header of an MPEG layer III frame."""
    tagged = head[:3] == b"ID3" and head[3:4] in {b"\2", b"\3", b"\4"}
    return tagged or (head[:1] == b"\xff" and head[1:2] in {b"\xfb", b"\xfa", b"\xf3", b"\xf2"})


FLAC = SoundFormat(".flac", "audio/flac", begins(b"fLaC"))
WAV = SoundFormat(".wav", "audio/wav", riff(b"WAVE"))
MP3 = SoundFormat(".mp3", "audio/mpeg", _is_mp3)
OGG = SoundFormat(".ogg", "audio/ogg", begins(b"OggS"))
M4A = SoundFormat(
    ".m4a", "audio/mp4", mp4(b"M4A ", b"M4B ", b"mp42", b"mp41", b"isom", b"iso2", b"dash")
)

FORMATS = (FLAC, WAV, MP3, OGG, M4A)

NAMES = "FLAC, WAV, MP3, OGG or M4A"


def format_of(head: bytes) -> SoundFormat | None:
    """Return the format of a file by its first bytes; None where it is none of these."""
    return next((each for each in FORMATS if each.matches(head)), None)


def media_type_of(ending: str) -> str:
    """Return the media type of files with this ending."""
    return next((each.media_type for each in FORMATS if each.ending == ending), "audio/mpeg")
