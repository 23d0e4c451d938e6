"""The functions of `import soundpiece_nb as sp`: one for each route, and those around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from uuid import UUID

from soundpiece_nb.api.errors import Mistake, nothing_sent
from soundpiece_nb.api.routes import ROUTES, Field, Route
from soundpiece_nb.operations import earlier_operations, submission
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.keyword_arguments import (
    SEVERAL,
    bind,
    read_draft,
    said_beside,
    with_tags,
)
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.plan import BESIDE_FIELDS, by_field_name
from soundpiece_nb.shown_text import quoted

if TYPE_CHECKING:
    import pandas as pd

    from soundpiece_nb.display.live_output import Rendering
    from soundpiece_nb.operations.batch import Batch
    from soundpiece_nb.operations.sweep import Sweep


Call = ParamSpec("Call")
Returned = TypeVar("Returned")


def _plainly(function: Callable[Call, Returned]) -> Callable[Call, Returned]:
    """Have a call that does not fit a function's parameters refused in one sentence."""
    own = signature(function)

    @wraps(function)
    def call(*args: Call.args, **named: Call.kwargs) -> Returned:
        bind(own, function.__name__, args, named)
        return function(*args, **named)

    return call


@_plainly
def submit(
    route: str,
    *,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
    **fields: Any,
) -> Operation:
    """Start an operation of any route and return its handle at once.

    `route` is `create.new_song` or its noun, `song`; `fields` are the request's. A source or
    reference is an https URL, or an earlier operation: its handle, one of its outputs, its name
    or key. With `once`, the key follows from the request, so that the same request is made once;
    `take=2` asks for another one. `extra` are fields by name that the service has and this version
    does not know; `unchecked` leaves lengths and ranges to the service; `send` sends it
    unasked above the ceiling `most_at_once`. Raises Mistake for bad input, before anything is sent
    or written.
    """
    from soundpiece_nb.display.asking import consent

    session = current()
    with nothing_sent():
        labels = {"name": name, "tags": tags, "note": note, "key": key, "once": once, "take": take}
        beyond = {"extra": extra, "unchecked": unchecked}
        draft = read_draft(route, fields, [*labels, *beyond, "send"], **labels, **beyond)
    return Operation(submission.submit(session, draft, consent(given=send)), session)


@_plainly
def operation(key: str | UUID | Operation) -> Operation:
    """Return the operation of a key, its beginning, a NAME, an id or a handle; raises Mistake.

    `"ways[2]"` is the second of a sweep or batch, `"ways mood=dusty"` the one with that value.
    """
    session = current()
    return Operation(earlier_operations.find(session, key), session)


@_plainly
def resume(
    *keys: str | UUID | Operation | Batch, yes: bool = False, send: bool = False
) -> list[Operation]:
    """Go on with the operations that an earlier kernel left unfinished, or only with these.

    Each is a handle, a key, its beginning, an id, or the NAME of an operation, sweep or batch.

    What was never sent is sent; if that is more than 50, a person is asked first, and where nobody
    is, only `send` sends them: else Mistake is raised. One that may have been accepted under
    another API key than the present one is sent only if `yes`: if the keys are of two accounts, it
    may be made, and paid for, a second time.
    """
    from soundpiece_nb.display.asking import consent
    from soundpiece_nb.operations import resuming

    session = current()
    resumed = resuming.resume(session, keys, yes=yes, consent=consent(given=send))
    return [Operation(key, session) for key in resuming.require_all(resumed).keys]


@_plainly
def discard(*keys: str | UUID | Operation | Batch, unsent: bool = False) -> str:
    """Drop operations, sweeps or batches that were never sent, for good; return it in words.

    Each is named as for `resume`; `unsent` drops all that was never sent. Raises Mistake where
    nothing can be dropped: what was sent is still made and paid for.
    """
    from soundpiece_nb.operations import discarding

    session = current()
    named = earlier_operations.find_all(session, keys)
    wanted = list(dict.fromkeys([*named, *(discarding.unsent(session) if unsent else ())]))
    if not wanted:
        return discarding.nothing_to_discard(asked=unsent)
    return str(discarding.require_dropped(discarding.discard(session, wanted)))


@_plainly
def history(  # noqa: PLR0917 - the filters are a contract, and are used by name
    route: str | None = None,
    status: str | None = None,
    since: str | date | timedelta | None = None,
    search: str | Sequence[str] | None = None,
    tag: str | None = None,
    limit: int | None = None,
    *,
    page: int | None = None,
    **more: Any,
) -> pd.DataFrame:
    """Return every operation ever made, newest first, as a DataFrame indexed by its key.

    `more` filters are `min_rating` (1 to 5), `batch` and `sweep` (either's NAME, or a sweep's id),
    `name` (of operations, or of their batch or sweep), `error` (its code), `unsent` (True: never
    sent), `order` (such as `"-rating"`) and `offset`; `page` is one of `limit`, or 20, operations,
    counted from 1. A word that nobody has, such as a mistyped NAME, gives an empty frame and a
    warning that says so. The frame is a copy. Times are UTC, `elapsed` is a timedelta, `duration`
    is seconds of audio. `tags` and `files` are lists, `params` and `sweep` dictionaries, or None
    where there is nothing; their text is JSON.

    Excel knows no time zones and no control characters, so that `to_excel` refuses this frame:
    `%soundpiece_history --to history.xlsx` writes it without. Parquet and Arrow have one kind of
    value and all names in every dictionary of a column, with None for those that one lacks.
    """
    from soundpiece_nb.journal import dataframe
    from soundpiece_nb.operations.filter_arguments import read_filter, warn_of_unmatched

    journal = current().journal
    named = {"since": since, "search": search, "tag": tag, "limit": limit, **more}
    wanted = read_filter(journal, page=page, route=route, status=status, **named)
    found = dataframe.history(journal, wanted)
    if found.empty:
        warn_of_unmatched(journal, wanted)
    return found


@_plainly
def takes(  # noqa: PLR0917 - the filters of history(), used by name
    route: str | None = None,
    status: str | None = None,
    since: str | date | timedelta | None = None,
    search: str | Sequence[str] | None = None,
    tag: str | None = None,
    limit: int | None = None,
    *,
    page: int | None = None,
    **more: Any,
) -> pd.DataFrame:
    """Return every take of the operations that fit, as a DataFrame with one row for each take.

    It is a copy, indexed by `(idempotency_key, take)`; `limit` counts operations. The filters are
    those of `history()`.
    """
    from soundpiece_nb.journal import dataframe
    from soundpiece_nb.operations.filter_arguments import read_filter, warn_of_unmatched

    journal = current().journal
    named = {"since": since, "search": search, "tag": tag, "limit": limit, **more}
    wanted = read_filter(journal, page=page, route=route, status=status, **named)
    found = dataframe.takes_of(journal, wanted)
    if found.empty:
        warn_of_unmatched(journal, wanted)
    return found


@_plainly
def compare(*keys: str | UUID | Operation | Batch) -> Rendering:
    """Return operations side by side: what differs between their requests, and their players.

    Each is a key, a unique beginning of one, a NAME or a handle; of a sweep or batch, all are
    meant, and `"ways[2]"` is its second. A cell that ends with the call shows it. Raises Mistake
    unless there are at least two, each of them known.
    """
    from soundpiece_nb.display.comparison import Comparison
    from soundpiece_nb.display.redrawing import Page
    from soundpiece_nb.display.sound_source import place_of

    session = current()
    wanted = earlier_operations.find_all(session, keys)
    page, output = session.part(Page), Comparison(session, wanted, place_of(session))
    with page.keep(output):
        return page.draw(output)


@_plainly
def batch(
    rows: pd.DataFrame | Iterable[Any] | None = None,
    *,
    route: str | None = None,
    max_in_flight: int = 20,
    name: str | None = None,
    once: bool | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    add: bool = False,
    send: bool = False,
) -> Batch:
    """Start many operations of one route and return their handle at once.

    `rows` is a table of pandas, polars, pyarrow or duckdb, or an iterable of dictionaries, records
    or dataclasses, such as `csv.DictReader`. Its columns are the route's fields, with `name`,
    `tags`, `note`, `key` and `extra` beside them; a missing value or empty cell is not sent. All
    rows are checked before anything is sent; then `max_in_flight` operations are on the way at a
    time. `extra` and `unchecked` are those of `submit`, for every row.

    With a `name`, each row has a key that follows from it: the same call after a crash goes on
    without making a row twice, and so does `batch(name=…)` without the rows: it sends what was
    never sent. Of a longer table, the rows that are new are said and begun. Where none of the rows
    is of the earlier batch of that name, that is a Mistake, unless they are to `add` to it. Rows
    that were discarded are made by the call with rows alone. Without a name, rows have such keys
    with `once`, else as its setting says: the n-th of the same rows is its n-th take. More than 50
    new ones, or than the ceiling `most_at_once`, a person is asked about first; `send` is a yes.
    Raises Mistake for rows that are wrong, having sent none.
    """
    from soundpiece_nb.display.asking import announced, consent
    from soundpiece_nb.operations.named_batches import find_batch, plan_batch

    if rows is None:
        return find_batch(current(), name, max_in_flight=max_in_flight, consent=consent())
    if route is None:
        with nothing_sent():
            raise Mistake(
                "A batch needs its route.",
                next=f"Name it, as in route='song'.{_instead_of_text(rows)}",
            )
    session = current()
    how: dict[str, Any] = {"once": once, "extra": extra, "unchecked": unchecked, "add": add}
    plan = plan_batch(session, rows, route, max_in_flight=max_in_flight, name=name, **how)
    return plan.start(session, announced(plan, given=send))


def _instead_of_text(rows: Any) -> str:
    """Return what to give for a file's path or a batch's NAME where rows belong; else nothing."""
    from soundpiece_nb.operations.rows import reader_of

    if isinstance(rows, str) and rows in current().journal.known("batch"):
        return f" sp.batch(name={rows!r}) goes on with that batch."
    reader = reader_of(rows)
    return f" It takes rows, not {quoted(rows)}: {reader} reads a file." if reader else ""


@_plainly
def sweep(
    route: str,
    *,
    vary: Mapping[str, Iterable[Any]] | None = None,
    repeat: int = 1,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    once: bool | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
    **fields: Any,
) -> Sweep:
    """Start an operation for each combination of what varies, and return their handle at once.

    `sp.sweep("song", vary={"mood": ["calm", "wild"]}, lyrics=…, prompt="{{mood}} jazz")`: a name
    that varies is in the fields as `{{name}}`, or is one of them; a missing value leaves a field
    out. `repeat` makes so many takes of each; `extra` and `unchecked` are those of `submit`. At
    most 100 operations, a few of them on the way at a time; many are asked for first, and `send`
    is a yes beforehand, as for `batch`. The handle is a batch's: iterate over it as operations end,
    or call `.result()` for the DataFrame. A cell that ends with it shows a board. Raises Mistake
    for bad input, having sent none.
    """
    from soundpiece_nb.display.asking import announced
    from soundpiece_nb.operations.labels import read_name
    from soundpiece_nb.operations.sweep import plan_sweep, read_values

    session = current()
    with nothing_sent():
        called = None if name is None else read_name(name)
        others = ["vary", "repeat", "name", "tags", "note", "once", "extra", "unchecked", "send"]
        asked = {"tags": tags, "note": note, "once": once, "extra": extra, "unchecked": unchecked}
        draft = read_draft(route, fields, others, **asked)
        plan = plan_sweep(session, draft, read_values({} if vary is None else vary), repeat=repeat)
    return plan.start(session, called, announced(plan, given=send))


def route_function(route: Route) -> Callable[..., Operation]:
    """Return the function of a route; its parameters are the route's fields, then the labels."""
    taken = Signature([*map(_parameter, route.fields), *_LABELS], return_annotation=Operation)

    said = {**said_beside(SEVERAL), **route.said_for}

    def start(*args: Any, **named: Any) -> Operation:
        fields = by_field_name(route, with_tags(named))
        given = bind(taken, route.noun, args, fields, said)
        return submit(route.path, **given)

    start.__name__ = start.__qualname__ = route.noun
    start.__doc__ = _documentation(route)
    start.__module__ = "soundpiece_nb"
    start.__signature__ = taken  # type: ignore[attr-defined]
    return start


def _parameter(field: Field) -> Parameter:
    default = Parameter.empty if field.required else None
    return Parameter(field.name, Parameter.POSITIONAL_OR_KEYWORD, default=default)


_DEFAULTS = {"tags": (), "unchecked": False, "send": False}
_LABELS = tuple(
    Parameter(name, Parameter.KEYWORD_ONLY, default=_DEFAULTS.get(name))
    for name in ("callback_url", *BESIDE_FIELDS, "send")
)


def _documentation(route: Route) -> str:
    fields = "\n".join(
        f"    {field.name}: {field.help}{'' if field.required else ' (optional)'}"
        for field in route.all_fields
    )
    return (
        f"{route.summary} Returns a handle at once.\n\n{fields}\n"
        "    name, tags, note: to find it again by\n"
        "    key: an idempotency key of your own; once=True derives it from the request, so that\n"
        "        the same request is made once (take=2 asks for another one)\n"
        "    extra: fields by name that the service has and this version does not know\n"
        "    unchecked: True leaves the lengths and ranges that it knows to the service\n"
        "    send: True begins it also above the ceiling most_at_once, unasked\n\n"
        "Raises Mistake for bad input, before anything is sent or written."
    )


def __getattr__(name: str) -> Callable[..., Operation]:
    """Return the function of a route, made at its first use."""
    for route in ROUTES.values():
        if route.noun == name:
            made = globals()[name] = route_function(route)
            return made
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
