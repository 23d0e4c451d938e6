"""A file of this machine as a source: it goes to the team's store, or is refused with the way out.

The service takes addresses only. Nothing is uploaded here: what is returned says which file is
meant, and the engine takes it to the store when the request is sent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.file_ref import FileRef
from soundpiece_nb.api.request import Request
from soundpiece_nb.api.sound_address import GUIDE, WAY_OUT
from soundpiece_nb.files.own_files import FOLDER, OwnFiles, read_own_file
from soundpiece_nb.files.path_text import expand_variables
from soundpiece_nb.files.paths import read_path, shown_path, working_folder
from soundpiece_nb.files.team_store import VARIABLE, TeamStore, read_team_store
from soundpiece_nb.inputs.spelling import did_you_mean
from soundpiece_nb.shown_text import quoted, short

from .session import Session

_ENDINGS = (
    *(".flac", ".wav", ".wave", ".mp3", ".ogg", ".oga", ".m4a", ".aac", ".aif", ".aiff"),
    *(".opus", ".wma", ".caf", ".mid", ".midi", ".mp4"),
)
_HOST = re.compile(
    r"(?:localhost|\d+(?:\.\d+){3}|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,})(?::\d+)?/", re.IGNORECASE
)
"""The beginning of an address whose `https://` is missing."""
_OF_A_TAKE = re.compile(r"-([0-9a-f]{8})(?:-\d+)?\.(?:flac|wav|mp3)$")
"""The end of the names under which takes are exported, and put beside notebooks."""
_MOST_LOOKED_AT = 2_000
"""Names of a folder among which a misspelled one is looked for."""


def path_meant(value: Any) -> str | None:
    """Return the path that a source can only mean; None for a NAME, an address and all else."""
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text[:5].lower() == "file:":
        parts = urlsplit(text)
        beyond = f"//{parts.netloc}" if parts.netloc not in {"", "localhost"} else ""
        return url2pathname(f"{beyond}{parts.path}") if os.name == "nt" else unquote(parts.path)
    if is_address(text):
        return None
    ends = Path(text).suffix.lower() in _ENDINGS
    return text if ends or "/" in text or "\\" in text or text.startswith("~") else None


def is_address(text: str) -> bool:
    """Tell whether a text is an address, of whatever kind, and so no NAME and no path."""
    return "://" in text or text.strip()[:5].lower() == "data:"


def exists_here(text: str) -> bool:
    """Tell whether a text that names no operation is a file or folder of this machine."""
    with suppress(OSError, ValueError):
        return bool(text.strip()) and Path(text.strip()).exists()
    return False


def own_file(session: Session, text: str, role: str, *, typed: bool) -> FileRef:
    """Return the reference to a file of this machine; raises Mistake where it cannot be used.

    In a `typed` path, variables of the environment are replaced.
    """
    written = expand_variables(text) if typed and ("$" in text or "%" in text) else text
    store, called = read_team_store(), f"The {role} {quoted(text)}"
    why = _not_there(called, written)
    if not isinstance(store, TeamStore):
        folder = f"; {VARIABLE} is a folder, which has no addresses" if store else ""
        raise Mistake(
            f"{why or f'{called} is a file of this machine'}, and the service takes addresses "
            f"only{folder}.",
            next=_its_operation(session, written, role) or f"{why and _CHECK}{_WAYS}",
        )
    if why:
        raise Mistake(f"{why}.", next=f"{_CHECK}An address or an earlier operation will do too.")
    return read_own_file(read_path(written))


_CHECK = "Name a file that is here. "
_WAYS = f"{WAY_OUT} With a team's bucket in {VARIABLE} a file goes there by itself."


def require_bucket(file: FileRef, role: str) -> FileRef:
    """Return a reference to a file that is in the team's store; raises Mistake without a store."""
    if isinstance(read_team_store(), TeamStore):
        return file
    raise Mistake(
        f"The {role} is the file {file.title} in a team's store, and {VARIABLE} names no bucket.",
        next=f"Set it to s3://BUCKET/PREFIX, say; {GUIDE} tells more.",
    )


def _not_there(called: str, text: str) -> str:
    """Return why a path is no file that could be read, as the beginning of a sentence; else ""."""
    try:
        path = read_path(text)
    except Mistake as mistake:
        return f"{called} would be a file of this machine, but {mistake.what.rstrip('.')}"
    if path.is_dir():
        return f"{called} is a folder of this machine"
    if path.exists():
        return ""
    if _HOST.match(text):
        return (
            f"{called} would be a file of this machine, but there is none of that name; if it is "
            "an address, it begins with https://"
        )
    here = working_folder()
    seen = "" if path.is_absolute() or not here else f" (seen from {shown_path(here, whole=True)})"
    meant = did_you_mean(path.name, _names_beside(path))
    return f"{called} would be a file of this machine, but there is none of that name{seen}{meant}"


def _names_beside(path: Path) -> list[str]:
    with suppress(OSError), os.scandir(path.parent) as found:
        return [each.name for each in islice(found, _MOST_LOOKED_AT)]
    return []


def _its_operation(session: Session, text: str, role: str) -> str:
    """Return how to name the operation whose take a file is, if the file's name says which."""
    path = Path(text)
    match = _OF_A_TAKE.search(path.name)
    for beginning in (match[1] if match else "", path.parent.name):
        with suppress(Mistake):
            if re.fullmatch(r"[0-9a-f-]{8,36}", beginning):
                entry = session.journal.entry(session.journal.find(beginning))
                named = entry.name or short(entry.key)
                return (
                    f"It is sound of {named}: --{role} {named} takes it, with :2 for another take."
                )
    return ""


def keep_own_files(session: Session, requests: Iterable[Request]) -> None:
    """Keep copies of the files that new requests are made from, until the store has them.

    Raises Mistake where one is another by now, StorageFailed of the disk.
    """
    made_from = {request.key: request.file_refs for request in requests if request.file_refs}
    if not made_from:
        return
    known = session.journal.statuses(list(made_from))
    own_files = OwnFiles(session.home)
    for key, files in made_from.items():
        if key not in known:
            for file in files:
                own_files.keep(file)


def upload_in_words(file: FileRef) -> str:
    """Return what becomes of a file at the moment of sending; nothing is uploaded for it."""
    store = read_team_store()
    where = f"{store.address}/{FOLDER}/" if isinstance(store, TeamStore) else "the team's store"
    size = ""
    with suppress(OSError):
        size = f" ({file.path.stat().st_size / 1e6:.1f} MB)" if file.path else ""
    return (
        f"{file.title}{size} goes to {where} at the moment of sending unless it is there, and the "
        "service gets an address that is good for an hour."
    )
