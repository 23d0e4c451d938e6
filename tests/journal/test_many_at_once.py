"""Operations of batches and sweeps: written all or none, read back in their order."""

from __future__ import annotations

import json
import time
from contextlib import closing

import pytest
from sqlalchemy import update

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.queries import Group
from soundpiece_nb.journal.quick_reads import FILE_NAME, find_abandoned
from soundpiece_nb.journal.schema import operations
from support.recorded_operations import finish, record

FX = "create.new_fx"


def requests(number):
    return [
        new_request(find_route("fx"), {"prompt": f"rain {n}", "duration": 1}) for n in range(number)
    ]


def write(journal, wanted, *, batch=None, sweep=None):
    label = {"tags": ["wet"], "sweep": sweep}
    return journal.record_all(wanted, [label] * len(wanted), service="sandbox", batch=batch)


def test_many_are_written_at_once_and_keep_their_order(journal):
    wanted = requests(30)
    keys = [request.key for request in wanted]
    assert write(journal, wanted, batch="rain") == set(keys)
    assert journal.of_batch("rain") == keys
    assert [entry.key for entry in journal.of_keys(keys[::-1])] == keys[::-1]
    assert all(entry.tags == ("wet",) for entry in journal.of_keys(keys))
    assert journal.counts() == {"unsent": 30}


def test_what_is_there_already_is_not_written_again(journal):
    wanted = requests(3)
    assert len(write(journal, wanted[:2])) == 2
    assert write(journal, wanted) == {wanted[2].key}
    assert write(journal, wanted) == set()
    assert journal.counts() == {"unsent": 3}


def test_of_many_with_one_that_cannot_be_none_is_written(journal):
    key = record(journal)
    twice = new_request(find_route("fx"), {"prompt": "rain", "duration": 1}, key)
    with pytest.raises(Mistake, match="already belongs to another request"):
        write(journal, [*requests(3), twice])
    assert journal.counts() == {"unsent": 1}


def test_what_cannot_be_kept_as_text_is_a_slip_and_nothing_is_written(journal):
    with pytest.raises(Mistake, match="half of a surrogate pair"):
        write(journal, requests(3), batch="\ud800")
    assert journal.counts() == {}


def test_a_sweeps_operations_are_found_in_the_order_they_were_made(journal):
    wanted = requests(3)
    write(journal, wanted, sweep=json.dumps({"id": "mood-1"}))
    write(journal, requests(2), sweep=json.dumps({"id": "mood-2"}))
    assert journal.of_group(Group("mood-1", None)) == [request.key for request in wanted]


def test_how_long_a_route_usually_takes_is_known_from_three_on(journal):
    wanted = requests(10)
    write(journal, wanted)
    for number, request in enumerate(wanted, 1):
        known = journal.usual_seconds(FX, "sandbox")
        assert (known is None) is (number <= 3)
        finish(journal, request.key, takes=1)
        begun = operations.c.idempotency_key == request.key
        took = operations.c.submitted_at + number * 1_000_000
        with journal._database.write() as connection:
            connection.execute(update(operations).where(begun).values(finished_at=took))
    assert journal.usual_seconds(FX, "sandbox") == (6.0, 9.0)
    assert journal.usual_seconds(FX, "elsewhere") is None


def test_audio_that_was_pruned_can_be_wanted_again(journal):
    key = record(journal)
    finish(journal, key)
    before = journal.entry(key)
    assert journal.unprune(key) == before
    journal.prune(key)
    assert all(take.pruned_at for take in journal.entry(key).takes)
    assert journal.unprune(key) == before


def test_only_this_processes_leases_are_renewed(journal):
    own, others = record(journal), record(journal)
    held = operations.c.idempotency_key
    with journal._database.write() as connection:
        connection.execute(update(operations).values(held_until=0))
        connection.execute(update(operations).where(held == others).values(holder="elsewhere/1/1"))
    journal.renew([own, others])
    [until] = [row["held_until"] for row in journal.select(operations.select().where(held == own))]
    assert until > time.time_ns() // 1_000
    assert journal.claim(others), "its lease is over"


@pytest.mark.parametrize("there", [False, True])
def test_a_journal_that_is_not_there_or_cannot_be_read_has_nothing_unfinished(there, tmp_path):
    if there:
        (tmp_path / FILE_NAME).write_bytes(b"no journal at all" * 100)
    assert len(find_abandoned(tmp_path, 0)) == 0


def test_what_another_process_writes_in_the_same_moment_is_there_already(tmp_path):
    requests = [new_request(find_route("fx"), {"prompt": f"Click {n}"}) for n in range(3)]
    written = []

    class Overtaken(Journal):
        """A journal whose operation another one writes just after it has looked for it."""

        def statuses(self, keys):
            known = super().statuses(keys)
            if not written:
                with closing(Journal(tmp_path)) as other:
                    written.append(other.record(requests[1], service="sandbox"))
            return known

    journal = Overtaken(tmp_path)
    new = journal.record_all(
        requests, [{}] * 3, service="sandbox", batch="clicks", permit=lambda *_: None
    )
    assert written == [True]
    assert new == {requests[0].key, requests[2].key}
    assert len(journal.unfinished()) == 3
