"""What an operation is about, in one line: its prompt, or what it was made from."""

from __future__ import annotations

from soundpiece_nb.api.earlier import read_earlier
from soundpiece_nb.engine.explain import short
from soundpiece_nb.journal.entry import Entry


def subject(entry: Entry) -> str:
    """Return the prompt, else the reference or source: its address, or which take it is."""
    fields = entry.fields
    text = str(fields.get("prompt") or fields.get("reference") or fields.get("source") or "")
    earlier = read_earlier(text)
    return f"from take {earlier.take} of {short(earlier.key)}" if earlier else text
