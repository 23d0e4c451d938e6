"""Plans: an operation as it was asked for becomes a request that is checked and has its key.

Single cells, sweeps and batches are all planned by `plan_operation`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
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

BESIDE_FIELDS = ("name", "tags", "note", "key", "once", "take")
"""Values of a Draft that are given beside the fields of its request."""


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


def split_fields(
    values: Mapping[str, Any], names: Collection[str] = BESIDE_FIELDS
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values that are fields of a request, and those of these `names`."""
    fields = {name: value for name, value in values.items() if name not in names}
    return fields, {name: value for name, value in values.items() if name in names}


def plan_operation(
    session: Session, draft: Draft, namespace: Mapping[str, Any] | None = None
) -> Planned:
    """Check an operation without sending or writing anything; raises Mistake.

    With a `namespace`, or words that are varied, `{{name}}` is replaced in texts, tags and note.
    """
    fields = by_field_name(draft.route, draft.fields)
    tags, note = draft.tags, draft.note
    if namespace is not None or draft.varied:
        words = {**(namespace or {}), **draft.varied}
        fields = {name: expand(value, words) for name, value in fields.items()}
        tags, note = expand(tags, words), expand(note, words)
    labels = read_labels(draft.name, tags, note)
    fields[CALLBACK_URL.name] = _callback_url(session, fields.get(CALLBACK_URL.name))
    for each in draft.route.fields:
        if each.kind is Kind.LINK and fields.get(each.name) is not None:
            fields[each.name] = find_source(session, fields[each.name], each.name, namespace)
    request = new_request(draft.route, fields, draft.key)
    return Planned(_with_key(session, draft, request), labels, draft.varied)


def field_names(route: Route) -> dict[str, str]:
    """Return the names of a route's fields by these and by the names of their options."""
    fields = route.all_fields
    return {name: each.name for each in fields for name in (each.name, each.option or each.name)}


def by_field_name(route: Route, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by the names of their fields; unknown names stay as they are."""
    names = field_names(route)
    return {names.get(name, name): value for name, value in given.items()}


def derives_key(session: Session, draft: Draft) -> bool:
    """Tell whether an operation's key follows from what it asks for."""
    return session.settings.once and draft.key is None if draft.once is None else draft.once


def _callback_url(session: Session, given: Any) -> Any:
    """Return the URL that was given or is set; `auto` stands for this Jupyter server's own."""
    chosen = session.settings.callback_url if given is None else given
    return own_callback_url() if chosen == AUTO else chosen


def _with_key(session: Session, draft: Draft, request: Request) -> Request:
    if derives_key(session, draft):
        if draft.key is not None:
            raise Mistake("--once derives the key from the request.", next="Leave --key out.")
        take = 1 if draft.take is None else draft.take
        return with_derived_key(request, session.services.in_use, take)
    if draft.take is not None:
        raise Mistake("--take counts the takes of --once.", next="Say both.")
    return request
