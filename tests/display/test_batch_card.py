"""The card of a batch: a row with players an operation, however long the batch is."""

from __future__ import annotations

import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.display.batch_card import ON_A_PAGE, BatchCard
from soundpiece_nb.display.operation_rows import MOST_IN_SIGHT
from soundpiece_nb.display.sound_source import Place
from soundpiece_nb.display.take_player import MOST_EMBEDDED
from soundpiece_nb.operations.batch import Batch
from soundpiece_nb.operations.current_session import current
from support.recorded_operations import finish
from support.services import tone

MANY = 2 * ON_A_PAGE + 5


@pytest.fixture
def journal(home):
    """A journal with a long batch that is ready, and a small file for each of its takes."""
    journal = current().journal
    requests = [new_request(find_route("fx"), {"prompt": f"Click {n}"}) for n in range(MANY)]
    journal.record_all(requests, [{"tags": ()}] * MANY, service="sandbox", batch="storm")
    sound = tone(0.2)
    for request in requests:
        folder = journal.home / "audio" / request.key
        folder.mkdir(parents=True)
        (folder / "1.flac").write_bytes(sound)
        finish(journal, request.key, takes=1)
    return journal


def test_a_long_batch_is_a_page_of_rows_at_a_time_that_says_which(journal, tmp_path):
    card = BatchCard(sp.batch(name="storm"), Place(journal.home, tmp_path))
    first = card.draw()
    assert first.html.count("<audio ") == ON_A_PAGE
    assert len(first.html) < 200_000
    assert f"{ON_A_PAGE - MOST_IN_SIGHT} more</summary>" in first.html
    assert f"1 to {ON_A_PAGE} of {MANY}" in first.html
    assert "%soundpiece_history --batch storm lists all" in first.html
    assert first.text.splitlines()[-1] == f"  and {MANY - 20} more"
    card.answer({"do": "arrange", "page": 3})
    last = card.draw()
    assert last.html.count("<audio ") == 5
    assert f"[{MANY}]" in last.html
    assert f"{2 * ON_A_PAGE + 1} to {MANY} of {MANY}" in last.html
    assert card.arranged()["pages"] == 3


def test_inside_a_notebook_only_so_many_sounds_are_held(journal):
    drawn = BatchCard(sp.batch(name="storm"), Place(journal.home, None)).draw()
    assert drawn.html.count("<audio ") == MOST_EMBEDDED
    assert drawn.html.count("plays them") == ON_A_PAGE - MOST_EMBEDDED


def test_rows_have_no_places_where_the_name_would_choose_others_by_them(journal, tmp_path):
    place = Place(journal.home, tmp_path)
    batch = sp.batch(name="storm")
    reordered = Batch(batch.keys[1:3], current(), max_in_flight=1, name="storm")
    for card in (BatchCard(reordered, place).draw(), BatchCard(batch, place).draw()):
        numbered = "[2]</span>" in card.html
        assert numbered == ("storm[2]:1" in card.html) == ("  [2]" in card.text)
        assert numbered == (f"of {MANY}" in card.html)
