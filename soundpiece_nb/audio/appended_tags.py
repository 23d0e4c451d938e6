"""Tags that players and taggers append to FLAC files: ID3v1, APEv2, Lyrics3 and ID3v2.4."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from .flac_metadata import id3_size


def sound_ends(file: BinaryIO, size: int) -> list[int]:
    """Return the positions at which the sound of a file of `size` bytes may end.

    They are the file's end and the beginnings of the tags before it, each kind of them once.
    """
    ends = [size]
    kinds = list(_KINDS)
    while found := next(((kind, at) for kind in kinds if (at := kind(file, ends[-1]))), None):
        kinds.remove(found[0])
        ends.append(found[1])
    return ends


def _id3v1(file: BinaryIO, end: int) -> int:
    start = end - 128
    return start if _read(file, start, 3) == b"TAG" else 0


def _apev2(file: BinaryIO, end: int) -> int:
    footer = _read(file, end - 32, 32)
    if footer[:8] != _APE:
        return 0
    size, flags = (int.from_bytes(footer[at : at + 4], "little") for at in (12, 20))
    if size < len(footer):
        return 0
    if not flags & _APE_HAS_HEADER:
        return max(0, end - size)
    start = end - size - 32
    return start if _read(file, start, 8) == _APE else 0


def _lyrics3(file: BinaryIO, end: int) -> int:
    footer = _read(file, end - 15, 15)
    if footer[6:] != b"LYRICS200" or not footer[:6].isdigit():
        return 0
    start = end - 15 - int(footer[:6])
    return start if _read(file, start, 11) == b"LYRICSBEGIN" else 0


def _id3v2(file: BinaryIO, end: int) -> int:
    footer = _read(file, end - 10, 10)
    start = end - id3_size(footer)
    return start if footer[:3] == b"3DI" and _read(file, start, 3) == b"ID3" else 0


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    """Read bytes at a position; none where it is before the file's beginning."""
    if at < 0:
        return b""
    file.seek(at)
    return file.read(size)


_KINDS: tuple[Callable[[BinaryIO, int], int], ...] = (_id3v1, _apev2, _lyrics3, _id3v2)
"""Each returns where a tag that ends at a position begins; 0 where none does."""

_APE = b"APETAGEX"
_APE_HAS_HEADER = 1 << 31
