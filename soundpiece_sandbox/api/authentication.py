"""Who may pass to the API: the key and the request rate, looked at before anything is read."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from soundpiece_sandbox.api.account_limits import RequestRate

_LONGEST_BODY = 2**20

show_key = HTTPBearer(
    auto_error=False, scheme_name="API key", description="Any key that begins with spk_"
)
"""Says in the API's document that a key is needed; `guarded_by` is what looks at it."""


def guarded_by(rate: RequestRate) -> type[APIRoute]:
    """Make the kind of route that refuses before it reads a request's body.

    A missing, malformed or revoked key gets 401, a request over the rate 429 with Retry-After, a
    body over 1 MiB 413.
    """

    class GuardedRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def guarded(request: Request) -> Response:
                _check_key(request)
                wait = rate.seconds_to_wait()
                if wait:
                    raise HTTPException(
                        429,
                        f"Too many requests. There is room again in {wait} s.",
                        headers={"Retry-After": str(wait)},
                    )
                _check_length(request)
                return await handle(request)

            return guarded

    return GuardedRoute


def _check_length(request: Request) -> None:
    """Refuse (413) a body that no request of the API can have."""
    length = request.headers.get("Content-Length", "0")
    if not length.isdecimal() or int(length) > _LONGEST_BODY:
        raise HTTPException(413, "The body is over 1 MiB.")


def _check_key(request: Request) -> None:
    scheme, key = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() != "bearer" or not key:
        reason = "An API key is needed: Authorization: Bearer spk_…"
    elif not key.startswith("spk_"):
        reason = "The API key is malformed: it begins with spk_."
    elif key.startswith("spk_revoked"):
        reason = "The API key was revoked."
    else:
        return
    raise HTTPException(401, reason, headers={"WWW-Authenticate": "Bearer"})
