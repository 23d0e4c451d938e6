"""Sweeps: one request with some words varied, and an operation for each combination."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

from soundpiece_nb.api.errors import Mistake, nothing_sent
from soundpiece_nb.api.number_arguments import read_whole
from soundpiece_nb.api.request import require_whole
from soundpiece_nb.engine.interrupts import defer_interrupts
from soundpiece_nb.shown_text import counted, quoted

from .batch import Batch
from .plan import Draft, Planned, by_field_name, derives_key, field_names, plan_operation
from .session import Session
from .submission import record
from .templates import names_in

MOST_IN_A_SWEEP = 100
"""Operations that one sweep may start; more than this is a batch, or a slip."""
AT_ONCE = 8
"""Operations of a sweep that are on the way at a time."""
REPEAT = "repeat"
_RESERVED = ("id", REPEAT)


class Sweep(Batch):
    """A sweep's operations in the order of its combinations; `values` are the words of each."""

    def __init__(
        self,
        sweep_id: str,
        values: Mapping[str, Mapping[str, str]],
        session: Session,
        name: str | None = None,
        *,
        new: Collection[str] = (),
        resend: bool = True,
    ) -> None:
        self.id = sweep_id
        self.values = {key: dict(varied) for key, varied in values.items()}
        keys = list(values)
        super().__init__(keys, session, max_in_flight=AT_ONCE, name=name, new=new, resend=resend)

    def __repr__(self) -> str:
        return f"<sweep {self.id} of {len(self)}: {self._counted()}>"

    def _again(self) -> str:
        return f"%soundpiece_show {self.id} shows it again."


@dataclass(frozen=True)
class SweepPlan:
    """A sweep that was checked and not yet begun."""

    names: tuple[str, ...]
    repeat: int
    planned: tuple[Planned, ...]

    @property
    def id(self) -> str:
        """The id in the history; the same sweep has the same one if its keys are derived."""
        keys = " ".join(each.request.key for each in self.planned)
        return f"{'-'.join(self.names) or REPEAT}-{uuid.uuid5(uuid.NAMESPACE_OID, keys).hex[:8]}"

    def __str__(self) -> str:
        every = " with ".join(f"every {name}" for name in self.names)
        times = f"{self.repeat} times" if self.repeat > 1 else ""
        words = ", ".join(filter(None, (every, times)))
        return f"{counted(len(self.planned), 'operation')}{': ' if words else ''}{words}."

    def start(self, session: Session, name: str | None = None) -> Sweep:
        """Write all operations down, or none, and send them a few at a time."""
        values = {each.request.key: each.varied for each in self.planned}
        with defer_interrupts():
            new = record(session, self.planned, batch=name, sweep=self.id)
            return Sweep(self.id, values, session, name, new=new)


def plan_sweep(
    session: Session,
    draft: Draft,
    vary: Mapping[str, Sequence[str]],
    *,
    repeat: Any = 1,
    namespace: Mapping[str, Any] | None = None,
) -> SweepPlan:
    """Check every operation of a sweep without sending or writing anything.

    A varied name is a field of the route, or is in its texts as `{{name}}`; other names come from
    the namespace. `repeat` starts each combination so many times. Raises Mistake.
    """
    with nothing_sent():
        times = read_whole(repeat, "repeat")
        _require_possible(vary, times)
        _require_use(vary, draft)
        drafts = _drafts(session, draft, vary, times)
        planned = tuple(plan_operation(session, each, namespace) for each in drafts)
    return SweepPlan(tuple(vary), times, planned)


def _drafts(
    session: Session, draft: Draft, vary: Mapping[str, Sequence[str]], repeat: int
) -> Iterator[Draft]:
    """Give a draft for every combination, the last name changing fastest, and every repetition."""
    derives = derives_key(session, draft)
    own = field_names(draft.route)
    for combination in product(*vary.values()):
        values = dict(zip(vary, combination, strict=True))
        fields = by_field_name(draft.route, draft.fields)
        fields |= {own[name]: text for name, text in values.items() if name in own}
        for number in range(1, repeat + 1):
            take, varied = draft.take, values
            if repeat > 1:
                varied = {**values, REPEAT: str(number)}
                take = (take or 1) + number - 1 if derives else take
            yield replace(draft, fields=fields, take=take, varied=varied)


def read_values(vary: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
    """Return the values to vary as text; raises Mistake unless they are lists under identifiers."""
    read = {}
    if not isinstance(vary, Mapping):
        raise Mistake(f"What varies is a dictionary of lists, not {quoted(vary)}.")
    for name, values in vary.items():
        texts = texts_of(values)
        if not isinstance(name, str) or not name.isidentifier() or not texts:
            raise Mistake(
                "What varies is a dictionary of lists, {'mood': ['calm', 'wild']}; "
                f"{quoted(name)}: {quoted(values)} does not fit."
            )
        read[name] = texts
    return read


def texts_of(values: object) -> list[str] | None:
    """Return an ordered iterable's values as text; None for a set, which has no lasting order."""
    unordered = isinstance(values, str | bytes | Mapping | set | frozenset)
    if unordered or not isinstance(values, Iterable):
        return None
    return [str(value) for value in values]


def find_sweep(session: Session, wanted: str) -> Sweep:
    """Return an earlier sweep and go on with it, resending no rejected one; raises Mistake."""
    found = session.journal.find_group(wanted)
    if found is None or found.sweep is None:
        raise Mistake(f"There is no sweep {wanted!r}.", next="%soundpiece_history lists them.")
    keys = session.journal.of_group(found)
    values = {entry.key: dict(entry.sweep or {}) for entry in session.journal.of_keys(keys)}
    for varied in values.values():
        varied.pop("id", None)
    return Sweep(found.sweep, values, session, found.name, resend=False)


def _require_possible(vary: Mapping[str, Sequence[str]], repeat: int) -> None:
    for name, values in vary.items():
        if name in _RESERVED:
            raise Mistake(f"A sweep cannot vary {name!r}.", next="Give what varies another name.")
        for value in values:
            require_whole(value, f"value of {name}")
    number = prod(map(len, vary.values())) * repeat
    if number > MOST_IN_A_SWEEP:
        most = f"a sweep makes at most {MOST_IN_A_SWEEP}"
        raise Mistake(f"That would be {number} operations; {most}.")


def _require_use(vary: Mapping[str, Sequence[str]], draft: Draft) -> None:
    """Raise Mistake for a varied name that is neither a field nor in any text."""
    texts = [*draft.fields.values(), draft.note, draft.tags]
    used = set(names_in(texts)) | set(field_names(draft.route))
    for name in vary:
        if name not in used:
            raise Mistake(
                f"Nothing here uses {{{{{name}}}}}, and {name} is no option of this magic: all "
                "combinations would be alike."
            )
