"""The names of a route's fields, as a request takes them and as people say them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from soundpiece_nb.inputs.spelling import did_you_mean, letters
from soundpiece_nb.shown_text import quoted

from .errors import Mistake
from .routes import Route


def field_names(route: Route) -> dict[str, str]:
    """Return the names of a route's fields by these and by the names of their options."""
    fields = route.all_fields
    return {name: each.name for each in fields for name in (each.name, each.option or each.name)}


def require_known(
    route: Route,
    names: Iterable[str],
    beside: Collection[str] = (),
    said_beside: Mapping[str, str] | None = None,
) -> None:
    """Raise Mistake for the first name that is no field, nor one of those allowed `beside` them.

    `said_beside` are other words that people say for the latter.
    """
    own = {field.name for field in route.all_fields}
    for name in names:
        if name in own or name in beside:
            continue
        said = {**(said_beside or {}), **route.said_for}
        also = f" and, beside them, {', '.join(beside)}" if beside else ""
        raise Mistake(
            f"{route.one} has no field {quoted(name)}{did_you_mean(name, [*own, *beside], said)}; "
            f"it takes {', '.join(sorted(own))}{also}.",
            next="If the service has it by now, --extra NAME=VALUE (extra={…}) sends it.",
        )


def refuse_other_words(route: Route, extra: Iterable[str], given: Collection[str]) -> None:
    """Raise Mistake for an extra field by whose name people mean one that is not given.

    The service leaves out what it does not know, and a length that is not heeded is paid for all
    the same.
    """
    extra = list(extra)
    if not extra:
        return
    said = {letters(word): name for word, name in route.said_for.items()}
    filled = {*given, *(route.either if set(route.either) & set(given) else ())}
    for name in extra:
        meant = said.get(letters(name))
        if meant is not None and meant not in filled:
            raise Mistake(
                f"{quoted(name)} is another word for {meant}, which is not given (did you mean "
                f"`{meant}`?).",
                next="If the service has a field of this name, --unchecked (unchecked=True) sends "
                "it.",
            )
