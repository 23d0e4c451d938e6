"""Counts of what the sandbox saw since it started, for tests to assert on."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_VERBS = ("GET", "PUT", "HEAD", "OPTIONS", "POST", "DELETE", "PATCH")


class Counters:
    """Requests as they arrive and answers as they leave, by kind, and operations made."""

    def __init__(self, route_names: Iterable[str]) -> None:
        """Count each of these routes by name and verb; downloads and the rest by kind."""
        self._paths = {f"/v1/{name}": name for name in route_names}
        self._requests: Counter[str] = Counter()
        self._responses: defaultdict[str, Counter[int]] = defaultdict(Counter)

    def name(self, scope: Scope) -> tuple[str, str]:
        """Name a request by its verb and its route: one of the API's, `download` or `other`."""
        path = scope["path"]
        route = "download" if path.startswith("/files/") else self._paths.get(path, "other")
        return (scope["method"] if scope["method"] in _VERBS else "OTHER"), route

    def seen(self) -> dict[str, Any]:
        """Give all counts as JSON values."""
        responses = {kind: dict(counts) for kind, counts in self._responses.items()}
        return {"requests": dict(self._requests), "responses": responses}

    def watch(self, service: ASGIApp) -> ASGIApp:
        """Put this counter before a service."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await service(scope, receive, send)
                return
            verb, route = self.name(scope)
            kind = f"{verb} {route}" if route in self._paths.values() else route
            self._requests[kind] += 1

            async def counted_send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._responses[kind][message["status"]] += 1
                await send(message)

            await service(scope, receive, counted_send)

        return counted
