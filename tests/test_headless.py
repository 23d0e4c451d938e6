"""Kernels that nobody watches (nbclient, papermill, nbconvert); IPython without a notebook."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from support.kernels import read_until
from support.services import quiet_environment

CELLS = (
    "%load_ext soundpiece_nb",
    '%%soundpiece_song night --prompt "Synthwave, melancholic"\n[Verse]\nla la la la',
)


@pytest.fixture
def environment(tmp_path, sandbox):
    return quiet_environment(
        tmp_path / "home",
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_marked_0123456789",
    )


def write_notebook(path: Path, *cells: str) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, path)
    return path


def run(environment, *command, cwd):
    return subprocess.run(
        [sys.executable, "-m", *command],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def is_a_player(html: str) -> bool:
    return (
        len(re.findall(r'<audio [^>]*src="data:audio/mpeg;base64,[A-Za-z0-9+/=]{1000,}"', html))
        == 2
    )


def assert_player_in_own_cell(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    [output] = notebook.cells[-1].outputs
    assert output.output_type == "display_data"
    assert set(output.data) == {"text/html", "text/plain"}
    assert is_a_player(output.data["text/html"])
    assert "widgets" not in notebook.metadata
    text = path.read_text()
    assert "spk_marked" not in text
    assert "signature=" not in text


def test_nbclient_ends_with_the_player_in_its_own_cell(tmp_path, environment):
    path = write_notebook(tmp_path / "n.ipynb", *CELLS)
    done = run(environment, "jupyter", "execute", "--inplace", str(path), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert_player_in_own_cell(path)


def test_papermill_ends_with_the_player_in_its_own_cell(tmp_path, environment):
    path = write_notebook(tmp_path / "n.ipynb", *CELLS)
    done = run(environment, "papermill", str(path), "out.ipynb", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert_player_in_own_cell(tmp_path / "out.ipynb")


def test_nbconvert_to_html_ends_with_the_player(tmp_path, environment):
    path = write_notebook(tmp_path / "n.ipynb", *CELLS)
    command = ("nbconvert", "--execute", "--to", "html", str(path))
    done = run(environment, *command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "n.html").read_text()
    assert is_a_player(page)
    assert "signature=" not in page


def test_an_embedded_take_costs_at_most_1200_kb_a_minute(tmp_path, environment):
    from soundpiece_nb.journal.journal import Journal

    path = write_notebook(tmp_path / "n.ipynb", *CELLS)
    run(environment, "papermill", str(path), "out.ipynb", cwd=tmp_path)
    journal = Journal(tmp_path / "home")
    from soundpiece_nb.journal.filters import Filter

    [entry] = journal.entries(Filter())
    journal.close()
    minutes = sum(take.duration for take in entry.takes) / 60
    assert (tmp_path / "out.ipynb").stat().st_size < 1_200_000 * minutes + 2 * 10_000


@pytest.mark.parametrize(
    "cell",
    [
        "%%soundpiece_song --prompt x\ncontent_policy",
        "%%soundpiece_song --prompt x\n ",
        "%soundpiece_show nobody",
    ],
)
def test_an_error_fails_the_headless_run(tmp_path, environment, cell):
    path = write_notebook(tmp_path / "n.ipynb", CELLS[0], cell)
    done = run(environment, "papermill", str(path), "out.ipynb", cwd=tmp_path)
    assert done.returncode != 0


def test_a_failed_operation_fails_the_run_again_when_it_is_run_again(tmp_path, environment):
    key = "0f0e0d0c-0b0a-4908-8706-050403020100"
    cell = f"%%soundpiece_song --prompt x --key {key}\ncontent_policy"
    path = write_notebook(tmp_path / "n.ipynb", CELLS[0], cell)
    for _ in range(2):
        done = run(environment, "papermill", str(path), "out.ipynb", cwd=tmp_path)
        assert done.returncode != 0
        notebook = nbformat.read(tmp_path / "out.ipynb", as_version=4)
        shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
        assert any("content_policy" in o.get("data", {}).get("text/html", "") for o in shown)


def test_not_waiting_is_possible_and_waited_for_later(tmp_path, environment):
    cells = (CELLS[0], CELLS[1].replace(" --prompt", " --no-wait --prompt"), "%soundpiece_wait")
    path = write_notebook(tmp_path / "n.ipynb", *cells)
    done = run(environment, "papermill", str(path), "out.ipynb", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    notebook = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    [said] = notebook.cells[1].outputs
    assert re.fullmatch(r"night · song · submitted, key [0-9a-f]{8}\n", said.text)
    assert is_a_player(notebook.cells[2].outputs[0].data["text/html"])


SWEPT = "%%soundpiece_fx hits -d 1 --sweep m=rain,{} OPTIONS\n{{{{m}}}}"


@pytest.mark.parametrize("bad", [False, True])
def test_a_sweep_fails_the_run_where_one_of_it_fails_and_its_board_is_there(
    tmp_path, environment, bad
):
    cell = SWEPT.format("content_policy" if bad else "hail").replace("OPTIONS", "")
    path = write_notebook(tmp_path / "n.ipynb", CELLS[0], cell)
    done = run(environment, "papermill", str(path), "out.ipynb", cwd=tmp_path)
    assert (done.returncode != 0) is bad, done.stderr
    [board] = [
        output.data["text/html"]
        for cell in nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
        for output in cell.get("outputs", ())
        if output.output_type == "display_data" and "sweep of 2" in str(output.data)
    ]
    assert board.count("<audio controls") == 2 - bad
    assert ("1 of 2 operations are not ready." in done.stderr) is bad


@pytest.mark.parametrize(
    "cell",
    [
        "%%soundpiece_fx hit -d 1 --no-wait\ncontent_policy",
        SWEPT.format("content_policy").replace("OPTIONS", "--no-wait"),
    ],
)
def test_what_failed_before_anybody_waited_fails_the_run_where_one_does(
    tmp_path, environment, cell
):
    cells = (CELLS[0], cell, "import time; time.sleep(1.5)", "%soundpiece_wait")
    path = write_notebook(tmp_path / "n.ipynb", *cells, "print('on')")
    done = run(environment, "papermill", str(path), "out.ipynb", cwd=tmp_path)
    assert done.returncode != 0
    [*_, waited, _] = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    assert "content_policy" in str(waited.outputs[0].data["text/html"])


@pytest.mark.parametrize("no", ["0", " False "])
def test_the_environment_decides_about_waiting(tmp_path, environment, no):
    path = write_notebook(tmp_path / "n.ipynb", *CELLS, "print('status:', night.status)")
    environment["SOUNDPIECE_NONINTERACTIVE"] = no
    done = run(environment, "papermill", str(path), "out.ipynb", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    notebook = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert "ready" not in notebook.cells[2].outputs[0].text


def test_a_script_prints_two_lines_and_leaves_the_file(tmp_path, environment):
    script = tmp_path / "song.ipy"
    script.write_text("%load_ext soundpiece_nb\nget_ipython().run_cell_magic(")
    with script.open("a") as file:
        file.write("'soundpiece_song', 'night --prompt jazz', 'la la la')\n")
    done = run(environment, "IPython", str(script), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.strip().split("\n")
    assert re.fullmatch(r"night · song · submitted, key [0-9a-f]{8}", first)
    assert re.match(r"night · song · 2 takes in [\d.]+ s · key [0-9a-f]{8} · ", last)
    files = re.findall(r"\S+\.flac", last)
    assert len(files) == 2
    assert all(Path(file).is_file() for file in files)


def test_a_terminal_prints_one_line_now_and_one_at_the_end(tmp_path, environment):
    """A person at `ipython`: the prompt comes back at once, the second line by itself."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner"]
    process = subprocess.Popen(
        [*command, "--colors=NoColor"],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**environment, "IPYTHONDIR": str(tmp_path / "ipython"), "TERM": "dumb"},
        cwd=tmp_path,
    )
    os.close(follower)
    cell = "get_ipython().run_cell_magic('soundpiece_song', 'night --prompt jazz', 'la la')\n"
    os.write(leader, b"%load_ext soundpiece_nb\n" + cell.encode())
    seen = read_until(leader, "2 takes in")
    os.write(leader, b"night.status\nexit\n")
    seen += read_until(leader, "'ready'")
    os.close(leader)
    process.wait(20)
    assert seen.count("night · song ·") == 2
    assert "submitted, key" in seen
    assert ".flac" in seen
