"""The row of a new operation, with its exact body, synced to the disk before it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.file_ref import FileRef
from soundpiece_nb.api.output_ref import OutputRef
from soundpiece_nb.api.request import Request

from .database import Database
from .labelling import Labelling
from .lease import Holder, lease_end
from .schema import operations
from .usage import Usage

Permit = Callable[[int, Usage], object]
"""Raises where so many operations more must not be begun."""

_INSERT = operations.insert()
_OWN_COLUMNS = ("prompt", "lyrics", "reference", "source")
_NEW_KEY = "Leave --key out for a new operation."


class Recording(Labelling):
    """The changes that add operations."""

    def __init__(self, database: Database, holder: Holder) -> None:
        super().__init__(database)
        self._holder = holder

    @property
    def holder(self) -> str:
        """The name under which this journal's session holds operations."""
        return self._holder.name

    @property
    def holder_part(self) -> str:
        """The part of that name that is good in the name of a file."""
        return self._holder.part

    def record(self, request: Request, *, service: str, **labels: Any) -> bool:
        """Record one operation as `record_all` does; False where it is recorded already."""
        notebook = labels.pop("notebook", None)
        return bool(self.record_all([request], [labels], service=service, notebook=notebook))

    def record_all(
        self,
        requests: Sequence[Request],
        labels: Sequence[Mapping[str, Any]],
        *,
        service: str,
        account: str | None = None,
        batch: str | None = None,
        notebook: str | None = None,
        made_by: str | None = None,
        permit: Permit | None = None,
    ) -> set[str]:
        """Record many operations, all or none, synced to the disk when this returns.

        `labels` are each one's `name`, `tags`, `note` and `sweep`, which is JSON with an `id`;
        `account` is the mark of the account at the service, where that has one; `made_by` is the
        person's name. `permit` may refuse what is new, before any of it is written.
        Returns the keys that are new; raises Mistake where one is recorded with another body or
        at another service.
        """
        common = {
            "service": service,
            "account": account,
            "batch": batch,
            "notebook": notebook,
            "made_by": made_by,
        }
        keys = [request.key for request in requests]
        known = self.statuses(keys) if permit is not None else {}  # mostly, all are new
        try:
            return self._insert_new(requests, labels, common, permit, known)
        except IntegrityError:  # some are known, or another process inserted them in between
            return self._insert_new(requests, labels, common, permit, self.statuses(keys))

    def _insert_new(
        self,
        requests: Sequence[Request],
        labels: Sequence[Mapping[str, Any]],
        common: Mapping[str, str | None],
        permit: Permit | None,
        known: Collection[str],
    ) -> set[str]:
        new: dict[str, Request] = {}
        now = self.now()
        rows = []
        for number, (request, label) in enumerate(zip(requests, labels, strict=True)):
            if request.key in known:
                self._require_same(request, common["service"])
            elif request.key in new:  # the same request twice, under a derived key
                _require_same_body(request, new[request.key].route.path, new[request.key].body)
            else:
                # A microsecond apart, so that they keep their order.
                rows.append({**self._row(request, label, now + number), **common})
                new[request.key] = request
        if rows:
            check = None if permit is None else partial(_check, permit, len(rows), now)
            self._database.insert_synced(_INSERT, rows, check=check)
        return set(new)

    def _row(self, request: Request, label: Mapping[str, Any], now: int) -> dict[str, Any]:
        fields = {name: _as_written(value) for name, value in request.fields.items()}
        texts = {name: fields[name] for name in _OWN_COLUMNS if isinstance(fields.get(name), str)}
        others = {name: value for name, value in fields.items() if name not in texts}
        return {
            "idempotency_key": request.key,
            "route": request.route.path,
            "body": request.body,
            "status": "submitting",
            **{name: label.get(name) for name in ("name", "note", "sweep")},
            "tags": json.dumps(list(label.get("tags", ()))),
            **{column: texts.get(column) for column in _OWN_COLUMNS},
            "params": json.dumps(others),
            "submitted_at": now,
            "polls": 0,
            "retries": 0,
            "holder": self.holder,
            "held_until": lease_end(now),
        }

    def _require_same(self, request: Request, service: str | None) -> None:
        recorded = self.entry(request.key)
        _require_same_body(request, recorded.route, recorded.body)
        if recorded.service != service:
            raise Mistake(
                f"The key {request.key} belongs to an operation of {recorded.service}, and this "
                f"goes to {service}.",
                next=_NEW_KEY,
            )


def _check(permit: Permit, number: int, now: int, connection: Connection) -> None:
    permit(number, Usage(connection, now))


def _require_same_body(request: Request, route: str, body: bytes) -> None:
    if (route, body) != (request.route.path, request.body):
        raise Mistake(
            f"The key {request.key} already belongs to another request, and a key is never "
            "sent with two.",
            next=_NEW_KEY,
        )


def _as_written(value: Any) -> Any:
    """Return a field as its column keeps it: a file with its name, which its body leaves out."""
    if isinstance(value, FileRef):
        return value.with_name
    return str(value) if isinstance(value, OutputRef) else value
