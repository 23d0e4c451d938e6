"""The whole service as one ASGI application, put together from its parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi_offline import FastAPIOffline
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from soundpiece_sandbox.api import http_errors
from soundpiece_sandbox.api.account_limits import LIMITERS, Credits, RateLimit
from soundpiece_sandbox.api.download_endpoint import download_router
from soundpiece_sandbox.api.long_polls import LongPolls
from soundpiece_sandbox.api.operation_endpoints import (
    Backend,
    openapi_with_fresh_keys,
    operation_router,
)
from soundpiece_sandbox.api.request_bodies import with_bounded_bodies
from soundpiece_sandbox.api.response_bodies import operation_body
from soundpiece_sandbox.api.routes import ROUTES
from soundpiece_sandbox.faults.fault import Fault, Faults
from soundpiece_sandbox.faults.middleware import CloseConnection, FaultMiddleware
from soundpiece_sandbox.network.allowed_origins import AllowedOrigins
from soundpiece_sandbox.rendering.render_queue import RenderQueue, Result
from soundpiece_sandbox.rendering.source_sounds import SourceSounds
from soundpiece_sandbox.service.admin_endpoints import admin_router
from soundpiece_sandbox.service.home_page import PAGE
from soundpiece_sandbox.service.identity import CHALLENGE, proof
from soundpiece_sandbox.service.known_hosts import with_known_hosts
from soundpiece_sandbox.service.request_counters import RequestCounters
from soundpiece_sandbox.service.webhook_delivery import WebhookDelivery
from soundpiece_sandbox.store.download_links import DownloadLinks, load_or_create_secret
from soundpiece_sandbox.store.operation import Failure, Operation
from soundpiece_sandbox.store.operation_store import OperationStore

NOTICE = "an offline sandbox, not Soundpiece's model"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one sandbox. Times are in seconds."""

    data: Path
    """The existing folder that holds its state."""
    origin: str
    """The origin at which it listens, such as ``http://127.0.0.1:8765``."""
    pace: float = 1.0
    """Scales the time of operations; at 0 they end as soon as their sound is rendered."""
    hold: float = 20.0
    """The longest time that a long poll is held."""
    url_lifetime: float = 900.0
    """The time for which a download URL is valid."""
    rate_limit: int | None = None
    """API requests admitted in any ``rate_seconds``; None admits all."""
    rate_seconds: float = 60.0
    rate_window: str = "sliding"
    """The kind of limit, one of ``LIMITERS``."""
    credits: int | None = None
    """Credits at the start, one for each operation; None never runs out."""
    request_timeout: float = 10.0
    """The time that a request may take to arrive."""
    secret: str = field(default="", repr=False)
    """The secret that proves which sandbox this is; without it, it proves nothing."""
    webhook_secret: str | None = field(default=None, repr=False)
    """``whsec_…``; without it no webhook is delivered."""
    admin_token: str | None = field(default=None, repr=False)
    """Opens the admin endpoints; without it they refuse everybody."""
    allowed_origins: tuple[str, ...] = ()
    """Origins on this machine or network for sources, references and webhooks."""
    faults: tuple[Fault, ...] = ()
    """The faults that are active from the start."""


class Sandbox:
    """One sandbox: its ASGI application, and the calls that its server needs."""

    def __init__(self, settings: Settings, store: OperationStore) -> None:
        """Create the parts of the service around an open store."""
        sounds = settings.data / "sounds"
        sounds.mkdir(exist_ok=True)
        self._origin = settings.origin
        self._secret = settings.secret
        self._request_timeout = settings.request_timeout
        self._download_links = DownloadLinks(
            load_or_create_secret(settings.data / "signing-secret"), settings.url_lifetime
        )
        self._store = store
        self._counters = RequestCounters(ROUTES)
        self._long_polls = LongPolls(settings.hold)
        limiter = None
        if settings.rate_limit is not None:
            limiter = LIMITERS[settings.rate_window](settings.rate_limit, settings.rate_seconds)
        self._rate_limit = RateLimit(limiter)
        self._credits = Credits(settings.credits)
        allowed_origins = AllowedOrigins(settings.allowed_origins)
        self._webhooks = WebhookDelivery(
            store, allowed_origins, settings.webhook_secret, settings.pace, self._webhook_data
        )
        sources = SourceSounds(store, self._download_links, settings.data, allowed_origins)
        self._render_queue = RenderQueue(
            store,
            sources,
            self._finish,
            sounds=sounds,
            pace=settings.pace,
        )
        self._faults = Faults(list(settings.faults))
        backend = Backend(
            store=store,
            render_queue=self._render_queue,
            long_polls=self._long_polls,
            download_links=self._download_links,
            rate_limit=self._rate_limit,
            credits=self._credits,
            allowed_origins=allowed_origins,
            sources=sources,
        )

        # FastAPI's own interactive docs load their script from the internet.
        service = FastAPIOffline(
            title="Soundpiece sandbox",
            description=f"This is {NOTICE}.",
            version="1",
            lifespan=self._lifespan,
            redirect_slashes=False,
            redoc_url=None,
        )
        service.openapi = lambda: openapi_with_fresh_keys(service)  # type: ignore[method-assign]
        http_errors.install_handlers(service)
        for route in ROUTES.values():
            service.include_router(operation_router(route, backend))
        service.include_router(download_router(sounds, self._download_links))
        service.include_router(admin_router(settings.admin_token, self._faults, self._credits))
        service.get("/sandbox/counters", tags=["Sandbox"])(self.counts)
        service.get("/", include_in_schema=False)(self.home_page)
        self._service = service

    def application(self, close_connection: CloseConnection) -> ASGIApp:
        """Return the application to be served; ``close_connection`` closes that of a request."""
        self._fault_middleware = FaultMiddleware(
            with_bounded_bodies(self._service, self._request_timeout),
            self._faults,
            self._counters.verb_and_route,
            close_connection,
        )
        return _with_notice(with_known_hosts(self._counters.middleware(self._fault_middleware)))

    @property
    def busy(self) -> bool:
        """Whether an operation or a webhook is still under way."""
        return self._render_queue.busy or self._webhooks.busy

    def release(self) -> None:
        """Answer all held requests at once, because the service is about to stop."""
        self._long_polls.close()
        self._fault_middleware.release()

    async def home_page(self, request: Request) -> HTMLResponse:
        """Return the page for people, and for programs the proof that they ask for."""
        return HTMLResponse(PAGE, headers=proof(self._secret, request.headers.get(CHALLENGE, "")))

    async def counts(self) -> dict[str, Any]:
        """Return counts of requests, operations and webhooks, for tests to assert on.

        All counts are from this start, except that operations and their statuses include all in
        the data folder; held is the number of long polls that are held right now.
        """
        statuses = self._store.count()
        return {
            **self._counters.as_json(),
            "operations": sum(statuses.values()),
            "statuses": statuses,
            "created": self._store.accepted,
            "held": self._long_polls.held,
            "rate": {"refused": self._rate_limit.refused, "early": self._rate_limit.early},
            "credits": self._credits.balance,
            "faults": sum(fault.struck for fault in self._faults),
            "webhooks": {
                "delivered": self._webhooks.delivered,
                "given_up": self._webhooks.given_up,
            },
        }

    def _finish(self, operation: Operation, result: Result) -> None:
        webhook = self._webhooks.webhook_for(operation)
        self._store.finish(operation.id, result, webhook)
        self._long_polls.release(operation.id)
        self._credits.settle(operation.id, failed=isinstance(result, Failure))
        if webhook is not None:
            self._webhooks.send(webhook)

    def _webhook_data(self, operation: Operation) -> dict[str, Any]:
        return operation_body(
            operation, ROUTES[operation.route], self._download_links, self._origin
        )

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        self._render_queue.resume()
        self._webhooks.resume()
        yield
        self._render_queue.close()
        await self._webhooks.close()


def _with_notice(service: ASGIApp) -> ASGIApp:
    async def with_header(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Soundpiece-Sandbox"] = NOTICE
            await send(message)

        await service(scope, receive, send_with_header)

    return with_header
