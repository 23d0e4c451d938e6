"""Sweeps from Python, where nobody watches, in a terminal, and after the kernel has died."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

import soundpiece_nb as sp
from support.kernels import Kernel, read_until
from support.services import RunningSandbox, quiet_environment


def swept(sandbox, home):
    """Return the environment of a kernel whose service is this sandbox."""
    return quiet_environment(
        home, SOUNDPIECE_BASE_URL=sandbox.base_url, SOUNDPIECE_API_KEY="spk_marked_0123456789"
    )


# ------------------------------------------------------------------ from Python


def test_every_combination_is_an_operation_that_says_what_sets_it_apart(connected):
    sizes = {"size": ["tiny", "huge"], "duration": [1, 1.5]}
    sweep = sp.sweep("fx", vary=sizes, prompt="{{size}} impact", tags=["{{size}} one", "swept"])
    frame = sweep.result(60)
    assert list(frame.index) == list(sweep.values)
    assert [(op.request["prompt"], op.request["duration"]) for op in sweep.operations] == [
        ("tiny impact", 1.0),
        ("tiny impact", 1.5),
        ("huge impact", 1.0),
        ("huge impact", 1.5),
    ]
    assert list(sweep.values.values()) == [
        {"size": size, "duration": duration}
        for size in ("tiny", "huge")
        for duration in ("1", "1.5")
    ]
    assert list(frame["sweep"]) == [{"id": sweep.id, **each} for each in sweep.values.values()]
    assert re.fullmatch(r"size-duration-[0-9a-f]{8}", sweep.id)
    assert list(frame["tags"].iloc[0]) == ["tiny one", "swept"]
    assert set(frame["status"]) == {"ready"}
    assert list(sp.history(sweep=sweep.id, order="made").index) == list(sweep.values)


def test_its_operations_come_as_they_end(connected):
    sweep = sp.sweep("fx", vary={"size": ["tiny", "huge"]}, prompt="{{size}} impact", duration=1)
    assert {op.request["prompt"] for op in sweep} == {"tiny impact", "huge impact"}
    assert sweep.done
    assert sweep.counts() == {"ready": 2}


def test_a_field_is_swept_by_its_name_in_python_or_on_the_magic(connected):
    whole = sp.fx("Impact", 4).result(60)
    for name in ("target_duration", "to"):
        sweep = sp.sweep("cut", vary={name: [1, 2]}, source=whole)
        assert [op.request["target_duration"] for op in sweep.operations] == [1.0, 2.0]
        assert set(sweep.result(60)["status"]) == {"ready"}


def test_repeat_makes_takes_of_the_same(connected):
    sweep = sp.sweep("fx", vary={"size": ["tiny", "huge"]}, repeat=2, prompt="{{size}}", duration=1)
    sweep.result(60)
    assert list(sweep.values.values()) == [
        {"size": size, "repeat": number} for size in ("tiny", "huge") for number in "12"
    ]
    assert [op.request["prompt"] for op in sweep.operations] == ["tiny"] * 2 + ["huge"] * 2
    only = sp.sweep("fx", repeat=2, prompt="Impact", duration=1)
    assert list(only.values.values()) == [{"repeat": "1"}, {"repeat": "2"}]
    assert only.id.startswith("repeat-")


@pytest.mark.parametrize("repeat", [1, 2])
def test_once_the_same_sweep_has_the_same_keys_and_id_and_makes_nothing_new(
    connected, sandbox, repeat
):
    def start():
        words = {"prompt": "{{size}} impact", "duration": 1, "once": True, "repeat": repeat}
        return sp.sweep("fx", vary={"size": ["tiny", "huge"]}, **words)

    first = start()
    first.result(60)
    made = sandbox.counters()["created"]
    again = start()
    assert set(again.result(60)["status"]) == {"ready"}
    assert (again.id, list(again.values)) == (first.id, list(first.values))
    assert len(set(again.values)) == 2 * repeat
    assert sandbox.counters()["created"] == made


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"vary": {"size": "tiny,huge"}}, "dictionary of lists"),
        ({"vary": {"size": []}}, "dictionary of lists"),
        ({"vary": {"size": {"tiny", "huge"}}}, "dictionary of lists"),
        ({"vary": {"size": None}}, "dictionary of lists"),
        ({"vary": {"the size": ["tiny"]}}, "dictionary of lists"),
        ({"vary": {1: ["tiny"]}}, "dictionary of lists"),
        (
            {"vary": {"size": ["tiny"]}, "prompt": "{{sise}} {{size}}"},
            "no variable 'sise' for {{sise}} (did you mean `size`?)",
        ),
        (
            {"vary": {"sise": ["tiny"]}},
            "no variable 'size' for {{size}} (did you mean `{{sise}}`?)",
        ),
        (
            {"vary": {"size": ["tiny"]}, "prompt": "{{Szie}}"},
            "Nothing here uses {{size}}, and there is no variable 'Szie' for {{Szie}} (did",
        ),
        *(
            (
                {"vary": {"size": ["tiny"]}, "prompt": f"A {written} door"},
                f"Nothing here uses {{{{size}}}}, and {written!r} is only text (did you mean `{{{{",
            )
            for written in ("{size}", "${size}", "$size", "<size>", "[size]", "{{size}", "%(size)s")
        ),
        ({"vary": {"colour": ["red", "blue"]}}, "Nothing here uses {{colour}}"),
        ({"vary": {"id": ["a", "b"]}}, "cannot vary 'id'"),
        ({"vary": {"repeat": ["a", "b"]}}, "cannot vary 'repeat'"),
        ({"vary": {"size": range(101)}}, "101 operations; a sweep makes at most 100"),
        ({"vary": {"size": range(51)}, "repeat": 2}, "102 operations"),
        ({"vary": {"size": ["a"], "duration": [1, -1]}, "duration": None}, "more than 0"),
        ({"vary": {"size": ["a"]}, "repeat": 0}, "whole number from 1"),
        ({"vary": {"size": ["a"]}, "repeat": 2.5}, "whole number from 1"),
        ({"vary": {"size": ["a"]}, "repeat": True}, "whole number from 1"),
        ({"vary": {"size": ["a"]}, "name": "not a name"}, "cannot be a NAME"),
        ({"vary": {"size": ["a"]}, "tags": "swept"}, "list of texts"),
        ({"vary": {"size": ["a"]}, "loudness": 3}, "loudness"),
        ({"vary": {"size": ["a", "x" * 1100]}}, "at most 1024"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_whole(connected, words, said):
    with pytest.raises(sp.Mistake, match=re.escape(said)):
        sp.sweep("fx", **{"prompt": "{{size}} impact", "duration": 1, **words})
    assert len(sp.history()) == 0


# ------------------------------------------------------------------ where nobody watches


def test_headless_a_sweep_waits_and_ends_as_a_board_that_lasts(tmp_path, sandbox):
    kernel = Kernel(swept(sandbox, tmp_path / "home"), watched=False)
    kernel.run("%load_ext soundpiece_nb")
    ran = kernel.run("%soundpiece_fx hits -p '{{word}}' -d 1 --sweep word=one,content_policy")
    kernel.close()
    assert "1 of 2 operations are not ready." in ran.errors[0]
    [board] = ran.of("display_data")
    assert set(board["data"]) == {"text/html", "text/plain"}
    assert not ran.of("update_display_data")
    html = board["data"]["text/html"]
    assert html.count('<audio controls preload="none"') == 1
    assert "data:audio/mpeg;base64," in html
    assert "1 of 2 ready" in html
    assert "LUFS" in html
    assert "content policy" in html
    assert "word=content_policy" in board["data"]["text/plain"]
    assert "<script" not in html


def test_in_a_terminal_a_sweep_is_lines_of_text(tmp_path, sandbox):
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={
            **swept(sandbox, tmp_path / "home"),
            "IPYTHONDIR": str(tmp_path / "ipython"),
            "TERM": "dumb",
        },
        cwd=tmp_path,
    )
    os.close(follower)
    sweep = "%soundpiece_fx hits -d 1 -p '{{size}} impact' --sweep size=tiny,huge --wait\n"
    os.write(leader, f"%load_ext soundpiece_nb\n{sweep}".encode())
    seen = read_until(leader, "size=huge")
    os.write(leader, b"hits\nlen(hits.values)\nexit\n")
    again = read_until(leader, "Out[4]: 2")
    os.close(leader)
    process.wait(20)
    assert "2 operations: every size." in seen
    for shown in (seen, again):
        assert re.search(r"hits · sweep of 2 · fx · 2 of 2 ready in [\d.]+ s\s", shown)
        assert re.search(r"  ready       size=tiny  0:0\d\s", shown)
        assert "<div" not in shown


# ------------------------------------------------------------------ after the kernel has died


def test_a_new_kernel_shows_a_sweep_by_its_id_and_resume_goes_on_with_it(tmp_path):
    sandbox = RunningSandbox(tmp_path / "sandbox", pace=0.1)
    environment = swept(sandbox, tmp_path / "home")
    doomed = Kernel(environment)
    doomed.run("%load_ext soundpiece_nb")
    numbers = ",".join(map(str, range(12)))
    doomed.run(f"%soundpiece_fx hits -d 1 -p 'Impact {{{{n}}}}' --sweep n={numbers} --no-wait")
    wanted = doomed.value("hits.id")
    assert doomed.value("hits.done") is False
    doomed.manager.provisioner.process.kill()
    doomed.close()
    kernel = Kernel(environment)
    kernel.run("%load_ext soundpiece_nb\nimport soundpiece_nb as sp, time")
    ran = kernel.run(
        f"%soundpiece_show {wanted}\n%soundpiece_resume {wanted}\n"
        f"while set(sp.history(sweep={wanted!r})['status']) != {{'ready'}}: time.sleep(0.1)\n"
        "time.sleep(1)"
    )
    assert ran.status == "ok", ran.text
    board = ran.of("display_data")[0]
    assert "sweep of 12" in board["data"]["text/plain"]
    drawn = [
        each["data"]["text/html"]
        for each in ran.of("update_display_data")
        if each["transient"] == board["transient"]
    ]
    assert "12 of 12 ready" in drawn[-1]
    assert drawn[-1].count("<audio controls") == 12
    prompts = kernel.value("sorted(sp.history()['prompt'])")
    assert prompts == sorted(f"Impact {n}" for n in range(12))
    kernel.close()
    created = sandbox.counters()["created"]
    sandbox.stop()
    assert created == 12


def test_the_same_value_twice_is_one_operation_where_the_key_follows_from_the_request(connected):
    vary = {"mood": ["calm", "calm", "wild"]}
    swept = sp.sweep("fx", prompt="{{mood}} rain", duration=1, vary=vary, once=True)
    assert len(swept.result()) == 2
    assert len(sp.history()) == 2
