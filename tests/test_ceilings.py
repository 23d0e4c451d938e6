"""Ceilings: what is beyond is refused before anything is written, or asked, where a person is."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import soundpiece_nb as sp
from soundpiece_nb.display.lab_form import LabForm
from soundpiece_nb.display.usage_rows import cost_words, usage_rows
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.schema import update_operation
from soundpiece_nb.operations.consent import Consent
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.named_batches import plan_batch
from soundpiece_nb.operations.resuming import require_all, resume
from support.fx_service import Studio
from support.services import Reply, as_json, quiet_environment
from support.session_processes import Process


@pytest.fixture
def studio(home, monkeypatch):
    """A service that counts what it is asked to make, for a person called Ada."""
    service = Studio()
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", service.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    monkeypatch.setenv("SOUNDPIECE_USER", "ada")
    yield service
    current().close()
    service.close()


@pytest.fixture
def silent(studio):
    """The same, which answers no poll before the test is over."""
    studio.after["GET"] = threading.Event()
    yield studio
    studio.after["GET"].set()


def rows(number):
    return [{"prompt": f"Click {each}"} for each in range(number)]


def sweep(number, **more):
    return sp.sweep("fx", prompt="rain", repeat=number, **more)


BEGINNINGS = {
    "a function": lambda: sp.fx("rain"),
    "submit": lambda: sp.submit("fx", prompt="rain", send=True),
    "a repeat": lambda: sweep(2, send=True),
    "a sweep": lambda: sp.sweep("fx", vary={"prompt": ["rain", "wind"]}),
    "a batch": lambda: sp.batch(rows(3), route="fx", send=True),
    "a named batch": lambda: sp.batch(rows(2), route="fx", name="clicks"),
    "once": lambda: sp.fx("wind", once=True),
    "a key": lambda: sp.fx("wind", key="550e8400-e29b-41d4-a716-446655440000"),
    "a rerun": lambda: sp.operation("first").rerun(prompt="wind", send=True),
    "the lab": lambda: LabForm(current(), lambda *_: None).answer(
        {"do": "make", "route": "create.new_fx", "fields": {"prompt": "rain"}}
    ),
}


@pytest.mark.parametrize("name", ["most_a_day", "most_a_day_in_journal"])
def test_whatever_begins_operations_is_refused_beyond_the_ceiling_of_a_day(
    studio, monkeypatch, name
):
    monkeypatch.setenv(f"SOUNDPIECE_{name.upper()}", "1")
    sp.fx("rain", name="first").result(20)
    for what, begin in BEGINNINGS.items():
        with pytest.raises(sp.Mistake) as refused:
            begin()
        words = str(refused.value)
        assert f"today, and SOUNDPIECE_{name.upper()} is 1: 1 begun by " in words, what
        assert "0 left. Nothing was sent." in words
        assert f"%config SoundpieceMagics.{name} = " in words
    assert len(sp.history()) == len(studio.made) == 1


def test_a_sweep_or_batch_is_begun_whole_or_not_at_all(studio, monkeypatch):
    current().settings.most_a_day = 5
    try:
        sweep(3).result(20)
        with pytest.raises(sp.Mistake, match="3 more operations would make 6 today") as refused:
            sp.batch(rows(3), route="fx")
        assert "SoundpieceMagics.most_a_day is 5: 3 begun by you, 2 left." in str(refused.value)
        sp.batch(rows(2), route="fx").result(20)
    finally:
        current().settings.most_a_day = None
    assert len(studio.made) == 5


def test_what_was_there_already_does_not_count_again(studio, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_MOST_A_DAY", "4")
    for _ in range(3):
        one = sp.fx("rain", once=True)
        two = sp.fx("wind", key="550e8400-e29b-41d4-a716-446655440000")
        batch = sp.batch(rows(2), route="fx", name="clicks")
    assert len({one.key, two.key, *batch.keys}) == 4
    batch.result(20)
    with pytest.raises(sp.Mistake, match="1 more operation would make 5 today"):
        sp.batch(rows(3), route="fx", name="clicks")


def test_what_was_refused_or_dropped_frees_its_place_and_is_sent_again_without_one(
    studio, monkeypatch
):
    monkeypatch.setenv("SOUNDPIECE_MOST_A_DAY", "1")
    studio.instead["PUT"] = [Reply(402, b'{"detail": "No credits."}')]
    first = sp.fx("rain")
    with pytest.raises(sp.RequestRejected):
        first.result(20)
    sp.fx("wind").result(20)
    sp.resume(first)  # a retry: it does not count
    first.result(20)
    with pytest.raises(sp.Mistake, match="would make 3 today"):
        sp.fx("hail")


def test_threads_and_processes_together_begin_no_more_than_the_ceiling(studio, home, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_MOST_A_DAY", "5")
    import os

    def begin(number):
        try:
            sp.fx(f"rain {number}")
        except sp.Mistake:
            return 0
        return 1

    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def begin(number):\n"
        "    try: sp.fx(f'wind {number}')\n"
        "    except sp.Mistake: return 0\n"
        "    return 1\n"
    )
    processes = [Process(os.environ) for _ in range(3)]
    for each in processes:
        each.do(code)
    for each in processes:
        each.begin("sum(ThreadPoolExecutor(8).map(begin, range(8)))")
    with ThreadPoolExecutor(8) as threads:
        begun = sum(threads.map(begin, range(8)))
    begun += sum(each.finish() for each in processes)
    for each in processes:
        each.close()
    assert begun == len(sp.history()) == 5


def test_more_at_once_than_the_ceiling_is_refused_where_nobody_can_be_asked(silent, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_MOST_AT_ONCE", "3")
    with pytest.raises(sp.Mistake) as refused:
        sp.batch(rows(4), route="fx")
    assert str(refused.value) == (
        "4 operations at once, and SOUNDPIECE_MOST_AT_ONCE is 3. Nothing was sent. "
        "--send (send=True) begins all the same."
    )
    assert sp.history().empty
    sweep(2)
    with pytest.raises(sp.Mistake, match="2 more operations would make 4 at once with the 2 under"):
        sweep(2)
    sp.fx("rain")
    with pytest.raises(sp.Mistake, match="%soundpiece_wait waits for what is on the way"):
        sp.fx("rain")
    with pytest.raises(sp.Mistake, match="at once"):
        sp.operation(sp.history().index[0]).rerun()
    assert sp.fx("rain", send=True).status in ("submitting", "processing")
    assert len(sweep(2, send=True)) == 2
    assert len(sp.batch(rows(4), route="fx", send=True)) == 4
    monkeypatch.setenv("SOUNDPIECE_USER", "bo")
    sp.fx("rain")  # another person has a ceiling of his own
    monkeypatch.setenv("SOUNDPIECE_MOST_AT_ONCE_IN_JOURNAL", "11")
    with pytest.raises(sp.Mistake, match="12 at once with the 11 under way that were begun by all"):
        sp.fx("rain")


def test_what_a_batch_held_back_is_not_under_way(studio, monkeypatch):
    """As after a 402 in its middle; what was written down a moment ago may yet be begun."""
    monkeypatch.setenv("SOUNDPIECE_MOST_AT_ONCE", "4")
    studio.instead["PUT"] = [Reply(402, b'{"detail": "No credits."}')]
    batch = sp.batch(rows(4), route="fx", max_in_flight=1)
    with pytest.warns(RuntimeWarning, match="never sent"):
        batch.result(20)
    assert batch.counts() == {"rejected": 1, "unsent": 3}
    journal = current().journal
    with journal._database.write() as connection:
        for key in batch.keys:
            ago = journal.now() - 11_000_000
            connection.execute(update_operation(key).values(submitted_at=ago))
    assert len(sweep(4)) == 4


def test_without_a_ceiling_more_than_fifty_new_ones_are_asked_for(silent):
    asked = []

    def answer(question):
        asked.append(question)
        return len(asked) > 1

    def begin(number):
        return plan_batch(session, rows(number), "fx", name="clicks").start(session, consent)

    session, consent = current(), Consent(ask=answer)
    assert (len(begin(50)), asked) == (50, [])
    assert (len(begin(60)), asked) == (60, []), "only ten of them are new"
    with pytest.raises(sp.Mistake, match=r"You said no\. Nothing was sent\."):
        begin(111)
    assert len(sp.history()) == 60
    assert (len(begin(111)), asked) == (111, ["Begin 51 operations at once?"] * 2)
    nobody = Consent(ask=lambda _: None)  # somebody was thought to be there
    plan = plan_batch(session, rows(60), "fx", name="kicks")
    assert len(plan.start(session, nobody)) == 60
    assert len(sp.batch(rows(60), route="fx", name="snares")) == 60, "where nobody is, it goes"


@pytest.mark.parametrize("text", ["many", "-1", "1e400", "9" * 5000])
def test_a_ceiling_that_is_no_number_lets_nothing_out(studio, monkeypatch, text):
    monkeypatch.setenv("SOUNDPIECE_MOST_A_DAY", text)
    with pytest.raises(sp.Mistake, match="SOUNDPIECE_MOST_A_DAY must be a whole number") as refused:
        sp.fx("rain")
    assert "Nothing was sent." in str(refused.value)
    assert not studio.heard


def test_a_huge_ceiling_and_none_at_all_refuse_nothing(studio, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_MOST_A_DAY", "9" * 30)
    monkeypatch.setenv("SOUNDPIECE_MOST_AT_ONCE", "0")
    assert sp.fx("rain").result(20).status == "ready"


def test_a_rehearsal_counts_among_its_own(studio, monkeypatch):
    """The embedded sandbox is not started: what it was asked for is refused before that."""
    monkeypatch.setenv("SOUNDPIECE_MOST_A_DAY", "1")
    sp.fx("rain", name="first").result(20)
    journal = current().journal
    with journal._database.write() as connection:
        connection.execute(update_operation(journal.find("first")).values(service="sandbox"))
    sp.fx("rain").result(20)
    current().services.uses_sandbox = True
    try:
        with pytest.raises(sp.Mistake, match="1 begun by you"):
            sp.fx("rain")
    finally:
        current().services.uses_sandbox = False


def test_ten_thousand_rows_are_refused_before_any_is_written(studio, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_MOST_A_DAY", "100")
    with pytest.raises(sp.Mistake, match=r"10,000 more operations would make 10,000 today"):
        sp.batch(rows(10_000), route="fx")
    assert sp.history().empty


def test_never_sent_ones_go_on_unasked_up_to_the_ceiling(studio, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_MOST_AT_ONCE", "2")
    session = current()
    studio.close()
    batch = sweep(3, send=True)
    session.engine.hold_back(batch.keys)
    for each in batch.operations:
        each.stop_watching()
    with pytest.warns(RuntimeWarning, match="3 were never sent"):
        batch.result(20)
    asked = []

    def answer(question):
        asked.append(question)
        return False

    assert len(resume(session, consent=Consent(ask=answer)).held_back) == 3
    assert asked == ["3 operations were never sent. Send all of them now?"]
    with pytest.raises(sp.Mistake, match="3 operations were never sent, and that is more"):
        require_all(resume(session))


def test_what_was_made_is_told_with_what_is_left_of_the_ceiling(studio, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_MOST_A_DAY", "50")
    sweep(2, tags=["rain", "demo"]).result(20)
    monkeypatch.setenv("SOUNDPIECE_USER", "bo")
    sp.fx("wind", tags=["demo"]).result(20)
    assert usage_rows(current(), Filter()) == {
        "Made": "3 today, 3 in the last 7 days; 1 of at most 50 today by you",
        "Made by": "ada 2, bo 1",
        "Tagged": "demo 3, rain 2",
    }
    assert list(sp.history()["made_by"]) == ["bo", "ada", "ada"]
    assert list(sp.takes()["made_by"]) == ["bo", "ada", "ada"]
    monkeypatch.setenv("SOUNDPIECE_USER", "<b>eve</b> spk_live_0123456789")
    sp.fx("hail").result(20)
    told = str(usage_rows(current(), Filter()))
    assert "spk_…" in told
    assert "0123456789" not in told


COSTS = [
    ({}, ""),
    ({"3 credits": 4}, "12 credits for 4 operations, as the service says"),
    (
        {"1 credit; 9 credits remaining": 1, "2 credits; 7 credits remaining": 1},
        "3 credits for 2 operations, as the service says",
    ),
    ({"0.1 USD": 3}, "0.3 USD for 3 operations, as the service says"),
    ({"3": 2}, "6 for 2 operations, as the service says"),
    ({"3 credits": 2, "0.1 USD": 1}, "3 credits 2 times, 0.1 USD 1 times"),
    ({"3 credits": 2, "free": 5}, "free 5 times, 3 credits 2 times"),
    ({"3 credits": 2, "3": 1}, "3 credits 2 times, 3 1 times"),
    ({"97 credits remaining": 2}, ""),
]


@pytest.mark.parametrize(("costs", "words"), COSTS, ids=str)
def test_costs_are_added_up_only_where_all_are_numbers_of_one_unit(costs, words):
    assert cost_words(costs) == words


def test_what_the_service_says_of_the_cost_is_kept_and_shown(studio):
    said = {"id": "op_costs", "status": "processing", "credits_used": 3}
    studio.instead["PUT"] = [as_json({"fx": said, "credits_remaining": 97})]
    made = sp.fx("rain").result(20)
    plain = sp.fx("wind").result(20)
    cost = sp.history()["cost"]
    assert str(cost.dtype) == "string"
    assert cost[made.key] == "3 credits; 97 credits remaining"
    assert cost.isna()[plain.key]
    assert "97 credits remaining" in sp_html(made)
    assert "Cost" not in sp_html(plain)
    assert usage_rows(current(), Filter())["Their cost"] == (
        "3 credits for 1 operation, as the service says"
    )


def sp_html(operation):
    from soundpiece_nb.display.finished_output import compose
    from soundpiece_nb.display.sound_source import place_of

    return str(compose(operation.entry, place_of(current())).html)


CELLS = """
%load_ext soundpiece_nb
import soundpiece_nb as sp
"""


def test_a_notebook_that_nobody_watches_begins_many_and_is_refused_above_a_ceiling(
    tmp_path, studio
):
    """As nbclient, papermill and nbconvert run it: nobody can be asked."""
    environment = quiet_environment(
        tmp_path / "headless",
        SOUNDPIECE_BASE_URL=studio.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
    )
    cells = [
        CELLS,
        "%soundpiece_fx --prompt rain --repeat 51 --no-wait",
        "%config SoundpieceMagics.most_at_once = 3",
        "%soundpiece_fx --prompt rain --repeat 4 --no-wait --send",
        "assert len(sp.history()) == 55",
        "%soundpiece_fx --prompt rain --repeat 4",
        "print('the next cell')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    client = NotebookClient(notebook, timeout=60, kernel_name="python3")
    with pytest.raises(CellExecutionError) as stopped:
        client.execute(env=environment)
    assert "4 more operations would make " in str(stopped.value)
    assert "SoundpieceMagics.most_at_once is 3. Nothing was sent. --send" in str(stopped.value)
    assert "the next cell" not in str(notebook.cells[6].get("outputs"))


def test_a_script_is_refused_and_its_next_line_is_no_answer(tmp_path, studio):
    environment = quiet_environment(
        tmp_path / "script",
        SOUNDPIECE_BASE_URL=studio.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
        SOUNDPIECE_MOST_AT_ONCE="1",
    )
    code = "import soundpiece_nb as sp\nsp.sweep('fx', prompt='rain', repeat=2)\n"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="y\n",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "2 operations at once, and SOUNDPIECE_MOST_AT_ONCE is 1." in done.stderr
    assert not studio.made
