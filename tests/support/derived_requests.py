"""Requests under the keys that follow from them."""

from __future__ import annotations

from soundpiece_nb.api.request import Request, derive_key, with_key


def with_derived_key(request: Request, service: str, take: int = 1) -> Request:
    return with_key(request, derive_key(request.route, request.fields, service, take))
