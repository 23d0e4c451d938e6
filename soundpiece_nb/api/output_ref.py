"""A reference to an output of an earlier operation, as a request names it until it is sent.

A signed URL is a secret and soon expires. A request that is made from another output therefore
says which one, `soundpiece:<idempotency key>:<take>`, and that is what is kept of it; the address
is fetched fresh at the moment of sending.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_WRITTEN = re.compile(r"soundpiece:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([1-9]\d{0,3})")


@dataclass(frozen=True)
class OutputRef:
    """Take `take` (from 1) of the operation with this idempotency key."""

    key: str
    take: int

    def __str__(self) -> str:
        return f"soundpiece:{self.key}:{self.take}"


def parse_output_ref(text: object) -> OutputRef | None:
    """Read a reference as it is written; None for anything else."""
    match = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    return OutputRef(match[1], int(match[2])) if match else None


def ref_within(value: object) -> OutputRef | None:
    """Read a reference as it is written, or as the `url` of a link with more than that."""
    return parse_output_ref(value.get("url") if isinstance(value, dict) else value)
