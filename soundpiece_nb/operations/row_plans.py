"""The rows of a batch as planned operations: all checked, and each with the key that lasts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.field_names import field_names, require_known
from soundpiece_nb.api.routes import Route
from soundpiece_nb.inputs.spelling import composed, letters
from soundpiece_nb.shown_text import quoted

from .derived_keys import with_lasting_key
from .extra_values import read_extra
from .labels import read_name
from .plan import (
    SAID_BESIDE,
    Draft,
    Planned,
    by_field_name,
    derives_key,
    plan_operation,
    split_fields,
)
from .row_complaints import Complaints
from .session import Session

_COLUMNS_BESIDE_FIELDS = ("name", "tags", "note", "key", "extra")


def plan_rows(
    session: Session, rows: Sequence[Mapping[str, Any]], common: Draft, name: str | None
) -> list[Planned]:
    """Plan every row as a change of the common draft, `name` as it was typed.

    With a name, keys follow from it and the row; without, as `once` or its setting has it. Raises
    one Mistake that tells of the first few things that are wrong, each once.
    """
    planned: list[Planned] = []
    complaints = Complaints()
    seen: Counter[str] = Counter()
    seen_as_typed: Counter[str] = Counter()
    names = [] if name is None else dict.fromkeys([read_name(name), name])
    scopes = [f"{session.services.in_use}#{each}" for each in names]
    if not names and derives_key(session, common):
        scopes = [session.services.in_use]
    for number, row in enumerate(rows):
        try:
            draft = _draft(common, row)
            each = plan_operation(session, draft)
        except Mistake as mistake:
            complaints.add(number, row, mistake.message)
            continue
        if scopes and draft.key is None:
            # The n-th row with the same request has the same key, whatever rows are around it.
            request = each.request
            typed = _as_text(request.fields)
            asked = _as_text({field: composed(value) for field, value in request.fields.items()})
            seen[asked] += 1
            seen_as_typed[typed] += 1
            take, typed_take = seen[asked], seen_as_typed[typed]
            lasting = with_lasting_key(session, request, take, scopes=scopes, typed_take=typed_take)
            each = replace(each, request=lasting)
        planned.append(each)
    complaints.tell()
    if not planned:
        raise Mistake("The batch has no rows.")
    [(key, count)] = Counter(each.request.key for each in planned).most_common(1)
    if count > 1:
        raise Mistake(f"The key {key} stands in more than one row.")
    return planned


def _draft(common: Draft, row: Mapping[str, Any]) -> Draft:
    """Return the operation of a row; an empty cell of a file counts as left out.

    Not so where a field is needed, which is then said to be empty, nor for a note, which may be.
    """
    row = _by_own_names(common.route, row)
    kept = {"note", *(each.name for each in common.route.fields if each.required)}
    given = {n: v for n, v in row.items() if n in kept or not _is_blank(v)}
    fields, beside = split_fields(given, _COLUMNS_BESIDE_FIELDS)
    require_known(
        common.route,
        by_field_name(common.route, fields),
        beside=_COLUMNS_BESIDE_FIELDS,
        said_beside=SAID_BESIDE,
    )
    extra = {**read_extra(common.extra), **read_extra(beside.pop("extra", None))}
    if isinstance(beside.get("tags"), str):
        beside["tags"] = _tags_of_a_cell(beside["tags"])
    return replace(common, fields=fields, extra=extra, once=False, **beside)


def _by_own_names(route: Route, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row by the names that are meant: `Callback URL` is `callback_url` in a header.

    Raises Mistake where two columns have one name then.
    """
    own = {letters(name): name for name in (*_COLUMNS_BESIDE_FIELDS, *field_names(route))}
    read: dict[str, Any] = {}
    for typed, value in row.items():
        name = own.get(letters(typed), typed)
        if name in read:
            raise Mistake(
                f"The column {quoted(typed)} is {name} otherwise spelled, which is there too.",
                next="Leave one out.",
            )
        read[name] = value
    return read


def _tags_of_a_cell(text: str) -> list[str]:
    """Return the tags of a file's cell: parted by commas, or the JSON list of a history's file."""
    with suppress(ValueError):
        read = json.loads(text)
        if isinstance(read, list):
            return read
    return [tag for each in text.split(",") if (tag := each.strip())]


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


def _as_text(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, default=str)
