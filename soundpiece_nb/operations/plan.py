"""Plans: operations as they were asked for become requests that are known to be good.

Single cells, sweeps and batches are all planned here, by the same steps in the same order:
`{{name}}`, then references to earlier outputs, then the request's own checks, then its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.request import Request, new_request, with_derived_key
from soundpiece_nb.api.routes import CALLBACK_URL, Kind, Route
from soundpiece_nb.callback import AUTO, own_callback_url

from .labels import Labels, read_labels
from .references import find_source
from .session import Session
from .templates import expand


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One operation as it was asked for: texts that hold `{{name}}`, sources by their names.

    Fields go by their own names or by those of their options. Without a `key` it gets a new one
    or, with `once` (else the setting of that name), the one that follows from the request; `take`
    asks for another one of the same. `varied` are the words that a sweep varies, by name.
    """

    route: Route
    fields: Mapping[str, Any]
    name: Any = None
    tags: Any = ()
    note: Any = None
    key: Any = None
    once: bool | None = None
    take: int | None = None
    varied: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """One operation that was checked and not yet begun."""

    request: Request
    labels: Labels
    varied: Mapping[str, str]


def plan_operation(
    session: Session, draft: Draft, namespace: Mapping[str, Any] | None = None
) -> Planned:
    """Check an operation without sending or writing anything; raises Mistake.

    With a `namespace`, or words that are varied, `{{name}}` is replaced in texts, tags and note.
    """
    given = by_field_name(draft.route, draft.fields)
    tags, note = draft.tags, draft.note
    if namespace is not None or draft.varied:
        words = {**(namespace or {}), **draft.varied}
        given = {name: expand(value, words) for name, value in given.items()}
        tags, note = expand(tags, words), expand(note, words)
    labels = read_labels(draft.name, tags, note)
    if given.get(CALLBACK_URL.name) is None:
        given[CALLBACK_URL.name] = session.settings.callback_url
    if given[CALLBACK_URL.name] == AUTO:
        given[CALLBACK_URL.name] = own_callback_url()
    for each in draft.route.fields:
        if each.kind is Kind.LINK and given.get(each.name) is not None:
            given[each.name] = find_source(
                given[each.name], each.name, session.journal, session.service, namespace
            )
    request = new_request(draft.route, given, draft.key)
    return Planned(_with_key(session, draft, request), labels, draft.varied)


def by_field_name(route: Route, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by the names of the fields, where some go by the names of their options."""
    fields = {each.option: each.name for each in route.all_fields if each.option}
    return {fields.get(name, name): value for name, value in given.items()}


def derives_key(session: Session, *, once: bool | None, key: object) -> bool:
    """Tell whether a request's key follows from what it asks for."""
    return session.settings.once and key is None if once is None else once


def _with_key(session: Session, draft: Draft, request: Request) -> Request:
    derives = derives_key(session, once=draft.once, key=draft.key)
    if derives and draft.key is not None:
        raise Mistake("--once derives the key from the request; leave --key out.")
    if not derives:
        if draft.take is not None:
            raise Mistake("--take counts the takes of --once; say both.")
        return request
    return with_derived_key(request, session.service, 1 if draft.take is None else draft.take)
