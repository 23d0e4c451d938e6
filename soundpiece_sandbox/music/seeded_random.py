"""Chance that repeats: every random choice of a song, derived from its words."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SeededRandom:
    """A family of independent random streams, the same in any process on any day."""

    lyrics: str
    prompt: str
    variation: int
    seed: str

    def stream(self, *names: object) -> np.random.Generator:
        """Return the stream called `names`; asking again starts the same stream afresh.

        A purpose owns its stream, so a choice added to one never disturbs another.
        """
        return _stream(self.lyrics, self.prompt, self.variation, self.seed, *names)

    def request_stream(self, *names: object) -> np.random.Generator:
        """Return a stream that all variations of one request share."""
        return _stream(self.prompt, self.seed, *names)


def _stream(*names: object) -> np.random.Generator:
    text = "\x1f".join(str(name) for name in names)
    # Lone surrogates are legal in a str, and a newcomer may paste anything.
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))
