"""A person's own sound files: read here, kept until they are in the team's store, and addressed.

A file that is given as a source is copied into the home folder when its request is written down,
so that it can be sent later, by another process too, whatever became of the file. The copy is
removed once the store has it.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import os
import stat
from contextlib import suppress
from datetime import datetime, timedelta
from io import BufferedReader
from pathlib import Path
from urllib.parse import urlsplit

from soundpiece_nb.api.address import is_loopback, is_public
from soundpiece_nb.api.answer import OutputLink
from soundpiece_nb.api.errors import Mistake, StorageFailed, Unreachable
from soundpiece_nb.api.file_ref import FileRef
from soundpiece_nb.shown_text import MOST_IN_A_NAME, shown

from .private_files import private_folder
from .reading import READ_AS_IT_IS
from .sound_formats import HEAD, M4A, NAMES, format_of, media_type_of
from .team_store import VARIABLE, TeamStore, read_team_store
from .writing import written_beside

FOLDER = "own"
"""Of the home folder, and of the store."""

MOST_BYTES = 300_000_000
"""Of one file: 28 minutes of WAV at 44.1 kHz, 16 bits, stereo."""

LIFETIME = timedelta(hours=1)
"""Of a signed address: jobs take seconds to a minute, and longer when the service is busy."""
GOOD_FOR = LIFETIME / 2
"""Time after which a request that is sent again gets a new address."""

_AT_A_TIME = 1 << 20
_VIDEO = (".mp4", ".m4v", ".mov")


def read_own_file(path: Path) -> FileRef:
    """Return the reference to a sound file of this machine; raises Mistake for any other file."""
    called = shown(path.name, MOST_IN_A_NAME)
    try:
        with _opened(path) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise Mistake(f"{called} is no regular file.")
            if found.st_size > MOST_BYTES:
                raise Mistake(
                    f"{called} has {found.st_size / 1e6:,.0f} MB, and a file of up to "
                    f"{MOST_BYTES / 1e6:.0f} MB is uploaded.",
                    next="A FLAC of it has about half the size, an MP3 a tenth.",
                )
            head = file.read(HEAD)
    except OSError as error:
        raise Mistake(f"{called} cannot be read: {error.strerror or error}.") from None
    sound = format_of(head)
    if sound is None or (sound is M4A and path.suffix.lower() in _VIDEO):
        what = f"{called} is empty" if not head else f"{called} is no sound file by what it holds"
        raise Mistake(f"{what}.", next=f"Give a {NAMES} file.")
    version = (found.st_size, found.st_mtime_ns, found.st_ino)
    return FileRef(_sha256(path, version), sound.ending, called, path)


def _opened(path: Path) -> BufferedReader:
    """Open a file as it is, without waiting for a pipe; a link that a person named is followed."""
    flags = READ_AS_IT_IS & ~getattr(os, "O_NOFOLLOW", 0)
    return os.fdopen(os.open(path, flags), "rb")


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, _version: tuple[int, int, int]) -> str:
    """Return the checksum of a file's content; a sweep asks for one many times."""
    with _opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class OwnFiles:
    """The own files of a home folder that are on their way to the team's store."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER
        self._uploading: dict[str, asyncio.Lock] = {}

    def keep(self, file: FileRef) -> None:
        """Copy a file that was read here, unless it is kept already.

        Raises Mistake where it is another one by now, StorageFailed of the disk.
        """
        kept = self._folder / file.object_name
        if file.path is None or kept.exists():
            return
        try:
            private_folder(self._folder)
            with _opened(file.path) as source, written_beside(kept, private=True) as beside:
                digest = hashlib.sha256()
                with beside.open("wb") as copy:
                    while part := source.read(_AT_A_TIME):
                        digest.update(part)
                        copy.write(part)
                if digest.hexdigest() != file.sha256:
                    raise Mistake(
                        f"{file.title} was changed while it was read.", next="Run it again."
                    )
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise StorageFailed(f"{file.title} cannot be kept for sending: {why}.") from None

    async def link(self, file: FileRef, now: datetime, service: str) -> OutputLink:
        """Return a signed address of a file, which is uploaded first unless the store has it.

        Raises Unreachable, before anything of the request was sent, and OSError of the disk.
        """
        store = read_bucket()
        name, kept = f"{FOLDER}/{file.object_name}", self._folder / file.object_name
        async with self._uploading.setdefault(name, asyncio.Lock()):  # a sweep's file goes once
            await self._ensure_there(store, name, file, kept)
        url = await store.signed_address(name, LIFETIME)
        _require_reachable(url, store, service)
        return OutputLink(url, now + GOOD_FOR, None, None)

    async def _ensure_there(self, store: TeamStore, name: str, file: FileRef, kept: Path) -> None:
        """Upload a file unless the store has it, and remove the copy that was kept for that."""
        if not await store.holds(name, file.sha256, _size(kept)):
            try:
                await store.put(name, kept, file.sha256, media_type_of(file.ending))
            except FileNotFoundError:  # it is lost, or another process was quicker
                if not await store.holds(name, file.sha256, None):
                    raise _lost(file, store) from None
            except OSError as error:
                why = error.strerror or type(error).__name__
                raise Unreachable(
                    f"The copy of {file.title} cannot be read: {why}.", never=True, undelivered=True
                ) from None
        _remove(kept)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def read_bucket() -> TeamStore:
    """Return the team's bucket; raises Unreachable where the environment names none by now."""
    try:
        store = read_team_store()
    except Mistake as mistake:
        raise Unreachable(mistake.what, next=mistake.next, never=True, undelivered=True) from None
    if isinstance(store, TeamStore):
        return store
    raise Unreachable(
        f"It is made from a file in the team's store, and {VARIABLE} names no bucket now.",
        next=f"Set {VARIABLE} to s3://BUCKET/PREFIX, gs://… or az://….",
        never=True,
        undelivered=True,
    )


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _lost(file: FileRef, store: TeamStore) -> Unreachable:
    return Unreachable(
        f"{file.title} is neither in the team's store {store.address} nor kept on this machine.",
        next="Run its cell again with the file.",
        never=True,
        undelivered=True,
    )


def _require_reachable(url: str, store: TeamStore, service: str) -> None:
    """Raise Unreachable for an address that a service elsewhere cannot fetch."""
    parts, host = urlsplit(url), urlsplit(service).hostname
    here = host is None or is_loopback(host) or not is_public(host)  # the sandbox has no address
    if here or (parts.scheme == "https" and is_public(parts.hostname or "")):
        return
    raise Unreachable(
        f"The team's store {store.address} has the address {parts.scheme}://{parts.netloc}, which "
        "the service cannot reach.",
        next="Name a store with a public https address.",
        never=True,
        undelivered=True,
    )
