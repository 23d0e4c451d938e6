"""Seeded random numbers: every random choice of a piece is derived from its request."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SeededRandom:
    """Independent random streams, the same in every process for the same request."""

    lyrics: str
    prompt: str
    variation: int
    seed: str

    def stream(self, *names: object) -> np.random.Generator:
        """Return the stream called `names`, from its beginning.

        Each purpose has its own stream, so that a choice added to one does not change another.
        """
        return _stream(self.lyrics, self.prompt, self.variation, self.seed, *names)

    def request_stream(self, *names: object) -> np.random.Generator:
        """Return a stream that all variations of one request share."""
        return _stream(self.prompt, self.seed, *names)


def _stream(*names: object) -> np.random.Generator:
    text = "\x1f".join(str(name) for name in names)
    # A str may contain lone surrogates, which plain UTF-8 cannot encode.
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))
