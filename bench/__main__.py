"""Runs every benchmark and prints one table: `python -m bench`, or `make bench`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from bench.parts import PARTS, SMALL, Extent
from bench.table import Row, circumstances, table


def measured(part: Callable[[Extent], list[Row]], extent: Extent) -> list[Row]:
    """Return a part's rows, measured in a process that nothing else was done in."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(part, extent).result()


def main() -> None:
    """Measure what is asked for and print it."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    names = [part.__name__ for part in PARTS]
    options.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(names)}; else all"
    )
    options.add_argument("--small", action="store_true", help="only see that it works")
    chosen = options.parse_args()
    rows: list[Row] = []
    for part in PARTS:
        if part.__name__ in (chosen.parts or names):
            print(f"{part.__name__} …", file=sys.stderr, flush=True)
            rows += measured(part, SMALL if chosen.small else Extent())
    print(circumstances(), *table(rows), sep="\n")


if __name__ == "__main__":
    main()
