"""Sound effects: kinds as data, made of noise bands, swept tones and struck objects."""

from soundpiece_sandbox.music.fx.effect_from_prompt import KINDS, make_fx

__all__ = ["KINDS", "make_fx"]
