"""A bundle is made to be shared, of a notebook that may be a stranger's: no file gets in with it.

Each test here plants what it must not find: a file of secrets, and links that lead to it.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest

import soundpiece_nb as sp
from soundpiece_nb.display.bundle import plan_bundle
from soundpiece_nb.operations.current_session import current
from support.services import tone

SECRET = b"PASSWORD=correct-horse-battery-staple\n"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><rect/></svg>'


@pytest.fixture
def work(home, tmp_path, monkeypatch):
    """The current folder, as a notebook's is in Jupyter, with secrets in it and beside it."""
    folder = tmp_path / "work"
    folder.mkdir()
    for secret in (folder / ".env", folder / "notes.txt", tmp_path / "outside.txt"):
        secret.write_bytes(SECRET)
    (folder / "cover.png").write_bytes(PNG)
    (tmp_path / "outside.png").write_bytes(PNG)
    monkeypatch.chdir(folder)
    return folder


def bundle(folder: Path, *cells, html: bool = True, **metadata) -> str:
    """Write a notebook of these cells, bundle it, and return the copy's text."""
    made = nbformat.v4.new_notebook(cells=list(cells), metadata=metadata)
    path = folder / "n.ipynb"
    path.write_text(json.dumps(made))
    return write(path, html=html)


def write(path: Path, *, html: bool = True) -> str:
    made = plan_bundle(path, None, html=html).write(current().journal)
    return made.path.read_text()


def markdown(source: str):
    return nbformat.v4.new_markdown_cell(source)


def shown(html: str):
    output = nbformat.v4.new_output("display_data", {"text/html": html})
    return nbformat.v4.new_code_cell("1", outputs=[output])


def player(name: str) -> str:
    return f'<audio controls title="a &gt; b" src="soundpiece-audio/{name}"></audio>'


def contents(page: str) -> list[bytes]:
    """Return every data address of a page but Jupyter's own icons, decoded."""
    own = re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL)
    found = re.findall(r"data:[\w/+.;-]*base64,([A-Za-z0-9+/=]*)", own)
    return [base64.b64decode(each) for each in found]


def tells_nothing(page: str) -> bool:
    return SECRET.strip() not in b"\n".join([page.encode(), *contents(page)])


# ------------------------------------------------------------------ what is never read


WAYS_TO_NAME = (
    "{}",
    "./{}",
    "x/../{}",
    "%2e/{}",
    "file:{}",
    "file://{folder}/{}",
    "FILE://localhost{folder}/{}",
    "{folder}/{}",
    "//{folder}/{}",
    ".\\{}",
    "{}%00.png",
    "{}?x.png",
    "{}#x.png",
    "./././{}",
)


@pytest.mark.parametrize("way", WAYS_TO_NAME)
def test_no_name_of_a_picture_reads_a_secret(work, way):
    (work / "link.png").symlink_to(".env")
    secrets = (".env", "notes.txt", "../outside.txt", "%2e%65nv", "link.png")
    cells = []
    for to in (way.replace("{folder}", str(work)).replace("{}", secret) for secret in secrets):
        html = f"<img src='{to}'><IMG SRC={to}><audio src='{to}'></audio><video src='{to}'></video>"
        raw = nbformat.v4.new_raw_cell(html, metadata={"raw_mimetype": "text/html"})
        cells += [markdown(f"![]({to}) ![](<{to}>)\n\n{html}"), markdown(f"![x][r]\n\n[r]: {to}")]
        cells += [shown(html), raw]
    assert tells_nothing(bundle(work, *cells))


def test_an_attachment_is_what_the_notebook_has_of_it(work):
    cell = markdown("![](attachment:.env)")
    cell["attachments"] = {".env": {"image/png": base64.b64encode(PNG).decode()}}
    page = bundle(work, cell)
    assert contents(page) == [PNG]
    assert tells_nothing(page)


@pytest.mark.parametrize(
    "ending", ["png", "jpg", "gif", "svg", "webp", "avif", "mp3", "wav", "m4a"]
)
def test_a_secret_that_is_called_a_picture_is_none(work, ending):
    (work / f"copy.{ending}").write_bytes(SECRET)
    (work / f"hard.{ending}").hardlink_to(work / ".env")
    (work / f"UP.{ending.upper()}").write_bytes(SECRET)
    names = (f"copy.{ending}", f"hard.{ending}", f"UP.{ending.upper()}")
    tags = "".join(f"<img src='{name}'><audio src='{name}'></audio>" for name in names)
    page = bundle(work, markdown(tags), *(markdown(f"![]({name})") for name in names))
    assert tells_nothing(page)
    assert names[0] in page, "an address that is not put in stays as it is"


def test_no_link_leads_a_picture_out_of_the_folder(work, tmp_path):
    (work / "link.png").symlink_to(tmp_path / "outside.png")
    (work / "folder").symlink_to(tmp_path)
    (work / "round.png").symlink_to("round.png")
    (work / ".hidden").mkdir()
    (work / ".hidden" / "face.png").write_bytes(PNG)
    (work / "seen.png").symlink_to(".hidden/face.png")
    names = ("link.png", "folder/outside.png", "round.png", ".hidden/face.png", "seen.png")
    page = bundle(work, *(markdown(f"![]({name})\n\n<img src='{name}'>") for name in names))
    assert PNG not in contents(page)


def test_nothing_that_never_ends_is_read(work):
    os.mkfifo(work / "pipe.png")
    (work / "zero.png").symlink_to("/dev/zero")
    (work / "folder.png").mkdir()
    with (work / "huge.png").open("wb") as huge:
        huge.write(PNG)
        huge.truncate(200_000_000)
    names = ("pipe.png", "zero.png", "folder.png", "huge.png")
    began = time.monotonic()
    page = bundle(work, *(markdown(f"![]({name})") for name in names))
    assert time.monotonic() - began < 30
    assert len(page) < 5_000_000


# ------------------------------------------------------------------ what a page shows


def test_pictures_and_sounds_of_the_folder_are_inside(work):
    (work / "more art").mkdir()
    (work / "more art" / "夜 50%.svg").write_bytes(SVG)
    (work / "take.flac").write_bytes(tone())
    (work / "near.png").symlink_to("cover.png")
    page = bundle(
        work,
        markdown("![a](cover.png)"),
        markdown(f"![b]({quote('more art/夜 50%.svg')})"),
        markdown('<img src="./cover.png" alt="x > y">\n\n<audio controls src="take.flac"></audio>'),
        shown('<img src="near.png">'),
    )
    assert contents(page).count(PNG) == 3
    assert SVG in contents(page)
    assert tone() in contents(page)
    assert "<script>alert" not in page, "the picture's script stays in the picture"


def test_other_addresses_stay_and_nothing_is_fetched(work):
    page = bundle(work, markdown("![](https://example.invalid/a.png)"), shown('<img src="no.png">'))
    assert 'src="https://example.invalid/a.png"' in page
    assert 'src="no.png"' in page


def test_a_page_with_a_diagram_or_a_formula_fetches_no_script(work):
    page = bundle(work, markdown("```mermaid\ngraph LR; A-->B\n```\n\n$x^2$"))
    assert "graph LR" in page
    assert re.findall(r"https?://[\w.]*(?:cdn|unpkg)[\w.]*", page) == []


def test_a_copy_has_an_end(work):
    noise = PNG + os.urandom(1_000_000)
    (work / "big.png").write_bytes(noise)
    cells = [markdown('<img src="big.png">' * 500)]
    with pytest.raises(sp.Mistake, match="more than 500 MB of sound and pictures"):
        bundle(work, *cells)
    assert [file.name for file in work.glob("*with-sound*")] == []


# ------------------------------------------------------------------ what is never run


RUNS = (
    "{%- extends 'lab/index.html.j2' -%}{%- block header -%}{{ cycler.__init__.__globals__."
    "os.system('touch ran') }}{{ super() }}{%- endblock -%}"
)


@pytest.mark.parametrize(
    "name",
    ["<memory>", "lab/index.html.j2", "lab/base.html.j2", "base/null.j2", "index.html.j2"],
)
def test_a_template_beside_the_notebook_is_not_run(work, name):
    (work / name).parent.mkdir(exist_ok=True)
    (work / name).write_text(RUNS.replace("lab/index", "nbconvert/templates/lab/index"))
    page = bundle(work, markdown("Hello"))
    assert "Hello" in page
    assert not (work / "ran").exists()


def test_settings_beside_the_notebook_are_not_read(work):
    (work / "lab").mkdir()
    execute = {"type": "nbconvert.preprocessors.ExecutePreprocessor", "enabled": True}
    conf = {"base_template": "base", "preprocessors": {"1-run": execute}}
    (work / "lab" / "conf.json").write_text(json.dumps(conf))
    config = "c.HTMLExporter.embed_images = True\nopen('ran', 'w')\n"
    for name in ("jupyter_config.py", "jupyter_nbconvert_config.py", "ipython_config.py"):
        (work / name).write_text(config)
    code = nbformat.v4.new_code_cell("open('ran', 'w')")
    kernel = {"name": "python3", "display_name": "Python 3"}
    page = bundle(work, code, markdown("![](notes.txt)"), kernelspec=kernel)
    assert not (work / "ran").exists()
    assert tells_nothing(page)


@pytest.mark.filterwarnings("ignore:No lexer found")
def test_a_notebooks_metadata_choose_neither_template_nor_files(work):
    hostile = {
        "title": "{{ cycler.__init__.__globals__.os.system('touch ran') }}",
        "language_info": {"name": "python", "pygments_lexer": "../../../x"},
        "nbconvert": {"template": str(work), "embed_images": True, "theme": "../../x"},
        "path": str(work),
        "resources": {"metadata": {"path": "/"}},
    }
    cell = shown("<b>x</b>")
    cell.outputs[0].data = {"image/png": base64.b64encode(PNG).decode()}
    cell.outputs[0].metadata = {"filenames": {"image/png": "../outside.txt"}}
    page = bundle(work, cell, markdown("{{ 1234567 * 8 }} {% include '.env' %}"), **hostile)
    assert "9876536" not in page
    assert not (work / "ran").exists()
    assert tells_nothing(page)


# ------------------------------------------------------------------ players


@pytest.mark.parametrize("html", [False, True])
def test_a_link_in_the_folder_of_sounds_leads_nowhere(work, tmp_path, html):
    (tmp_path / "private.flac").write_bytes(tone(2.0))
    sounds = work / "soundpiece-audio"
    sounds.mkdir()
    (sounds / "link-1-ffffffff.flac").symlink_to(tmp_path / "private.flac")
    (sounds / "env-1-ffffffff.flac").symlink_to(work / ".env")
    (sounds / "zero-1-ffffffff.flac").symlink_to("/dev/zero")
    os.mkfifo(sounds / "pipe-1-ffffffff.flac")
    (sounds / "here-1-ffffffff.flac").write_bytes(tone(1.0))
    names = sorted(file.name for file in sounds.iterdir())
    page = bundle(work, *(shown(player(name)) for name in names), html=html)
    assert len(contents(page)) == 1
    assert page.count("soundpiece-audio/") == 4


def test_a_folder_of_sounds_that_is_a_link_is_not_entered(work, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a-1-ffffffff.flac").write_bytes(tone())
    (work / "soundpiece-audio").symlink_to(tmp_path / "elsewhere")
    page = bundle(work, shown(player("a-1-ffffffff.flac")), html=False)
    assert contents(page) == []


def test_a_numbered_file_is_still_found_in_the_store(connected, tmp_path):
    op = sp.fx("door slam", name="slam").result(60)
    path = tmp_path / "n.ipynb"
    cells = [shown(player(f"slam-1-{op.key[:8]}{number}.flac")) for number in ("", "-2")]
    path.write_text(json.dumps(nbformat.v4.new_notebook(cells=cells)))
    assert len(contents(write(path, html=False))) == 2


def test_a_damaged_file_in_the_store_is_a_missing_sound(connected, tmp_path):
    op = sp.fx("door slam", name="slam").result(60)
    op.outputs[0].path.write_bytes(b"fLaC and nothing else")
    path = tmp_path / "n.ipynb"
    name = f"slam-1-{op.key[:8]}.flac"
    path.write_text(json.dumps(nbformat.v4.new_notebook(cells=[shown(player(name))])))
    made = plan_bundle(path, None, html=False).write(current().journal)
    assert made.missing == (name,)


@pytest.mark.parametrize("piece", ["<audio ", '<audio src="', "<audio src=x ", "<img src='"])
def test_five_megabytes_of_broken_tags_take_no_time(work, piece):
    hostile = piece * (5_000_000 // len(piece))
    (work / "n.ipynb").write_text(json.dumps(nbformat.v4.new_notebook(cells=[shown(hostile)])))
    plan = plan_bundle(work / "n.ipynb", None, html=False)
    began = time.monotonic()
    plan.write(current().journal)
    assert time.monotonic() - began < 3  # 0.3 s with nothing else going on; once, over an hour


# ------------------------------------------------------------------ what is no notebook


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


def notebook_text(cells: str, metadata: str = "{}") -> str:
    return f'{{"nbformat":4,"nbformat_minor":5,"metadata":{metadata},"cells":{cells}}}'


def with_outputs(outputs: str) -> str:
    cell = (
        '{"cell_type":"code","id":"a","source":"","metadata":{},"execution_count":null,"outputs":'
    )
    return notebook_text(f"[{cell}{outputs}}}]")


def with_data(data: str) -> str:
    return with_outputs(f'[{{"output_type":"display_data","metadata":{{}},"data":{data}}}]')


WRONG = {
    "deep": nested(100_000),
    "deep metadata": notebook_text("[]", nested(900)),
    "deep below": notebook_text("[]", nested(300)),
    "a list": "[]",
    "a number": "7",
    "no format": '{"nbformat": []}',
    "a large format": '{"nbformat": 1e999}',
    "cells of text": notebook_text('"abc"'),
    "cells by name": notebook_text('{"a": 1}'),
    "cells of nothing": notebook_text("[null, 3]"),
    "no cells": '{"nbformat":4,"nbformat_minor":5,"metadata":{}}',
    "metadata of nothing": notebook_text("[]", "null"),
    "outputs of text": with_outputs('"abc"'),
    "outputs of nothing": with_outputs("[null]"),
    "an output of nothing": with_outputs("[{}]"),
    "data of text": with_data('"x"'),
    "data of numbers": with_data('{"text/html":[1]}'),
    "a source of numbers": notebook_text('[{"cell_type":"markdown","source":[1],"metadata":{}}]'),
    "a cell without kind": notebook_text("[{}]"),
    "a missing attachment": notebook_text(
        '[{"cell_type":"markdown","id":"a","source":"![](attachment:x)","metadata":{}}]'
    ),
    "a wrong language": notebook_text("[]", '{"language_info": 3}'),
    "half a character": notebook_text(
        '[{"cell_type":"markdown","id":"a","source":"\\ud800","metadata":{}}]'
    ),
    "no text": "\udcff\udcfe",
}


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_notebook_is_one_sentence(work, wrong, html):
    path = work / "n.ipynb"
    path.write_bytes(WRONG[wrong].encode("utf-8", "surrogateescape"))
    said = ""
    try:
        write(path, html=html)
    except sp.Mistake as mistake:
        said = str(mistake)
    assert "\n" not in said
    assert len(said) < 1_000
    assert bool(said) == (not list(work.glob("*with-sound*")))


@pytest.mark.parametrize("html", [False, True])
def test_html_as_a_list_of_lines_is_html(work, html):
    (work / "soundpiece-audio").mkdir()
    (work / "soundpiece-audio" / "a-1-ffffffff.flac").write_bytes(tone())
    cell = shown("")
    line = player("a-1-ffffffff.flac")
    cell.outputs[0].data["text/html"] = [line[:20], line[20:]]
    assert len(contents(bundle(work, cell, html=html))) == 1


def test_a_notebook_has_an_end(work):
    with (work / "n.ipynb").open("wb") as file:
        file.truncate(600_000_000)
    with pytest.raises(sp.Mistake, match="over 500 MB"):
        plan_bundle(work / "n.ipynb", None, html=False)


@pytest.mark.parametrize("what", ["pipe", "folder", "/dev/zero", "nowhere", "round", "x" * 5_000])
def test_what_is_no_file_is_one_sentence(work, what):
    path = work / "n.ipynb"
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    elif len(what) > 1_000:
        path = work / what
    else:
        path.symlink_to({"nowhere": "gone", "round": "n.ipynb"}.get(what, what))
    from soundpiece_nb.files.paths import read_path

    with pytest.raises(sp.Mistake, match=r"There is no notebook|cannot be a path"):
        plan_bundle(read_path(path), None, html=False)


def test_a_sound_that_unpacks_to_hours_is_not_put_in(work):
    (work / "soundpiece-audio").mkdir()
    import numpy as np
    import soundfile

    endless = work / "soundpiece-audio" / "long-1-ffffffff.flac"
    with soundfile.SoundFile(endless, "w", 8_000, 1, "PCM_16") as sound:
        for _ in range(3_700 // 100):
            sound.write(np.zeros(800_000, dtype="int16"))
    assert contents(bundle(work, shown(player(endless.name)), html=False)) == []


# ------------------------------------------------------------------ two at once


AT_ONCE = """
import sys, time
from pathlib import Path
from soundpiece_nb.display.bundle import plan_bundle
from soundpiece_nb.journal.journal import Journal
journal = Journal(Path(sys.argv[2]))
plan = plan_bundle(Path(sys.argv[1]), None, html=False)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(20):
    print(plan.write(journal).path, flush=True)
"""


def test_bundles_at_once_never_take_each_others_place(work, tmp_path):
    path = work / "n.ipynb"
    path.write_text(json.dumps(nbformat.v4.new_notebook(cells=[markdown("x" * 1_000)])))
    (tmp_path / "journal").mkdir()
    command = [sys.executable, "-c", AT_ONCE, str(path), str(tmp_path / "journal")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen(command, **pipes) for _ in range(4)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    told = [line for writer in writers for line in writer.communicate(timeout=100)[0].split()]
    assert len(told) == len(set(told)) == 80
    assert all(Path(name).stat().st_size > 1_000 for name in told)
    assert list(work.glob(".*.part")) == []
