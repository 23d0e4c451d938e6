"""Handles and errors travel: they are copied, pickled, kept in tables and shown anywhere."""

from __future__ import annotations

import copy
import json
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import weakref
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import soundpiece_nb as sp
from soundpiece_nb.operations.current_session import current
from support.recorded_operations import finish, record
from support.services import as_json, operation

ROOT = Path(__file__).parent.parent
HANDLES = ("operation", "take", "batch", "sweep")


@pytest.fixture
def handles(home, scripted):
    """One of each kind; the service, which answers nothing of use, has yet to hear of any."""
    service = scripted(lambda *_: as_json(operation()))
    journal = current().journal
    key, *rows = [record(journal, prompt=word, name=word) for word in ("night", "one", "two")]
    for each in (key, *rows):
        finish(journal, each, takes=1)
        file = home / "audio" / each / "1.flac"
        file.parent.mkdir(parents=True)
        file.touch()
    made = sp.operation(key)
    batch = sp.Batch(rows, current(), max_in_flight=1, name="rows")
    sweep = sp.Sweep("mood-1", {each: {"mood": "calm"} for each in rows}, current())
    yield dict(zip(HANDLES, (made, made.outputs[0], batch, sweep), strict=True))
    assert service.heard == []


def through(handle, protocol):
    return pickle.loads(pickle.dumps(handle, protocol))  # noqa: S301 - our own


@pytest.mark.parametrize("kind", HANDLES)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_handle_says_the_same(handles, kind, protocol):
    handle = handles[kind]
    again = through(handle, protocol)
    assert type(again) is type(handle)
    assert repr(again) == repr(handle)
    assert again.session is current()
    for name in ("key", "status", "request", "take", "path", "duration", "keys", "values", "done"):
        assert getattr(again, name, None) == getattr(handle, name, None)


@pytest.mark.parametrize("kind", HANDLES)
def test_a_copy_is_the_handle_itself(handles, kind):
    handle = handles[kind]
    assert copy.copy(handle) is copy.deepcopy([handle])[0] is handle
    assert weakref.ref(handle)() is handle


def test_a_batch_from_elsewhere_goes_on_once_it_is_waited_for(handles):
    for kind in ("batch", "sweep"):
        again = through(handles[kind], 5)
        assert again.done
        assert [each.key for each in again] == list(again.keys)
        assert list(through(handles[kind], 5).result(10).index) == list(again.keys)


def test_a_handle_of_a_class_of_ones_own_keeps_what_that_adds(handles):
    again = through(Marked(handles["operation"].key, current(), "mine"), 2)
    assert (type(again), again.mark, again.status) == (Marked, "mine", "ready")


class Marked(sp.Operation):
    def __init__(self, key, session, mark):
        super().__init__(key, session)
        self.mark = mark


@pytest.mark.parametrize("kind", HANDLES)
def test_where_the_home_folder_is_another_a_sentence_says_so(handles, kind, home, monkeypatch):
    kept = pickle.dumps(handles[kind])
    current.close()
    monkeypatch.setenv("SOUNDPIECE_HOME", f"{home}-of-another")
    again = pickle.loads(kept)  # noqa: S301 - our own
    for ask in (lambda: again.session, lambda: getattr(again, SAID_BY_THE_JOURNAL[kind])):
        with pytest.raises(sp.Mistake) as caught:
            ask()
        assert str(home) in str(caught.value)
        assert f"{home}-of-another" in str(caught.value)
        assert f"Set SOUNDPIECE_HOME={home}" in caught.value.next
    assert len(repr(again)) > 20


SAID_BY_THE_JOURNAL = {"operation": "status", "take": "rating", "batch": "route", "sweep": "done"}


def test_the_same_home_by_another_path_is_the_same(handles, home, tmp_path, monkeypatch):
    kept = pickle.dumps(handles["operation"])
    current.close()
    (tmp_path / "link").symlink_to(home)
    monkeypatch.setenv("SOUNDPIECE_HOME", str(tmp_path / "link"))
    assert pickle.loads(kept).status == "ready"  # noqa: S301 - our own


def test_a_session_stays_in_its_process_and_says_what_to_send(handles):
    with pytest.raises(sp.Mistake, match=r"stays in its process\. Send an operation"):
        pickle.dumps(current())
    assert through(current, 5) is current


IN_POOLS = """
import json, multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
import soundpiece_nb as sp

if __name__ == "__main__":
    bad = sp.song("content_policy", prompt="x")
    errors = []
    for method in ("spawn", "fork"):
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(1, mp_context=context) as pool, context.Pool(1) as older:
            for ask in (pool.submit(bad.result).result, lambda: older.apply(bad.result)):
                try:
                    ask()
                except sp.OperationFailed as error:
                    errors.append([error.code, error.key, error.operation_id, str(error)])
            try:
                pool.submit(sp.song, "la").result()
            except sp.Mistake as error:
                errors.append(error.money)
            assert pool.submit(getattr, bad, "status").result() == "failed"
    print(json.dumps([bad.key, bad.id, errors]))
"""


def test_an_error_in_a_pool_of_processes_is_that_error(connected, tmp_path):
    script = tmp_path / "pools.py"
    script.write_text(IN_POOLS)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    key, operation_id, errors = json.loads(ran.stdout)
    assert len(errors) == 6
    for error in errors:
        if isinstance(error, list):
            assert error[:3] == ["content_policy", key, operation_id]
            assert "Nothing was made." in error[3]
        else:
            assert error == "Nothing was sent."


class OwnError(sp.OperationFailed):
    def __init__(self, *, must):
        super().__init__("It failed.", code="own")
        self.must = must


def test_an_error_of_a_class_of_ones_own_keeps_its_notes_and_what_that_adds():
    error = OwnError(must=[1])
    error.add_note("seen on Monday")
    for again in (through(error, 0), through(error, 5), copy.deepcopy(error)):
        assert (type(again), again.must, again.code) == (OwnError, [1], "own")
        assert again.__notes__ == ["seen on Monday"]


# ------------------------------------------------------------------ wherever it is put


def test_tables_arrays_sets_and_texts_hold_a_handle_whole(handles):
    made = handles["operation"]
    for each in (made, handles["take"]):
        table = pd.DataFrame({"it": [each, each]})
        assert table["it"][1] is each
        assert pd.Series([each]).map(str).tolist() == [str(each)]
        assert str(each)[:8] in repr(table)
        array = np.array([each])
        assert (array.shape, array[0]) == ((1,), each)
        assert each in {each: 1}
        assert json.dumps([each], default=str) == f'["{each}"]'
        assert f"{each:>50}|{each!s:.4}" == str(each).rjust(50) + f"|{str(each)[:4]}"
    assert made == sp.operation("night")
    for odd in (None, 5, made.key, np.nan, ..., handles["take"]):
        assert made != odd
    assert not (made == np.array([1, 2])).any()


PROBED = (
    *("_repr_png_", "_repr_html_", "_repr_mimebundle_", "_ipython_display_", "__array__", "shape"),
    *("__len__", "__getitem__", "dtype", "__dataframe__", "__fspath__", "_ipython_canary_method_"),
)


@pytest.mark.parametrize("kind", ["Operation", "Output", "Batch", "Sweep"])
def test_a_handle_that_is_not_made_yet_can_be_looked_at(home, kind):
    half = object.__new__(getattr(sp, kind))
    assert repr(half).startswith("<")
    assert f"{half}" == str(half)
    assert hash(half) == hash(half)
    assert half == half  # noqa: PLR0124 - by its own rule
    assert half != 5
    assert dir(half)
    as_sequence = {"__len__", "__getitem__"}  # as batches and sweeps are
    assert not any(hasattr(half, name) for name in PROBED if name not in as_sequence)


def _remove_rows(home):
    with closing(sqlite3.connect(home / "journal.sqlite")) as connection:
        connection.execute("DELETE FROM operations")
        connection.commit()


def _remove_home(home):
    current.close()
    shutil.rmtree(home)


def _damage_journal(home):
    current.close()
    (home / "journal.sqlite").write_bytes(b"junk" * 5_000)


def _put_file_at_home(home):
    _remove_home(home)
    home.write_text("a file")


@pytest.mark.parametrize("harm", [_remove_rows, _remove_home, _damage_journal, _put_file_at_home])
def test_what_the_journal_has_lost_is_a_sentence_and_never_breaks_a_repr(handles, home, harm):
    made, take, batch, sweep = handles.values()
    harm(home)
    assert made.key[:8] in repr(made)
    assert all(len(repr(each)) > 10 for each in (take, batch, sweep, [made], {take: sweep}))
    assert (str(made), str(take)) == (made.key, f"{made.key}:1")
    asked = [lambda: made.status, made.result, lambda: made.tag("x"), made.rerun]
    for ask in [*asked, lambda: take.rate(5)]:
        with pytest.raises(sp.SoundpieceError) as caught:
            ask()
        assert caught.value.what
