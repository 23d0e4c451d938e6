"""The filters, orders and pages of a history, which run in the database."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression, and_, func, literal_column, or_, select

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.number_arguments import read_stars, read_whole
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.shown_text import quoted

from .entry import ORDERS, STATUSES, microseconds
from .schema import operations, takes, texts

MOST_ROWS = 1_000_000

_ORDERS = {order: operations.c["submitted_at" if order == "made" else order] for order in ORDERS}

_TEXTS = ("route", "status", "search", "tag", "sweep", "name", "error", "order")
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, kw_only=True)
class Filter:
    """The operations to show: those that fit everything that is given.

    `since` is a time, an age or text like `2d`; `search` is a part of the name, prompt, lyrics or
    note, or of a take's note, and ignores the case of a-z; `min_rating` is the least rating of the
    best take, 1 to 5 stars; `sweep` is a sweep's id, or the NAME of several; `error` is an error
    code. Of all that fit, `limit` operations are shown from number `offset` on, in an `order` of
    ORDERS.
    """

    route: str | None = None
    status: str | None = None
    since: str | date | timedelta | None = None
    search: str | None = None
    tag: str | None = None
    min_rating: int | None = None
    sweep: str | None = None
    name: str | None = None
    error: str | None = None
    order: str | None = None
    limit: int | None = None
    offset: int | None = None

    def apply(self, statement: Any) -> Any:
        """Narrow a SELECT over the operations to all that fit; raises Mistake."""
        conditions = self._conditions()
        fitting = select(operations.c.number).where(*conditions).correlate(None)
        if self.search is not None:
            searched = select(texts.c.number).where(_has_words(self.search))
            fitting = searched.where(texts.c.number.in_(fitting)) if conditions else searched
        elif not conditions:
            return statement
        return statement.where(_unindexed("number").in_(fitting))

    def _conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions but for `search`, which `operations_listed` alone can answer."""
        for field, given in ((name, getattr(self, name)) for name in _TEXTS):
            if not isinstance(given, str | None):
                raise Mistake(f"The filter {field} must be text, not {quoted(given)}.")
        exact = {"status": self.status, "name": self.name, "error_code": self.error}
        if self.route is not None:
            exact["route"] = find_route(self.route).path
        if self.status is not None and self.status not in STATUSES:
            known = ", ".join(STATUSES)
            raise Mistake(f"There is no status {quoted(self.status)}; there are {known}.")
        conditions = [_unindexed(name) == text for name, text in exact.items() if text is not None]
        if self.since is not None:
            conditions.append(_unindexed("submitted_at") >= microseconds(read_since(self.since)))
        if self.tag is not None:
            conditions += _has_tag(self.tag)
        if self.min_rating is not None:
            conditions.append(_unindexed("rating") >= read_stars(self.min_rating))
        if self.sweep is not None:
            named = and_(operations.c.batch == self.sweep, operations.c.sweep_id.is_not(None))
            conditions.append(or_(operations.c.sweep_id == self.sweep, named))
        return conditions

    def terms(self) -> list[UnaryExpression[Any]]:
        """Return the terms of ORDER BY: absent values last, equals newest first if descending.

        Raises Mistake for an unknown order.
        """
        order = "-made" if self.order is None else self.order
        column = _ORDERS.get(order.removeprefix("-")) if isinstance(order, str) else None
        if column is None:
            known = f"{', '.join(ORDERS)}, and -made and so on"
            raise Mistake(f"There is no order {quoted(order)}; there are {known}.")
        columns = dict.fromkeys((column, operations.c.submitted_at, operations.c.number))
        if order.startswith("-"):
            return [each.desc() for each in columns]  # absent values are last by themselves
        return [column.nulls_last(), *(each.asc() for each in columns if each is not column)]

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


def _has_tag(tag: str) -> list[ColumnElement[bool]]:
    """Return the conditions of a row with this tag, ignoring the case of a-z.

    The first one, on letters alone, spares most rows from being read as JSON.
    """
    letters = f"%{_escaped(json.dumps(tag))}%"
    each = func.json_each(_unindexed("tags")).table_valued("value")
    one = select(each.c.value).where(each.c.value.collate("NOCASE") == tag)
    return [_unindexed("tags").like(letters, escape="/"), one.exists()]


def _has_words(words: str) -> ColumnElement[bool]:
    """Return the condition of a row of `texts` with these words, or with a take that has them."""
    pattern = f"%{_escaped(words)}%"
    noted = select(operations.c.number).where(
        operations.c.idempotency_key == takes.c.idempotency_key,
        takes.c.note.is_not(None),
        takes.c.note.like(pattern, escape="/"),
    )
    return or_(texts.c.words.like(pattern, escape="/"), texts.c.number.in_(noted.correlate(None)))


def _escaped(text: str) -> str:
    return re.sub(r"[/%_]", r"/\g<0>", text)


def read_since(since: str | date | timedelta) -> datetime:
    """Return the moment meant by a time, a day, an age, or text: `90m`, `2d`, `2026-11-01`.

    A time without a zone is local. Raises Mistake for anything else.
    """
    try:
        return _moment(since)
    except (ValueError, OverflowError, AttributeError, TypeError):
        raise Mistake(f"{quoted(since)} is no time: say an age such as 90m, or a date.") from None


def _moment(since: Any) -> datetime:
    if hasattr(since, "to_pydatetime"):  # a Timestamp of pandas does not convert from local time
        since = since.to_pydatetime()
    match since:
        case timedelta():
            return datetime.now(UTC) - since
        case datetime():
            return since.astimezone(UTC)
        case date():
            return datetime.combine(since, time()).astimezone(UTC)
    age = _AGE.fullmatch(since.strip())
    if age:
        return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: float(age[1])})
    return datetime.fromisoformat(since).astimezone(UTC)
