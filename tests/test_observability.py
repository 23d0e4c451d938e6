"""Logs tell what happens to each operation, by key and route, and never a secret or a prompt."""

from __future__ import annotations

import logging
import re

import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.error_logging import LOG_FILE, log_unforeseen
from soundpiece_nb.api.errors import Unreachable
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.error_log import ErrorLog
from support.kernels import Kernel
from support.services import OPERATION_ID, Reply, as_json, operation, quiet_environment, tone

KEY = "spk_tests_only_0123456789"
PROMPT, LYRICS = "a prompt of my own", "words that nobody else may read"
SIGNED = "signature=0123456789abcdef"


def answers(service_root):
    """Return a service that fails once at each step, then makes one take."""

    def answer(heard, times):
        if heard.path.startswith("/take"):
            return Reply(503) if times == 1 else Reply(200, tone())
        if times == 1:
            return Reply(503, b'{"detail": "busy"}')
        if heard.method == "PUT":
            return as_json(operation())
        if times == 2:
            return as_json(operation("processing"))
        url = f"{service_root()}/take?{SIGNED}"
        return as_json(operation("ready", outputs=[{"url": url, "duration": 1.0}]))

    return answer


@pytest.fixture
def logged(scripted, caplog):
    """Make a song while the service is troubled; return what was logged meanwhile."""
    service = scripted(answers(lambda: service.root))
    with caplog.at_level(logging.DEBUG):
        made = sp.song(LYRICS, prompt=PROMPT).result(30)
    return made, [f"{each.name} {each.levelname} {each.getMessage()}" for each in caplog.records]


def test_every_step_is_logged_with_key_and_route(logged):
    made, lines = logged
    steps = [line for line in lines if line.startswith("soundpiece_nb.")]
    assert all(f"create.new_song {made.key}: " in line for line in steps)
    told = [re.sub(r".*?: ", "", line, count=1) for line in steps]
    expected = [
        "submitted",
        "submit is retried: The service has a problem. (503)",
        f"accepted as {OPERATION_ID}",
        "poll is retried: The service has a problem. (503)",
        "polled: processing",
        "polled: ready",
        "ready, with 1 output",
        "download is retried: The service has a problem. (503)",
    ]
    assert [line for line in told if line in expected] == expected
    assert any(line.startswith("take 1 is downloaded") for line in told)
    assert any(line.startswith("take 1 is verified") for line in told)


def test_no_log_holds_a_secret_a_signed_address_or_a_persons_words(logged):
    _, lines = logged
    for private in (KEY, SIGNED, PROMPT, LYRICS):
        assert not [line for line in lines if private in line]


def test_polls_are_for_who_debugs_and_the_rest_is_for_whoever_watches(logged):
    _, lines = logged
    levels = {line.split()[1] for line in lines if ": polled:" in line}
    others = {line.split()[1] for line in lines if ": accepted" in line or ": ready," in line}
    assert (levels, others) == ({"DEBUG"}, {"INFO"})


class Broken(Journal):
    """A journal with a fault that nobody foresaw."""

    def accepted(self, key, operation_id, *_):
        raise KeyError(f"{key} {operation_id} {PROMPT} {KEY} https://a.example/b?{SIGNED}")


def test_what_is_unforeseen_is_said_and_kept_with_its_traceback(scripted, home, caplog):
    scripted(lambda *_: as_json(operation()))
    current().journal = Broken(home)
    op = sp.song(LYRICS, prompt=PROMPT)
    with pytest.raises(sp.SoundpieceError) as caught:
        op.result(10)
    assert caught.value.what == (
        f"Something unforeseen happened (KeyError); {home / LOG_FILE} holds its traceback."
    )
    assert caught.value.next.startswith(f"%soundpiece_resume {op.key[:8]}")
    kept = (home / LOG_FILE).read_text()
    assert "soundpiece_nb.engine ERROR unforeseen KeyError" in kept
    assert "in accepted" in kept
    assert OPERATION_ID in kept
    assert kept.strip().splitlines()[-1].startswith("KeyError: ")
    for private in (KEY, SIGNED, PROMPT, LYRICS):
        assert private not in kept
        assert private not in caplog.text


def test_what_is_foreseen_leaves_no_file(scripted, home):
    scripted(lambda *_: Reply(402, b'{"detail": "no credits"}'))
    with pytest.raises(sp.RequestRejected):
        sp.song(LYRICS, prompt=PROMPT).result(10)
    assert not (home / LOG_FILE).exists()


def test_a_log_that_grew_large_is_begun_anew(home):
    home.mkdir()
    (home / LOG_FILE).write_text("x" * 1_000_001)
    sp.history()
    assert current().engine
    log_unforeseen("display", Unreachable("new"))
    assert (home / LOG_FILE).stat().st_size < 10_000
    assert (home / "errors.old.log").stat().st_size == 1_000_001


def test_private_texts_are_taken_out_line_by_line(caplog):
    try:
        raise ValueError("first line\nsecond line")
    except ValueError as error:
        log_unforeseen("display", error, ["first line\nsecond line\nthird", ""])
    assert "line" not in caplog.text.split("ValueError: ")[-1]


def test_a_person_can_look_on(tmp_path, sandbox):
    kernel = Kernel(
        quiet_environment(
            tmp_path / "home", SOUNDPIECE_BASE_URL=sandbox.base_url, SOUNDPIECE_API_KEY=KEY
        )
    )
    try:
        make = "%soundpiece_fx tick --prompt Tick --duration 1 --wait"
        quiet = kernel.run(f"%load_ext soundpiece_nb\n{make}")
        assert "soundpiece_nb.engine" not in quiet.text
        told = kernel.run(f'%config SoundpieceMagics.log = "debug"\n{make}')
        key = kernel.value("tick.key")
        assert f"create.new_fx {key}: accepted" in told.text
        assert f"create.new_fx {key}: take 1 is verified" in told.text
        assert "create.new_fx" not in kernel.run(
            f'%config SoundpieceMagics.log = "off"\n{make}'
        ).text.replace("PUT create.new_fx", "")
    finally:
        kernel.close()


LOG = 'import logging\nlogging.getLogger("soundpiece_nb").info("one line of it")'


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        ("%load_ext soundpiece_nb", 1),
        ("%%capture\n%load_ext soundpiece_nb", 1),
        ("%load_ext soundpiece_nb\n%reload_ext soundpiece_nb", 1),
        ('%load_ext soundpiece_nb\nimport logging\nlogging.basicConfig(level="INFO")', 1),
        ("%load_ext soundpiece_nb\n%config SoundpieceMagics.log = 'off'\n", 0),
    ],
    ids=["loaded", "loaded silently", "reloaded", "beside a log of everything", "off"],
)
def test_a_record_is_shown_once_where_records_are_shown(home, before, shown):
    kernel = Kernel(quiet_environment(home))
    try:
        kernel.run(before)
        if shown:
            kernel.run("%config SoundpieceMagics.log = 'info'")
        assert kernel.run(LOG).text.count("one line of it") == shown
    finally:
        kernel.close()


def test_the_log_that_was_switched_off_lets_no_detail_through(home):
    kernel = Kernel(quiet_environment(home))
    try:
        kernel.run('%load_ext soundpiece_nb\nimport logging\nlogging.basicConfig(level="WARNING")')
        kernel.run("%config SoundpieceMagics.log = 'debug'\n%config SoundpieceMagics.log = 'off'")
        assert "one line of it" not in kernel.run(LOG).text
    finally:
        kernel.close()


def test_a_level_that_a_person_set_stays(home):
    kernel = Kernel(quiet_environment(home))
    try:
        kernel.run('import logging\nlogging.getLogger("soundpiece_nb").setLevel("DEBUG")')
        kernel.run("%load_ext soundpiece_nb\n%config SoundpieceMagics.wait = 'never'")
        assert kernel.value('logging.getLogger("soundpiece_nb").level') == logging.DEBUG
    finally:
        kernel.close()


def test_an_error_log_that_cannot_be_opened_stops_nothing(tmp_path):
    """Its folder was taken away, say; what is logged is lost."""
    log = ErrorLog(tmp_path / "gone")
    log.open()
    try:
        logging.getLogger("soundpiece_nb.engine").error("unforeseen")
    finally:
        log.close()
    assert not (tmp_path / "gone").exists()
