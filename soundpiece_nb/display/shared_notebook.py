"""A notebook as it may be shared: without what tells of the machine that it was made on.

What a person wrote keeps every word but paths, and names of files; printed lines, tracebacks and
metadata lose the user's name wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from soundpiece_nb.files.machine_traces import MachineTraces

_TEXTUAL = re.compile(
    r"text/.*|image/svg\+xml|application/(json|javascript|xml|x-.*)|.*\+(json|xml)"
)
_MEDIA_TYPE = re.compile(r"(text|image|audio|video|application)/[\w.+-]+")
_WHOLE_PATH = re.compile(r"(?:[A-Za-z]:|file://)?[/\\][^\n]*[/\\]([^/\\\n]*)")
_OUR_OWN = "soundpiece-"
"""In the HTML of outputs that show prompts and lyrics, which are a person's words."""
_ANYBODYS_KERNEL = {
    "display_name": "Python 3 (ipykernel)",
    "language": "python",
    "name": "python3",
}
"""Jupyter's usual one; a person's own may be called after them, and is on no other machine."""
_WRITTEN = ("source", "attachments")

Change = Callable[[str], str]


def remove_traces(content: Any, traces: MachineTraces) -> None:
    """Take the traces of this machine out of a notebook of format 4, in place."""
    of_words = partial(traces.remove, names=False)
    of_metadata = partial(_remove_from_metadata, traces)
    for cell in content.get("cells", []):
        for name in _WRITTEN:
            if name in cell:
                cell[name] = _changed(cell[name], of_words)
        for output in cell.get("outputs", []):
            _change_output(output, traces)
        if "metadata" in cell:
            cell["metadata"] = _changed(cell["metadata"], of_metadata)
    metadata = content.get("metadata", {})
    for name in list(metadata):
        change = of_words if name == "widgets" else of_metadata
        metadata[traces.remove(name)] = _changed(metadata.pop(name), change)
    language = (metadata.get("kernelspec") or {}).get("language", "python")
    if "kernelspec" in metadata and language == _ANYBODYS_KERNEL["language"]:
        metadata["kernelspec"] = dict(_ANYBODYS_KERNEL)


def _change_output(output: dict[str, Any], traces: MachineTraces) -> None:
    data = output.get("data") or {}
    ours = _OUR_OWN in str(data.get("text/html", ""))
    for name in [name for name in output if name not in {"data", "output_type"}]:
        output[name] = _changed(output[name], traces.remove)
    if data:
        output["data"] = _changed(data, partial(traces.remove, names=not ours))


def _remove_from_metadata(traces: MachineTraces, text: str) -> str:
    """Return a text of metadata: of one that is a path and nothing else, only its last part."""
    whole = _WHOLE_PATH.fullmatch(text)
    return traces.remove(whole[1] if whole else text)


def _changed(value: Any, change: Change) -> Any:
    """Return a JSON value with its texts and names changed, but for what is no text."""
    match value:
        case str():
            return change(value)
        case list():
            return [_changed(each, change) for each in value]
        case dict():
            if value.get("encoding") == "base64":  # of a widget's buffers
                return value
            return {
                change(name): each if _is_binary(name) else _changed(each, change)
                for name, each in value.items()
            }
    return value


def _is_binary(name: str) -> bool:
    """Tell whether a name is the media type of what is no text."""
    return bool(_MEDIA_TYPE.fullmatch(name)) and not _TEXTUAL.fullmatch(name)
