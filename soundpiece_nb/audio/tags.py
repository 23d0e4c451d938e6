"""The tags of an exported take: its title, time, route, prompt, lyrics and key.

Only copies that a person asked for are tagged; the store keeps the service's files byte for byte.
Tags are separate from the audio, so a tagged FLAC has the same samples and the same MD5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from mutagen.id3 import ID3

_KEY, _TAKE = "SOUNDPIECE_KEY", "SOUNDPIECE_TAKE"


class Identity(NamedTuple):
    """The take that a file holds: its operation's idempotency key, and its number from 1."""

    key: str
    take: int


@dataclass(frozen=True, kw_only=True)
class Story:
    """The content of a take's tags; `made_at` is in UTC, absent text is None."""

    identity: Identity
    title: str
    made_at: datetime
    route: str
    operation_id: str | None
    prompt: str | None
    lyrics: str | None

    @property
    def marks(self) -> dict[str, str]:
        """The tags of this package's own names."""
        marks = {
            "SOUNDPIECE_ROUTE": self.route,
            _KEY: self.identity.key,
            _TAKE: str(self.identity.take),
            "SOUNDPIECE_OPERATION": self.operation_id,
        }
        return {name: text for name, text in marks.items() if text is not None}


def write_tags(file: Path, ending: str, story: Story) -> None:
    """Write a story into a file of this ending: `.flac`, `.wav` or `.mp3`.

    Raises mutagen.MutagenError or OSError.
    """
    match ending:
        case ".flac":
            _write_comments(file, story)
        case ".wav":
            from mutagen.wave import WAVE

            wave: Any = WAVE(file)
            wave.add_tags()
            _fill(wave.tags, story)
            wave.save()
        case ".mp3":
            from mutagen.id3 import ID3

            frames = ID3()
            _fill(frames, story)
            frames.save(file)


def read_identity(file: Path) -> Identity | None:
    """Return the take that a file's tags name; None without such tags."""
    import mutagen

    try:
        found: Any = mutagen.File(file)
        tags: Any = {} if found is None else found.tags or {}
        key, take = (tags.get(name) or tags.get(f"TXXX:{name}") for name in (_KEY, _TAKE))
        return Identity(str(key[0]), int(take[0]))
    except (mutagen.MutagenError, OSError, TypeError, ValueError):
        return None


def _write_comments(file: Path, story: Story) -> None:
    """Write Vorbis comments; the prompt twice, as players show either as the description.

    The service's own comment stays, as a second one.
    """
    from mutagen.flac import FLAC

    flac: Any = FLAC(file)
    flac["TITLE"] = story.title
    flac["DATE"] = f"{story.made_at:%Y-%m-%dT%H:%M:%SZ}"
    if story.prompt is not None:
        flac["DESCRIPTION"] = story.prompt
        flac["COMMENT"] = [story.prompt, *flac.get("COMMENT", [])]
    if story.lyrics is not None:
        flac["LYRICS"] = story.lyrics
    for name, text in story.marks.items():
        flac[name] = text
    flac.save()


def _fill(frames: ID3, story: Story) -> None:
    """Add ID3 frames, version 2.4, whose times are in UTC by definition."""
    from mutagen import id3

    utf8 = id3.Encoding.UTF8
    unknown = {"encoding": utf8, "lang": "und", "desc": ""}
    frames.add(id3.TIT2(encoding=utf8, text=_without_nul(story.title)))
    frames.add(id3.TDRC(encoding=utf8, text=f"{story.made_at:%Y-%m-%dT%H:%M:%S}"))
    if story.prompt is not None:
        frames.add(id3.COMM(**unknown, text=_without_nul(story.prompt)))
    if story.lyrics is not None:
        frames.add(id3.USLT(**unknown, text=_without_nul(story.lyrics)))
    for name, text in story.marks.items():
        frames.add(id3.TXXX(encoding=utf8, desc=name, text=_without_nul(text)))


def _without_nul(text: str) -> str:
    """Return text without NUL, which ends a text in ID3."""
    return text.replace("\0", "")
