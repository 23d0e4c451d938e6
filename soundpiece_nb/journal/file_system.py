"""The file system that a journal is on: whether SQLite can share memory and lock files there.

SQLite's write-ahead log needs memory that all its users share. Hosts that share a folder over a
network do not share memory: each has a map of its own, commits of one overwrite the other's, and
no check of the file notices (https://sqlite.org/wal.html, "all processes ... on the same host").
"""

from __future__ import annotations

import errno
import re
import tempfile
from contextlib import suppress
from pathlib import Path

_NAMES = """
    apfs aufs bcachefs btrfs devtmpfs ecryptfs exfat ext2 ext3 ext4 f2fs hfs hfsplus jfs msdos
    nilfs2 ntfs ntfs3 overlay ramfs reiserfs rootfs shiftfs tmpfs ubifs udf ufs vfat xfs zfs
"""
LOCAL = frozenset(_NAMES.split())
"""File systems of one machine; others (NFS, SMB, 9P, virtiofs, FUSE) may be another's too."""


MOUNTS = Path("/proc/self/mountinfo")
"""Linux's table of what is mounted where, see proc(5)."""


def shares_memory(folder: Path, mounts: Path = MOUNTS) -> bool:
    """Tell whether every process that has files of this folder open shares memory with the others.

    False where the system does not say: a rollback journal is slower, and right everywhere.
    """
    kind = file_system(folder, mounts)
    return kind is not None and kind.lower() in LOCAL


def file_system(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """Return the name of a folder's file system, such as `ext4` or `nfs4`; None if unknown."""
    real = folder.resolve()
    found: tuple[int, str] | None = None
    for place, kind in _read(mounts):
        if real.is_relative_to(place) and (found is None or len(place.parts) >= found[0]):
            found = len(place.parts), kind  # of two on one place, the later one is seen
    return found[1] if found else None


def _read(table: Path) -> list[tuple[Path, str]]:
    """Return where each file system is mounted, and its kind, in the order of mounting."""
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return _partitions()
    mounts = []
    for line in lines.splitlines():  # such as: 36 35 98:0 /root /place options - kind source
        before, separator, after = line.partition(" - ")
        words = before.split(" ")
        if separator and len(words) > _PLACE:
            place = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), words[_PLACE])
            mounts.append((Path(place), after.split(" ")[0]))
    return mounts


_PLACE = 4


def _partitions() -> list[tuple[Path, str]]:
    """Return the same where there is no `/proc`; a network drive of Windows is called so there."""
    import psutil

    with suppress(OSError, psutil.Error):
        return [
            (Path(each.mountpoint), "remote" if "remote" in each.opts else each.fstype)
            for each in psutil.disk_partitions(all=True)
        ]
    return []


def lock_problem(folder: Path) -> str | None:
    """Return why files of a folder cannot be locked, in the system's words; None where they can."""
    try:
        import fcntl
    except ImportError:  # Windows locks files everywhere
        return None
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
            return error.strerror
    return None
