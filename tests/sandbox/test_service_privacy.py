"""The sandbox's files are its owner's alone; its folder is one sandbox's; it proves who it is."""

import hmac
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

COMMAND = [sys.executable, "-m", "soundpiece_sandbox", "--port", "0"]


def open_to_others(folder: Path) -> list[Path]:
    """List what others could read, of a folder and all below it."""
    return [path for path in (folder, *folder.rglob("*")) if path.lstat().st_mode & 0o077]


def refusal(*options: str | Path) -> str:
    """Return the one sentence with which a sandbox refuses to start."""
    refused = subprocess.run(
        [*COMMAND, *map(str, options)], capture_output=True, text=True, timeout=20, check=False
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1
    return refused.stderr


@pytest.fixture
def lax_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def test_all_that_it_makes_is_its_owners_alone(start, tmp_path, lax_umask):
    data = tmp_path / "deeply" / "within"
    sandbox = start("--pace", "0", "--data", data)
    song = sandbox.finished(sandbox.submit()["id"])
    source = {"url": song["outputs"][0]["url"]}
    sandbox.make("adapt.auto_cut_down", source=source, target_duration=5.0)
    assert open_to_others(tmp_path / "deeply") == []
    assert list(data.glob("sounds/*.flac"))
    assert data.joinpath("ledger.sqlite3-wal").exists()


def test_what_an_earlier_version_left_open_is_closed(start, tmp_path):
    data = tmp_path / "data"
    first = start("--pace", "0", "--data", data)
    song = first.finished(first.submit()["id"])
    first.process.kill()
    first.process.wait()
    for path in (data, *data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert open_to_others(data)

    second = start("--pace", "0", "--data", data)
    assert open_to_others(data) == []
    assert second.get(song["id"]).json()["song"]["status"] == "ready"


def test_a_folder_that_holds_other_things_keeps_its_mode_and_they_theirs(start, tmp_path):
    tmp_path.chmod(0o755)
    script = tmp_path / "script.sh"
    script.touch(0o755)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch(0o644)
    (tmp_path / "fetched").mkdir(0o755)
    (tmp_path / "fetched" / "link").symlink_to(elsewhere)
    sandbox = start("--pace", "0", "--data", tmp_path)
    sandbox.finished(sandbox.submit()["id"])
    assert [path.stat().st_mode & 0o777 for path in (tmp_path, script, elsewhere)] == [
        *(0o755, 0o755, 0o644)
    ]
    for name in ("ledger.sqlite3", "sounds", "fetched", "signing-secret", "sandbox.lock"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_its_folder_is_free_at_once_when_it_is_killed_though_it_was_rendering(start, tmp_path):
    first = start("--pace", "0", "--data", tmp_path)
    for _ in range(3):
        first.submit(lyrics="[Verse]\n" + "La la la la\n" * 30)
    deadline = time.monotonic() + 20
    while not (workers := psutil.Process(first.process.pid).children()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for worker in workers:
        worker.send_signal(signal.SIGSTOP)  # they cannot notice that their parent is gone
    first.process.kill()
    first.process.wait()
    second = start("--pace", "0", "--data", tmp_path)
    assert second.counters()["operations"] == 3
    for worker in workers:
        worker.kill()


def test_a_second_one_of_another_container_is_refused(start, tmp_path):
    start("--data", tmp_path)
    apart = ["unshare", "--pid", "--net", "--fork", "--mount-proc"]
    if os.geteuid():
        apart += ["--user", "--map-root-user"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        apart = []  # not allowed here: in the same namespaces it is refused as well
    second = subprocess.run(
        [*apart, *COMMAND, "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr == (
        f"{tmp_path} cannot be the data folder: another sandbox is using it.\n"
    )


@pytest.mark.parametrize("name", ["sandbox.lock", "sounds", "fetched"])
def test_something_else_in_the_place_of_a_file_is_one_sentence(tmp_path, name):
    if name == "sandbox.lock":
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_text("no folder")
    assert "cannot be the data folder" in refusal("--data", tmp_path)


def test_who_knows_its_secret_can_ask_for_a_proof_and_nobody_else_learns_it(tmp_path):
    command = [*COMMAND, "--secret-on-stdin"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as sandbox:
        sandbox.stdin.write("a secret of its own\n")
        sandbox.stdin.flush()
        root = sandbox.stdout.readline().split()[-1].removesuffix("/v1")

        def proof(challenge: str) -> str | None:
            answer = httpx.get(root, headers={"Soundpiece-Sandbox-Challenge": challenge})
            assert answer.status_code == 200
            assert "a secret" not in answer.text + str(answer.headers)
            return answer.headers.get("Soundpiece-Sandbox-Proof")

        expected = hmac.new(b"a secret of its own", b"one", "sha256").hexdigest()
        assert proof("one") == expected
        assert proof("another") not in (None, expected)
        assert proof("") is None
        assert proof("x" * 129) is None
        assert "a secret" not in " ".join(psutil.Process(sandbox.pid).cmdline())
        assert "a secret" not in str(psutil.Process(sandbox.pid).environ())
        sandbox.terminate()


def test_without_a_secret_it_proves_nothing(sandbox):
    answer = sandbox.http.get("/", headers={"Soundpiece-Sandbox-Challenge": "one"})
    assert "Soundpiece-Sandbox-Proof" not in answer.headers
