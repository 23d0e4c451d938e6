"""No output decides anything: streams that lack characters, are full, closed, broken or gone."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.shown_text import encodable, print_line
from support.services import quiet_environment

LINE = "Łukasz · key 550e8400"
PREFIX = [sys.executable, "-m", "IPython", "-c"]
CELL = "%load_ext soundpiece_nb\n%soundpiece_fx c --prompt click --duration 1"


@pytest.fixture
def environment(tmp_path, sandbox):
    def make(folder="home", **more):
        return quiet_environment(
            tmp_path / folder,
            SOUNDPIECE_BASE_URL=sandbox.base_url,
            SOUNDPIECE_API_KEY="spk_marked_0123456789",
            IPYTHONDIR=str(tmp_path / "ipython"),
            **more,
        )

    return make


def run(environment, cell, behind=""):
    """Run a cell as a shell does, with this behind the command; return how IPython ended."""
    shell = f'"$@" {behind}; exit ${{PIPESTATUS[0]}}'
    return subprocess.run(
        ["bash", "-c", shell, "bash", *PREFIX, cell],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


def statuses(environment):
    """Return the statuses in the journal of a home, and whether all files are there."""
    journal = Journal(Path(environment["SOUNDPIECE_HOME"]))
    entries = journal.entries(Filter())
    journal.close()
    return [(each.status, each.complete) for each in entries]


# ------------------------------------------------------------------ a shell


@pytest.mark.parametrize("behind", ["| head -1", "> /dev/full 2>&1"])
def test_a_pipe_that_closes_or_a_full_disk_ends_nothing_but_the_output(environment, behind):
    mine = environment()
    done = run(mine, CELL, behind)
    assert statuses(mine) == [("ready", True)]
    assert (done.returncode, done.stderr) == (0, b"")
    if "head" in behind:
        assert done.stdout.startswith("c · fx · submitted, key ".encode())


def test_what_a_console_cannot_encode_is_escaped(environment):
    mine = environment("Łukasz", PYTHONIOENCODING="cp1252")
    refused = "%soundpiece_fx --prompt ł --duration ł…"
    done = run(mine, f"{CELL}\n%soundpiece_history")
    assert statuses(mine) == [("ready", True)]
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode("cp1252").splitlines()
    assert lines[0].startswith("c · fx · submitted")
    assert r"\u0141ukasz" in lines[1]
    assert "1 to 1 of 1 operations, newest first." in lines
    said = run({**mine, "PYTHONIOENCODING": "ascii"}, f"%load_ext soundpiece_nb\n{refused}").stdout
    assert rb"must be a number of seconds, not '\u0142\u2026'" in said
    assert statuses(mine) == [("ready", True)]


@pytest.mark.parametrize(
    ("behind", "code"),
    [
        ("--help | true", 0),
        ("--help > /dev/full", 0),
        ("--help >&- 2>&-", 0),
        ("--port no 2>&-", 2),
        ("--port no 2> /dev/full", 2),
        ("--port 0 --idle-exit 0 | true", 0),
        ("--port 0 --idle-exit 0 > /dev/full", 0),
        ("--port 0 --idle-exit 0 >&-", 0),
    ],
)
def test_the_sandbox_serves_and_ends_the_same_whoever_reads_it(behind, code):
    command = f'"{sys.executable}" -m soundpiece_sandbox {behind}; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")


def test_the_sandbox_escapes_its_help_where_it_must(environment):
    command = [sys.executable, "-m", "soundpiece_sandbox", "--help"]
    mine = {**environment(), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=mine, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0
    assert rb"whsec_\u2026" in done.stdout


# ------------------------------------------------------------------ replaced streams


def test_whatever_stands_for_a_stream_each_operation_ends_ready_and_each_magic_returns(environment):
    program = Path(__file__).parent / "support" / "replaced_streams.py"
    done = subprocess.run(
        [sys.executable, str(program)],
        env=environment(SOUNDPIECE_NONINTERACTIVE="0"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ended = json.loads(done.stdout.splitlines()[-1])
    assert ended.pop("paused") == ["ready"]
    assert len(ended) == 22
    assert set(ended.values()) == {"ready"}, ended


# ------------------------------------------------------------------ one line


def test_an_interrupt_while_a_line_is_printed_is_an_interrupt():
    class Interrupted(io.StringIO):
        def write(self, _):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        print_line(LINE, Interrupted())


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "utf-16-le", "cp932"])
def test_a_line_arrives_in_any_encoding(encoding):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    print_line(LINE, stream)
    arrived = stream.buffer.getvalue().decode(encoding)
    assert arrived.rstrip() == encodable(LINE, stream)
    assert arrived.endswith("key 550e8400\n")


def test_a_stream_without_a_usable_encoding_gets_ascii():
    class Narrow:
        encoding = "no such"

        def __init__(self):
            self.written = ""

        def write(self, text):
            text.encode("ascii")
            self.written += text

    for encoding in ("no such", None, 7, "base64"):
        stream = Narrow()
        stream.encoding = encoding
        print_line(LINE, stream)
        assert stream.written == "\\u0141ukasz \\xb7 key 550e8400\n"


def test_an_error_is_said_whatever_stands_for_stdout(monkeypatch):
    class Odd:
        encoding = property(lambda _: 1 / 0)

    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    error = Mistake("Ł is no NAME.")
    for stream, word in (
        (ascii_only, r"\u0141"),
        (io.StringIO(), "Ł"),
        (None, "Ł"),
        (Odd(), r"\u0141"),
    ):
        monkeypatch.setattr(sys, "stdout", stream)
        assert error._render_traceback_() == [f"Mistake: {word} is no NAME."]
