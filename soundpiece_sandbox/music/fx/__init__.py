"""Sound effects: kinds as data, made of noise bands, swept tones and struck objects."""

from soundpiece_sandbox.music.fx.effect import KINDS, make_fx

__all__ = ["KINDS", "make_fx"]
