"""Two kernels, two processes indeed, that judge on one journal at the same time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from soundpiece_nb.journal.dataframe import history
from soundpiece_nb.journal.filters import Filter
from support.recorded_operations import finish, record

TIMES = 50
JUDGE = f"""
import pathlib, sys
from soundpiece_nb.journal.journal import Journal

home, key, take, what = sys.argv[1:]
take = int(take)
journal = Journal(pathlib.Path(home))
print("here", flush=True)
input()
for n in range(1, {TIMES} + 1):
    said = {{"rating": n % 4 + 1 if what != "note" else None}}
    said["note"] = str(n) if what != "stars" else None
    journal.judge(key, take, **said)
    if what != "both of one":  # nobody else says this
        kept = journal.entry(key).takes[take - 1]
        assert all(getattr(kept, word) == value for word, value in said.items() if value), n
journal.close()
"""
LAST_STARS, LAST_NOTE = TIMES % 4 + 1, str(TIMES)


@pytest.fixture
def key(journal):
    made = record(journal)
    finish(journal, made)
    return made


def judge_at_once(journal, key, *judges):
    """Let a process for each judge, all from one moment on; each has to end without complaint."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", JUDGE, str(journal.home), key, str(take), what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for take, what in judges
    ]
    for process in running:
        assert process.stdout.readline() == "here\n", process.communicate()[1]
    for process in running:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in running:
        _, complaint = process.communicate(timeout=60)
        assert process.returncode == 0, complaint
    return [(take.rating, take.note) for take in journal.entry(key).takes]


def test_two_takes_of_one_operation_are_both_judged(journal, key):
    judged = judge_at_once(journal, key, (1, "both"), (2, "both"))
    assert judged == [(LAST_STARS, LAST_NOTE)] * 2
    assert history(journal, Filter()).loc[key, "rating"] == LAST_STARS


def test_stars_of_one_and_the_note_of_another_are_both_kept_on_the_same_take(journal, key):
    judged = judge_at_once(journal, key, (2, "stars"), (2, "note"))
    assert judged == [(None, None), (LAST_STARS, LAST_NOTE)]


def test_of_two_that_judge_the_same_take_the_last_word_stands_everywhere(journal, key):
    judged = judge_at_once(journal, key, (1, "both of one"), (1, "both of one"))
    assert judged == [(LAST_STARS, LAST_NOTE), (None, None)]
    assert history(journal, Filter(min_rating=LAST_STARS)).loc[key, "rating"] == LAST_STARS
    assert journal.count(Filter(min_rating=LAST_STARS + 1)) == 0


TAG = f"""
import pathlib, sys
from soundpiece_nb.journal.journal import Journal

home, key, name = sys.argv[1:]
journal = Journal(pathlib.Path(home))
print("here", flush=True)
input()
for n in range({TIMES}):
    journal.relabel(key, name=None, tags=(f"{{name}} {{n}}",), note=None)
journal.close()
"""


def test_tags_that_two_give_at_once_are_all_kept(journal, key):
    both = [
        subprocess.Popen(
            [sys.executable, "-c", TAG, str(journal.home), key, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for process in both:
        assert process.stdout.readline() == "here\n"
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in both:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert len(journal.entry(key).tags) == 2 * TIMES
