"""A home folder that two hosts share: nothing that was synced is lost, or it is not used at all.

A host of its own is a mount namespace in which the journal's shared memory is another file, as each
host has on a network file system.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from soundpiece_nb.api.errors import StorageFailed
from soundpiece_nb.journal import file_system
from soundpiece_nb.journal.journal import Journal
from support.recorded_operations import record

ROWS = 40
WRITER = f"""
import sys, pathlib
sys.path.insert(0, sys.argv[3])
from soundpiece_nb.journal.journal import Journal
from support.recorded_operations import record

journal = Journal(pathlib.Path(sys.argv[1]), shares_memory=False)
for number in range({ROWS}):
    print(record(journal, prompt=f"{{sys.argv[2]}} {{number}}"), flush=True)
journal.close()
"""
HOST = 'mount --bind "$0" "$1" && shift && exec "$@"'


def writer(home, name, own_memory):
    tests = Path(__file__).parents[1]
    command = [sys.executable, "-c", WRITER, str(home), name, str(tests)]
    shared = home / "journal.sqlite-shm"
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", HOST]
    return subprocess.Popen(
        [*alone, str(own_memory), str(shared), *command], stdout=subprocess.PIPE, text=True
    )


def test_what_two_hosts_write_at_once_is_all_there(tmp_path):
    home = tmp_path / "home"
    Journal(home, shares_memory=False).close()
    hosts = []
    for name in ("one", "other"):
        memory = tmp_path / f"{name}-shm"
        memory.touch()
        (home / "journal.sqlite-shm").touch()  # to be mounted over
        hosts.append(writer(home, name, memory))
    written = [line for host in hosts for line in host.communicate(timeout=120)[0].split()]
    assert [host.returncode for host in hosts] == [0, 0]
    (home / "journal.sqlite-shm").unlink()
    with closing(sqlite3.connect(home / "journal.sqlite")) as connection:
        found = {key for (key,) in connection.execute("SELECT idempotency_key FROM operations")}
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert len(written) == 2 * ROWS
    assert found == set(written)


def mode_of(home):
    with closing(sqlite3.connect(home / "journal.sqlite")) as connection:
        return connection.execute("PRAGMA journal_mode").fetchone()[0]


def test_a_new_journal_has_the_mode_of_its_file_system(tmp_path):
    for shares_memory, mode in ((True, "wal"), (False, "delete")):
        Journal(tmp_path / mode, shares_memory=shares_memory).close()
        assert mode_of(tmp_path / mode) == mode


def test_a_journal_that_was_used_over_a_network_stays_without_a_log(tmp_path):
    """Its server sees a disk of its own, and the next host to open it does not."""
    Journal(tmp_path, shares_memory=False).close()
    journal = Journal(tmp_path, shares_memory=True)
    key = record(journal)
    assert journal.entry(key).key == key
    journal.close()
    assert mode_of(tmp_path) == "delete"


def test_a_journal_with_a_log_loses_it_where_memory_is_not_shared(tmp_path):
    journal = Journal(tmp_path, shares_memory=True)
    key = record(journal)
    with pytest.raises(StorageFailed, match=r"write-ahead log.* Close every kernel"):
        Journal(tmp_path, shares_memory=False, busy_seconds=0.1)
    journal.close()
    again = Journal(tmp_path, shares_memory=False)
    assert again.entry(key).key == key
    again.close()
    assert mode_of(tmp_path) == "delete"


def test_this_machines_folders_are_known(tmp_path):
    assert file_system.file_system(tmp_path) is not None
    assert file_system.file_system(Path("/proc/self")) == "proc"
    assert not file_system.shares_memory(Path("/proc/self"))


MOUNTS = """22 1 8:1 / / rw - ext4 /dev/sda1 rw
30 22 0:40 / /home rw - nfs4 server:/home rw
31 30 0:41 / /home/me/my\\040disk rw - xfs /dev/sdb rw
32 22 0:42 / /mnt/share rw shared:7 master:2 - cifs //server/share rw
33 22 0:43 / /mnt/keep rw - fuse.sshfs server: rw
34 22 0:44 / /mnt/cover rw - ext4 /dev/sdc rw
35 22 0:45 / /mnt/cover rw - 9p share rw
not a line of it
"""


@pytest.mark.parametrize(
    ("folder", "kind", "shares"),
    [
        ("/var/lib", "ext4", True),
        ("/home/me", "nfs4", False),
        ("/home/me/my disk/music", "xfs", True),
        ("/mnt/share/x", "cifs", False),
        ("/mnt/keep", "fuse.sshfs", False),
        ("/mnt/cover/y", "9p", False),
        ("/homestead", "ext4", True),
    ],
)
def test_the_file_system_is_that_of_the_nearest_mount(tmp_path, folder, kind, shares):
    table = tmp_path / "mountinfo"
    table.write_text(MOUNTS, encoding="utf-8")
    path = Path(folder)
    assert file_system.file_system(path, table) == kind
    assert file_system.shares_memory(path, table) is shares


def test_without_any_word_of_the_system_memory_counts_as_not_shared(tmp_path):
    table = tmp_path / "mountinfo"
    table.write_text("", encoding="utf-8")
    assert not file_system.shares_memory(tmp_path, table)
