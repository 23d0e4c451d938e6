"""Plans: an operation as it was asked for becomes a request that is checked and has its key.

Single cells, sweeps and batches are all planned by `plan_operation`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.field_names import field_names, require_known
from soundpiece_nb.api.output_ref import OutputRef
from soundpiece_nb.api.request import Request, new_request
from soundpiece_nb.api.routes import CALLBACK_URL, Kind, Route
from soundpiece_nb.callback import AUTO, own_callback_url
from soundpiece_nb.inputs.plain_values import is_missing, plain

from .derived_keys import with_lasting_key
from .extra_values import as_sent, fill_extra, read_extra
from .labels import Labels, read_labels
from .references import find_source
from .session import Session
from .templates import as_text, expand, fill

BESIDE_FIELDS = ("name", "tags", "note", "key", "once", "take", "extra", "unchecked")
"""Values of a Draft that are given beside the fields of its request."""
SAID_BESIDE = {
    **dict.fromkeys(("title", "label", "called", "filename", "song_name"), "name"),
    **dict.fromkeys(("tag", "labels", "keywords", "category", "group"), "tags"),
    **dict.fromkeys(("comment", "comments", "notes", "remark", "remarks", "memo"), "note"),
    **dict.fromkeys(("id", "uuid", "idempotency_key"), "key"),
}
"""Other words that people say for these, each with what it stands for."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One operation as it was asked for: texts that hold `{{name}}`, sources by their names.

    Fields go by their own names or by those of their options. Without a `key` it gets a new one
    or, with `once` (else the setting of that name), the one that follows from the request; `take`
    asks for another one of the same. `extra` are fields that this version does not know, by name;
    `unchecked` leaves the lengths and ranges that it knows to the service. `varied` are the values
    that a sweep varies, by name.
    """

    route: Route
    fields: Mapping[str, Any]
    name: Any = None
    tags: Any = ()
    note: Any = None
    key: Any = None
    once: bool | None = None
    take: int | None = None
    extra: Any = None
    unchecked: bool = False
    varied: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """One operation that was checked and not yet begun."""

    request: Request
    labels: Labels
    varied: Mapping[str, str]
    """The texts of the values that a sweep varies, by name."""


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

    With a `namespace`, or values that are varied, `{{name}}` is replaced in texts, tags and note;
    where a field is no text, `{{name}}` alone is the variable's value.
    """
    fields = by_field_name(draft.route, draft.fields)
    require_known(draft.route, fields, BESIDE_FIELDS, SAID_BESIDE)
    tags, note, extra = draft.tags, draft.note, read_extra(draft.extra)
    if namespace is not None or draft.varied:
        words = {**(namespace or {}), **draft.varied}
        kinds = {each.name: each.kind for each in draft.route.all_fields}
        fields = {name: _fill(kinds.get(name), value, words) for name, value in fields.items()}
        tags, note, extra = expand(tags, words), expand(note, words), fill_extra(extra, words)
    fields = {name: plain(value) for name, value in fields.items()}
    labels = read_labels(draft.name, tags, note).with_tags(session.settings.read("tags") or ())
    fields[CALLBACK_URL.name] = _callback_url(session, fields.get(CALLBACK_URL.name))
    for each in draft.route.fields:
        if each.kind is Kind.LINK and fields.get(each.name) is not None:
            fields[each.name] = find_source(session, fields[each.name], each.name, namespace)
    request = new_request(
        draft.route, fields, plain(draft.key), extra=as_sent(extra), unchecked=draft.unchecked
    )
    request = _with_key(session, draft, request)
    if not draft.unchecked:
        _require_longer_source(session, request)
    varied = {
        name: str(None) if is_missing(value) else as_text(value, name)
        for name, value in draft.varied.items()
    }
    return Planned(request, labels, varied)


def _require_longer_source(session: Session, request: Request) -> None:
    """Raise Mistake where the journal knows that a source is no longer than its cut is to be.

    What was made all the same is found again under its key.
    """
    for each in request.route.fields:
        wanted = request.fields.get(each.name)
        source = None if each.shortens is None else request.fields.get(each.shortens)
        if wanted is None or not isinstance(source, OutputRef):
            continue
        takes = {take.take: take for take in session.journal.entry(source.key).takes}
        lasts = takes[source.take].duration if source.take in takes else None
        if lasts and wanted >= lasts and not session.journal.statuses([request.key]):
            raise Mistake(
                f"The {each.shortens} lasts {lasts:.1f} s, so a {request.route.title} to "
                f"{wanted:g} s would not be shorter.",
                next="--unchecked (unchecked=True) sends it all the same.",
            )


def _fill(kind: Kind | None, value: Any, words: Mapping[str, Any]) -> Any:
    """Return a field with `{{name}}` replaced; alone, it may leave out a field that is no text."""
    if kind in (Kind.TEXT, None):
        return expand(value, words)
    held = fill(value, words)
    kept = kind in _TYPED or is_missing(held) or (kind is Kind.LINK and not isinstance(held, str))
    return held if kept else expand(value, words)


_TYPED = (Kind.SECONDS, Kind.COUNT, Kind.FLAG)
"""The kinds of fields that are neither text nor an address."""


def by_field_name(route: Route, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by the names of their fields; unknown names stay as they are."""
    names = field_names(route)
    return {names.get(name, name): value for name, value in given.items()}


def derives_key(session: Session, draft: Draft) -> bool:
    """Tell whether an operation's key follows from what it asks for."""
    if draft.once is not None:
        return draft.once
    return draft.key is None and bool(session.settings.read("once"))


def _callback_url(session: Session, given: Any) -> Any:
    """Return the URL that was given or is set; `auto` stands for this Jupyter server's own."""
    chosen = session.settings.read("callback_url") if given is None else given
    return own_callback_url() if chosen == AUTO else chosen


def _with_key(session: Session, draft: Draft, request: Request) -> Request:
    if derives_key(session, draft):
        if draft.key is not None:
            raise Mistake("--once derives the key from the request.", next="Leave --key out.")
        take = 1 if draft.take is None else draft.take
        return with_lasting_key(session, request, take, scopes=[session.services.in_use])
    if draft.take is not None:
        raise Mistake("--take counts the takes of --once.", next="Say both.")
    return request
