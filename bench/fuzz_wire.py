"""A service gone mad, for as long as one likes: every answer is wrong in a way of its own.

python bench/fuzz_wire.py --minutes 10 --seed 1
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

MOST_GROWTH, MOST_SECONDS = 200e6, 5.0


def main() -> None:
    """Fuzz, print what was measured, and end badly where a bound is not kept."""
    from support.wire_fuzz import fuzz  # type: ignore[import-not-found]

    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = fuzz(given.minutes * 60, given.seed, Path(folder) / "home")
    print(done)
    print(f"answers: {dict(done.answers)}")
    if done.grown > MOST_GROWTH or max(done.healthy) > MOST_SECONDS:
        raise SystemExit("A bound was not kept.")


if __name__ == "__main__":
    main()
