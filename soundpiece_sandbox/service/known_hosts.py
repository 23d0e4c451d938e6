"""The names under which the sandbox is spoken to: those of this machine alone.

A web page whose own name is made to stand for 127.0.0.1 (DNS rebinding) could otherwise speak to it
as if it were its own server.
"""

import re

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.ASCII | re.IGNORECASE)
"""Any port: through a tunnel the sandbox has another one than the one at which it listens."""


def with_known_hosts(service: ASGIApp) -> ASGIApp:
    """Return a service that refuses other names than this machine's (421), and other sites' pages.

    A browser names a page's site in ``Origin``; one that differs from ``Host`` gets 403.
    """

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        refusal = _refusal(Headers(scope=scope)) if scope["type"] == "http" else None
        await (refusal or service)(scope, receive, send)

    return checked


def _refusal(headers: Headers) -> JSONResponse | None:
    host, origin = headers.get("Host", "").lower(), headers.get("Origin")
    if not _HOST.fullmatch(host):
        names = "127.0.0.1, localhost or [::1]"
        return JSONResponse({"detail": f"The sandbox is spoken to as {names} only."}, 421)
    if origin is not None and origin.lower() != f"http://{host}":
        return JSONResponse({"detail": "Pages of other sites may not use the sandbox."}, 403)
    return None
