"""Recording: new operations are on the disk, synced, before anything of them is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.output_ref import OutputRef
from soundpiece_nb.api.request import Request

from .changes import this_moment
from .database import Database
from .labelling import Labelling
from .lease import LEASE_SECONDS, this_holder
from .schema import operations

_INSERT = operations.insert()
_SEARCHED = ("prompt", "lyrics", "reference", "source")


class Recording(Labelling):
    """The changes that write new operations down."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.holder = this_holder()

    def record(self, request: Request, *, service: str, **labels: Any) -> bool:
        """Write one operation down as `record_all` does; False where it is there already."""
        notebook = labels.pop("notebook", None)
        new = self.record_all([request], [labels], service=service, notebook=notebook)
        return request.key in new

    def record_all(
        self,
        requests: Sequence[Request],
        labels: Sequence[Mapping[str, Any]],
        *,
        service: str,
        batch: str | None = None,
        notebook: str | None = None,
    ) -> set[str]:
        """Write many operations down at once, all of them or none, synced to disk.

        `labels` are each one's `name`, `tags`, `note` and `sweep`, which is JSON with an `id`.
        Returns the keys that are new; raises Mistake where one is there already with another body,
        or at another service.
        """
        try:
            return self._record_new(requests, labels, service, batch, notebook)
        except IntegrityError:  # another process wrote some of them in this moment
            return self._record_new(requests, labels, service, batch, notebook)

    def _record_new(
        self,
        requests: Sequence[Request],
        labels: Sequence[Mapping[str, Any]],
        service: str,
        batch: str | None,
        notebook: str | None,
    ) -> set[str]:
        known = set(self.statuses([request.key for request in requests]))
        new: dict[str, Request] = {}
        now = this_moment()
        rows = []
        for number, (request, label) in enumerate(zip(requests, labels, strict=True)):
            if request.key in known:
                self._require_same(request, service)
                continue
            if request.key in new:  # the same request twice, under a derived key
                _require_alike(request, new[request.key].route.path, new[request.key].body)
                continue
            written = {"name": None, "note": None, "sweep": None, **label}
            written["tags"] = json.dumps(list(label.get("tags", ())))
            # A microsecond apart, so that they keep their order.
            row = self._row(request, service, now + number, **written, notebook=notebook)
            rows.append({**row, "batch": batch})
            new[request.key] = request
        if rows:
            self._database.insert_synced(_INSERT, rows)
        return set(new)

    def _row(self, request: Request, service: str, now: int, **labels: Any) -> dict[str, Any]:
        fields = {
            name: str(value) if isinstance(value, OutputRef) else value
            for name, value in request.fields.items()
        }
        return {
            "idempotency_key": request.key,
            "route": request.route.path,
            "service": service,
            "body": request.body,
            "status": "submitting",
            **labels,
            **{column: fields.get(column) for column in _SEARCHED},
            "params": json.dumps(
                {field: value for field, value in fields.items() if field not in _SEARCHED}
            ),
            "submitted_at": now,
            "polls": 0,
            "retries": 0,
            "holder": self.holder,
            "held_until": lease_end(now),
        }

    def _require_same(self, request: Request, service: str) -> None:
        kept = self.entry(request.key)
        _require_alike(request, kept.route, kept.body)
        if kept.service != service:
            raise Mistake(
                f"The key {request.key} belongs to an operation of {kept.service}, and this goes "
                f"to {service}.",
                next="Leave --key out for a new operation.",
            )


def _require_alike(request: Request, route: str, body: bytes) -> None:
    if (route, body) != (request.route.path, request.body):
        raise Mistake(
            f"The key {request.key} already belongs to another request, and a key is never "
            "sent with two.",
            next="Leave --key out for a new operation.",
        )


def lease_end(now: int) -> int:
    """Return when a lease that begins now ends, in microseconds."""
    return now + int(LEASE_SECONDS * 1e6)
