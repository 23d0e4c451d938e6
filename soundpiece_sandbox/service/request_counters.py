"""Counts of requests and responses since the start, for tests to assert on."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_VERBS = ("GET", "PUT", "HEAD", "OPTIONS", "POST", "DELETE", "PATCH")


class RequestCounters:
    """Counts requests as they arrive and responses as they leave, by verb, route and status."""

    def __init__(self, route_names: Iterable[str]) -> None:
        """Count these routes by verb and name; downloads together, and everything else together."""
        self._paths = {f"/v1/{name}": name for name in route_names}
        self._requests: Counter[str] = Counter()
        self._responses: defaultdict[str, Counter[int]] = defaultdict(Counter)

    def verb_and_route(self, scope: Scope) -> tuple[str, str]:
        """Return a request's verb and its route: one of the API's, `download` or `other`."""
        path = scope["path"]
        route = "download" if path.startswith("/files/") else self._paths.get(path, "other")
        return (scope["method"] if scope["method"] in _VERBS else "OTHER"), route

    def as_json(self) -> dict[str, Any]:
        """Return all counts as JSON values."""
        responses = {kind: dict(counts) for kind, counts in self._responses.items()}
        return {"requests": dict(self._requests), "responses": responses}

    def middleware(self, service: ASGIApp) -> ASGIApp:
        """Return a service whose requests and responses are counted."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await service(scope, receive, send)
                return
            verb, route = self.verb_and_route(scope)
            kind = f"{verb} {route}" if route in self._paths.values() else route
            self._requests[kind] += 1

            async def counted_send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._responses[kind][message["status"]] += 1
                await send(message)

            await service(scope, receive, counted_send)

        return counted
