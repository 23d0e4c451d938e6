"""Operations recorded in a journal the way a session records them."""

from __future__ import annotations

from soundpiece_nb.api.answer import OutputLink
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.audio.verification import Take


def record(journal, key=None, *, name=None, tags=(), note=None, notebook=None, **fields):
    """Record a new song and return its key."""
    request = new_request(find_route("song"), {"lyrics": "la", "prompt": "jazz"} | fields, key)
    labels = {"name": name, "tags": tags, "note": note, "notebook": notebook}
    journal.record(request, service="sandbox", **labels)
    return request.key


def finish(journal, key, takes=2):
    """Record the end of an operation: takes of three seconds, whose files do not exist."""
    links = [OutputLink("https://cdn.example/secret", None, 3.0, None)] * takes
    journal.accepted(key, "op_" + key[:8])
    journal.ready(key, links)
    for number in range(1, takes + 1):
        path = journal.home / "audio" / key / f"{number}.flac"
        journal.stored(key, number, Take(132_300, 44_100, 2, "00", 9, b"\1\1"), path)
