"""The basis for a remix: the tempo, key and chords of its source, which the new piece keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, islice, repeat

from soundpiece_sandbox.music.harmony import Chord, Key
from soundpiece_sandbox.music.seeded_random import SeededRandom
from soundpiece_sandbox.music.song_form import Form, Part, SectionOutline
from soundpiece_sandbox.music.style import Style
from soundpiece_sandbox.music.styles import STYLES

_SUITED = 8  # styles that a remix may have


@dataclass(frozen=True)
class RemixBasis:
    """The parts of a source that a remix keeps: tempo, key, and the chords of each bar."""

    tempo: float  # beats per minute
    key: Key
    chords: tuple[Chord, ...]  # two a bar, from the first bar
    first_beat: float  # seconds at which the first bar begins
    bars: int
    sections: tuple[SectionOutline, ...] = ()  # empty where unknown
    style: str = ""  # of the source, which a remix does not use

    def chords_for(self, form: Form) -> tuple[Chord, ...]:
        """Return the chords, two per bar, for the form of a remix.

        A section takes the chords of the source's section of its kind, repeated if it is longer.
        If the source's sections are unknown, the remix follows the source from its first bar and
        ends on the tonic chord.
        """
        chords: list[Chord] = []
        for part in form.parts:
            chords += islice(chain.from_iterable(repeat(self._section_chords(part))), 2 * part.bars)
        return tuple(chords)

    def _section_chords(self, part: Part) -> Sequence[Chord]:
        if not self.sections:
            if part.kind == "ending":
                return (self.key.tonic_chord,)
            start = 2 * part.first_bar % len(self.chords)
            return (*self.chords[start:], *self.chords[:start])
        edges = [0, *accumulate(section.bars for section in self.sections)]
        alike = [index for index, each in enumerate(self.sections) if each.kind == part.kind]
        longest = max(range(len(self.sections)), key=lambda index: self.sections[index].bars)
        index = alike[part.occurrence % len(alike)] if alike else longest
        return self.chords[2 * edges[index] : 2 * edges[index + 1]]


def remix_style(basis: RemixBasis, random: SeededRandom) -> Style:
    """Return a style other than the source's that suits its tempo; each variation gets its own."""
    others = [style for style in STYLES if style.name != basis.style]
    suited = sorted(others, key=lambda style: style.octaves_outside(basis.tempo))[:_SUITED]
    order = random.request_stream("remix").permutation(len(suited))
    return suited[int(order[random.variation % len(suited)])]
