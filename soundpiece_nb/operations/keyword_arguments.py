"""Keyword arguments of functions: fields and labels, and other words that people say for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import Signature
from typing import Any

from soundpiece_nb.api.errors import Mistake, nothing_sent
from soundpiece_nb.api.field_names import field_names, require_known
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.inputs.spelling import did_you_mean

from .best_takes import REPEAT
from .plan import SAID_BESIDE, Draft

SEVERAL = "sp.sweep(…, repeat=…)"
"""The call that makes several of the same, as a function of one operation does not."""
_SAID_FOR_SEVERAL = (REPEAT, "repeats", "times", "n", "count", "number", "takes", "versions")


def bind(
    taken: Signature,
    name: str,
    args: tuple[Any, ...],
    named: Mapping[str, Any],
    said: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return arguments by the names of a function's parameters; raises Mistake.

    `said` are other words that people say for these.
    """
    try:
        return taken.bind(*args, **named).arguments
    except TypeError as problem:
        known = taken.parameters
        wrong = next((each for each in named if each not in known), None)
        meant = did_you_mean(wrong, known, said)
        unexpected = f"got an unexpected keyword argument {wrong!r}{meant}"
        why = problem if wrong is None else unexpected
        with nothing_sent():
            raise Mistake(f"sp.{name} takes {', '.join(known)}; {why}.") from None


def read_draft(
    route: str, fields: Mapping[str, Any], others: Sequence[str], **labels: Any
) -> Draft:
    """Return the operation that a function is asked for, whose parameters are `others`.

    `tag`, as the magics' option is called, is one of the `tags`. Raises Mistake for what is no
    field and much like one of the parameters.
    """
    found = find_route(route)
    given = with_tags({"tags": labels.pop("tags"), **fields})
    tags = given.pop("tags")
    said = said_beside(REPEAT if REPEAT in others else SEVERAL)
    for name in (each for each in given if each not in field_names(found)):
        meant = name not in said and did_you_mean(name, field_names(found), found.said_for)
        is_field = name in found.said_for or meant
        alike = [each for each in others if each != "send"]  # `seed` is rather a field to come
        if not is_field and (meant := did_you_mean(name, alike, said)):
            raise Mistake(f"There is no {name!r}{meant}.")
        require_known(found, [name], others)
    return Draft(route=found, fields=given, tags=tags, **labels)


def said_beside(several: str) -> dict[str, str]:
    """Return other words for labels, and for `several`, which is how many operations to make."""
    return {**dict.fromkeys(_SAID_FOR_SEVERAL, several), **SAID_BESIDE}


def with_tags(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with `tag`, as the magics' option is called, as the list `tags`."""
    named = dict(given)
    if named.get("tag") is not None and not named.get("tags"):
        tag = named.pop("tag")
        named["tags"] = [tag] if isinstance(tag, str) else tag
    return named
