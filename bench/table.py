"""The one table of all benchmarks, and what it says about the machine and the day."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Row:
    """One figure of this project, and what it is held against in the same run."""

    what: str
    ours: str
    beside: str = ""
    """The same by others."""
    limit: str = ""
    """What cannot be undercut."""
    asked: str = ""
    """What the figure has to be."""


HEAD = Row("", "this project", "others", "the limit", "asked for")


def table(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield _line(HEAD)
    yield _line(Row(*["---"] * 5))
    yield from map(_line, rows)


def _line(row: Row) -> str:
    return f"| {' | '.join(astuple(row))} |"


def circumstances() -> str:
    """Say on which machine, with what, and when."""
    import pandas as pd

    today = datetime.now(UTC).date()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    system = f"{platform.system()} {platform.machine()}"
    return (
        f"{os.cpu_count()} cores of {_processor()}, {system}; {python}, pandas {pd.__version__}; "
        f"{today}, commit {_commit()}."
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    """Name the commit that is checked out, and say if files differ from it."""
    command = ["git", "describe", "--always", "--dirty= with changes", "--exclude=*"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    return said.stdout.strip() or "unknown"
