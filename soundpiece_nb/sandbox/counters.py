"""Counts of what the sandbox saw since it started, for tests to assert on."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Counters:
    """Requests as they arrive and answers as they leave, by kind, and operations made."""

    def __init__(self, route_names: Iterable[str]) -> None:
        """Count each of these routes by name and verb; downloads and the rest by kind."""
        self._paths = {f"/v1/{name}": name for name in route_names}
        self._requests: Counter[str] = Counter()
        self._responses: defaultdict[str, Counter[int]] = defaultdict(Counter)

    def kind(self, scope: Scope) -> str:
        """Name the kind of a request: ``PUT create.new_song``, ``download`` or ``other``."""
        path = scope["path"]
        if path in self._paths:
            return f"{scope['method']} {self._paths[path]}"
        return "download" if path.startswith("/files/") else "other"

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
            kind = self.kind(scope)
            self._requests[kind] += 1

            async def counted_send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._responses[kind][message["status"]] += 1
                await send(message)

            await service(scope, receive, counted_send)

        return counted
