"""The service: its rooms, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from soundpiece_nb.sandbox import refusals
from soundpiece_nb.sandbox.counters import Counters
from soundpiece_nb.sandbox.downloads import download_router
from soundpiece_nb.sandbox.endpoints import operation_router
from soundpiece_nb.sandbox.ledger import Ledger
from soundpiece_nb.sandbox.long_polls import LongPolls
from soundpiece_nb.sandbox.page import PAGE
from soundpiece_nb.sandbox.routes import ROUTES
from soundpiece_nb.sandbox.signing import DownloadLinks, kept_secret
from soundpiece_nb.sandbox.studio import Studio

NOTICE = "an offline sandbox, not Soundpiece's model"


@dataclass(frozen=True)
class Settings:
    """How one sandbox behaves. Times are in seconds."""

    data: Path
    """The folder that holds its state; it exists."""
    pace: float = 1.0
    """Scales how long operations take; at 0 they end as soon as their sound is made."""
    hold: float = 20.0
    """How long a long poll is held at most."""
    url_lifetime: float = 900.0
    """How long a download address stays good."""


class Sandbox:
    """One sandbox: the service to be served, and what its server asks of it."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        """Put the rooms together around an open ledger."""
        sounds = settings.data / "sounds"
        sounds.mkdir(exist_ok=True)
        links = DownloadLinks(kept_secret(settings.data / "signing-secret"), settings.url_lifetime)
        self._ledger = ledger
        self._counters = Counters(ROUTES)
        self._long_polls = LongPolls(settings.hold)
        self._studio = Studio(ROUTES, ledger, self._long_polls, sounds, settings.pace)

        service = FastAPI(
            title="Soundpiece sandbox",
            description=f"This is {NOTICE}.",
            version="1",
            lifespan=self._lifespan,
            redirect_slashes=False,
            redoc_url=None,
        )
        refusals.install(service)
        for route in ROUTES.values():
            service.include_router(
                operation_router(route, ledger, self._studio, self._long_polls, links)
            )
        service.include_router(download_router(sounds, links))
        service.get("/sandbox/counters", tags=["Sandbox"])(self.counts)
        service.get("/", response_class=HTMLResponse, include_in_schema=False)(_page)
        self.service: ASGIApp = _with_notice(self._counters.watch(service))

    @property
    def busy(self) -> bool:
        """Whether any operation has not ended."""
        return self._studio.busy

    def release(self) -> None:
        """Answer every held long poll at once, because the service is about to stop."""
        self._long_polls.close()

    async def counts(self) -> dict[str, Any]:
        """Count what the sandbox saw, for tests to assert on.

        Requests, responses and operations created count from this start; operations and their
        statuses are all that the data folder holds; held is the long polls held right now.
        """
        statuses = self._ledger.count()
        return {
            **self._counters.seen(),
            "operations": sum(statuses.values()),
            "statuses": statuses,
            "created": self._ledger.accepted,
            "held": self._long_polls.held,
        }

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        self._studio.resume()
        yield
        self._studio.close()


async def _page() -> str:
    return PAGE


def _with_notice(service: ASGIApp) -> ASGIApp:
    async def noticed(scope: Scope, receive: Receive, send: Send) -> None:
        async def noticed_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Soundpiece-Sandbox"] = NOTICE
            await send(message)

        await service(scope, receive, noticed_send)

    return noticed
