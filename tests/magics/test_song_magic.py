"""What happens in a cell: in a real kernel, with a person before it."""

from __future__ import annotations

import re
import uuid

import pytest

from support.kernels import Kernel
from support.services import quiet_environment

SONG = "[Verse]\nla la la la\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def kernel(home, sandbox):
    environment = quiet_environment(
        home, SOUNDPIECE_BASE_URL=sandbox.base_url, SOUNDPIECE_API_KEY="spk_marked_0123456789"
    )
    started = Kernel(environment)
    started.run("%load_ext soundpiece_nb\nimport soundpiece_nb as sp")
    yield started
    started.close()


def rows(kernel):
    return kernel.value("len(sp.history())")


def test_a_cell_returns_at_once_and_binds_its_name(kernel):
    ran = kernel.run(f"%%soundpiece_song first --prompt 'Slow jazz' -t demo --note 'n'\n{SONG}")
    assert ran.status == "ok"
    assert kernel.value("first.name") == "first"
    assert kernel.value("first.request") == {"lyrics": SONG.strip("\n"), "prompt": "Slow jazz"}
    assert kernel.run("first.result(60)").status == "ok"
    assert kernel.value("[str(o.path) for o in first.outputs]") == kernel.value(
        "sp.history().loc[first.key, 'files']"
    )
    assert kernel.value("sp.history().loc[first.key, 'tags']") == ["demo"]


def test_the_card_becomes_a_player_while_another_cell_sleeps(kernel):
    card = kernel.run(f"%%soundpiece_song second --prompt jazz\n{SONG}")
    [shown] = card.of("display_data")
    assert "application/vnd.jupyter.widget-view+json" in shown["data"]
    assert shown["data"]["text/plain"].startswith("second · song · key ")
    ran = kernel.run("import time\nwhile second.status != 'ready': time.sleep(0.1)\ntime.sleep(4)")
    updates = ran.of("update_display_data")  # cards of earlier cells may end meanwhile
    [final] = [each for each in updates if each["transient"] == shown["transient"]]
    assert set(final["data"]) == {"text/html", "text/plain"}
    assert "<audio controls" in final["data"]["text/html"]
    assert "2 takes in" in final["data"]["text/plain"]


def test_waiting_is_a_choice(kernel):
    ran = kernel.run(f"%%soundpiece_song waited --prompt jazz --wait\n{SONG}")
    assert kernel.value("waited.status") == "ready"
    assert ran.of("update_display_data")


def test_a_failed_operation_shows_why_and_raises_where_it_was_waited_for(kernel):
    ran = kernel.run("%%soundpiece_song bad --prompt jazz --wait\ncontent_policy")
    assert ran.status == "error"
    [error] = ran.errors
    assert error.startswith("OperationFailed: The provided lyrics were rejected")
    [final] = ran.of("update_display_data")
    assert "content_policy" in final["data"]["text/html"]
    quiet = kernel.run("%%soundpiece_song bad2 --prompt jazz --no-wait\ncontent_policy")
    assert quiet.status == "ok"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%%soundpiece_song --prompt x\n   ", "A song needs lyrics"),
        (f"%%soundpiece_song --prompt x\n{'a' * 3001}", "at most 3000"),
        (f"%%soundpiece_song --prompt {'x' * 1025}\nla", "at most 1024"),
        ("%%soundpiece_song\nla", "--prompt or --reference"),
        ("%%soundpiece_song --prompt x --reference https://a.example/b\nla", "not both"),
        ("%%soundpiece_song --prompt x --key 123\nla", "must be a UUID"),
        ("%%soundpiece_song --prompt '{{nobody}}'\nla", "no variable 'nobody'"),
        ("%%soundpiece_song --prompt x\nla {{nobody}}", "no variable 'nobody'"),
        ("%%soundpiece_song not-a-name --prompt x\nla", "cannot be a NAME"),
        ("%%soundpiece_song class --prompt x\nla", "cannot be a NAME"),
        ("%%soundpiece_song --reference song.flac\nla", "takes addresses only|none of that name"),
        (
            "%%soundpiece_song --prompt x --timeout soon\nla",
            "--timeout must be a number of seconds, not 'soon'.",
        ),
        ("%%soundpiece_song --prompt don't\nla", "Close the quotes"),
        ("%%soundpiece_song --promt x\nla", "Unrecognized arguments"),
        ("%%soundpiece_song a b --prompt x\nla", "Unrecognized arguments: b"),
        ("%%soundpiece_song --prompt\nla", "expected one argument"),
        ("%soundpiece_show nothing_like_it", "No operation has the name or key"),
        ("%soundpiece_history --status done", "no status 'done'"),
        ("%soundpiece_history -n 0", "1 to 1000"),
        ("%soundpiece_history -n 99999999999999999999999", "1 to 1000"),
        ("%soundpiece_history --since 99999999999d", "is no time"),
        ("%soundpiece_history --since 0001-01-01", "is no time|^$"),
        ("%soundpiece_history -n many", "must be a whole number from 1 to 1000, not 'many'"),
        ("%soundpiece_history --since later", "is no time"),
        ("%soundpiece_sandbox dance", "invalid choice"),
        ("%soundpiece_wait nothing_like_it", "No operation"),
        ("%soundpiece_login", "Nobody can be asked|keyring|does not look like"),
    ],
)
def test_a_slip_is_one_sentence_and_loses_nothing(kernel, cell, says):
    before = rows(kernel)
    kernel.client.allow_stdin = not cell.endswith("login")
    ran = kernel.run(cell)
    kernel.client.allow_stdin = True
    assert ran.status == "error"
    [error] = ran.errors
    assert re.search(says, error)
    assert error.startswith("Mistake: ")
    assert "Traceback" not in error
    assert "\n" not in error
    assert rows(kernel) == before


def test_variables_are_inserted_once_and_nothing_else_is_touched(kernel):
    kernel.run("mood = 'sad {{inner}} $5'; inner = 'NO'; n = 3")
    body = "{{ mood }} {{n}} {x} $n {{not a name}} {n} {{}} \\{{n}}"
    kernel.run(f"%%soundpiece_song v --prompt '{{{{mood}}}} {{n}} $n' --no-wait\n{body}")
    request = kernel.value("v.request")
    assert request["prompt"] == "sad {{inner}} $5 {n} $n"
    assert request["lyrics"] == "sad {{inner}} $5 3 {x} $n {{not a name}} {n} {{}} \\3"


def test_a_variable_that_looks_like_an_option_stays_text(kernel):
    kernel.run("sly = '--key 1'")
    kernel.run("%%soundpiece_song sly_one --prompt '{{sly}}'\nla")
    assert kernel.value("sly_one.request['prompt']") == "--key 1"


def test_a_dry_run_shows_the_request_and_sends_nothing(kernel, sandbox):
    before = sandbox.counters()["requests"]["PUT create.new_song"]
    count = rows(kernel)
    ran = kernel.run("%%soundpiece_song dry --prompt '<b>jazz' --dry-run\nla ö")
    [shown] = ran.of("display_data")
    assert '"prompt": "<b>jazz"' in shown["data"]["text/plain"]
    assert '"lyrics": "la ö"' in shown["data"]["text/plain"]
    assert "<b>jazz" not in shown["data"]["text/html"]
    assert sandbox.counters()["requests"]["PUT create.new_song"] == before
    assert rows(kernel) == count
    assert kernel.value("'dry' in globals()") is False


def test_a_key_of_ones_own_makes_one_operation(kernel, sandbox):
    key = str(uuid.uuid4())
    cell = f"%%soundpiece_song mine --prompt jazz --key {key} --wait\n{SONG}"
    kernel.run(cell)
    made = sandbox.counters()["operations"]
    again = kernel.run(cell)
    assert kernel.value("mine.key") == key
    assert sandbox.counters()["operations"] == made
    assert "<audio" in again.of("display_data")[0]["data"]["text/html"]
    other = kernel.run(f"%%soundpiece_song mine --prompt rock --key {key}\n{SONG}")
    assert "already belongs to another request" in other.errors[0]


def test_the_same_key_may_be_given_another_name(kernel):
    kernel.run("%%soundpiece_song first_name --prompt jazz -t a --wait\nla")
    key = kernel.value("first_name.key")
    kernel.run(f"%%soundpiece_song second_name --prompt jazz -t b --key {key} --wait\nla")
    assert kernel.value("sp.operation('second_name').key") == key
    assert kernel.value("sp.history().loc[second_name.key, 'tags']") == ["a", "b"]


def test_waiting_for_several_waits_for_all_before_it_tells_of_one(kernel):
    kernel.run("b = sp.song('content_policy', prompt='x'); g = sp.song('la', prompt='x')")
    ran = kernel.run(f"%soundpiece_wait {kernel.value('b.key')} {kernel.value('g.key')}")
    assert "content policy" in ran.errors[0]
    assert kernel.value("g.status") == "ready"


def test_a_timeout_ends_the_waiting_and_names_the_key(kernel):
    cell = "%%soundpiece_song late --prompt jazz --wait --timeout 0.001\nla la la"
    ran = kernel.run(cell)
    assert ran.status == "error"
    key = kernel.value("late.key")
    assert ran.errors[0].startswith("WaitTimeout: It is not done after 0.001 s and goes on")
    assert key[:8] in ran.errors[0]
    assert kernel.run("%soundpiece_wait late").status == "ok"
    assert kernel.value("late.status") == "ready"


def test_results_are_shown_again_by_name_and_beginning_of_key(kernel):
    for word in ("first", kernel.value("first.key")[:8]):
        [shown] = kernel.run(f"%soundpiece_show {word}").of("display_data")
        assert shown["data"]["text/html"].count("<audio") == 2
    [shown] = kernel.run("first").of("display_data")
    assert "<audio" in shown["data"]["text/html"]


def test_a_preview_that_has_to_be_made_first_comes_a_moment_later(kernel):
    kernel.run(
        "from pathlib import Path\n"
        "for o in first.outputs: Path(o.path).with_suffix('.mp3').unlink()"
    )
    ran = kernel.run("%soundpiece_show first --embed\nimport time; time.sleep(3)")
    assert "preparing its sound" in ran.of("display_data")[0]["data"]["text/html"]
    assert ran.of("update_display_data")[-1]["data"]["text/html"].count("<audio") == 2


def test_the_history_is_a_table_and_a_frame(kernel):
    [shown] = kernel.run("%soundpiece_history -n 3 --status ready").of("display_data")
    assert shown["data"]["text/html"].count("●") == 3
    assert shown["data"]["text/plain"].count("  ready  ") == 3
    kernel.run("frame = %soundpiece_history --search 'slow JAZZ' -o df")
    assert kernel.value("list(frame['name'])") == ["first"]


def test_status_shows_no_key(kernel, home):
    text = kernel.run("%soundpiece_status").text
    assert "spk_…89" in text
    assert "spk_marked" not in text
    assert str(home) in text


def help_page(kernel, question):
    reply = kernel.client.execute_interactive(question, output_hook=lambda _: None)
    [page] = reply["content"]["payload"]
    return page["data"]["text/plain"]


def test_every_magic_has_help_with_its_options(kernel):
    names = kernel.value(
        "sorted(n for k in ('line', 'cell') for n in get_ipython().magics_manager.magics[k] "
        "if n.startswith('soundpiece'))"
    )
    assert len(names) == 21 + 8 + 5
    for name in names:
        prefix = "%%" if name == "soundpiece_song" else "%"
        assert f"{prefix}{name}" in help_page(kernel, f"{prefix}{name}?")
    page = help_page(kernel, "%%soundpiece_song?")
    for option in ("--prompt", "--reference", "--key", "--no-wait", "--timeout", "--dry-run"):
        assert option in page
    assert "[Verse]" in page


def test_the_overview_is_one_screen(kernel):
    text = kernel.run("%soundpiece").text
    assert len(text.splitlines()) < 30
    assert "%soundpiece_sandbox start" in text


def test_hostile_text_is_inert_in_every_output(kernel):
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\"\\'&{{}}</details>"
    kernel.run(f"evil = {evil!r}")
    cell = "%%soundpiece_song evil_one --prompt '{{evil}}' --tag '{{evil}}' --note '{{evil}}' -w"
    ran = kernel.run(f"{cell}\n{evil}\ncontent_policy")
    shown = ran.outputs + kernel.run("%soundpiece_history -n 1").outputs
    pages = [o["data"]["text/html"] for o in shown if "text/html" in o.get("data", {})]
    assert len(pages) == 2
    for page in pages:
        assert "<script" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;" in page


def test_neither_key_nor_signed_url_is_in_any_output(kernel):
    ran = kernel.run("%xmode Verbose\n%soundpiece_status\n%soundpiece_history\nfirst, sp.history()")
    failing = kernel.run("raise RuntimeError(repr(vars(first._engine())))")
    text = ran.text + failing.text
    assert "spk_marked" not in text
    assert "signature=" not in text


def test_reloading_leaves_one_of_everything_and_unloading_none(kernel):
    kernel.run("%reload_ext soundpiece_nb")
    count = (
        "sum(type(c).__name__ == 'SoundpieceMagics' for c in get_ipython().configurables), "
        "sum(t.name == 'soundpiece-engine' for t in __import__('threading').enumerate())"
    )
    assert kernel.value(count) == (1, 0)
    kernel.run("%unload_ext soundpiece_nb")
    assert kernel.value(count) == (0, 0)
    assert kernel.value("'soundpiece_song' in get_ipython().magics_manager.magics['cell']") is False
    kernel.run("%load_ext soundpiece_nb")
    assert kernel.run("first.result().status").text.strip() == "'ready'"
