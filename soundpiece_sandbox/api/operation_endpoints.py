"""What PUT and GET do: the same for every route, made from its entry."""

import uuid
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse

from soundpiece_sandbox.api.account_limits import Credits, RequestRate
from soundpiece_sandbox.api.authentication import guarded_by, show_key
from soundpiece_sandbox.api.http_errors import ON_READING, ON_SUBMITTING, wrong_field
from soundpiece_sandbox.api.long_polls import LongPolls
from soundpiece_sandbox.api.request_models import OperationRequest
from soundpiece_sandbox.api.response_bodies import answer_model, describe
from soundpiece_sandbox.api.routes import Route
from soundpiece_sandbox.network.access import Reach
from soundpiece_sandbox.rendering.render_queue import Studio
from soundpiece_sandbox.rendering.source_sounds import Sources
from soundpiece_sandbox.store.download_links import DownloadLinks
from soundpiece_sandbox.store.operation import ID_PATTERN, Operation
from soundpiece_sandbox.store.operation_store import Ledger


@dataclass(frozen=True)
class Desk:
    """Where requests are handed in: the rooms that an endpoint speaks to."""

    ledger: Ledger
    studio: Studio
    long_polls: LongPolls
    links: DownloadLinks
    rate: RequestRate
    credits: Credits
    reach: Reach
    sources: Sources


def operation_router(route: Route, desk: Desk) -> APIRouter:
    """Make the two endpoints of one route."""
    router = APIRouter(
        tags=["Operations"],
        dependencies=[Depends(show_key)],
        route_class=guarded_by(desk.rate),
    )
    path = f"/v1/{route.name}"
    answered: dict[int | str, dict[str, Any]] = {
        200: {"model": answer_model(route), "description": "The operation"}
    }

    def answer(operation: Operation, request: Request) -> JSONResponse:
        origin = str(request.base_url).rstrip("/")
        return JSONResponse({route.envelope: describe(operation, route, desk.links, origin)})

    def found(operation_id: str) -> Operation:
        operation = desk.ledger.find(operation_id)
        if operation is None or operation.route != route.name:
            raise wrong_field(
                ["query", "id"], "No operation of this route has this id", "operation_unknown"
            )
        return operation

    async def submit(body: OperationRequest, request: Request) -> JSONResponse:
        return answer(_accepted(route, body, desk).as_accepted(), request)

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
        operation = found(operation_id)
        if wait and operation.status == "processing":
            await desk.long_polls.hold(operation_id, request)
            operation = found(operation_id)
        return answer(operation, request)

    # FastAPI reads the body's model from the annotation, and every route has its own.
    submit.__annotations__["body"] = route.request
    router.put(
        path,
        summary=route.summary,
        description="Answers at once; read the operation until it is `ready` or `failed`.",
        responses={**ON_SUBMITTING, **answered},
        openapi_extra={"requestBody": {"content": {"application/json": _example(route)}}},
    )(submit)
    router.get(path, summary="Read an operation", responses={**ON_READING, **answered})(read)
    return router


def _accepted(route: Route, request: OperationRequest, desk: Desk) -> Operation:
    """Find the operation that a request's key has, or accept and begin a new one."""
    key, meaning = str(request.idempotency_key), request.meaning()
    known = desk.ledger.with_key(key)
    if known is not None:
        wanted = (route.name, desk.sources.meaning(meaning))
        if (known.route, desk.sources.meaning(known.request)) != wanted:
            raise wrong_field(
                ["body", "idempotency_key"],
                "This key already belongs to a different request; a new one needs a new key",
                "idempotency_key_reused",
            )
        return known
    if request.callback_url and not desk.reach.admits_callback(request.callback_url):
        raise wrong_field(
            ["body", "callback_url"],
            "Webhooks go to public https addresses, and to servers named with --reach",
            "url_not_public",
        )
    if desk.credits.spent:
        raise HTTPException(402, "No credits are left. Top up, then send the same key again.")
    operation = desk.ledger.accept(route.name, key, meaning)
    desk.credits.pay_for(operation.id)
    desk.studio.begin(operation)
    return operation


def document_with_fresh_keys(service: FastAPI) -> dict[str, Any]:
    """Write the API's document anew: whoever tries its examples out makes new operations."""
    document = FastAPI.openapi(service)
    for verbs in document["paths"].values():
        body = verbs.get("put", {}).get("requestBody")
        if body is not None:
            body["content"]["application/json"]["example"]["idempotency_key"] = str(uuid.uuid4())
    return document


def _example(route: Route) -> dict[str, Any]:
    return {"example": {"idempotency_key": str(uuid.uuid4()), **route.example}}
