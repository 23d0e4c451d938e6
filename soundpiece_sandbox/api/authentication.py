"""Authentication: the API key and the request rate are checked before a body is read."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from soundpiece_sandbox.api.account_limits import RateLimit

api_key_scheme = HTTPBearer(
    auto_error=False, scheme_name="API key", description="Any key that begins with spk_"
)
"""The security scheme in the OpenAPI document; `authenticated_route` does the check."""


def authenticated_route(rate_limit: RateLimit) -> type[APIRoute]:
    """Return a route class that checks a request before its body is read.

    A missing, malformed or revoked key gets 401, a request over the rate 429 with Retry-After.
    """

    class AuthenticatedRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def authenticated(request: Request) -> Response:
                _check_key(request)
                wait = rate_limit.admit()
                if wait:
                    raise HTTPException(
                        429,
                        f"Too many requests. Try again in {wait} s.",
                        headers={"Retry-After": str(wait)},
                    )
                return await handle(request)

            return authenticated

    return AuthenticatedRoute


def _check_key(request: Request) -> None:
    scheme, key = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() != "bearer" or not key:
        reason = "An API key is needed: Authorization: Bearer spk_…"
    elif not key.startswith("spk_"):
        reason = "The API key is malformed: it must begin with spk_."
    elif key.startswith("spk_revoked"):
        reason = "The API key was revoked."
    else:
        return
    raise HTTPException(401, reason, headers={"WWW-Authenticate": "Bearer"})
