"""The history as a file: what a spreadsheet is given runs nothing, and all of it comes back."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.display.history_file import write_history
from soundpiece_nb.display.spreadsheet_text import RESTORED, neutralised
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.operations.current_session import current

RUN = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://cdn.example","x")',
    "+1",
    "-5",
    "-2+3",
    "@SUM(A1)",
    "\tla",
    "\rla",
    "\nla",
    " =1+1",
    "\u3000\xa0=1",
    "\0=1",
    '"=1+1"',
    "'=1+1",
    "''=1+1",
    "\uff1d1\uff0b1",
    "\uff0d1",
    "\uff20a",
    "=",
]
"""Texts that a spreadsheet may run, and some that a person neutralised."""
KEPT = [
    "'tis the season",
    "''",
    "a=b",
    "5-4",
    "[Verse]\n- la",
    "söft, 🎵",
    "#N/A",
    "NA",
    "1e5",
    "a,b;c|d\r\ne",
]
"""Texts that are none."""


@pytest.mark.parametrize("text", RUN, ids=ascii)
def test_what_may_be_run_has_an_apostrophe(text):
    assert neutralised(text) == f"'{text}"


@pytest.mark.parametrize("text", [*KEPT, "", "5"], ids=ascii)
def test_what_cannot_be_run_stays_as_it_is(text):
    assert neutralised(text) == text


def test_restoring_takes_our_apostrophe_and_no_other():
    texts = pd.Series([*RUN, *KEPT, "'"])
    assert texts.map(neutralised).replace(RESTORED, "", regex=True).tolist() == texts.tolist()


def keep_notes(texts):
    """Record an operation for each text, which is its note and its tag; return their keys."""
    journal, keys = current().journal, []
    for text in texts:
        request = new_request(find_route("fx"), {"prompt": f"{text[:50]}.", "duration": 2.5})
        journal.record(request, service="sandbox", note=text, tags=[text], name="night")
        keys.append(request.key)
    return keys


def test_a_csv_for_a_spreadsheet_runs_nothing_and_comes_back(home, tmp_path):
    keys = keep_notes(RUN + KEPT)
    path, count = write_history(current(), Filter(order="made"), tmp_path / "h.csv")
    assert count == len(keys)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["note"] for row in rows] == [*(f"'{text}" for text in RUN), *KEPT]
    assert [row["prompt"] for row in rows][: len(RUN)] == [f"'{text}." for text in RUN]
    assert [json.loads(row["tags"]) for row in rows] == [[text] for text in RUN + KEPT]
    assert {row["params"] for row in rows} == {'{"duration": 2.5}'}
    assert [row["idempotency_key"] for row in rows] == keys
    table = pd.read_csv(path, index_col="idempotency_key", keep_default_na=False)
    back = table.replace(RESTORED, "", regex=True)
    assert back["note"].tolist() == RUN + KEPT
    assert back.index.tolist() == keys


def test_a_raw_csv_has_every_text_as_it_is(home, tmp_path):
    keep_notes(RUN + KEPT)
    path, _ = write_history(current(), Filter(order="made"), tmp_path / "h.csv", raw=True)
    with path.open(newline="", encoding="utf-8") as file:
        assert [row["note"] for row in csv.DictReader(file)] == RUN + KEPT
    assert path.read_bytes().startswith(b"idempotency_key,")
    with pytest.raises(Mistake, match=r"Only a \.csv is written raw"):
        write_history(current(), Filter(), tmp_path / "h.xlsx", raw=True)


def test_negative_numbers_stay_numbers(home, tmp_path):
    [key] = keep_notes(["x"])
    journal = current().journal
    journal.settle(key, polls=-3, retries=0)
    path, _ = write_history(current(), Filter(), tmp_path / "h.csv")
    assert pd.read_csv(path)["polls"].tolist() == [-3]


def test_json_holds_lists_and_dictionaries_as_they_are(home, tmp_path):
    keys = keep_notes(RUN + KEPT)
    path, _ = write_history(current(), Filter(order="made"), tmp_path / "h.json")
    rows = json.loads(path.read_text("utf-8"))
    assert [row["idempotency_key"] for row in rows] == keys
    assert [row["note"] for row in rows] == RUN + KEPT
    assert rows[0]["tags"] == ["=1+1"]
    assert rows[0]["params"] == {"duration": 2.5}
    assert rows[0]["files"] == []
    assert rows[0]["sweep"] is rows[0]["finished_at"] is rows[0]["rating"] is None
    assert rows[0]["submitted_at"].endswith("+00:00")


@pytest.mark.parametrize("ending", [".csv", ".json"])
def test_a_history_of_nothing_is_a_file_too(home, tmp_path, ending):
    assert write_history(current(), Filter(), tmp_path / f"h{ending}")[1] == 0


IN_CHILD = """
import json, sys
from pathlib import Path
from soundpiece_nb.display.history_file import write_history
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.operations.current_session import current
import openpyxl, pandas as pd
folder = Path(sys.argv[1])
for wanted, name in ((Filter(status="ready"), "none"), (Filter(order="made"), "all")):
    for ending in (".xlsx", ".parquet"):
        write_history(current(), wanted, folder / f"{name}{ending}")
sheet = openpyxl.load_workbook(folder / "all.xlsx")["history"]
columns = {column[0].value: column[1:] for column in sheet.columns}
table = pd.read_parquet(folder / "all.parquet")
print(json.dumps({
    "notes": [cell.value for cell in columns["note"]],
    "kinds": sorted({cell.data_type for cell in columns["note"]}),
    "times": sorted({cell.data_type for cell in columns["submitted_at"]}),
    "polls": sorted({cell.data_type for cell in columns["polls"]}),
    "heads": list(columns),
    "parquet": table["note"].tolist(),
    "dtypes": table.dtypes.astype(str).to_dict(),
    "empty": pd.read_parquet(folder / "none.parquet").dtypes.astype(str).to_dict(),
    "none": openpyxl.load_workbook(folder / "none.xlsx")["history"].max_row,
}))
"""


def test_excel_and_parquet_hold_the_texts_themselves(home, tmp_path):
    texts = [*RUN, *KEPT, "x" * 40_000, "a\0b\x1f"]
    keep_notes(texts)
    readers = Path(sys.prefix) / "frames" / "readers"
    assert readers.is_dir(), "make frames installs it"
    path = os.pathsep.join([*filter(None, sys.path), str(readers)])
    ran = subprocess.run(
        [sys.executable, "-c", IN_CHILD, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert list(map(in_lines, said["notes"][:-2])) == [
        in_lines(text.replace("\0", "")) for text in texts[:-2]
    ]
    assert len(said["notes"][-2]) == 32_767
    assert said["notes"][-1] == "ab"
    assert said["kinds"] == ["s"]
    assert (said["times"], said["polls"]) == (["d"], ["n"])
    assert said["heads"][0] == "idempotency_key"
    assert said["parquet"] == texts
    assert said["dtypes"] == said["empty"]
    assert said["none"] == 1


def in_lines(text):
    """Return a text as XML reads it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
