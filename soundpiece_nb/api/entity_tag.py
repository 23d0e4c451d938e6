"""Entity tags: which of a server's name exact bytes and can be sent back to it."""

from __future__ import annotations

import re

_STRONG = re.compile(r'"[!#-~]{0,254}"')
"""A strong entity tag (RFC 9110, section 8.8.3) in ASCII."""


def strong_etag(value: str | None) -> str | None:
    """Return an entity tag that names exact bytes and can be sent back; None for anything else."""
    return value if value is not None and _STRONG.fullmatch(value) else None
