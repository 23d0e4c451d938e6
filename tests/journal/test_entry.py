"""One operation as the journal has it: whether it is complete, what it is called, when it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.journal.entry import (
    Entry,
    TakeEntry,
    microseconds,
    read_fields,
)
from soundpiece_nb.journal.row_reading import EPOCH, to_time
from support.recorded_operations import finish, record

KEY = "550e8400-e29b-41d4-a716-446655440000"
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
NOTHING, STORED, PRUNED = {}, {"path": "audio/1.flac"}, {"pruned_at": NOON}


def take(number=1, kind=None, path=None, pruned_at=None):
    return TakeEntry(number, kind, 3.0, path, None, None, None, None, pruned_at)


def entry(status="ready", takes=(), **said):
    body = json.dumps({"idempotency_key": KEY, **said.pop("fields", {"prompt": "jazz"})})
    usual = {
        "key": KEY,
        "route": "create.new_song",
        "service": "sandbox",
        "body": body.encode(),
        "name": None,
        "operation_id": "op_1",
        "tags": (),
        "note": None,
        "sweep": None,
        "notebook": None,
        "error_code": None,
        "error_message": None,
        "submitted_at": NOON,
        "accepted_at": None,
        "finished_at": None,
        "outputs": len(takes),
        "polls": 0,
        "retries": 0,
    }
    return Entry(**usual | said, status=status, takes=tuple(takes))


# ------------------------------------------------------------------ complete


@pytest.mark.parametrize(
    ("status", "complete"),
    [("submitting", False), ("processing", False), ("failed", True), ("rejected", True)],
)
@pytest.mark.parametrize("outputs", [None, 0, 2])
def test_without_outputs_an_end_is_what_completes(status, complete, outputs):
    assert entry(status, outputs=outputs).complete is complete


@pytest.mark.parametrize(
    ("takes", "complete"),
    [
        ([STORED, STORED], True),
        ([STORED, PRUNED], True),
        ([PRUNED, PRUNED], True),
        ([STORED | PRUNED, STORED], True),
        ([STORED, NOTHING], False),
        ([PRUNED, NOTHING], False),
        ([NOTHING, NOTHING], False),
        ([STORED], False),
        ([STORED, STORED, STORED], False),
    ],
)
def test_a_ready_one_is_complete_when_each_output_is_a_file_or_pruned(takes, complete):
    numbered = [take(number, **said) for number, said in enumerate(takes, 1)]
    assert entry("ready", numbered, outputs=2).complete is complete


def test_a_ready_one_whose_outputs_nobody_has_counted_is_not_complete():
    assert not entry("ready", outputs=None).complete


@pytest.mark.parametrize("status", ["submitting", "processing"])
def test_files_alone_complete_nothing(status):
    assert not entry(status, [take(**STORED)]).complete


# ------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("name", "fields", "title"),
    [
        ("night", {"prompt": "jazz"}, "night"),
        (None, {"prompt": "slow jazz\nwith   brushed drums and bass"}, "slow jazz with brushed"),
        (None, {"lyrics": "la la", "prompt": ""}, "la la"),
        (None, {"lyrics": "la la", "prompt": "jazz"}, "jazz"),
        (None, {}, "create.new_song"),
        (None, {"prompt": "a" * 50}, "a" * 40),
    ],
)
def test_an_operation_is_called_by_its_name_or_its_first_words(name, fields, title):
    assert entry(name=name, fields=fields).title == title


def test_takes_that_differ_in_kind_are_named_for_it():
    stems = entry(takes=[take(1, "vocals"), take(2, "drums")], name="parts")
    assert [stems.file_name(each) for each in stems.takes] == [
        "parts-vocals-550e8400.flac",
        "parts-drums-550e8400.flac",
    ]


@pytest.mark.parametrize("kind", [None, "song"])
def test_takes_that_do_not_are_numbered(kind):
    song = entry(takes=[take(1, kind), take(2, kind)], name="night")
    assert [song.file_name(each, ".mp3") for each in song.takes] == [
        "night-1-550e8400.mp3",
        "night-2-550e8400.mp3",
    ]


def test_a_kind_that_reads_like_a_number_does_not_take_its_place():
    odd = entry(takes=[take(1, "2"), take(2)], name="odd")
    assert len({odd.file_name(each) for each in odd.takes}) == 2


@pytest.mark.parametrize(("finished_at", "made_at"), [(None, NOON), (EPOCH, EPOCH)])
def test_a_take_tells_what_it_was_made_from_and_when(finished_at, made_at):
    fields = {"lyrics": "la la", "prompt": "jazz"}
    song = entry(takes=[take(1), take(2)], name="night", fields=fields, finished_at=finished_at)
    story = song.story(song.takes[1])
    assert (story.identity.key, story.identity.take) == (KEY, 2)
    assert (story.title, story.prompt, story.lyrics) == ("night", "jazz", "la la")
    assert (story.route, story.operation_id) == ("create.new_song", "op_1")
    assert story.made_at == made_at


def test_fields_are_as_a_person_gave_them():
    body = b'{"idempotency_key": "x", "source": {"url": "https://a.example"}, "meta": {"a": 1}}'
    assert read_fields(body) == {"source": "https://a.example", "meta": {"a": 1}}
    assert read_fields(b'{"prompt": "a url"}') == {"prompt": "a url"}


# ------------------------------------------------------------------ times


@pytest.mark.parametrize(
    ("time", "stored"),
    [
        (EPOCH, 0),
        (EPOCH + timedelta(microseconds=1), 1),
        (EPOCH + timedelta(days=2, seconds=3, microseconds=4), 172_803_000_004),
        (EPOCH.astimezone(timezone(timedelta(hours=2))), 0),
        (NOON + timedelta(microseconds=999_999), 1_795_348_800_999_999),
        (datetime(9000, 1, 1, 0, 0, 0, 999_999, UTC), 221_845_392_000_999_999),
    ],
)
def test_a_time_is_kept_to_the_microsecond(time, stored):
    assert microseconds(time) == stored
    assert to_time(stored) == time
    assert to_time(stored).tzinfo is UTC


def test_no_time_is_none():
    assert to_time(None) is None


# ------------------------------------------------------------------ what is read back


def test_what_was_written_down_is_read_back(journal):
    key = record(journal, name="night", tags=["demo", "loud"], note="mine", notebook="/a.ipynb")
    written = journal.entry(key)
    assert (written.key, written.route, written.service) == (key, "create.new_song", "sandbox")
    assert (written.name, written.tags, written.note) == ("night", ("demo", "loud"), "mine")
    assert (written.status, written.notebook) == ("submitting", "/a.ipynb")
    assert (written.sweep, written.operation_id, written.outputs) == (None, None, None)
    assert (written.error_code, written.error_message) == (None, None)
    assert (written.accepted_at, written.finished_at) == (None, None)
    assert (written.polls, written.retries, written.takes) == (0, 0, ())
    assert abs(datetime.now(UTC) - written.submitted_at) < timedelta(minutes=1)
    assert written.fields == {"lyrics": "la", "prompt": "jazz"}


def test_the_end_is_read_back_with_its_takes(journal):
    key = record(journal)
    finish(journal, key)
    journal.settle(key, polls=3, retries=2)
    journal.judge(key, 2, rating=4, note="the better one")
    made = journal.entry(key)
    assert made.submitted_at <= made.accepted_at <= made.finished_at
    assert (made.polls, made.retries, made.outputs) == (3, 2, 2)
    assert [each.take for each in made.takes] == [1, 2]
    assert [each.rating for each in made.takes] == [None, 4]
    assert made.takes[1].note == "the better one"
    assert made.takes[0].path == f"audio/{key}/1.flac"
    assert [each.pruned_at for each in made.takes] == [None, None]
    journal.prune(key)
    pruned = journal.entry(key).takes[0].pruned_at
    assert abs(datetime.now(UTC) - pruned) < timedelta(minutes=1)


def test_the_sweep_it_is_of_is_read_back(journal):
    request = new_request(find_route("fx"), {"prompt": "rain", "duration": 1})
    sweep = {"id": "mood-1", "mood": "calm"}
    journal.record_all([request], [{"sweep": json.dumps(sweep)}], service="sandbox")
    assert journal.entry(request.key).sweep == sweep
