"""Which operations are meant: the filters of the history, run in the database."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from numbers import Integral
from typing import Any

from sqlalchemy import (
    ColumnElement,
    UnaryExpression,
    and_,
    func,
    literal_column,
    or_,
    select,
)

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.routes import find_route

from .entry import ORDERS, STATUSES, microseconds
from .schema import operations, takes, texts

MOST_ROWS = 1_000_000
STARS = range(1, 6)

_ORDERS = {order: operations.c["submitted_at" if order == "made" else order] for order in ORDERS}

_TEXTS = ("route", "status", "search", "tag", "sweep", "name", "error", "order")
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What to show: all that is given has to fit.

    `since` is a time, an age or text like `2d`; `search` is found in name, prompt, lyrics or note,
    its own or a take's, whatever the case of a-z; `min_rating` is what the best take has at least,
    1 to 5 stars; `sweep` a sweep's id, or the NAME of several; `name` a NAME; `error` an error's
    code. Of what fits, `limit` operations are shown from number `offset` on, in the `order` of one
    of ORDERS.
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
            searched = select(texts.c.number).where(_with_words(self.search))
            fitting = searched.where(texts.c.number.in_(fitting)) if conditions else searched
        elif not conditions:
            return statement
        return statement.where(unindexed("number").in_(fitting))

    def _conditions(self) -> list[ColumnElement[bool]]:
        """Return what a row has to fulfil, beside its words, as `operations_listed` answers it."""
        for field in _TEXTS:
            if not isinstance(getattr(self, field), str | None):
                raise Mistake(f"The filter {field} takes text; {getattr(self, field)!r} is none.")
        exact = {"status": self.status, "name": self.name, "error_code": self.error}
        if self.route is not None:
            exact["route"] = find_route(self.route).path
        if self.status is not None and self.status not in STATUSES:
            known = ", ".join(STATUSES)
            raise Mistake(f"There is no status {self.status!r}; there are {known}.")
        conditions = [unindexed(key) == text for key, text in exact.items() if text is not None]
        if self.since is not None:
            conditions.append(unindexed("submitted_at") >= microseconds(read_since(self.since)))
        if self.tag is not None:
            conditions += _with_tag(self.tag)
        if self.min_rating is not None:
            if not _is_whole(self.min_rating) or self.min_rating not in STARS:
                raise Mistake(f"A rating is 1 to 5 stars; {self.min_rating!r} is none.")
            conditions.append(unindexed("rating") >= int(self.min_rating))
        if self.sweep is not None:
            named = and_(operations.c.batch == self.sweep, operations.c.sweep_id.is_not(None))
            conditions.append(or_(operations.c.sweep_id == self.sweep, named))
        return conditions

    def terms(self) -> list[UnaryExpression[Any]]:
        """Return what to order by: absent values last, equals newest first in falling order.

        Raises Mistake for an order that is none.
        """
        order = "-made" if self.order is None else self.order
        column = _ORDERS.get(order.removeprefix("-")) if isinstance(order, str) else None
        if column is None:
            known = ", ".join(ORDERS)
            raise Mistake(f"There is no order {order!r}; there are {known}, and -made and so on.")
        columns = dict.fromkeys((column, operations.c.submitted_at, operations.c.number))
        if order.startswith("-"):
            return [each.desc() for each in columns]  # which has absent values last by itself
        return [column.nulls_last(), *(each.asc() for each in columns if each is not column)]

    def page(self) -> slice:
        """Return which of all that fit are shown; raises Mistake for numbers that cannot be."""
        limit, offset = self.limit, self.offset
        if limit is not None and not (_is_whole(limit) and 1 <= limit <= MOST_ROWS):
            raise Mistake(f"The number of operations goes from 1 to {MOST_ROWS}.")
        if offset is not None and not (_is_whole(offset) and offset >= 0):
            raise Mistake(f"A page begins at a whole number from 0; {offset!r} is none.")
        first = offset or 0
        return slice(first, None if limit is None else first + limit)


def unindexed(name: str) -> ColumnElement[Any]:
    """Return a column that no index of its own is used for, as the + says to SQLite.

    All filters then run in one pass over the narrow `operations_listed`, whatever is asked.
    """
    return literal_column(f"+{operations.c[name]}")


def _with_tag(tag: str) -> list[ColumnElement[bool]]:
    """Return what a row with this tag fulfils, whatever the case of a-z.

    Few rows have its letters at all, and only theirs are read as lists.
    """
    letters = f"%{_escaped(json.dumps(tag))}%"
    each = func.json_each(unindexed("tags")).table_valued("value")
    one = select(each.c.value).where(each.c.value.collate("NOCASE") == tag)
    return [unindexed("tags").like(letters, escape="/"), one.exists()]


def _with_words(words: str) -> ColumnElement[bool]:
    """Return what a row of `texts` fulfils whose operation, or a take of it, has these words."""
    pattern = f"%{_escaped(words)}%"
    noted = select(operations.c.number).where(
        operations.c.idempotency_key == takes.c.idempotency_key,
        takes.c.note.is_not(None),
        takes.c.note.like(pattern, escape="/"),
    )
    return or_(texts.c.words.like(pattern, escape="/"), texts.c.number.in_(noted.correlate(None)))


def _escaped(text: str) -> str:
    return re.sub(r"[/%_]", r"/\g<0>", text)


def _is_whole(number: object) -> bool:
    """Tell whether it is one, of numpy's too, as frames hold them."""
    return isinstance(number, Integral) and not isinstance(number, bool)


def read_since(since: str | date | timedelta) -> datetime:
    """Return the moment meant by a time, a day, an age, or text: `90m`, `2d`, `2026-11-01`.

    A time without a zone is local. Raises Mistake for what is no time.
    """
    try:
        return _moment(since)
    except (ValueError, OverflowError, AttributeError, TypeError):
        raise Mistake(
            f"{since!r} is no time: say an age such as 90m, 12h or 2d, or a date."
        ) from None


def _moment(since: Any) -> datetime:
    if hasattr(since, "to_pydatetime"):  # pandas' own cannot be taken for local time
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
