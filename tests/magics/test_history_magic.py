"""What was made, from a cell: filtered, in pages, as a frame, as a file."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote

import pandas as pd
import pytest

from support.kernels import Kernel
from support.services import quiet_environment

PROMPT = 'Slow "jazz", 5 $\nno drums; é ✓'
CELLS = (
    "%load_ext soundpiece_nb\nimport soundpiece_nb as sp",
    f"night = sp.song('la la la', prompt={PROMPT!r}, name='night', tags=['demo', 'a, b'])",
    "bad = sp.song('content_policy', prompt='jazz', name='bad', note='for the film')",
    "%soundpiece_fx wet -p '{{m}}' -d 1 --sweep m=rain,hail --wait",
    "%soundpiece_fx storm -p Storm -d 2 --wait",
    "%soundpiece_fx many -p Thump -d 1 --repeat 20 --wait",
    "%soundpiece_wait night\n%soundpiece_rate night:1 2\n%soundpiece_rate night:2 5 'the bass'",
    "%soundpiece_rate storm 3",
)
ALL = 25


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of the notebook, which Jupyter names to its kernel."""
    made = tmp_path_factory.mktemp("notebooks")
    (made / "n.ipynb").write_text("{}")
    return made


@pytest.fixture(scope="module")
def kernel(folder, tmp_path_factory, sandbox):
    environment = quiet_environment(
        tmp_path_factory.mktemp("home"),
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_marked_0123456789",
        JPY_SESSION_NAME=str(folder / "n.ipynb"),
    )
    started = Kernel(environment)
    for cell in CELLS:
        ran = started.run(cell)
        assert ran.status == "ok", ran.text
    yield started
    started.close()


def prompts(kernel, options):
    """Return the prompts of the operations that fit, in their order, from the frame."""
    kernel.run(f"found = %soundpiece_history {options} -o df")
    return kernel.value("found['prompt'].tolist()")


def shown(kernel, options):
    """Return the table as text and as HTML."""
    [output] = kernel.run(f"%soundpiece_history {options}").of("display_data")
    return output["data"]["text/plain"], output["data"]["text/html"]


# ------------------------------------------------------------------ which


@pytest.mark.parametrize(
    ("options", "fitting"),
    [
        ("--status failed", ["jazz"]),
        ("--route song", ["jazz", PROMPT]),
        ("--route create.new_song --status ready", [PROMPT]),
        ("--since 1h --route song", ["jazz", PROMPT]),
        ("--since 2999-01-01", []),
        ("--search 'NO DRUMS'", [PROMPT]),
        ("--search 'for the film'", ["jazz"]),
        ("--search night", [PROMPT]),
        ("--tag demo", [PROMPT]),
        ("--tag 'a, b'", [PROMPT]),
        ("--tag a", []),
        ("--min-rating 3 --order name", [PROMPT, "Storm"]),
        ("--min-rating 5", [PROMPT]),
        ("--name storm", ["Storm"]),
        ("--error content_policy", ["jazz"]),
        ("--order made -n 2", [PROMPT, "jazz"]),
        ("--order -rating -n 2", [PROMPT, "Storm"]),
        ("--order -duration -n 1", [PROMPT]),
    ],
)
def test_a_filter_finds_the_same_for_the_frame_and_the_table(kernel, options, fitting):
    assert prompts(kernel, options) == fitting
    text, html = shown(kernel, options)
    assert html.count("●") == len(fitting)
    assert f"of {len(fitting)} operations" in text or "-n" in options or not fitting


def test_a_sweep_is_found_by_its_id(kernel):
    wanted = kernel.value("wet.id")
    assert prompts(kernel, f"--sweep {wanted} --order made") == ["rain", "hail"]


def test_nothing_found_is_said_in_words(kernel):
    assert shown(kernel, "--tag nowhere")[0] == (
        "No operations, newest first. No operation has the tag 'nowhere'."
    )


# ------------------------------------------------------------------ pages


def test_a_page_has_twenty_and_says_of_how_many(kernel):
    text, html = shown(kernel, "")
    assert html.count("●") == 20
    assert f"1 to 20 of {ALL} operations, newest first." in text
    text, html = shown(kernel, "--page 2")
    assert html.count("●") == ALL - 20
    assert f"21 to {ALL} of {ALL} operations, newest first." in text


def test_pages_together_are_everything_once(kernel):
    keys = []
    for page in (1, 2, 3):
        text, _ = shown(kernel, f"-n 10 --page {page} --order duration")
        assert "length, shortest first" in text
        keys += re.findall(r"UTC  ([0-9a-f]{8})  ", text)
    everything = kernel.value("[key[:8] for key in sp.history(order='duration').index]")
    assert keys == everything


def test_the_frame_has_all_of_them(kernel):
    kernel.run("frame = %soundpiece_history -o df")
    assert kernel.value("len(frame)") == ALL
    assert kernel.value("frame.equals(sp.history())")


def test_rows_play_the_files_beside_the_notebook(kernel, folder):
    _, html = shown(kernel, "--name night")
    sources = re.findall(r'<audio controls[^>]* src="([^"]+)"', html)
    assert len(sources) == 2
    assert all((folder / unquote(source)).is_file() for source in sources)
    assert "★★★★★" in html
    assert "the bass" in html


# ------------------------------------------------------------------ the summary


def test_the_summary_says_how_many_how_long_and_what_failed(kernel):
    text, html = shown(kernel, "-n 1")
    summary = text.splitlines()[-1]
    assert summary.startswith(f"{ALL - 1} ready, 1 failed; ")
    assert summary.endswith(" of audio. Failures: 1 content_policy.")
    folded = html[html.index("Summary") :]
    assert "1 content_policy" in folded
    lately = f"{ALL - 1} today, {ALL - 1} in the last 7 days"
    assert lately in folded
    assert f"\nMade: {lately}.\n" in text, "what failed cost nothing"
    assert re.search(r"23, [\d.]+ s of audio, ready in [\d.]+ s \(9 of 10 in [\d.]+ s\)", folded)
    assert re.search(rf'alt="Operations a day, [^"]*: {ALL} operations"', folded)


def test_the_summary_is_of_what_fits(kernel):
    text, _ = shown(kernel, "--name storm")
    assert text.splitlines()[-1] == "1 ready; 2.0 s of audio."


# ------------------------------------------------------------------ files


def written(kernel, path, options=""):
    ran = kernel.run(f"%soundpiece_history {options} --to '{path}'")
    assert ran.status == "ok", ran.text
    return ran.text.strip()


def test_a_csv_comes_back_as_the_very_same_history(kernel, tmp_path):
    path = tmp_path / "all of it.csv"
    assert written(kernel, path) == f"{ALL} operations in {path}"
    table = pd.read_csv(path, index_col="idempotency_key")
    kernel.run("frame = sp.history()")
    assert list(table.index) == kernel.value("frame.index.tolist()")
    assert list(table.columns) == kernel.value("frame.columns.tolist()")
    for name in ("params", "tags", "sweep", "files"):
        read = [None if pd.isna(text) else json.loads(text) for text in table[name]]
        assert read == kernel.value(f"frame[{name!r}].tolist()")
    assert table["prompt"].tolist() == kernel.value("frame['prompt'].tolist()")
    moments = pd.to_datetime(table["submitted_at"], format="ISO8601")
    assert [str(each) for each in moments] == kernel.value(
        "[str(each) for each in frame['submitted_at']]"
    )
    seconds = pd.to_timedelta(table["elapsed"]).dt.total_seconds()
    assert seconds.tolist() == kernel.value("frame['elapsed'].dt.total_seconds().tolist()")


def test_a_file_holds_what_fits_and_no_more(kernel, tmp_path):
    for name in ("some.csv", "some.html"):
        path = tmp_path / name
        assert written(kernel, path, "--route song") == f"2 operations in {path}"
        assert written(kernel, path, "-n 3") == f"3 operations in {path}"
    assert len(pd.read_csv(tmp_path / "some.csv")) == 3
    assert (tmp_path / "some.html").read_text().count("●") == 3


class Page(HTMLParser):
    """What a page is made of; raises where a tag is closed that is not open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in ("meta", "img", "br"):
            self._open.append(tag)
        self.sources += [value for name, value in attributes if name == "src" and tag == "audio"]
        assert not [name for name, _ in attributes if name.startswith("on")]

    def handle_endtag(self, tag):
        assert self._open.pop() == tag


def test_a_page_opens_anywhere_and_plays_what_lies_beside_it(kernel, tmp_path):
    path = tmp_path / "history.html"
    assert written(kernel, path) == f"{ALL} operations in {path}"
    page = Page(path.read_text(encoding="utf-8"))
    assert not {"script", "link", "iframe", "button", "input"} & set(page.tags)
    assert len(page.sources) == ALL  # one of them has no take, another has two
    assert all((tmp_path / unquote(source)).is_file() for source in page.sources)
    assert path.read_text().count("●") == ALL


@pytest.mark.parametrize(
    ("ending", "needed"), [("parquet", "Parquet needs pyarrow"), ("xlsx", "Excel needs openpyxl")]
)
def test_a_file_asks_for_what_it_needs(kernel, tmp_path, ending, needed):
    absent = "'pyarrow', 'fastparquet', 'openpyxl'"
    kernel.run(f"import sys; sys.modules.update(dict.fromkeys([{absent}]))")
    ran = kernel.run(f"%soundpiece_history --to {tmp_path}/x.{ending}")
    kernel.run(f"for each in [{absent}]: del sys.modules[each]")
    [error] = ran.errors
    assert error.startswith(f"Mistake: {needed}, which is not installed: %pip install")
    assert error.endswith("or write .csv.")
    assert "\n" not in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["nowhere/x.csv", "a-file/x.csv", "a-file/x.html", "folder.csv"])
def test_where_nothing_can_be_written_a_sentence_says_so(kernel, tmp_path, place):
    (tmp_path / "a-file").write_text("kept")
    (tmp_path / "folder.csv").mkdir()
    ran = kernel.run(f"%soundpiece_history --to {tmp_path / place}")
    [error] = ran.errors
    assert error.startswith(f"StorageFailed: {tmp_path / place} cannot be written: ")
    assert "\n" not in error
    assert (tmp_path / "a-file").read_text() == "kept"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a-file", "folder.csv"]


# ------------------------------------------------------------------ slips


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--status done", "no status 'done'"),
        ("--route sonata", "no route 'sonata'"),
        ("--since later", "is no time"),
        ("--min-rating 6", "from 1 to 5, not 6."),
        ("--min-rating 0", "from 1 to 5, not 0."),
        ("--min-rating many", "must be a whole number from 1 to 5, not 'many'."),
        ("--order loudness", "no order 'loudness'"),
        ("-n 0", "1 to 1000"),
        ("-n 0 -o df", "from 1 to"),
        ("--page 0", "--page must be a whole number from 1, not 0."),
        ("--page 3", "no page 3: 25 operations fit on 2"),
        ("--page last", "must be a whole number from 1, not 'last'."),
        ("-o csv", "invalid choice: 'csv'"),
        ("--to history.txt", ".csv, .xlsx, .parquet, .json or .html, not as history.txt"),
        ("--to history", ".csv, .xlsx, .parquet, .json or .html, not as history."),
        ("--to history.json --raw", "Only a .csv is written raw: a .json has every"),
        ("--raw", "--raw says how --to writes a .csv. Name the file"),
        ("--search 'open", "Close the quotes"),
    ],
)
def test_a_slip_is_one_sentence(kernel, options, said):
    ran = kernel.run(f"%soundpiece_history {options}")
    [error] = ran.errors
    assert error.startswith("Mistake: ")
    assert said in error
    assert "\n" not in error
    assert not ran.of("display_data")
