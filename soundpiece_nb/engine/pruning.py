"""Pruning: audio files of an operation are removed from this machine, its rows stay."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from soundpiece_nb.api.errors import StorageFailed
from soundpiece_nb.audio.store import KEPT_ASIDE
from soundpiece_nb.journal.entry import Entry

from .engine import Engine


@dataclass(frozen=True)
class Weight:
    """The stored audio of operations in numbers: takes, and bytes with their previews.

    `shared` are the bytes of files that lie beside a notebook too, which go only with those.
    """

    takes: int = 0
    size: int = 0
    shared: int = 0

    def __add__(self, other: Weight) -> Weight:
        return Weight(self.takes + other.takes, self.size + other.size, self.shared + other.shared)


def weigh(engine: Engine, entry: Entry, takes: Collection[int] = ()) -> Weight:
    """Return what pruning an operation, or these takes of it, would remove."""
    there = engine.store.files(entry.key, takes)
    files = {file: file.stat() for file in there if not KEPT_ASIDE.fullmatch(file.name)}
    return Weight(
        takes=sum(file.suffix == ".flac" for file in files),
        size=sum(stat.st_size for stat in files.values()),
        shared=sum(stat.st_size for stat in files.values() if stat.st_nlink > 1),
    )


def is_on_the_way(engine: Engine, entry: Entry) -> bool:
    """Tell whether an operation has yet to end, or is being fetched by this process."""
    return entry.status in ("submitting", "processing") or engine.run(entry.key) is not None


def prune(engine: Engine, entry: Entry, takes: Collection[int] = ()) -> bool:
    """Remove the audio of an operation, or of these takes of it.

    False, with nothing changed, where it is on the way. Raises StorageFailed where a file cannot be
    removed; pruning again goes on with the rest.
    """
    key, journal = entry.key, engine.journal
    if is_on_the_way(engine, entry) or not journal.claim(key):
        return False
    try:
        journal.prune(key, takes)
        engine.store.free(key, takes)
        journal.check_files(key)
    except OSError as error:
        raise StorageFailed(f"{error.filename} cannot be removed: {error.strerror}.") from None
    finally:
        journal.release([key])
    return True
