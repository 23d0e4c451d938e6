"""The service: its rooms, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi_offline import FastAPIOffline
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from soundpiece_sandbox.api import http_errors
from soundpiece_sandbox.api.account_limits import Credits, RequestRate
from soundpiece_sandbox.api.download_endpoint import download_router
from soundpiece_sandbox.api.long_polls import LongPolls
from soundpiece_sandbox.api.operation_endpoints import (
    Desk,
    document_with_fresh_keys,
    operation_router,
)
from soundpiece_sandbox.api.response_bodies import describe
from soundpiece_sandbox.api.routes import ROUTES
from soundpiece_sandbox.faults.fault import Fault, Faults
from soundpiece_sandbox.faults.middleware import FaultGate, HangUp
from soundpiece_sandbox.network.access import Reach
from soundpiece_sandbox.rendering.render_queue import Result, Studio
from soundpiece_sandbox.rendering.source_sounds import Sources
from soundpiece_sandbox.service.admin_endpoints import admin_router
from soundpiece_sandbox.service.home_page import PAGE
from soundpiece_sandbox.service.request_counters import Counters
from soundpiece_sandbox.service.webhook_delivery import Webhooks
from soundpiece_sandbox.store.download_links import DownloadLinks, kept_secret
from soundpiece_sandbox.store.operation import Failure, Operation
from soundpiece_sandbox.store.operation_store import Ledger

NOTICE = "an offline sandbox, not Soundpiece's model"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How one sandbox behaves. Times are in seconds."""

    data: Path
    """The folder that holds its state; it exists."""
    origin: str
    """Where it listens, such as ``http://127.0.0.1:8765``."""
    pace: float = 1.0
    """Scales how long operations take; at 0 they end as soon as their sound is made."""
    hold: float = 20.0
    """How long a long poll is held at most."""
    url_lifetime: float = 900.0
    """How long a download address stays good."""
    rate_limit: int | None = None
    """API requests in any minute."""
    credits: int | None = None
    """Operations that may be made."""
    webhook_secret: str | None = field(default=None, repr=False)
    """``whsec_…``; without it no webhook is delivered."""
    admin_token: str | None = field(default=None, repr=False)
    """Opens the admin's endpoints."""
    reach: tuple[str, ...] = ()
    """Origins on this machine or network that sources come from and webhooks go to."""
    faults: tuple[Fault, ...] = ()
    """The faults in force from the beginning."""


class Sandbox:
    """One sandbox: the service to be served, and what its server asks of it."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        """Put the rooms together around an open ledger."""
        sounds = settings.data / "sounds"
        sounds.mkdir(exist_ok=True)
        self._origin = settings.origin
        self._links = DownloadLinks(
            kept_secret(settings.data / "signing-secret"), settings.url_lifetime
        )
        self._ledger = ledger
        self._counters = Counters(ROUTES)
        self._long_polls = LongPolls(settings.hold)
        self._rate = RequestRate(settings.rate_limit)
        self._credits = Credits(settings.credits)
        reach = Reach(settings.reach)
        self._webhooks = Webhooks(
            ledger, reach, settings.webhook_secret, settings.pace, self._described
        )
        sources = Sources(ledger, self._links, settings.data, reach)
        self._studio = Studio(
            ROUTES,
            ledger,
            sources,
            self._ended,
            sounds=sounds,
            pace=settings.pace,
        )
        self._faults = Faults(list(settings.faults))
        desk = Desk(
            ledger=ledger,
            studio=self._studio,
            long_polls=self._long_polls,
            links=self._links,
            rate=self._rate,
            credits=self._credits,
            reach=reach,
            sources=sources,
        )

        # The interactive docs would else load their script from a distant server.
        service = FastAPIOffline(
            title="Soundpiece sandbox",
            description=f"This is {NOTICE}.",
            version="1",
            lifespan=self._lifespan,
            redirect_slashes=False,
            redoc_url=None,
        )
        service.openapi = lambda: document_with_fresh_keys(service)  # type: ignore[method-assign]
        http_errors.install(service)
        for route in ROUTES.values():
            service.include_router(operation_router(route, desk))
        service.include_router(download_router(sounds, self._links))
        service.include_router(admin_router(settings.admin_token, self._faults, self._credits))
        service.get("/sandbox/counters", tags=["Sandbox"])(self.counts)
        service.get("/", response_class=HTMLResponse, include_in_schema=False)(_page)
        self._service = service

    def application(self, hang_up: HangUp) -> ASGIApp:
        """Give the whole service to be served; ``hang_up`` ends a request's connection."""
        self._gate = FaultGate(self._service, self._faults, self._counters.name, hang_up)
        return _with_notice(self._counters.watch(self._gate))

    @property
    def busy(self) -> bool:
        """Whether anything that was accepted has not come to its end."""
        return self._studio.busy or self._webhooks.busy

    def release(self) -> None:
        """Answer everything that is held at once, because the service is about to stop."""
        self._long_polls.close()
        self._gate.release()

    async def counts(self) -> dict[str, Any]:
        """Count what the sandbox saw, for tests to assert on.

        All counts are from this start, but operations and their statuses are all that the data
        folder holds; held is the long polls held right now.
        """
        statuses = self._ledger.count()
        return {
            **self._counters.seen(),
            "operations": sum(statuses.values()),
            "statuses": statuses,
            "created": self._ledger.accepted,
            "held": self._long_polls.held,
            "rate": {"refused": self._rate.refused, "early": self._rate.early},
            "credits": self._credits.balance,
            "faults": sum(fault.struck for fault in self._faults),
            "webhooks": {
                "delivered": self._webhooks.delivered,
                "given_up": self._webhooks.given_up,
            },
        }

    def _ended(self, operation: Operation, result: Result) -> None:
        webhook = self._webhooks.about(operation)
        self._ledger.finish(operation.id, result, webhook)
        self._long_polls.announce(operation.id)
        self._credits.settle(operation.id, failed=isinstance(result, Failure))
        if webhook is not None:
            self._webhooks.begin(webhook)

    def _described(self, operation: Operation) -> dict[str, Any]:
        return describe(operation, ROUTES[operation.route], self._links, self._origin)

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        self._studio.resume()
        self._webhooks.resume()
        yield
        self._studio.close()
        await self._webhooks.close()


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
