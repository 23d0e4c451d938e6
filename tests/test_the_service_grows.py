"""What the service may add within v1 any day is shown as it is, and never an error."""

from __future__ import annotations

from argparse import Namespace

import pytest

import soundpiece_nb as sp
from soundpiece_nb.display.live_card import live_html
from soundpiece_nb.magics.command import Notebook
from soundpiece_nb.magics.setup_commands import status
from soundpiece_nb.operations.current_session import current
from support.services import OPERATION_ID, Reply, as_json, operation, tone


def wait_for_word(made, word):
    """Wait until the service has been heard to call an operation by a word; return its run."""
    run = current().engine.run(made.key)
    for _ in range(400):
        if run.word == word:
            return run
        with pytest.raises(sp.WaitTimeout):
            made.result(0.02)
    raise AssertionError(f"it is called {run.word}, not {word}")


@pytest.mark.parametrize(
    ("word", "shown"), [("in_review", "in_review"), ("<b>", "unknown"), ("q" * 99, "unknown")]
)
def test_an_unknown_status_goes_on_as_processing_with_its_word(scripted, capsys, word, shown):
    answers = [word]

    def answer(*_):
        ended = {"error": {"code": "new_code_of_2027", "message": "Not today."}}
        return as_json(operation(answers[-1], **(ended if answers[-1] == "failed" else {})))

    scripted(answer)
    made = sp.fx("Rain")
    run = wait_for_word(made, shown)
    assert made.status == "processing"
    status.run(Notebook({}, "auto", "auto"), Namespace())
    assert f"On the way here  1 ({shown}, says the service)" in capsys.readouterr().out
    card = live_html(made.entry, run, None, shows_key=False)
    assert f"Processing ({shown}, says the service)" in card
    answers.append("processing")
    wait_for_word(made, None)
    assert "says the service" not in live_html(made.entry, run, None, shows_key=False)
    answers.append("failed")
    with pytest.raises(sp.OperationFailed, match="Not today") as failed:
        made.result(30)
    assert failed.value.code == "new_code_of_2027"
    assert (made.status, made.error.code) == ("failed", "new_code_of_2027")
    with pytest.raises(sp.Mistake, match=r"no status 'in_review'.* is processing here"):
        sp.history(status="in_review")


def test_an_unknown_refusal_is_shown_with_its_words(scripted):
    scripted(lambda *_: as_json({"detail": "Your plan allows 3 a day"}, 403))
    with pytest.raises(sp.RequestRejected, match="Your plan allows 3 a day") as refused:
        sp.fx("Rain").result(30)
    assert refused.value.status_code == 403


def test_unknown_kinds_and_fields_of_outputs_are_kept_or_ignored(scripted):
    def answer(heard, _):
        if heard.path.startswith("/sound"):
            return Reply(body=tone())
        made = [
            {"url": f"{service.root}/sound/{n}", "duration": 1.0, "kind": kind, "bpm": {"a": [n]}}
            for n, kind in enumerate(["choir", "vocals"])
        ]
        return as_json({"stems": {"id": OPERATION_ID, "status": "ready", "outputs": made}})

    service = scripted(answer)
    made = sp.stems("https://a.example/x.flac", extra={"kinds": ["choir", "vocals"]}).result(30)
    assert [take.kind for take in made.outputs] == ["choir", "vocals"]
    assert made.request["kinds"] == ["choir", "vocals"]
