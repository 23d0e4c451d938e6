"""Sweeps: one request with some words varied, and an operation for each combination."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from itertools import islice, product
from math import prod
from typing import Any

from soundpiece_nb.api.errors import Mistake, nothing_sent
from soundpiece_nb.api.field_names import field_names
from soundpiece_nb.api.number_arguments import read_whole
from soundpiece_nb.api.request import Request
from soundpiece_nb.api.routes import Kind
from soundpiece_nb.api.whole_text import require_whole
from soundpiece_nb.engine.interrupts import defer_interrupts
from soundpiece_nb.inputs.spelling import as_python, did_you_mean, nearest
from soundpiece_nb.shown_text import counted, quoted, say

from .batch import Batch
from .best_takes import REPEAT
from .ceilings import begin_with_consent
from .consent import NOBODY, Consent
from .extra_values import names_in_extra, read_extra, vary_extra
from .plan import Draft, Planned, by_field_name, derives_key, plan_operation
from .session import Session
from .submission import record
from .taken_names import explain_taken
from .templates import as_text, names_in

MOST_IN_A_SWEEP = 100
"""Operations that one sweep may start; more than this is a batch, or a slip."""
AT_ONCE = 8
"""Operations of a sweep that are on the way at a time."""
_RESERVED = ("id", REPEAT)


class Sweep(Batch):
    """A sweep's operations in the order of its combinations; `values` are the words of each."""

    id: str = ""

    def __init__(
        self,
        sweep_id: str,
        values: Mapping[str, Mapping[str, str]],
        session: Session,
        name: str | None = None,
        *,
        new: Collection[str] = (),
        sends: bool = True,
    ) -> None:
        self.id = sweep_id
        self.values = {key: dict(varied) for key, varied in values.items()}
        keys = list(values)
        super().__init__(keys, session, max_in_flight=AT_ONCE, name=name, new=new, sends=sends)

    def _name(self) -> str:
        return f"sweep {self.id} of {len(self)}"

    @property
    def called(self) -> str:
        """The word that means it on a magic's line."""
        return self.name or self.id

    def _again(self) -> str:
        return f"%soundpiece_show {self.called} shows it again."


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

    def start(self, session: Session, name: str | None = None, consent: Consent = NOBODY) -> Sweep:
        """Write all operations down, or none, and send them a few at a time.

        Raises Mistake where they are beyond a ceiling, or are many and `consent` is denied.
        """
        values = {each.request.key: each.varied for each in self.planned}
        if taken := explain_taken(session, name, "sweep"):
            say(taken)

        def begin(consent: Consent) -> Sweep:
            with defer_interrupts():
                new = record(session, self.planned, batch=name, sweep=self.id, consent=consent)
                return Sweep(self.id, values, session, name, new=new)

        return begin_with_consent(consent, begin)


def plan_sweep(
    session: Session,
    draft: Draft,
    vary: Mapping[str, Sequence[Any]],
    *,
    repeat: Any = 1,
    namespace: Mapping[str, Any] | None = None,
) -> SweepPlan:
    """Check every operation of a sweep without sending or writing anything.

    A varied name is a field of the route, or an extra one, or is in its texts as `{{name}}`; other
    names come from the namespace. A missing value leaves a field out. `repeat` starts each
    combination so many times. Raises Mistake.
    """
    with nothing_sent():
        times = read_whole(repeat, "repeat")
        _require_possible(vary, times)
        _require_use(vary, draft, namespace or {})
        drafts = _drafts(session, draft, vary, times)
        planned = [plan_operation(session, each, namespace) for each in drafts]
    first: dict[str, Request] = {}  # of one derived key: the same text may be encoded in two ways
    requests = [first.setdefault(each.request.key, each.request) for each in planned]
    alike = (replace(each, request=one) for each, one in zip(planned, requests, strict=True))
    return SweepPlan(tuple(vary), times, tuple(alike))


def _drafts(
    session: Session, draft: Draft, vary: Mapping[str, Sequence[Any]], repeat: int
) -> Iterator[Draft]:
    """Give a draft for every combination, the last name changing fastest, and every repetition."""
    derives = derives_key(session, draft)
    own = field_names(draft.route)
    for combination in product(*vary.values()):
        values = dict(zip(vary, combination, strict=True))
        fields = by_field_name(draft.route, draft.fields)
        fields |= {own[name]: value for name, value in values.items() if name in own}
        extra = vary_extra(read_extra(draft.extra), values)
        for number in range(1, repeat + 1):
            take, varied = draft.take, values
            if repeat > 1:
                varied = {**values, REPEAT: str(number)}
                take = (take or 1) + number - 1 if derives else take
            yield replace(draft, fields=fields, extra=extra, take=take, varied=varied)


def read_values(vary: Mapping[str, Iterable[Any]]) -> dict[str, list[Any]]:
    """Return the values to vary; raises Mistake unless they are lists under identifiers."""
    read = {}
    if not isinstance(vary, Mapping):
        raise Mistake(f"What varies is a dictionary of lists, not {quoted(vary)}.")
    for typed, values in vary.items():
        listed = values_of(values)
        name = as_python(typed) if isinstance(typed, str) else typed
        if not isinstance(name, str) or not name.isidentifier() or not listed or name in read:
            raise Mistake(
                "What varies is a dictionary of lists, {'mood': ['calm', 'wild']}; "
                f"{quoted(typed)}: {quoted(values)} does not fit."
            )
        read[name] = listed
    return read


def values_of(values: object) -> list[Any] | None:
    """Return the values of what has them in an order, of whatever library; else None.

    A set has no lasting order, and a table more than one. Of what has no end, one value more is
    read than a sweep can have.
    """
    if isinstance(values, str | bytes | Mapping | set | frozenset) or hasattr(values, "columns"):
        return None
    if not isinstance(values, Iterable) or len(getattr(values, "shape", (1,))) != 1:
        return None
    most = None if isinstance(values, Sized) else MOST_IN_A_SWEEP + 1
    return list(islice(values, most))


def find_sweep(session: Session, wanted: str, *, sends: bool = False) -> Sweep:
    """Return an earlier sweep, and follow it; raises Mistake.

    Only if it `sends`, it goes on with what the service has not acknowledged.
    """
    found = session.journal.find_group(wanted)
    if found is None or found.sweep is None:
        meant = did_you_mean(wanted, session.journal.known("sweep"))
        said = f"There is no sweep {quoted(wanted)}{meant}."
        raise Mistake(said, next="%soundpiece_history lists them.")
    keys = session.journal.of_group(found)
    values = {entry.key: dict(entry.sweep or {}) for entry in session.journal.of_keys(keys)}
    for varied in values.values():
        varied.pop("id", None)
    return Sweep(found.sweep, values, session, found.name, sends=sends)


def _require_possible(vary: Mapping[str, Sequence[Any]], repeat: int) -> None:
    for name, values in vary.items():
        if name in _RESERVED:
            raise Mistake(f"A sweep cannot vary {name!r}.", next="Give what varies another name.")
        for value in values:
            require_whole(as_text(value, name), f"value of {name}")
    number = prod(map(len, vary.values())) * repeat
    if number > MOST_IN_A_SWEEP:
        most = f"a sweep makes at most {MOST_IN_A_SWEEP}"
        raise Mistake(f"That would be {number} operations; {most}.")


def _require_use(
    vary: Mapping[str, Sequence[Any]], draft: Draft, namespace: Mapping[str, Any]
) -> None:
    """Raise Mistake for a varied name that is neither a field nor in any text."""
    extra = read_extra(draft.extra)
    texts = [*draft.fields.values(), draft.note, draft.tags]
    placed = [*names_in(texts), *names_in_extra(extra)]
    unknown = [name for name in placed if name not in namespace and name not in vary]
    used = {*placed, *field_names(draft.route), *extra}
    kinds = {each.name: each.kind for each in draft.route.all_fields}
    # of a field of text it is rather the {{name}} that was forgotten
    said = {w: n for w, n in draft.route.said_for.items() if kinds[n] is not Kind.TEXT}
    for name in vary:
        if name not in used:
            if miswritten := _miswritten(name, unknown, texts):
                raise Mistake(f"Nothing here uses {{{{{name}}}}}, {miswritten}.")
            meant = did_you_mean(name, field_names(draft.route), said)
            raise Mistake(
                f"Nothing here uses {{{{{name}}}}}, and {name} is no option of this magic{meant}: "
                "all combinations would be alike.",
                next=f"If only the service knows it, --extra {name}={{{{{name}}}}} sends it.",
            )


def _miswritten(name: str, unknown: Collection[str], texts: Iterable[Any]) -> str:
    """Return what stands in the texts and may be meant as `{{name}}`; empty if nothing does."""
    if (near := nearest(name, unknown)) is not None:
        return (
            f"and there is no variable {near!r} for {{{{{near}}}}} (did you mean `{{{{{name}}}}}`?)"
        )
    other = re.compile(rf"\{{+ *{name} *\}}+|\$\{{?{name}\b\}}?|%\({name}\)s|<{name}>|\[{name}\]")
    for text in texts:
        if isinstance(text, str) and (found := other.search(text)):
            return f"and {quoted(found[0])} is only text (did you mean `{{{{{name}}}}}`?)"
    return ""
