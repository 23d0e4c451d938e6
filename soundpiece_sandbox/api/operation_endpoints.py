"""The PUT and GET endpoints of every route, made from its entry in `routes`."""

import uuid
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse

from soundpiece_sandbox.api.account_limits import Credits, RateLimit
from soundpiece_sandbox.api.authentication import api_key_scheme, authenticated_route
from soundpiece_sandbox.api.http_errors import READ_ERRORS, SUBMIT_ERRORS, field_error
from soundpiece_sandbox.api.long_polls import LongPolls
from soundpiece_sandbox.api.request_models import OperationRequest
from soundpiece_sandbox.api.response_bodies import operation_body, response_model
from soundpiece_sandbox.api.routes import Route
from soundpiece_sandbox.network.allowed_origins import AllowedOrigins
from soundpiece_sandbox.rendering.render_queue import RenderQueue
from soundpiece_sandbox.rendering.source_sounds import SourceSounds
from soundpiece_sandbox.store.download_links import DownloadLinks
from soundpiece_sandbox.store.operation import ID_PATTERN, Operation
from soundpiece_sandbox.store.operation_store import OperationStore


@dataclass(frozen=True)
class Backend:
    """The objects that the endpoints work with."""

    store: OperationStore
    render_queue: RenderQueue
    long_polls: LongPolls
    download_links: DownloadLinks
    rate_limit: RateLimit
    credits: Credits
    allowed_origins: AllowedOrigins
    sources: SourceSounds


def operation_router(route: Route, backend: Backend) -> APIRouter:
    """Return a router with the two endpoints of one route."""
    router = APIRouter(
        tags=["Operations"],
        dependencies=[Depends(api_key_scheme)],
        route_class=authenticated_route(backend.rate_limit),
    )
    path = f"/v1/{route.name}"
    ok_response: dict[int | str, dict[str, Any]] = {
        200: {"model": response_model(route), "description": "The operation"}
    }

    def respond(operation: Operation, request: Request) -> JSONResponse:
        origin = str(request.base_url).rstrip("/")
        return JSONResponse(
            {route.envelope: operation_body(operation, route, backend.download_links, origin)}
        )

    def find(operation_id: str) -> Operation:
        operation = backend.store.find(operation_id)
        if operation is None or operation.route != route.name:
            raise field_error(
                ["query", "id"], "No operation of this route has this id", "operation_unknown"
            )
        return operation

    async def submit(body: OperationRequest, request: Request) -> JSONResponse:
        return respond(_find_or_accept(route, body, backend).as_accepted(), request)

    async def read(
        request: Request,
        operation_id: Annotated[
            str, Query(alias="id", pattern=ID_PATTERN, description="The operation's id")
        ],
        *,
        wait: Annotated[
            bool, Query(description="Hold the answer until the operation ends")
        ] = False,
    ) -> JSONResponse:
        operation = find(operation_id)
        if wait and operation.status == "processing":
            await backend.long_polls.hold(operation_id, request)
            operation = find(operation_id)
        return respond(operation, request)

    # FastAPI reads the body's model from the annotation, and every route has its own.
    submit.__annotations__["body"] = route.request
    router.put(
        path,
        summary=route.summary,
        description="Answers at once; read the operation until it is `ready` or `failed`.",
        responses={**SUBMIT_ERRORS, **ok_response},
        openapi_extra={"requestBody": {"content": {"application/json": _example(route)}}},
    )(submit)
    router.get(path, summary="Read an operation", responses={**READ_ERRORS, **ok_response})(read)
    return router


def _find_or_accept(route: Route, request: OperationRequest, backend: Backend) -> Operation:
    """Return the operation that has a request's key, or accept and start a new one."""
    key, body = str(request.idempotency_key), request.canonical_form()
    known = backend.store.find_by_key(key)
    if known is not None:
        wanted = (route.name, backend.sources.without_signatures(body))
        if (known.route, backend.sources.without_signatures(known.request)) != wanted:
            raise field_error(
                ["body", "idempotency_key"],
                "This key already belongs to a different request; use a new key for a new request",
                "idempotency_key_reused",
            )
        return known
    if request.callback_url and not backend.allowed_origins.allows_callback(request.callback_url):
        raise field_error(
            ["body", "callback_url"],
            "Webhooks go to public https URLs, and to servers named with --reach",
            "url_not_public",
        )
    if backend.credits.spent:
        raise HTTPException(402, "No credits are left. Top up, then send the same key again.")
    operation = backend.store.accept(route.name, key, body)
    backend.credits.charge(operation.id)
    backend.render_queue.add(operation)
    return operation


def openapi_with_fresh_keys(service: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document with new idempotency keys in its examples.

    Each example that is tried out then makes an operation of its own.
    """
    document = FastAPI.openapi(service)
    for verbs in document["paths"].values():
        body = verbs.get("put", {}).get("requestBody")
        if body is not None:
            body["content"]["application/json"]["example"]["idempotency_key"] = str(uuid.uuid4())
    return document


def _example(route: Route) -> dict[str, Any]:
    return {"example": {"idempotency_key": str(uuid.uuid4()), **route.example}}
