"""What an operation is about, in one line: its prompt, or what it was made from."""

from __future__ import annotations

from soundpiece_nb.api.output_ref import read_earlier
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.text import short


def subject(entry: Entry) -> str:
    """Return the prompt, else the reference or source: its address, or which take it is."""
    fields = entry.fields
    text = str(fields.get("prompt") or fields.get("reference") or fields.get("source") or "")
    earlier = read_earlier(text)
    return f"from take {earlier.take} of {short(earlier.key)}" if earlier else text
