"""Sweeps: one request with some words varied, an operation for each combination."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.request import Request, require_whole
from soundpiece_nb.api.routes import Route
from soundpiece_nb.engine.interrupts import undisturbed

from .batch import Batch
from .session import Session
from .templates import expand_all, names_in

MOST_IN_A_SWEEP = 100
"""Combinations one cell may make: more than this is a batch, or a slip."""
AT_ONCE = 8
"""Operations of a sweep that are on the way at a time."""
REPEAT = "repeat"
_OWN = ("id", REPEAT)


class Sweep(Batch):
    """The operations of a sweep, in the order of its combinations.

    `values` are the words that were varied, for each operation by its key.
    """

    def __init__(
        self,
        sweep_id: str,
        values: Mapping[str, Mapping[str, str]],
        session: Session,
        name: str | None = None,
        *,
        refused_too: bool = True,
    ) -> None:
        self.id = sweep_id
        self.values = {key: dict(varied) for key, varied in values.items()}
        super().__init__(
            list(values), session, max_in_flight=AT_ONCE, name=name, refused_too=refused_too
        )

    def __repr__(self) -> str:
        return f"<sweep {self.id} of {len(self)}: {self._counted()}>"

    def _again(self) -> str:
        return f"%soundpiece_show {self.id} shows it again."


@dataclass(frozen=True)
class Plan:
    """A sweep that was checked and not yet begun: its requests and, for each, what is varied."""

    route: Route
    names: tuple[str, ...]
    repeat: int
    requests: tuple[Request, ...]
    labels: tuple[dict[str, Any], ...]
    values: tuple[dict[str, str], ...]

    @property
    def id(self) -> str:
        """What the history calls it; with derived keys, the same sweep has the same one."""
        keys = " ".join(request.key for request in self.requests)
        return f"{'-'.join(self.names) or REPEAT}-{uuid.uuid5(uuid.NAMESPACE_OID, keys).hex[:8]}"

    def __str__(self) -> str:
        number = len(self.requests)
        every = " with ".join(f"every {name}" for name in self.names)
        times = f"{self.repeat} times" if self.repeat > 1 else ""
        how = ", ".join(words for words in (every, times) if words)
        return f"{number} operation{'' if number == 1 else 's'}{': ' if how else ''}{how}."

    def start(self, session: Session, name: str | None = None) -> Sweep:
        """Write all operations down, or none, and send them a few at a time."""
        labels = [
            {**label, "sweep": json.dumps({"id": self.id, **values})}
            for label, values in zip(self.labels, self.values, strict=True)
        ]
        keys = [request.key for request in self.requests]
        with undisturbed():
            session.record_all(self.requests, labels, batch=name)
            return Sweep(self.id, dict(zip(keys, self.values, strict=True)), session, name)


def read_values(vary: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
    """Return what is to vary as text; raises Mistake for what is no list of values."""
    read = {name: texts_of(values) for name, values in vary.items()}
    for name, texts in read.items():
        if not isinstance(name, str) or not name.isidentifier() or not texts:
            raise Mistake(
                "What varies is a dictionary of lists, {'mood': ['calm', 'wild']}; "
                f"{name!r}: {vary[name]!r} does not fit. Nothing was sent."
            )
    return {name: texts for name, texts in read.items() if texts}


def texts_of(values: object) -> list[str] | None:
    """Return the values of a list, an array, a Series or the like as text; None for what is none.

    A set is none: it has no order that would be the same the next time.
    """
    no_list = isinstance(values, str | bytes | Mapping | set | frozenset)
    if no_list or not isinstance(values, Iterable):
        return None
    return [str(value) for value in values]


def find_sweep(session: Session, wanted: str) -> Sweep:
    """Return an earlier sweep by its id or NAME, and go on with what of it is unfinished.

    What was refused stays so: looking at it sends nothing again. Raises Mistake where there is
    none.
    """
    found = session.journal.find_group(wanted)
    if found is None or found.sweep is None:
        raise Mistake(f"There is no sweep {wanted!r}. %soundpiece_history lists what was made.")
    keys = session.journal.of_group(found)
    values = {entry.key: dict(entry.sweep or {}) for entry in session.journal.of_keys(keys)}
    for varied in values.values():
        varied.pop("id", None)
    return Sweep(found.sweep, values, session, found.name, refused_too=False)


def plan_sweep(
    session: Session,
    route: Route,
    fields: Mapping[str, Any],
    labels: Mapping[str, Any],
    sweeps: Mapping[str, Sequence[str]],
    *,
    repeat: int = 1,
    namespace: Mapping[str, Any] | None = None,
    once: bool | None = None,
    take: int | None = None,
) -> Plan:
    """Check every request of a sweep without sending or writing anything.

    A swept name is a field of the route, or stands as `{{name}}` in its texts; other names come
    from the namespace. `repeat` makes takes of the same. Raises Mistake.
    """
    _require_possible(sweeps, repeat)
    _require_use(sweeps, route, [*fields.values(), *labels.values()])
    options = _options(route)
    requests, said, varied = [], [], []
    for values in combinations(sweeps):
        words = {**(namespace or {}), **values}
        own = {options[name]: text for name, text in values.items() if name in options}
        asked = {name: expand_all(text, words) for name, text in {**fields, **own}.items()}
        label = {name: expand_all(text, words) for name, text in labels.items()}
        for number in range(1, repeat + 1):
            which = (take or 1) + number - 1 if repeat > 1 else take
            derives = session.settings.once if once is None else once
            request = session.prepare(route.path, asked, once=once, take=which if derives else take)
            requests.append(request)
            said.append(label)
            varied.append({**values, **({REPEAT: str(number)} if repeat > 1 else {})})
    return Plan(route, tuple(sweeps), repeat, tuple(requests), tuple(said), tuple(varied))


def combinations(sweeps: Mapping[str, Sequence[str]]) -> Iterator[dict[str, str]]:
    """Give every combination of the swept values, the last name changing fastest."""
    for values in product(*sweeps.values()):
        yield dict(zip(sweeps, values, strict=True))


def _require_possible(sweeps: Mapping[str, Sequence[str]], repeat: int) -> None:
    if isinstance(repeat, bool) or not isinstance(repeat, int) or repeat < 1:
        raise Mistake(f"repeat is a whole number from 1; {repeat!r} is none. Nothing was sent.")
    for name, values in sweeps.items():
        if name in _OWN:
            raise Mistake(f"A sweep cannot vary {name!r}; call it otherwise. Nothing was sent.")
        for value in values:
            require_whole(value, f"value of {name}")
    number = prod(map(len, sweeps.values())) * repeat
    if number > MOST_IN_A_SWEEP:
        raise Mistake(
            f"That would be {number} operations; a sweep makes at most {MOST_IN_A_SWEEP}. "
            "Nothing was sent."
        )


def _require_use(sweeps: Mapping[str, Sequence[str]], route: Route, texts: Sequence[Any]) -> None:
    """Raise Mistake for a swept name that is neither a field nor stands in any text."""
    used = {name for text in _texts(texts) for name in names_in(text)}
    for name in sweeps:
        if name not in used | set(_options(route)):
            raise Mistake(
                f"Nothing here uses {{{{{name}}}}}, and {name} is no option of this magic: all "
                "combinations would be alike. Nothing was sent."
            )


def _options(route: Route) -> dict[str, str]:
    """Return the route's fields by what they are called in Python and on a magic."""
    return {
        name: field.name
        for field in route.all_fields
        for name in (field.name, field.option or field.name)
    }


def _texts(values: Sequence[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple):
            yield from _texts(value)
