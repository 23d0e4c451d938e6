"""What these tests keep: an operation with its take, and the secret of webhooks."""

from __future__ import annotations

import base64
from pathlib import Path

from soundpiece_nb.api.answer import OutputLink
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.audio.verification import verify
from soundpiece_nb.journal.journal import Journal
from support.services import tone

KEY = "550e8400-e29b-41d4-a716-446655440000"
SECRET = "whsec_" + base64.b64encode(b"a secret of the tests, long enough").decode()


def keep_take(home: Path, key: str, seconds: float = 2.0) -> Path:
    """Write an operation with one take down, and its file, as a kernel does; return the file."""
    journal = Journal(home)
    try:
        request = new_request(find_route("fx"), {"prompt": "rain"}, key)
        journal.record(request, service="sandbox")
        journal.accepted(key, f"op_{key[:8]}")
        journal.ready(key, [OutputLink("https://cdn.example/secret", None, seconds, None)])
        path = home / "audio" / key / "1.flac"
        path.parent.mkdir(parents=True)
        path.write_bytes(tone(seconds))
        journal.stored(key, 1, verify(path), path)
        journal.release([key])
    finally:
        journal.close()
    return path
