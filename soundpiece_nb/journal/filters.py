"""The filters, orders and pages of a history, which run in the database."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    UnaryExpression,
    case,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.number_arguments import read_stars, read_whole
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.inputs.spelling import as_python, did_you_mean, spellings
from soundpiece_nb.shown_text import quoted

from .entry import ORDERS, STATUSES, microseconds
from .filter_words import SAID_FOR_STATUS
from .moments import read_since
from .schema import NEVER_LEFT, listed, operations, takes, texts

MOST_ROWS = 1_000_000
ON_A_PAGE = 20
"""Operations of a page whose size is not given."""

_ORDERS = {order: operations.c["submitted_at" if order == "made" else order] for order in ORDERS}

_TEXTS = ("route", "status", "tag", "sweep", "batch", "name", "error", "order")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """The operations to show: those that fit everything that is given.

    `since` is a time, an age or text like `2d` or `last week`; `search` is a part of the name,
    prompt, lyrics or note, or of a take's note, or a list of such, all of which are there; it
    ignores the case of a-z; `min_rating` is the least rating of the best take, 1 to 5 stars;
    `sweep` and `batch` are the NAME of sweeps or batches, or a sweep's id; `name` is the NAME of
    operations, or of the sweep or batch that they are of; `error` is an error code; `unsent`
    leaves only what was never sent, and False only the rest. Of all that fit, `limit` operations
    are shown from number `offset` on, in an `order` of ORDERS.
    """

    route: str | None = None
    status: str | None = None
    since: str | date | timedelta | None = None
    search: str | Sequence[str] | None = None
    tag: str | None = None
    min_rating: int | None = None
    sweep: str | None = None
    batch: str | None = None
    name: str | None = None
    error: str | None = None
    unsent: bool | None = None
    order: str | None = None
    limit: int | None = None
    offset: int | None = None

    def apply(self, statement: Any, found: Sequence[int] | None = None) -> Any:
        """Narrow a SELECT over the operations to all that fit; raises Mistake.

        `found` are the numbers of those that have what is searched for, where that is known.
        """
        conditions = self._conditions()
        fitting = select(operations.c.number).where(*conditions).correlate(None)
        if found is not None:
            statement = statement.where(operations.c.number.in_(listed(found)))
        elif self.searches():
            searched = self.searched()
            fitting = searched.where(texts.c.number.in_(fitting)) if conditions else searched
            return statement.where(_unindexed("number").in_(fitting))
        return statement.where(_unindexed("number").in_(fitting)) if conditions else statement

    def searched(self, candidates: Sequence[int] | None = None) -> Select[Any]:
        """Return the SELECT of the texts' numbers that have what is searched for; raises Mistake.

        `candidates` are those whose words may have it; what a take's note has is found without.
        """
        searches = self.searches()
        searched = select(texts.c.number).where(*map(_has_words, searches))
        if candidates is None:
            return searched
        noted = union_all(listed(candidates), *map(_noted, searches))
        return searched.where(texts.c.number.in_(noted))

    def searches(self) -> list[str]:
        """Return the texts to look for; raises Mistake for anything else."""
        search = [] if self.search is None else self.search
        given = [search] if isinstance(search, str) else search
        if isinstance(given, list | tuple) and all(isinstance(each, str) for each in given):
            return list(given)
        raise Mistake(f"The filter search must be text, not {quoted(self.search)}.")

    def _conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions but for `search`, which `operations_listed` alone can answer."""
        self._require_texts()
        exact = {"status": self.status, "error_code": self.error}
        if self.route is not None:
            exact["route"] = find_route(self.route).path
        if self.status is not None and self.status not in STATUSES:
            known = ", ".join(STATUSES)
            meant = did_you_mean(self.status, STATUSES, SAID_FOR_STATUS)
            raise Mistake(
                f"There is no status {quoted(self.status)}{meant}; there are {known}.",
                next="What the service calls by another word is processing here.",
            )
        conditions = [_unindexed(name) == text for name, text in exact.items() if text is not None]
        conditions += self._naming()
        if self.since is not None:
            conditions.append(_unindexed("submitted_at") >= microseconds(read_since(self.since)))
        if self.unsent is not None:
            conditions.append(_is_unsent(self.unsent))
        if self.tag is not None:
            conditions += _has_tag(self.tag)
        if self.min_rating is not None:
            conditions.append(_unindexed("rating") >= read_stars(self.min_rating))
        return conditions

    def _naming(self) -> list[ColumnElement[bool]]:
        """Return the conditions of a NAME, and of a sweep or batch."""
        groups = (group for group in (self.sweep, self.batch) if group is not None)
        conditions = [_is_of_group({each, as_python(each)}, _OF_GROUPS) for each in groups]
        if self.name is not None:
            names = {self.name, as_python(self.name)}
            conditions.append(or_(_unindexed("name").in_(names), _is_of_group(names)))
        return conditions

    def _require_texts(self) -> None:
        for field, given in ((name, getattr(self, name)) for name in _TEXTS):
            if not isinstance(given, str | None):
                raise Mistake(f"The filter {field} must be text, not {quoted(given)}.")

    def terms(self) -> list[UnaryExpression[Any]]:
        """Return the terms of ORDER BY: absent values last, equals newest first if descending.

        Raises Mistake for an unknown order.
        """
        order = "-made" if self.order is None else self.order
        column = _ORDERS.get(order.removeprefix("-")) if isinstance(order, str) else None
        if column is None:
            known = f"{', '.join(ORDERS)}, and -made and so on"
            meant = did_you_mean(order, [*ORDERS, *(f"-{each}" for each in ORDERS)])
            raise Mistake(f"There is no order {quoted(order)}{meant}; there are {known}.")
        columns = dict.fromkeys((column, operations.c.submitted_at, operations.c.number))
        if order.startswith("-"):
            return [each.desc() for each in columns]  # absent values are last by themselves
        return [column.nulls_last(), *(each.asc() for each in columns if each is not column)]

    def at_page(self, number: Any) -> Filter:
        """Return the filter of a page of all that fit, counted from 1; raises Mistake."""
        size = ON_A_PAGE if self.limit is None else read_whole(self.limit, "The limit")
        before = (read_whole(number, "The page") - 1) * size
        return replace(self, limit=size, offset=before)

    def page(self) -> slice:
        """Return the part of all that fit that is shown; raises Mistake for unusable numbers."""
        offset = self.offset
        start = 0 if offset is None else read_whole(offset, "The beginning of a page", least=0)
        if self.limit is None:
            return slice(start, None)
        return slice(start, start + read_whole(self.limit, "The limit", most=MOST_ROWS))


def _unindexed(name: str) -> ColumnElement[Any]:
    """Return a column whose own index SQLite does not use, because of the + before it.

    All filters then run in one pass over the narrow `operations_listed`, whatever is asked.
    """
    return literal_column(f"+{operations.c[name]}")


_GROUPED = operations.alias("grouped")
_OF_GROUPS = (_GROUPED.c.batch, _GROUPED.c.sweep_id)


def _is_of_group(
    names: Collection[str], columns: Sequence[ColumnElement[Any]] = _OF_GROUPS[:1]
) -> ColumnElement[bool]:
    """Return the condition of an operation of a sweep or batch, which narrow indexes answer."""
    found = (select(_GROUPED.c.number).where(column.in_(names)) for column in columns)
    return operations.c.number.in_(union_all(*found))


def _is_unsent(wanted: Any) -> ColumnElement[bool]:
    """Return the condition of a row that waits to be sent and never left; raises Mistake."""
    if not isinstance(wanted, bool):
        raise Mistake(f"The filter unsent is True or False, not {quoted(wanted)}.")
    waits = select(operations.c.number).where(NEVER_LEFT)
    among = _unindexed("number").in_(waits.correlate(None))
    return among if wanted else ~among


def _has_tag(tag: str) -> list[ColumnElement[bool]]:
    """Return the conditions of a row with this tag, ignoring the case of a-z.

    The first one, on letters alone, spares most rows from being read as JSON.
    """
    tags = _unindexed("tags")
    letters = [f"%{_escaped(json.dumps(each))}%" for each in spellings(tag)]
    whole = case((func.json_valid(tags) == 1, tags), else_="[]")  # or one bad row stops the query
    each = func.json_each(whole).table_valued("value")
    one = select(each.c.value).where(each.c.value.collate("NOCASE").in_(spellings(tag)))
    return [or_(*(tags.like(pattern, escape="/") for pattern in letters)), one.exists()]


def _has_words(words: str) -> ColumnElement[bool]:
    """Return the condition of a row of `texts` with these words, or with a take that has them."""
    return or_(_holds(texts.c.words, words), texts.c.number.in_(_noted(words)))


def _noted(words: str) -> Any:
    """Return the SELECT of the operations with a take whose note has these words."""
    of_takes = operations.c.idempotency_key == takes.c.idempotency_key
    noted = select(operations.c.number).where(of_takes, takes.c.note.is_not(None))
    return noted.where(_holds(takes.c.note, words)).correlate(None)


def _holds(column: ColumnElement[Any], words: str) -> ColumnElement[bool]:
    patterns = (f"%{_escaped(each)}%" for each in spellings(words))
    return or_(*(column.like(pattern, escape="/") for pattern in patterns))


def _escaped(text: str) -> str:
    return re.sub(r"[/%_]", r"/\g<0>", text)
