"""An output of an earlier operation, as a request names it until it is sent.

A signed URL is a secret and soon expires. A request that is made from another output therefore
says which one, `soundpiece:<idempotency key>:<take>`, and that is what is kept of it; the address
is fetched fresh at the moment of sending.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

_WRITTEN = re.compile(r"soundpiece:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([1-9]\d{0,3})")


@dataclass(frozen=True)
class EarlierOutput:
    """Take `take` (from 1) of the operation with this idempotency key."""

    key: str
    take: int

    def __str__(self) -> str:
        return f"soundpiece:{self.key}:{self.take}"


def read_earlier(text: object) -> EarlierOutput | None:
    """Read an earlier output as it is written; None for anything else."""
    match = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    return EarlierOutput(match[1], int(match[2])) if match else None


def earlier_outputs(body: bytes) -> dict[str, EarlierOutput]:
    """Return the earlier outputs that a request's body names, by field."""
    found = {
        name: read_earlier(value.get("url"))
        for name, value in json.loads(body).items()
        if isinstance(value, dict)
    }
    return {name: earlier for name, earlier in found.items() if earlier is not None}


def addressed(body: bytes, urls: Mapping[EarlierOutput, str]) -> bytes:
    """Return the body to send: earlier outputs replaced by their addresses."""
    named = earlier_outputs(body)
    wire = json.loads(body)
    for name, earlier in named.items():
        wire[name] = {**wire[name], "url": urls[earlier]}
    return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode()
