"""Sound effects: kinds as data, over a few well-made strokes, hisses and tunes."""

from soundpiece_sandbox.music.fx.effect import KINDS, make_fx

__all__ = ["KINDS", "make_fx"]
