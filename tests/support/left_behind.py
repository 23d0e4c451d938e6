"""A home as a killed process leaves it: operations in every state, single and several."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from support.session_processes import Process

SINGLE = ("done", "going", "calm", "perhaps", "refused", "failed", "dropped")
"""NAMEs of single operations: ready, acknowledged, never sent, of which it is not known whether
they arrived, refused with 402, failed, and discarded."""
NAMES = (*SINGLE, "ways", "rows")
"""And those of a sweep and of a batch: two never sent, the third in doubt or failed."""

_LEAVE = """
import json, urllib.request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.operations.plan import Draft, plan_operation
from soundpiece_nb.operations.row_plans import plan_rows
from soundpiece_nb.operations.rows import read_rows
from soundpiece_nb.operations.submission import record
from soundpiece_nb.operations.sweep import plan_sweep

session, FX = current(), find_route("fx")
journal, keys = session.journal, {}

def draft(**labels):
    return Draft(route=FX, fields={"prompt": "{{mood}} rain", "duration": 1}, **labels)

def leave(name):
    fields = {"prompt": f"{name} rain", "duration": 1}
    planned = plan_operation(session, Draft(route=FX, fields=fields, name=name))
    [keys[name]] = record(session, [planned])
    return planned.request

sp.fx("Rain", 1, name="done", tags=["kept"]).result(60)
going = leave("going")
address = f"{session.services.in_use}/{FX.path}"
headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
put = urllib.request.Request(address, going.body, headers, method="PUT")
with urllib.request.urlopen(put) as answer:
    journal.accepted(going.key, next(iter(json.load(answer).values()))["id"])
for name in ("calm", "perhaps", "refused", "failed", "dropped"):
    leave(name)
journal.departing([keys["perhaps"]])
journal.rejected(keys["refused"], "402", "Payment required")
journal.failed(keys["failed"], "internal_error", "It broke.")
journal.discard([keys["dropped"]])
sweep = plan_sweep(session, draft(name="ways"), {"mood": ["calm", "wild", "odd"]})
record(session, sweep.planned, batch="ways", sweep=sweep.id)
journal.departing([sweep.planned[2].request.key])
rows = [{"prompt": f"{word} wind", "duration": 1} for word in ("soft", "hard", "no")]
planned = plan_rows(session, read_rows(rows), Draft(route=FX, fields={}), "rows")
record(session, planned, batch="rows")
journal.failed(planned[2].request.key, "internal_error", "It broke.")
"""


def leave_behind(environment: Mapping[str, str]) -> None:
    """Fill the home folder of an environment, and die."""
    process = Process(environment)
    process.do(f"KEY = {environment['SOUNDPIECE_API_KEY']!r}")
    process.do(_LEAVE, 90)
    process.send(signal.SIGKILL)
    process.close()


def states_in(home: Path) -> dict[str, list[str]]:
    """Return the states of the operations by NAME, `unsent` for what never left the machine."""
    query = """SELECT coalesce(batch, name), CASE WHEN status = 'submitting' AND sent_at IS NULL
        THEN 'unsent' ELSE status END FROM operations ORDER BY number"""
    states: dict[str, list[str]] = {}
    address = f"{(home / 'journal.sqlite').as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as journal:
        for name, state in journal.execute(query):
            states.setdefault(name, []).append(state)
    return states
