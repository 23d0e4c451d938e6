"""What Tab offers behind a magic: the right words, in the right place, at once, from here alone."""

from __future__ import annotations

import json
import os
import pty
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import time
import types
import uuid
from bisect import bisect_left
from contextlib import closing

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.terminal.ptutils import IPythonPTCompleter
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from traitlets.config import Config

from soundpiece_nb.api.answer import OutputLink
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import ROUTES, find_route
from soundpiece_nb.journal import filters
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.operations.operation import Operation
from support.kernels import Kernel
from support.services import quiet_environment

ALIKE = ("550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-4fd4-a716-446655440000")
OTHER = "0a1b2c3d-0000-4000-8000-000000000000"
STEMS = "9c0ffee0-0000-4000-8000-000000000000"
MANY = 100_000
MOST_SECONDS = 0.020
MOST_SECONDS_IN_A_KERNEL = 0.150


@pytest.fixture
def shell(home):
    """A shell of its own, which leaves this process as it was."""
    quiet = Config(HistoryManager={"enabled": False})
    started = InteractiveShell(config=quiet, user_module=types.ModuleType("notebook"))
    started.run_line_magic("load_ext", "soundpiece_nb")
    yield started
    started.run_line_magic("unload_ext", "soundpiece_nb")
    started.restore_sys_module_state()


HOLDING = ("--embed", "--link")


def fill(home):
    """Write down four operations: two songs under keys that are alike, a sample, and stems."""
    journal = Journal(home)
    rows = [
        (
            ALIKE[0],
            "song",
            {"lyrics": "la", "prompt": "x"},
            "night_drive",
            ["demo", "slow jazz", '6" tape'],
        ),
        (OTHER, "sample", {"prompt": "x"}, None, ["demo"]),
        (ALIKE[1], "song", {"lyrics": "la", "prompt": "x"}, "nacht_übung", ["it's late"]),
        (STEMS, "stems", {"source": "https://a.example/b.flac"}, "parts", []),
    ]
    for key, noun, fields, name, tags in rows:
        request = new_request(find_route(noun), fields, key)
        journal.record(request, service="sandbox", name=name, tags=tags)
    for key in (ALIKE[0], STEMS):
        kinds = ["vocals", "drums"] if key == STEMS else [None, None]
        journal.accepted(key, "op_" + key[:8])
        links = [OutputLink("https://cdn.example/secret", None, 92.25, kind) for kind in kinds]
        journal.ready(key, links)
    journal.rejected(ALIKE[1], "402", "no credits")
    journal.close()


@pytest.fixture
def journal(home):
    fill(home)


def completions(shell, text):
    """Press Tab at the `|` of a text."""
    with provisionalcompleter():
        return list(shell.Completer.completions(text.replace("|", "", 1), text.index("|")))


def offered(shell, text):
    return [completion.text for completion in completions(shell, text)]


def ours(shell, text):
    """Return what is offered by the magics: where they know nothing, IPython looks further."""
    return [each.text for each in completions(shell, text) if each._origin == "soundpiece"]


def replacing(shell, text):
    """Return what is offered for exactly what stands between `<` and `|`."""
    found = completions(shell, text.replace("<", "", 1))
    span = (text.index("<"), text.index("|") - 1)
    assert {(each.start, each.end) for each in found} <= {span}
    return [each.text for each in found]


# ------------------------------------------------------------------ names and options


def test_magic_names_are_offered_once_by_ipython_itself(shell):
    assert offered(shell, "%soundpiece_hist|") == ["%soundpiece_history"]
    cells = [f"%%soundpiece_{route.noun}" for route in ROUTES.values() if route.body]
    assert sorted(offered(shell, "%%soundpiece_|")) == sorted(cells)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("%soundpiece_history <--st|", ["--status"]),
        ("  %soundpiece_history <--st| -n 3", ["--status"]),
        (
            "df = %soundpiece_history <--s|",
            ["--status", "--since", "--search", "--sweep", "--shared"],
        ),
        ("soundpiece_history <--ro|", ["--route"]),
        ("x = 1\n%soundpiece_history <--ro|\ny = 2", ["--route"]),
        ("%%soundpiece_song <--pro|\nla la\nla", ["--prompt"]),
        ("%%soundpiece_song --prompt 'a b' <--no-w|\nla", ["--no-wait"]),
        ("%%soundpiece_song --prompt 'x --so' <--re|\nla", ["--reference", "--repeat"]),
        ("%soundpiece_history -o <|", ["df"]),
        ("%soundpiece_sandbox <sto|", ["stop"]),
        ("%soundpiece_history --status <re|", ["ready", "rejected"]),
        ("%soundpiece_history --status=<re|", ["ready", "rejected"]),
        ("%soundpiece_history --status '<re|", ["ready'", "rejected'"]),
        ("%soundpiece_history --status '<re|'", ["ready", "rejected"]),
        ("%soundpiece_history --order <-ra|", ["-rating"]),
        ("%soundpiece_history --route <remix|", ["remix_song", "remix_instrumental"]),
        ("%soundpiece_history --route <adapt.|", ["adapt.separate_stems", "adapt.auto_cut_down"]),
    ],
)
def test_options_and_their_values_replace_exactly_what_was_typed(shell, text, words):
    assert replacing(shell, text) == words


def test_every_option_of_every_magic_is_offered_long_and_short(shell):
    usage_of = shell.magics_manager.registry["SoundpieceMagics"].usage_of
    names = [*shell.magics_manager.magics["line"], *shell.magics_manager.magics["cell"]]
    names = {name for name in names if name.startswith("soundpiece")}
    assert len(names) >= 17
    for name in names:
        options = [each for each in usage_of(name).options if not each.positional]
        if options:
            dashed = [each for option in options for each in option.names]
            assert offered(shell, f"%{name} -|") == dashed


def test_an_option_is_offered_again_only_where_it_may_be_repeated(shell):
    line = "%soundpiece_stems -s x --tag a --wait --note 'b c' --"
    found = offered(shell, f"{line}|")
    assert "--tag" in found
    assert "--timeout" in found
    for given in ("--source", "--wait", "--no-wait", "--note"):
        assert given not in found


def test_the_value_of_one_option_is_not_taken_for_another_option(shell):
    assert "--prompt" in offered(shell, "%%soundpiece_song --note prompt --|\nla")
    assert ours(shell, "%soundpiece_history --tag --status re|") == []


def test_an_empty_place_offers_each_option_once(shell):
    found = offered(shell, "%soundpiece_stems |")
    assert "--source" in found
    assert "-s" not in found
    assert len(found) == len(set(found))


# ------------------------------------------------------------------ from the journal


def test_names_and_keys_come_newest_first_and_say_what_they_are(shell, journal):
    found = completions(shell, "%soundpiece_show |")
    about = {each.text: each.type for each in found}
    names, keys = ["parts", "nacht_übung", "night_drive"], ["9c0ffee0", "550e8400-e29b-4f"]
    assert list(about) == [*names, *keys, "0a1b2c3d", "550e8400-e29b-41", "--order", *HOLDING]
    assert about["night_drive"] == "song,\N{NO-BREAK SPACE}ready"
    assert about["nacht_übung"] == "song,\N{NO-BREAK SPACE}rejected"
    assert about["0a1b2c3d"] == "sample,\N{NO-BREAK SPACE}submitting"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("%soundpiece_show <ni|", ["night_drive"]),
        ("%soundpiece_show <nacht_|", ["nacht_übung"]),
        ("%soundpiece_wait parts <ni| --timeout 3", ["night_drive"]),
        ("%soundpiece_stems --source <ni|", ["night_drive"]),
        ("%soundpiece_stems --source=<ni|", ["night_drive"]),
        ("%soundpiece_stems -s '<ni|", ["night_drive'"]),
        ("%soundpiece_stems -s '<ni|'", ["night_drive"]),
        ("%%soundpiece_song x -r <0a|\nla", ["0a1b2c3d"]),
        ("%soundpiece_show <9c0ffee0|", [STEMS]),
        ("%soundpiece_show <550e8400-e|", ["550e8400-e29b-4f", "550e8400-e29b-41"]),
        ("%soundpiece_show <550e8400-e29b-41|", [ALIKE[0]]),
        ("%soundpiece_cut -s <parts:vo| --to 30", ["parts:vocals"]),
        ("%soundpiece_cut -s <night_drive:|", ["night_drive:1", "night_drive:2"]),
        ("%soundpiece_cut -s <9c0f:d|", ["9c0f:drums"]),
        ("%soundpiece_history --tag <de|", ["demo"]),
        ("%soundpiece_history --tag <slo|", ['"slow jazz"']),
        ('%soundpiece_history --tag "<slow j|', ['slow jazz"']),
        ("%soundpiece_history --tag '<slow j|'", ["slow jazz"]),
    ],
)
def test_what_the_journal_knows_replaces_exactly_what_was_typed(shell, journal, text, words):
    assert replacing(shell, text) == words


def test_outputs_say_how_long_they_are(shell, journal):
    found = completions(shell, "%soundpiece_cut -s parts:|")
    assert [(each.text, each.type) for each in found] == [
        ("parts:vocals", "output,\N{NO-BREAK SPACE}92.2\N{NO-BREAK SPACE}s"),
        ("parts:drums", "output,\N{NO-BREAK SPACE}92.2\N{NO-BREAK SPACE}s"),
    ]


def test_tags_come_latest_first_in_the_quotes_they_need(shell, journal):
    found = offered(shell, "%%soundpiece_song -t |\nla")
    assert found == ['"it\'s late"', "demo", '"slow jazz"', "'6\" tape'"]


def test_a_name_means_its_newest_operation_however_old_the_others(shell, journal, home):
    again = Journal(home)
    request = new_request(find_route("sample"), {"prompt": "x"})
    again.record(request, service="sandbox", name="night_drive")
    again.close()
    [found] = completions(shell, "%soundpiece_show nig|")
    assert found.type == "sample,\N{NO-BREAK SPACE}submitting"


def test_a_name_that_is_to_be_bound_is_not_taken_from_the_journal(shell, journal):
    assert "night_drive" not in offered(shell, "%%soundpiece_song ni|\nla")
    assert "night_drive" not in offered(shell, "%%soundpiece_song |\nla")


def test_one_key_is_enough_where_one_is_taken(shell, journal):
    assert offered(shell, "%soundpiece_show parts |") == ["--order", *HOLDING]


def test_folders_are_left_to_ipython(shell, journal, tmp_path, monkeypatch):
    (tmp_path / "exports").mkdir()
    monkeypatch.chdir(tmp_path)
    assert "exports/" in offered(shell, "%soundpiece_export night_drive --to exp|")


def test_the_statuses_are_those_of_the_history(shell, journal):
    assert set(offered(shell, "%soundpiece_history --status |")) == set(filters.STATUSES)


# ------------------------------------------------------------------ variables


def test_braces_offer_the_variables_of_the_notebook_on_the_line_and_in_the_body(shell):
    shell.user_ns.update(mood="sad", mode=3, mock=len, moment=time, _mo=1)
    line = "%%soundpiece_song --prompt 'so {{<mo|' -w\nla"
    assert replacing(shell, line) == ["mode}}", "mood}}"]
    body = "%%soundpiece_song --prompt x\nla {{ <moo| }} la"
    assert replacing(shell, body) == ["mood"]
    [found] = completions(shell, body.replace("<", ""))
    assert found.type == "str"


def test_braces_mean_nothing_elsewhere(shell):
    shell.user_ns["mood"] = "sad"
    assert "mood}}" not in offered(shell, "x = f'{{moo|'")
    assert "mood}}" not in offered(shell, "%timeit {{moo|")
    assert "mood}}" in offered(shell, "%soundpiece_show {{moo|")


def test_a_variable_that_holds_a_handle_is_offered_where_an_operation_is_named(shell, journal):
    shell.user_ns.update(
        opus=Operation(STEMS, lambda: None),
        night_drive=Operation(STEMS, lambda: None),
        opal="no handle",
        _op=Operation(STEMS, lambda: None),
    )
    assert offered(shell, "%soundpiece_show op|") == ["opus"]
    assert offered(shell, "%soundpiece_rate opus:v|") == ["opus:vocals"]
    assert offered(shell, "%soundpiece_stems --source=op|") == ["opus"]
    assert offered(shell, "%soundpiece_show nig|").count("night_drive") == 1


# ------------------------------------------------------------------ leaving everything alone


def test_without_a_journal_nothing_is_offered_and_none_is_made(shell, home):
    for line in ("stems --source ni", "history --tag ", "cut -s a:"):
        assert ours(shell, f"%soundpiece_{line}|") == []
    assert ours(shell, "%soundpiece_wait |") == ["--timeout"]
    assert not home.exists()


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_journal_that_cannot_be_read_disturbs_nobody(shell, home, capfd, content):
    home.mkdir()
    (home / "journal.sqlite").write_bytes(content)
    assert ours(shell, "%soundpiece_stems --source nig|") == []
    assert ours(shell, "%soundpiece_show |") == ["--order", *HOLDING]
    assert capfd.readouterr() == ("", "")


def test_a_journal_that_another_process_is_writing_to_is_read_at_once(shell, journal, home):
    writer = sqlite3.connect(home / "journal.sqlite", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE operations SET note = 'held'")
    began = time.perf_counter()
    assert offered(shell, "%soundpiece_show nig|") == ["night_drive"]
    assert time.perf_counter() - began < 1
    writer.execute("ROLLBACK")
    writer.close()


@pytest.mark.parametrize(
    "text", ['--prompt "a', "--note 'b\\", "--tag a\\ b", "-- --", "= = :", "{{"]
)
def test_a_line_that_is_half_written_disturbs_nobody(shell, journal, capfd, text):
    for end in range(len(text) + 1):
        completions(shell, f"%%soundpiece_song {text[:end]}|{text[end:]}\nla")
    assert capfd.readouterr().err == ""


def test_python_code_is_completed_as_before(shell):
    shell.user_ns["soundpiece_like"] = "x"
    assert "soundpiece_like" in offered(shell, "print(soundpiece_l|")


def test_reloading_keeps_one_matcher_and_unloading_none(shell):
    def matchers():
        return [m for m in shell.Completer.custom_matchers if m.matcher_identifier == "soundpiece"]

    assert len(matchers()) == 1
    shell.run_line_magic("reload_ext", "soundpiece_nb")
    assert len(matchers()) == 1
    assert offered(shell, "%soundpiece_history --st|") == ["--status"]
    shell.run_line_magic("unload_ext", "soundpiece_nb")
    assert matchers() == []
    assert "--status" not in offered(shell, "%soundpiece_history --st|")
    shell.run_line_magic("load_ext", "soundpiece_nb")


# ------------------------------------------------------------------ with a hundred thousand rows


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """A home with 100,000 operations, each with a NAME, tags, lyrics and two takes."""
    home = tmp_path_factory.mktemp("crowded")
    Journal(home).close()
    chance = random.Random(4)
    lyrics = "I've been driving all night, my hands wet on the wheel\n" * 12
    nouns = [route.path for route in ROUTES.values()]
    with sqlite3.connect(home / "journal.sqlite") as journal:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-500000"):
            journal.execute(f"PRAGMA {pragma}")
        keys = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(MANY)]
        journal.executemany(
            "INSERT INTO operations (idempotency_key, route, service, body, status, name, lyrics,"
            " params, tags, submitted_at, polls, retries, outputs)"
            " VALUES (?, ?, 'sandbox', ?, 'ready', ?, ?, '{}', ?, ?, 3, 0, 2)",
            (
                (
                    key,
                    nouns[n % len(nouns)],
                    json.dumps({"idempotency_key": key, "lyrics": lyrics}).encode(),
                    f"night_{n}",
                    lyrics,
                    json.dumps([f"tag_{n % 300}", f"day_{n // 1000}"]),
                    1_780_000_000_000_000 + n * 1_000_000,
                )
                for n, key in enumerate(keys)
            ),
        )
        for take in (1, 2):
            journal.execute(
                "INSERT INTO takes (idempotency_key, take, duration)"
                " SELECT idempotency_key, ?, 92.0 FROM operations",
                (take,),
            )
    journal.close()
    return home


CROWDED = {
    "options": ("%soundpiece_stems --so|", "--source"),
    "statuses": ("%soundpiece_history --status re|", "ready"),
    "routes": ("%soundpiece_history --route |", "song"),
    "tags": ("%soundpiece_history --tag |", "tag_99"),
    "the newest": ("%soundpiece_show |", "night_99999"),
    "many names": ("%soundpiece_stems --source night_|", "night_99999"),
    "old names": ("%soundpiece_stems --source night_12|", "night_12"),
    "one old name": ("%soundpiece_stems --source night_12345|", "night_12345"),
    "nothing": ("%soundpiece_history --tag nothing_like_|", None),
    "outputs": ("%soundpiece_cut -s night_777:|", "night_777:2"),
    "keys": ("%soundpiece_show 7|", None),
    "keys or names": ("%soundpiece_show a|", None),
    "few keys": ("%soundpiece_show 7a|", None),
    "variables": ("%%soundpiece_song --prompt {{moo|\nla", "mood}}"),
}


@pytest.mark.measured
@pytest.mark.parametrize("kind", CROWDED)
def test_with_100_000_rows_each_tab_takes_under_20_ms(crowded, shell, monkeypatch, kind):
    monkeypatch.setenv("SOUNDPIECE_HOME", str(crowded))
    shell.user_ns["mood"] = "sad"
    text, expected = CROWDED[kind]
    [matcher] = shell.Completer.custom_matchers
    took = []

    def measured(context):
        began = time.perf_counter()
        result = matcher(context)
        took.append(time.perf_counter() - began)
        return result

    measured.matcher_identifier, measured.matcher_api_version = "measured", 2
    shell.Completer.custom_matchers[:] = [measured]
    for _ in range(15):
        found = offered(shell, text)
    shell.Completer.custom_matchers[:] = [matcher]
    assert expected is None or expected in found
    assert len(found) <= 500
    assert statistics.median(took) < MOST_SECONDS, f"{statistics.median(took) * 1000:.1f} ms"


@pytest.mark.measured  # like the tests around it, because of the crowd they share
def test_with_100_000_rows_keys_are_offered_only_as_short_as_they_are_unique(crowded):
    from soundpiece_nb.journal.suggestions import suggest_keys

    with sqlite3.connect(crowded / "journal.sqlite") as journal:
        keys = sorted(key for (key,) in journal.execute("SELECT idempotency_key FROM operations"))
    journal.close()
    keys.append("~")  # after all others
    for beginning in ("", "7", "7a", "7ab"):
        words = [suggestion.word for suggestion in suggest_keys(crowded, beginning)]
        assert words
        for word in words:
            assert word.startswith(beginning)
            first = bisect_left(keys, word)
            assert [key.startswith(word) for key in keys[first : first + 2]] == [
                True,
                False,
            ]


# ------------------------------------------------------------------ in a real kernel and terminal


@pytest.fixture(scope="module")
def kernel(crowded):
    started = Kernel(quiet_environment(crowded))
    started.run("%load_ext soundpiece_nb")
    yield started
    started.close()


def requested(kernel, text):
    """Send a complete_request with the cursor at the `|`."""
    code = text.replace("|", "")
    return kernel.client.complete(code, text.index("|"), reply=True, timeout=30)["content"]


@pytest.mark.measured  # for the crowd, too
@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("<%soundpiece_hist|", "%soundpiece_history"),
        ("%soundpiece_history <--st|", "--status"),
        ("%soundpiece_stems --source <night_1234|", "night_12349"),
        ("%soundpiece_cut --source <night_777:|", "night_777:1"),
        ("%%soundpiece_song x <--re|\nla la\nla", "--reference"),
        ("%%soundpiece_song --note '🎵 ü' -r <night_9999|\nla", "night_99999"),
        ("# 🎵\n%soundpiece_history --status <re|\nx = 1", "ready"),
    ],
)
def test_a_kernel_answers_with_the_right_span(kernel, text, first):
    reply = requested(kernel, text.replace("<", ""))
    assert reply["status"] == "ok"
    assert (reply["cursor_start"], reply["cursor_end"]) == (text.index("<"), text.index("|") - 1)
    assert reply["matches"][0] == first
    assert len(reply["matches"]) == len(set(reply["matches"]))


@pytest.mark.measured
def test_a_kernel_tells_what_each_name_is(kernel):
    reply = requested(kernel, "%soundpiece_show night_99999|")
    [match] = reply["metadata"]["_jupyter_types_experimental"]
    assert (match["text"], match["type"]) == ("night_99999", "cut,\N{NO-BREAK SPACE}ready")


@pytest.mark.measured
@pytest.mark.parametrize("kind", sorted({*CROWDED} - {"nothing"}))  # then IPython looks further
def test_a_kernel_answers_at_once_with_100_000_rows(kernel, kind):
    text, _ = CROWDED[kind]
    kernel.run("mood = 'sad'")
    took = []
    for _ in range(9):
        began = time.perf_counter()
        requested(kernel, text)
        took.append(time.perf_counter() - began)
    assert statistics.median(took) < MOST_SECONDS_IN_A_KERNEL


def test_completing_loads_nothing_heavy_and_starts_nothing(tmp_path):
    started = Kernel(quiet_environment(tmp_path / "nowhere"))
    try:
        started.run("import sys, threading\n%load_ext soundpiece_nb")
        assert not started.value("'soundpiece_nb.magics.completion' in sys.modules")
        for text, _ in CROWDED.values():
            requested(started, text)
        assert started.value("'soundpiece_nb.magics.completion' in sys.modules")
        heavy = (
            "sqlalchemy",
            "pandas",
            "httpx",
            "numpy",
            "keyring",
            "soundpiece_nb.operations.session",
        )
        assert not set(heavy) & set(started.value("list(sys.modules)"))
        names = started.value("[thread.name for thread in threading.enumerate()]")
        assert not [name for name in names if "soundpiece" in name.lower()]
        assert not (tmp_path / "nowhere").exists()
    finally:
        started.close()


def test_the_terminals_completer_shows_the_same(shell, journal):
    document = Document("%soundpiece_stems --source ni")
    completer = IPythonPTCompleter(ipy_completer=shell.Completer)
    [found] = completer.get_completions(document, CompleteEvent(completion_requested=True))
    assert (found.text, found.start_position) == ("night_drive", -2)
    assert found.display_meta_text == "song,\N{NO-BREAK SPACE}ready"


def test_a_person_at_a_terminal_presses_tab(tmp_path, home, journal):
    """A real `ipython` behind a real terminal: what Tab made of the line is what it runs."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "IPython", "--no-banner", "--no-confirm-exit"],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={
            **quiet_environment(home),
            "IPYTHONDIR": str(tmp_path / "ipython"),
            "TERM": "xterm",
            "PROMPT_TOOLKIT_NO_CPR": "1",
        },
        cwd=tmp_path,
    )
    os.close(follower)
    try:
        read_until(leader, "In [1]")
        os.write(leader, b"%load_ext soundpiece_nb\r")
        read_until(leader, "In [2]")
        os.write(leader, b"%soundpiece_history --sta\t")
        read_until(leader, "tus")
        os.write(leader, b" rej\t")
        read_until(leader, "ected")
        os.write(leader, b" --tag it\t")
        read_until(leader, 'late"')
        os.write(leader, b"\r\r")  # the first closes the list of completions
        read_until(leader, "nacht_")
    finally:
        process.kill()
        process.wait(20)
        os.close(leader)


def read_until(leader, words, seconds=30):
    """Read the terminal until some words stand there."""
    os.set_blocking(leader, False)
    seen, until = b"", time.monotonic() + seconds
    while words.encode() not in re.sub(rb"\x1b\[[\d;?]*[A-Za-z]", b"", seen):
        assert time.monotonic() < until, f"{words!r} does not come: {seen[-2000:]!r}"
        try:
            seen += os.read(leader, 4096)
        except BlockingIOError:
            time.sleep(0.05)


# ------------------------------------------------------------------ one of a sweep or batch


def test_sweeps_and_batches_are_offered_by_name_and_their_operations_by_place(shell, home):
    with closing(Journal(home)) as journal:
        fx = find_route("fx")
        for batch, sweep in (("storm", None), ("ways", '{"id": "mood-1", "mood": "dusty"}')):
            requests = [new_request(fx, {"prompt": f"Click {n}"}) for n in range(2)]
            labels = [{"tags": (), "sweep": sweep}] * 2
            journal.record_all(requests, labels, service="sandbox", batch=batch)
    assert replacing(shell, "%soundpiece_show <sto|") == ["storm"]
    assert replacing(shell, "%soundpiece_history --batch <|") == ["ways", "mood-1", "storm"]
    assert replacing(shell, "%soundpiece_rate <storm[|") == ["storm[1]", "storm[2]"]
    assert replacing(shell, "%soundpiece_stems --source <mood-1[|") == ["mood-1[1]", "mood-1[2]"]
    about = [each.type for each in completions(shell, "%soundpiece_rate <ways[|".replace("<", ""))]
    assert about == ["mood=dusty"] * 2
    assert ours(shell, "%soundpiece_show nobody[|") == []
