"""The features of a reference sound, and the choice of a style that is close to them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from soundpiece_sandbox.music.seeded_random import SeededRandom
from soundpiece_sandbox.music.style import Style
from soundpiece_sandbox.music.styles import STYLES

# The brightness of each style's own songs in Hz, measured: the median of several.
_BRIGHTNESS = {
    "pop": 3100.0, "rock": 3800.0, "punk": 4000.0, "metal": 3300.0, "blues": 3700.0,
    "jazz": 4500.0, "bossa nova": 2400.0, "ambient": 1300.0, "synthwave": 3900.0,
    "lo-fi": 2700.0, "hip hop": 3000.0, "orchestral": 1700.0, "techno": 3000.0,
    "house": 3400.0, "folk": 2600.0,
}  # fmt: skip
_SUITED = 4  # styles that the seed chooses from


@dataclass(frozen=True)
class ReferenceFeatures:
    """The features of a reference sound that a new piece follows."""

    tempo: float  # beats per minute
    brightness: float  # Hz, as `brightness.brightness_of` measures it


def style_like(reference: ReferenceFeatures, random: SeededRandom) -> Style:
    """Return one of the four styles that are nearest to a reference in brightness and tempo."""

    def distance(style: Style) -> float:
        apart = abs(math.log2(reference.brightness / _BRIGHTNESS[style.name]))
        return apart + 0.7 * style.octaves_outside(reference.tempo)

    suited = sorted(STYLES, key=distance)[:_SUITED]
    return suited[int(random.request_stream("guided").integers(len(suited)))]
