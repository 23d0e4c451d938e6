"""Letting audio go: what would be removed, what is, and what is left alone."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from soundpiece_nb.api.answer import OutputLink
from soundpiece_nb.api.errors import StorageFailed
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.audio.store import AudioStore
from soundpiece_nb.audio.verification import Take
from soundpiece_nb.engine.engine import Engine
from soundpiece_nb.engine.pruning import Weight, is_on_the_way, prune, weigh
from soundpiece_nb.journal.journal import Journal
from support.held_lease import held_by_another


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    journal = Journal(tmp_path_factory.mktemp("home"))
    engine = Engine(journal, AudioStore(journal.home / "audio"), connect=None)
    yield engine
    engine.stop()
    journal.close()


@pytest.fixture
def kept(engine):
    """A finished song: two takes of 100 bytes, whose lease is given back."""
    request = new_request(find_route("song"), {"lyrics": "la", "prompt": "jazz"})
    journal, key = engine.journal, request.key
    journal.record(request, service="sandbox")
    journal.accepted(key, "op_1")
    journal.ready(key, [OutputLink("https://cdn.example/1", None, 3.0, None)] * 2)
    for number in (1, 2):
        path = engine.store.path(key, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(100))
        journal.stored(key, number, Take(132_300, 44_100, 2, "00", 100, b"\1\1"), path)
    journal.release([key])
    return journal.entry(key)


def test_what_pruning_would_remove_is_weighed(engine, kept):
    assert weigh(engine, kept) == Weight(takes=2, size=200, shared=0)
    engine.store.path(kept.key, 1).with_suffix(".mp3").write_bytes(bytes(30))
    assert weigh(engine, kept) == Weight(takes=2, size=230, shared=0)


def test_what_lies_beside_a_notebook_too_is_weighed_apart(engine, kept):
    os.link(engine.store.path(kept.key, 1), engine.journal.home / "beside.flac")
    assert weigh(engine, kept) == Weight(takes=2, size=200, shared=100)


def test_weights_add_up():
    assert Weight(1, 20, 3) + Weight(2, 30, 4) == Weight(3, 50, 7)


def test_pruned_audio_is_gone_and_noted_and_its_rows_stay(engine, kept):
    assert prune(engine, kept)
    assert engine.store.files(kept.key) == []
    pruned = engine.journal.entry(kept.key)
    assert [(take.path, take.pruned_at is None) for take in pruned.takes] == [(None, False)] * 2
    assert pruned.complete
    assert engine.journal.claim(kept.key), "it is held by nobody"


def test_of_one_take_only_its_own_files_go(engine, kept):
    folder = engine.store.path(kept.key, 1).parent
    names = ("2.mp3", "2.abc.part", "2.abc.etag", "2.unverified.flac", "12.flac", "mine.txt")
    for name in names:
        (folder / name).write_bytes(bytes(10))
    assert weigh(engine, kept, [2]) == Weight(takes=1, size=130, shared=0)
    assert prune(engine, kept, [2])
    left = sorted(file.name for file in engine.store.files(kept.key))
    assert left == ["1.flac", "12.flac", "2.unverified.flac", "mine.txt"]
    pruned = engine.journal.entry(kept.key)
    assert [(bool(take.path), take.pruned_at is None) for take in pruned.takes] == [
        (True, True),
        (False, False),
    ]
    assert pruned.complete
    assert engine.journal.unprune(kept.key, [1]) == pruned, "it was not pruned"
    assert engine.journal.unprune(kept.key, [2]).takes[1].pruned_at is None


def test_what_was_pruned_before_keeps_its_day(engine, kept):
    assert prune(engine, kept, [2])
    earlier = engine.journal.entry(kept.key).takes[1].pruned_at
    assert prune(engine, engine.journal.entry(kept.key))
    first, second = engine.journal.entry(kept.key).takes
    assert second.pruned_at == earlier
    assert first.pruned_at > earlier


def test_what_another_process_holds_is_left_alone(engine, kept):
    with held_by_another(engine.journal, kept.key):
        assert not prune(engine, kept)
    assert weigh(engine, kept).takes == 2
    assert engine.journal.entry(kept.key) == kept


def test_what_has_not_ended_is_on_the_way(engine, kept):
    request = new_request(find_route("song"), {"lyrics": "la", "prompt": "jazz"})
    engine.journal.record(request, service="sandbox")
    unsent = engine.journal.entry(request.key)
    assert is_on_the_way(engine, unsent)
    assert not is_on_the_way(engine, kept)
    assert not prune(engine, unsent)


def test_what_this_process_follows_is_on_the_way(engine):
    request = new_request(find_route("song"), {"lyrics": "la", "prompt": "jazz"})
    engine.journal.record(request, service="sandbox")
    with held_by_another(engine.journal, request.key):  # it waits for the other
        engine.start(request.key)
        assert is_on_the_way(engine, replace(engine.journal.entry(request.key), status="ready"))


def test_a_file_that_cannot_be_removed_is_one_sentence_and_pruning_goes_on_later(
    engine, kept, monkeypatch
):
    def refuse(path, **_):
        raise PermissionError(13, "Permission denied", "1.flac")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(StorageFailed, match=r"^1\.flac cannot be removed: Permission denied"):
            prune(engine, kept)
    assert prune(engine, engine.journal.entry(kept.key))
    assert engine.store.files(kept.key) == []
