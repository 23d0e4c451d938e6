"""Musical form: the lyrics' sections laid out in bars, with an intro and an ending."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from soundpiece_sandbox.music.lyrics import Line, Section
from soundpiece_sandbox.music.score import BEATS

LONGEST = 240.0  # seconds
LEAD_IN = 0.06  # seconds of silence before the first beat
RING = 2.4  # seconds that the last chord rings after its bar

_LINE = 4.0  # usual seconds of a sung line
_SHORT = 56.0  # seconds below which a song gets an outro
_FASTEST_SINGING = 4.0  # syllables a second
_FEW = 4  # lines
_ENERGY = {
    "intro": 0.45,
    "verse": 0.6,
    "prechorus": 0.75,
    "chorus": 1.0,
    "bridge": 0.65,
    "instrumental": 0.9,
    "outro": 0.5,
    "ending": 0.5,
}


@dataclass(frozen=True)
class Phrase:
    """A sung line and its bars."""

    line: Line
    first_bar: int
    bars: int


@dataclass(frozen=True)
class Part:
    """A section and its bars; `energy` is from 0 (sparse) to 1 (everything plays)."""

    kind: str
    occurrence: int  # 0 for the first verse, 1 for the second
    first_bar: int
    bars: int
    energy: float
    phrases: tuple[Phrase, ...] = ()

    @property
    def loudness(self) -> float:
        """The strength with which the instruments play here, up to 1."""
        return 0.35 + 0.65 * self.energy


@dataclass(frozen=True)
class SectionOutline:
    """A section's kind and its number of bars."""

    kind: str
    bars: int


@dataclass(frozen=True)
class Form:
    """A whole piece laid out in bars of four beats."""

    parts: tuple[Part, ...]
    tempo: float

    @property
    def bars(self) -> int:
        """The number of bars, including the ending's."""
        return self.parts[-1].first_bar + self.parts[-1].bars

    @property
    def between_lines(self) -> Form:
        """The parts without sung lines, at their places."""
        return Form(tuple(part for part in self.parts if not part.phrases), self.tempo)

    @property
    def section_outlines(self) -> tuple[SectionOutline, ...]:
        """The kind and the number of bars of each section."""
        return tuple(SectionOutline(part.kind, part.bars) for part in self.parts)

    @property
    def last_chord(self) -> float:
        """The beats for which the last chord is held, past its bar."""
        return self.parts[-1].bars * BEATS + (RING - 0.2) * self.tempo / 60.0

    @property
    def seconds(self) -> float:
        """The seconds from the lead-in to the end of the last chord."""
        return LEAD_IN + self.bars * BEATS * 60.0 / self.tempo + RING


def lay_out(sections: tuple[Section, ...], tempo: float) -> Form:
    """Return the form of a piece; it is never empty and never longer than `LONGEST` seconds."""
    bar = BEATS * 60.0 / tempo
    ending = ending_bars(bar)
    room = int((LONGEST - LEAD_IN - RING) / bar) - ending
    parts: list[Part] = []
    seen: Counter[str] = Counter()

    def add(kind: str, bars: int, lines: tuple[Line, ...] = ()) -> None:
        first = parts[-1].first_bar + parts[-1].bars if parts else 0
        if lines:
            phrases = _phrases(lines, first, bar, room)
            bars = sum(phrase.bars for phrase in phrases)
        else:
            phrases = ()
            bars = min(bars, room - first)
        if bars > 0:
            parts.append(Part(kind, seen[kind], first, bars, energy_of(kind, seen[kind]), phrases))
            seen[kind] += 1

    count = sum(len(section.lines) for section in sections)
    if not sections or sections[0].kind != "intro":
        add("intro", bars_for(3.0 if count <= _FEW else 6.0, bar))
    for section in sections:
        add(section.kind, bars_for(8.0, bar), section.lines)
    if not sections:
        add("instrumental", bars_for(16.0, bar))
    if count > _FEW and (parts[-1].first_bar + parts[-1].bars) * bar < _SHORT:
        add("outro", bars_for(6.0, bar))
    first = parts[-1].first_bar + parts[-1].bars
    parts.append(Part("ending", 0, first, ending, energy_of("ending", 0)))
    return Form(tuple(parts), tempo)


def energy_of(kind: str, occurrence: int) -> float:
    """Return the energy of a section, 0 to 1: a little more at each occurrence."""
    return min(_ENERGY[kind] + 0.06 * occurrence, 1.0)


def ending_bars(bar: float) -> int:
    """Return the number of bars of `bar` seconds in the ending."""
    return bars_for(2.5, bar)


def bars_for(seconds: float, bar: float) -> int:
    """Return the number of bars, a power of two, that is nearest to `seconds`."""
    return min((1, 2, 4, 8, 16), key=lambda bars: max(bars * bar / seconds, seconds / (bars * bar)))


def line_bars(bar: float) -> int:
    """Return the usual number of bars of `bar` seconds for a line."""
    return min(bars_for(_LINE, bar), 4)


def _phrases(lines: tuple[Line, ...], first_bar: int, bar: float, room: int) -> tuple[Phrase, ...]:
    usual = line_bars(bar)
    phrases: list[Phrase] = []
    for line in lines:
        bars = usual
        while len(line.syllables) > _FASTEST_SINGING * bars * bar:
            bars += usual
        if first_bar + bars > room:
            break
        phrases.append(Phrase(line, first_bar, bars))
        first_bar += bars
    return tuple(phrases)
