"""Operations that the service is to tell of, and what was heard of them."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace

from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.quick_reads import FILE_NAME
from soundpiece_nb.operations.labels import Labels
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.plan import Planned
from soundpiece_nb.operations.submission import submit_planned

FX = find_route("fx")


def remember(home, service, seconds):
    """Write down that effects have always taken so long."""
    journal = Journal(home)
    for _ in range(3):
        request = new_request(FX, {"prompt": "earlier"})
        journal.record(request, service=service.base_url)
        journal.ready(request.key, [])
        journal.release([request.key])
    journal.close()
    with closing(sqlite3.connect(home / FILE_NAME)) as connection:
        connection.execute("UPDATE operations SET submitted_at = finished_at - ?", (seconds * 1e6,))
        connection.commit()


def submit(session, address, number):
    """Hand an effect over that the service is to tell this address of."""
    told = {"callback_url": address}  # a person's has to be https
    request = new_request(FX, {"prompt": f"Impact {number}", "duration": 0.5})
    body = json.dumps(json.loads(request.body) | told).encode()
    request = replace(request, fields={**request.fields, **told}, body=body)
    return Operation(submit_planned(session, Planned(request, Labels(), {})), session)


def heard(home):
    """Return when each operation's delivery was noted, by the operation's id, in microseconds."""
    with closing(sqlite3.connect(home / FILE_NAME)) as connection:
        return dict(connection.execute("SELECT operation_id, heard_at FROM deliveries"))


def times_heard(home, operations):
    """Return how many deliveries were noted of these operations, by their ids."""
    with closing(sqlite3.connect(home / FILE_NAME)) as connection:
        rows = connection.execute("SELECT operation_id FROM deliveries").fetchall()
    return sum(operation in operations for (operation,) in rows)


def all_heard(home, operations):
    """Return what was heard once all of these were, half a minute from now at the latest."""
    until = time.monotonic() + 30
    while not set(operations) <= set(heard(home)) and time.monotonic() < until:
        time.sleep(0.05)
    return heard(home)
