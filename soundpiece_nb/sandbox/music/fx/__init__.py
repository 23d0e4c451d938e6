"""Sound effects: kinds as data, over a few well-made strokes, hisses and tunes."""

from .make import KINDS, make_fx

__all__ = ["KINDS", "make_fx"]
