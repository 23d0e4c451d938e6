"""The functions of `import soundpiece_nb as sp`: one for each route, and those around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any
from uuid import UUID

from soundpiece_nb.api.errors import Mistake, nothing_sent
from soundpiece_nb.api.routes import ROUTES, Field, Route, find_route
from soundpiece_nb.operations import earlier_operations, submission
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.plan import Draft, by_field_name

if TYPE_CHECKING:
    import pandas as pd

    from soundpiece_nb.display.live_output import Rendering
    from soundpiece_nb.journal.filters import Filter
    from soundpiece_nb.operations.batch import Batch
    from soundpiece_nb.operations.sweep import Sweep


def submit(
    route: str,
    *,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | None = None,
    once: bool | None = None,
    take: int | None = None,
    **fields: Any,
) -> Operation:
    """Start an operation of any route and return its handle at once.

    `route` is `create.new_song` or its noun, `song`; `fields` are the request's. A source or
    reference is an https URL, or an earlier operation: its handle, one of its outputs, its name
    or key. With `once`, the key follows from the request, so that the same request is made once;
    `take=2` asks for another one. Raises Mistake for bad input, before anything is sent or written.
    """
    session = current()
    with nothing_sent():
        draft = Draft(
            route=find_route(route),
            fields=fields,
            name=name,
            tags=tags,
            note=note,
            key=key,
            once=once,
            take=take,
        )
    return Operation(submission.submit(session, draft), session)


def operation(key: str | UUID | Operation) -> Operation:
    """Return the operation of a key, its beginning, a NAME, an id or a handle; raises Mistake."""
    session = current()
    return Operation(earlier_operations.find(session, key), session)


def resume(*keys: str | UUID | Operation) -> list[Operation]:
    """Go on with the operations that an earlier kernel left unfinished, or only with these."""
    session = current()
    return [Operation(key, session) for key in submission.resume(session, keys)]


def history(  # noqa: PLR0917 - the filters are a contract, and are used by name
    route: str | None = None,
    status: str | None = None,
    since: str | date | timedelta | None = None,
    search: str | None = None,
    tag: str | None = None,
    limit: int | None = None,
    **more: Any,
) -> pd.DataFrame:
    """Return every operation ever made, newest first, as a DataFrame indexed by its key.

    `more` filters are `min_rating` (1 to 5), `sweep` (its id or NAME), `name`, `error` (its code),
    `order` (such as `"-rating"`) and `offset`. The frame is a copy. Times are UTC, `elapsed` is a
    timedelta, `duration` is seconds of audio.
    """
    from soundpiece_nb.journal import dataframe

    wanted = _filter(
        route=route, status=status, since=since, search=search, tag=tag, limit=limit, **more
    )
    return dataframe.history(current().journal, wanted)


def _filter(**words: Any) -> Filter:
    from soundpiece_nb.journal.filters import Filter

    known = Filter.__dataclass_fields__
    for word in words:
        if word not in known:
            raise Mistake(f"There is no filter {word!r}; there are {', '.join(known)}.")
    return Filter(**words)


def takes(  # noqa: PLR0917 - the filters of history(), used by name
    route: str | None = None,
    status: str | None = None,
    since: str | date | timedelta | None = None,
    search: str | None = None,
    tag: str | None = None,
    limit: int | None = None,
    **more: Any,
) -> pd.DataFrame:
    """Return every take of the operations that fit, as a DataFrame with one row for each take.

    It is a copy, indexed by `(idempotency_key, take)`; `limit` counts operations. The filters are
    those of `history()`.
    """
    from soundpiece_nb.journal import dataframe

    wanted = _filter(
        route=route, status=status, since=since, search=search, tag=tag, limit=limit, **more
    )
    return dataframe.takes_of(current().journal, wanted)


def compare(*keys: str | UUID | Operation) -> Rendering:
    """Return operations side by side: what differs between their requests, and their players.

    Each is a key, a unique beginning of one, a NAME or a handle. A cell that ends with the call
    shows it. Raises Mistake unless there are at least two, each of them known.
    """
    from soundpiece_nb.display.comparison import Comparison
    from soundpiece_nb.display.redrawing import Page
    from soundpiece_nb.display.sound_source import place_of

    session = current()
    wanted = [earlier_operations.find(session, key) for key in keys]
    page, output = session.part(Page), Comparison(session, wanted, place_of(session))
    with page.keep(output):
        return page.draw(output)


def batch(
    rows: pd.DataFrame | Sequence[Mapping[str, Any]] | None = None,
    *,
    route: str | None = None,
    max_in_flight: int = 20,
    name: str | None = None,
) -> Batch:
    """Start many operations of one route and return their handle at once.

    `rows` is a DataFrame or a list of dictionaries whose columns are the route's fields, with
    `name`, `tags`, `note` and `key` beside them; a missing value is not sent. All rows are checked
    before anything is sent; then `max_in_flight` operations are on the way at a time.

    With a `name`, each row has a key that follows from it: the same call after a crash goes on
    without making a row twice, and so does `batch(name=…)` without the rows. Raises Mistake for
    rows that are wrong, having sent none.
    """
    from soundpiece_nb.operations.batch import find_batch, start_batch

    if rows is None:
        return find_batch(current(), name, max_in_flight=max_in_flight)
    if route is None:
        with nothing_sent():
            raise Mistake("A batch needs its route.", next="Name it, as in route='song'.")
    return start_batch(current(), rows, route, max_in_flight=max_in_flight, name=name)


def sweep(
    route: str,
    *,
    vary: Mapping[str, Sequence[Any]] | None = None,
    repeat: int = 1,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    once: bool | None = None,
    **fields: Any,
) -> Sweep:
    """Start an operation for each combination of what varies, and return their handle at once.

    `sp.sweep("song", vary={"mood": ["calm", "wild"]}, lyrics=…, prompt="{{mood}} jazz")`: a name
    that varies is in the fields as `{{name}}`, or is one of them; `repeat` makes so many takes of
    each. At most 100 operations, a few of them on the way at a time. The handle is a batch's:
    iterate over it as operations end, or call `.result()` for the DataFrame. A cell that ends with
    it shows a board. Raises Mistake for bad input, having sent none.
    """
    from soundpiece_nb.operations.labels import read_name
    from soundpiece_nb.operations.sweep import plan_sweep, read_values

    session = current()
    with nothing_sent():
        called = None if name is None else read_name(name)
        draft = Draft(route=find_route(route), fields=fields, tags=tags, note=note, once=once)
        plan = plan_sweep(session, draft, read_values(vary or {}), repeat=repeat)
    return plan.start(session, called)


def route_function(route: Route) -> Callable[..., Operation]:
    """Return the function of a route; its parameters are the route's fields, then the labels."""
    signature = Signature([*map(_parameter, route.fields), *_LABELS], return_annotation=Operation)

    def start(*args: Any, **named: Any) -> Operation:
        try:
            given = signature.bind(*args, **by_field_name(route, named)).arguments
        except TypeError as problem:
            takes = ", ".join(signature.parameters)
            with nothing_sent():
                raise Mistake(f"sp.{route.noun} takes {takes}; {problem}.") from None
        return submit(route.path, **given)

    start.__name__ = start.__qualname__ = route.noun
    start.__doc__ = _documentation(route)
    start.__module__ = "soundpiece_nb"
    start.__signature__ = signature  # type: ignore[attr-defined]
    return start


def _parameter(field: Field) -> Parameter:
    default = Parameter.empty if field.required else None
    return Parameter(field.name, Parameter.POSITIONAL_OR_KEYWORD, default=default)


_LABELS = tuple(
    Parameter(name, Parameter.KEYWORD_ONLY, default=() if name == "tags" else None)
    for name in ("callback_url", "name", "tags", "note", "key", "once", "take")
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
        "        the same request is made once (take=2 asks for another one)\n\n"
        "Raises Mistake for bad input, before anything is sent or written."
    )


def __getattr__(name: str) -> Callable[..., Operation]:
    """Return the function of a route, made at its first use."""
    for route in ROUTES.values():
        if route.noun == name:
            made = globals()[name] = route_function(route)
            return made
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
