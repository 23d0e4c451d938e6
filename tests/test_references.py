"""One operation feeding the next: named, addressed at the moment of sending, never stored."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

import soundpiece_nb as sp
from soundpiece_nb.operations.current_session import current
from support.services import (
    OPERATION_ID,
    Reply,
    RunningSandbox,
    as_json,
    operation,
    quiet_environment,
    tone,
)

LYRICS = "La la la la\nLo lo lo lo"


@pytest.fixture(scope="module")
def home_with_song(tmp_path_factory, sandbox):
    """A home with a finished song, for each test to have a copy of."""
    home = tmp_path_factory.mktemp("song") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUNDPIECE_HOME", str(home))
        patch.setenv("SOUNDPIECE_BASE_URL", sandbox.base_url)
        patch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
        sp.song(LYRICS, prompt="Rock, 120 bpm", name="night").result(60)
        current.close()
    return home


@pytest.fixture
def song(home_with_song, connected):
    """A finished song called `night`."""
    shutil.copytree(home_with_song, connected)
    return sp.operation("night")


def test_a_song_becomes_stems_a_remix_and_a_cut_each_by_name(song):
    parts = sp.stems("night:2", name="parts").result(60)
    late = sp.remix_song("parts:vocals", "Other words", "Jazz", name="late").result(60)
    short = sp.cut("late", to=8, name="short").result(60)

    assert [output.kind for output in parts.outputs] == ["vocals", "drums", "bass", "other"]
    mix, rate = song.outputs[1].audio()
    assert rate == 44_100
    total = sum(output.audio()[0] for output in parts.outputs)
    assert np.abs(total - mix).max() < 1e-6
    assert short.outputs[0].duration == pytest.approx(8, abs=1.1)

    assert [each.name for each in short.parents] == ["late"]
    assert [each.name for each in late.parents] == ["parts"]
    assert [each.name for each in song.children] == ["parts"]
    assert [each.name for each in parts.children] == ["late"]
    history = sp.history()
    assert history.loc[parts.key, "source"] == f"soundpiece:{song.key}:2"
    assert history.loc[late.key, "source"] == f"soundpiece:{parts.key}:1"


@pytest.mark.parametrize(
    "named",
    [
        lambda song: song,
        lambda song: song.outputs[0],
        lambda song: song.key,
        lambda song: song.key[:8],
        lambda song: f"{song.key[:8]}:1",
        lambda song: song.id,
        lambda song: f"{song.id}:1",
        lambda _: "night",
        lambda song: f"soundpiece:{song.key}:1",
    ],
)
def test_an_output_is_named_in_many_ways(song, named):
    made = sp.cut(named(song), 60, unchecked=True).result(60)
    assert made.request["source"] == f"soundpiece:{song.key}:1"
    assert made.status == "ready"


def test_a_reference_is_named_alike(song):
    made = sp.instrumental(reference="night:2").result(60)
    assert made.parents[0].key == song.key
    assert made.request == {"reference": f"soundpiece:{song.key}:2"}


def test_an_address_that_expired_in_between_is_no_trouble(home, tmp_path, monkeypatch):
    sandbox = RunningSandbox(tmp_path / "hasty", url_lifetime=1.0)
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    sp.fx("Impact", 2, name="hit").result(60)
    time.sleep(1.2)
    assert sp.cut("hit", 1).result(60).status == "ready"
    sp.resume()
    sandbox.stop()


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("nobody", "No operation has the name or key 'nobody'"),
        ("night:3", "has no output :3; it has :1, :2"),
        ("night:0", "has no output :0"),
        ("night:vocals", "has no output :vocals"),
        ("song.wav", "a file of this machine"),
        ("~/music/song", "a file of this machine"),
        ("", "No operation has"),
        (7, "https URL"),
        ("http://a.example/b.flac", "https URL"),
        ("ftp://a.example/b.flac", "https URL"),
    ],
)
def test_what_is_no_source_is_one_sentence_and_nothing_is_sent(song, named, said):
    with pytest.raises(sp.Mistake, match="Nothing was sent") as caught:
        sp.stems(named)
    assert said in str(caught.value)
    assert len(sp.history()) == 1


def test_stems_are_named_by_their_kind(song):
    sp.stems(song, name="parts").result(60)
    with pytest.raises(
        sp.Mistake, match="parts:vocals or parts:drums or parts:bass or parts:other"
    ):
        sp.remix_instrumental("parts")


def test_an_ambiguous_beginning_lists_the_candidates(connected):
    for digit in "12":
        sp.fx("x", 0.5, key=f"550e8400-e29b-41d4-a716-44665544000{digit}").result(60)
    with pytest.raises(sp.Mistake, match=r"More than one key begins with '550e'.*550e8400"):
        sp.cut("550e", 5)


def test_a_source_without_sound_says_how_it_stands(connected):
    failed = sp.song("content_policy", prompt="Rock", name="bad")
    with pytest.raises(sp.OperationFailed):
        failed.result(60)
    with pytest.raises(sp.Mistake, match="bad has no sound: it is failed"):
        sp.stems("bad")


def test_a_source_on_the_way_says_how_to_wait(home, tmp_path, monkeypatch):
    sandbox = RunningSandbox(tmp_path / "slow", pace=5)
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    sp.fx("Impact", 2, name="hit")
    with pytest.raises(sp.Mistake, match="%soundpiece_wait hit"):
        sp.cut("hit", 1)
    sandbox.stop()


def test_a_source_of_another_service_is_refused(song, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", "https://api.elsewhere.example/v1")
    with pytest.raises(sp.Mistake, match="does not have it"):
        sp.stems("night")


def test_no_signed_address_reaches_the_disk(song, home):
    sp.stems("night").result(60)
    for file in home.rglob("*"):
        if file.is_file():
            assert b"signature=" not in file.read_bytes(), file


def test_a_source_that_the_service_lost_is_a_refusal_and_can_be_sent_again(scripted):
    lost = False

    def answer(heard, _):
        if heard.method == "PUT":
            put = json.loads(heard.body)
            return as_json(operation(id=OPERATION_ID, idempotency_key=put["idempotency_key"]))
        if lost:
            return as_json({"detail": "no such operation"}, 422)
        if "create" in heard.path or "adapt" in heard.path:
            outputs = [{"url": f"{service.root}/1", "expires_at": None, "duration": 1.0}]
            return as_json(operation("ready", outputs=outputs))
        return Reply(body=tone())

    service = scripted(answer)
    song = sp.song("la", prompt="Rock").result(60)
    lost = True
    stems = sp.stems(song)
    with pytest.raises(sp.RequestRejected, match="cannot be had"):
        stems.result(60)
    assert stems.status == "rejected"
    assert not [h for h in service.heard if h.method == "PUT" and "stems" in h.path]
    lost = False
    sp.resume(stems.key)
    assert sp.operation(stems.key).result(60).status == "ready"
    [put] = [h for h in service.heard if h.method == "PUT" and "stems" in h.path]
    assert json.loads(put.body)["source"] == {"url": f"{service.root}/1"}


def test_a_crash_after_sending_makes_the_chained_operation_once(home, tmp_path):
    """The address is another one after the crash; the key is the same, and so is the operation."""
    sandbox = RunningSandbox(tmp_path / "slow", pace=0.3)
    environment = quiet_environment(
        home, SOUNDPIECE_BASE_URL=sandbox.base_url, SOUNDPIECE_API_KEY="spk_tests_only"
    )
    script = textwrap.dedent(
        """
        import soundpiece_nb as sp, time
        sp.fx("Impact", 2, name="hit").result()
        print(sp.cut("hit", 1).key, flush=True)
        time.sleep(60)
        """
    )
    dying = subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True
    )
    key = dying.stdout.readline().strip()
    while not sandbox.counters()["requests"].get("PUT adapt.auto_cut_down"):
        time.sleep(0.005)
    os.kill(dying.pid, signal.SIGKILL)
    dying.communicate()
    with sqlite3.connect(Path(home) / "journal.sqlite") as journal:  # as if the answer was lost
        journal.execute(
            "UPDATE operations SET status = 'submitting', operation_id = NULL"
            " WHERE idempotency_key = ?",
            (key,),
        )
    journal.close()
    resumed = subprocess.run(
        [sys.executable, "-c", "import soundpiece_nb as sp\nfor o in sp.resume(): o.result(60)"],
        env=environment,
        check=False,
    )
    assert resumed.returncode == 0
    assert sandbox.counters()["created"] == 2
    sandbox.stop()


def test_a_request_runs_again_with_a_change(song):
    other = song.rerun(prompt="Jazz", name="day").result(60)
    assert other.key != song.key
    assert other.request == {"lyrics": LYRICS, "prompt": "Jazz"}
    guided = song.rerun(reference="night:1")
    assert guided.request == {"lyrics": LYRICS, "reference": f"soundpiece:{song.key}:1"}
    cut = sp.cut("night", 8, tags=["demo"]).result(60)
    longer = cut.rerun(to=9)
    assert longer.request["target_duration"] == 9
    assert longer.entry.tags == ("demo",)
    with pytest.raises(sp.Mistake, match="no field 'tempo'"):
        song.rerun(tempo=90)
