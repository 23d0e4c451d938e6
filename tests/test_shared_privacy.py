"""What is shared tells nothing of the machine it was made on: no path, no user, no host."""

from __future__ import annotations

import base64
import json
import re
import sys
import time
from pathlib import Path

import nbformat
import pytest

from soundpiece_nb.files.machine_traces import MachineTraces
from support.kernels import Kernel
from support.services import quiet_environment, tone

USER, HOST = "annak", "studio-mac"


@pytest.fixture
def someone(tmp_path, monkeypatch):
    """A machine of somebody's, whose names say who and where."""
    home = tmp_path / "home" / "anna.keys"
    (home / "music").mkdir(parents=True)
    for name, value in {
        "HOME": str(home),
        "USER": USER,
        "LOGNAME": USER,
        "HOSTNAME": f"{HOST}.local",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home / "music")
    return home


# ------------------------------------------------------------------ texts


TEXTS = {
    "3 files in {home}/songs.": "3 files in ~/songs.",
    "'{home}'": "'~'",
    "{home}/music/x.wav": "./x.wav",
    "{home}-2/x.wav": "{root}-2/x.wav",
    "file://{home}/a%20b.wav": "file://~/a%20b.wav",
    "?path={encoded}%2Fx.wav": "?path=~%2Fx.wav",
    r"'a\n{home}/x' and 'b\n/home/bob/x'": r"'a\n~/x' and 'b\n~/x'",
    '{{"path": "{escaped}\\/x"}}': '{{"path": "~\\/x"}}',
    "/home/bob/x.wav": "~/x.wav",
    "/Users/Bob Smith/Music/x.wav": "~/Music/x.wav",
    "/mnt/c/Users/Bob/x": "~/x",
    "%2FUsers%2Fbob%2Fx.wav": "~%2Fx.wav",
    r"C:\Users\Bob\x.wav": r"~\x.wav",
    r"C:\\Users\\Bob\\Music\\x.wav": r"~\\Music\\x.wav",
    "C%3A%5CUsers%5CBob%5Cx.wav": "~%5Cx.wav",
    "C:/Users/Bob/x.wav": "~/x.wav",
    r"D:\Music\My Songs\x.wav is": "…/x.wav is",
    r"\\server\share\x.wav": "…/x.wav",
    "\x1b[0;32m/opt/venv/lib/python3.11/x.py:12\x1b[0m": "\x1b[0;32m…/x.py:12\x1b[0m",
    "/var/folders/ab/T/ipykernel_12/345.py in": "…/345.py in",
    "'vscode-notebook-cell:/home/bob/x.ipynb#W0'": "'vscode-notebook-cell:~/x.ipynb#W0'",
    "annak@studio-mac:~$ ls": "user@host:~$ ls",
    "bob@elsewhere:/srv": "user@host:/srv",
    "annak@studio-mac.local": "user@host",
    "https://hub.example/user/annak/lab": "https://hub.example/user/user/lab",
    "-rw-r--r-- 1 annak staff": "-rw-r--r-- 1 user staff",
    "my_annak-1.flac": "my_user-1.flac",
    "STUDIO-MAC": "host",
}
UNCHANGED = (
    "and/or, verse/chorus, 3:/4, a:b/c, ~/x, x[a:b], </div>",
    "https://example.com/home/anna/x and http://data/x/y and s3://bucket/home/x",
    'src="/files/soundpiece-audio/x.flac"',
    'print("Take a:\\n", "\\\\nfoo\\\\tbar")',
    "Hannak, annakx, me@example.com",
    "data:audio/mpeg;base64,AAAA/annak/home/anna.keys+studio-mac",
    r"\frac{a}{b} \\ \alpha",
)


def test_paths_and_names_are_taken_out_however_they_are_written(someone):
    from urllib.parse import quote

    ways = {
        "home": str(someone),
        "root": str(someone),
        "encoded": quote(str(someone), safe=""),
        "escaped": str(someone).replace("/", "\\/"),
    }
    traces = MachineTraces()
    found = {text: traces.remove(_filled(text, ways)) for text in TEXTS}
    expected = {text: _filled(instead, ways) for text, instead in TEXTS.items()}
    del expected["{home}-2/x.wav"], found["{home}-2/x.wav"]  # another folder, of this machine too
    assert found == expected
    assert [traces.remove(text) for text in UNCHANGED] == list(UNCHANGED)
    assert traces.remove("the annak song, annak.png", names=False) == "the annak song, user.png"


def _filled(text: str, ways: dict[str, str]) -> str:
    for name, value in ways.items():
        text = text.replace(f"{{{name}}}", value)
    return text.replace("{{", "{").replace("}}", "}")


def test_names_that_say_nothing_stay(someone, monkeypatch):
    for name in ("root", "jovyan", "max", "song", "me"):
        for variable in ("USER", "LOGNAME", "HOSTNAME"):
            monkeypatch.setenv(variable, name)
        traces = MachineTraces()
        assert traces.remove(f"a {name} of {name}s, {name}(1)") == f"a {name} of {name}s, {name}(1)"


def test_the_search_takes_time_that_grows_with_the_text_alone(someone):
    traces = MachineTraces()
    for text in ("/home/" * 50_000, "C:\\" + "x " * 50_000, "a@b " * 50_000, "\\\\" * 100_000):
        began = time.monotonic()
        traces.remove(text)
        assert time.monotonic() - began < 5


# ------------------------------------------------------------------ bundles


def code(*outputs, source="1", **more):
    return nbformat.v4.new_code_cell(source, outputs=list(outputs), **more)


def display(**data):
    typed = {name.replace("_", "/", 1).replace("__", "+"): value for name, value in data.items()}
    return nbformat.v4.new_output("display_data", typed)


def everything(home: Path, work: Path) -> nbformat.NotebookNode:
    """A notebook that tells of its machine in every place that has room for it."""
    picture = base64.b64encode(b"\x89PNG annak studio-mac").decode()
    drawing = nbformat.v4.new_markdown_cell(
        f"![x](attachment:annak-cover.png) in `{work}/cover.png`",
        attachments={"annak-cover.png": {"image/png": picture}},
    )
    error = nbformat.v4.new_output(
        "error",
        ename="FileNotFoundError",
        evalue=f"[Errno 2] No such file: '{home}/music/x.wav'",
        traceback=[
            f"\x1b[0;31mFileNotFoundError\x1b[0m: {home}/x",
            'File "C:\\Users\\annak\\AppData\\x.py", line 1',
            f"File \x1b[0;32m{sys.prefix}/lib/x.py:3\x1b[0m, in f()",
        ],
    )
    stream = nbformat.v4.new_output("stream", name="stdout", text=f"2 files in {home}/songs.\n")
    prompt = nbformat.v4.new_output("stream", name="stderr", text="annak@studio-mac:~$ annak")
    plain = display(text_plain=f"PosixPath('{home}/music/night.flac')")
    page = display(
        text_html=f'<a href="file://{home}/x%20y.flac">{home}</a><img src="{work}/x.png">',
        text_plain="<IPython.core.display.HTML object>",
        image_png=picture,
    )
    data = display(text_plain="{}", application_json={f"{home}/k": [f"{home}/v"]})
    state = {"a1": {"model_name": "HTMLModel", "state": {"value": f"<b>{home}/audio/1.flac</b>"}}}
    state["b2"] = {"buffers": [{"encoding": "base64", "path": ["x"], "data": picture}]}
    return nbformat.v4.new_notebook(
        cells=[
            drawing,
            code(stream, prompt, error, source=f"open('{home}/music/x.wav')"),
            code(plain, page, data, metadata={"source": f"{work}/n.ipynb", "tags": ["keep"]}),
        ],
        metadata={
            "kernelspec": {
                "name": "annak-env",
                "display_name": f"Python ({home})",
                "language": "python",
            },
            "papermill": {
                "input_path": "/mnt/team/secret/n.ipynb",
                "output_path": f"{home}/n.ipynb",
            },
            "authors": [{"name": "annak"}],
            "widgets": {
                "application/vnd.jupyter.widget-state+json": {"version_major": 2, "state": state}
            },
        },
    )


@pytest.mark.parametrize("ending", ["ipynb", "html"])
def test_a_bundle_tells_nothing_of_its_machine(home, someone, ending):
    from soundpiece_nb.display.bundle import plan_bundle
    from soundpiece_nb.operations.current_session import current

    work = someone / "music" / "album"
    work.mkdir()
    path = work / f"{USER}-notes.ipynb"
    nbformat.write(everything(someone, work), path)
    target = work / f"shared.{ending}"
    made = plan_bundle(path, target, html=ending == "html").write(current().journal)
    text = target.read_text()
    body = text if ending == "ipynb" else text[text.index("<body") :]
    for told in ("anna.keys", USER, HOST, str(someone.parent), "secret", sys.prefix):
        assert told not in body, told
    assert not re.search(r"(?<![\w.~/<:])/(home|Users|opt|tmp|mnt|var)/", body)
    assert made.removed > 10
    if ending == "ipynb":
        copy = nbformat.read(target, as_version=4)
        nbformat.validate(copy)
        assert copy.metadata.kernelspec.name == "python3"
        assert copy.cells[2].metadata.tags == ["keep"]
        [attachment] = copy.cells[0].attachments
        assert f"attachment:{attachment}" in copy.cells[0].source, "the picture is found"
        kept = copy.cells[0].attachments[attachment]["image/png"]
        assert base64.b64decode(kept) == b"\x89PNG annak studio-mac", "pictures are left alone"
        assert nbformat.read(path, as_version=4) == everything_read(path), "the notebook too"


def everything_read(path: Path) -> nbformat.NotebookNode:
    return nbformat.reads(path.read_text(), as_version=4)


def test_a_bundle_says_what_it_carries(home, tmp_path, monkeypatch, capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "soundpiece_nb")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "soundpiece-audio"
    folder.mkdir()
    for number in range(2):
        (folder / f"take-{number}-ffffffff.flac").write_bytes(tone())
    linked = [f'<audio src="soundpiece-audio/take-{n}-ffffffff.flac"></audio>' for n in range(2)]
    inside = '<audio controls src="data:audio/mpeg;base64,AAAA"></audio>'
    lost = '<audio src="soundpiece-audio/lost-1-eeeeeeee.flac"></audio>'
    said = {}
    for name, players in {
        "none": [],
        "one": linked[:1],
        "all": [*linked, inside],
        "some": [*linked, lost],
        "lost": [lost],
    }.items():
        cells = [code(display(text_html=each)) for each in players]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), f"{name}.ipynb")
        shell.run_line_magic("soundpiece_bundle", f"{name}.ipynb")
        said[name] = capsys.readouterr().out.partition(": ")[2].splitlines()[0]
    assert said == {
        "none": "no players: run and save it first.",
        "one": "its player carries its sound.",
        "all": "all 3 players carry their sound.",
        "some": "2 of 3 players carry their sound; 1 does not: lost-1-eeeeeeee.flac.",
        "lost": "0 of 1 player carry their sound; 1 does not: lost-1-eeeeeeee.flac.",
    }
    shell.run_line_magic("unload_ext", "soundpiece_nb")


# ------------------------------------------------------------------ outputs as they are


DAMAGE = """
from pathlib import Path
Path(hit.outputs[0].path).write_bytes(b'fLaC no sound')
for mp3 in Path(hit.outputs[0].path).parent.glob('*.mp3'): mp3.unlink()
"""


def test_outputs_of_an_afternoon_hold_no_path_of_the_machine(sandbox, tmp_path):
    """As nbconvert would make a page of them, without any bundle."""
    home = tmp_path / "home" / "anna.keys"
    (home / "work").mkdir(parents=True)
    data = home / ".local" / "share" / "soundpiece"
    environment = quiet_environment(
        data,
        HOME=str(home),
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
        IPYTHONDIR=str(tmp_path / "ipython"),
    )
    kernel = Kernel(environment)
    try:
        kernel.run(f"import os; os.chdir({str(home / 'work')!r})\n%load_ext soundpiece_nb")
        shown = []
        for cell in (
            "%%soundpiece_fx hit --duration 1 --wait --embed\nImpact",
            "%soundpiece_show hit --embed",
            "%soundpiece_fx hat --duration 1 --wait --link --prompt Hat",
            "%soundpiece_compare hit hat",
            "%soundpiece_history",
            "%soundpiece_status",
            "%soundpiece_export hit --to songs",
            "%soundpiece_export hit --to ~/Music",
            "%soundpiece_export nobody --to songs",
            "%soundpiece_history --to all.csv --shared",
            "%soundpiece_history --to ~/all.html",
            "%soundpiece_history --to ~/nowhere/all.csv",
            "%soundpiece_bundle nothing.ipynb",
            "%soundpiece_stems --source nothing.wav",
            "%soundpiece_prune --all",
            "%soundpiece_doctor",
            DAMAGE,
            "%soundpiece_show hit --embed",
            "hit",
            "hit.outputs[0]",
        ):
            ran = kernel.run(cell)
            told = json.dumps(ran.outputs)
            if "anna.keys" in told:
                shown.append((cell, re.findall(r".{60}anna\.keys.{20}", told)))
        assert shown == []
        table = (home / "work" / "all.csv").read_text()
        page = (home / "all.html").read_text()
        assert "anna.keys" not in table + page
        assert "audio/" in table
        kernel.run("%soundpiece_history --to whole.csv")
        assert f"{data}/audio/" in (home / "work" / "whole.csv").read_text()
        for file in (home / "work" / "songs").iterdir():
            assert b"anna.keys" not in file.read_bytes(), "tags name no path"
    finally:
        kernel.close()
