"""What PUT and GET do: the same for every route, made from its entry."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from soundpiece_nb.sandbox.ledger import KeyReusedError, Ledger
from soundpiece_nb.sandbox.long_polls import LongPolls
from soundpiece_nb.sandbox.operations import ID_PATTERN, Operation, Output
from soundpiece_nb.sandbox.refusals import DOCUMENTED, require_key, wrong_field
from soundpiece_nb.sandbox.requests import OperationRequest
from soundpiece_nb.sandbox.routes import Route
from soundpiece_nb.sandbox.signing import DownloadLinks
from soundpiece_nb.sandbox.studio import Studio


def operation_router(
    route: Route, ledger: Ledger, studio: Studio, long_polls: LongPolls, links: DownloadLinks
) -> APIRouter:
    """Make the two endpoints of one route."""
    router = APIRouter(tags=["Operations"], dependencies=[Depends(require_key)])
    path = f"/v1/{route.name}"

    def answer(operation: Operation, request: Request) -> JSONResponse:
        origin = str(request.base_url).rstrip("/")
        return JSONResponse({route.envelope: _described(operation, route, links, origin)})

    def found(operation_id: str) -> Operation:
        operation = ledger.find(operation_id)
        if operation is None or operation.route != route.name:
            raise wrong_field(
                ["query", "id"], "No operation of this route has this id", "operation_unknown"
            )
        return operation

    async def submit(body: OperationRequest, request: Request) -> JSONResponse:
        try:
            operation, new = ledger.accept(route.name, str(body.idempotency_key), body.meaning())
        except KeyReusedError:
            raise wrong_field(
                ["body", "idempotency_key"],
                "This key already belongs to a different request",
                "idempotency_key_reused",
            ) from None
        if new:
            studio.begin(operation)
        return answer(operation.as_accepted(), request)

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
            await long_polls.hold(operation_id, request)
            operation = found(operation_id)
        return answer(operation, request)

    documented = {**DOCUMENTED, 200: _example_answer(route, links)}
    # FastAPI reads the body's model from the annotation, and every route has its own.
    submit.__annotations__["body"] = route.request
    router.put(
        path,
        summary=route.summary,
        description="Answers at once; read the operation until it is `ready` or `failed`.",
        responses=documented,
        openapi_extra={
            "requestBody": {"content": {"application/json": {"example": route.example}}}
        },
    )(submit)
    router.get(path, summary="Read an operation", responses=documented)(read)
    return router


def _example_answer(route: Route, links: DownloadLinks) -> dict[str, Any]:
    request = route.request.model_validate(route.example)
    operation = Operation(
        id=f"op_{'0' * 26}",
        route=route.name,
        idempotency_key=str(request.idempotency_key),
        request=request.meaning(),
        created_at=datetime(2026, 5, 20, 12, 34, 56, tzinfo=UTC),
    )
    example = {route.envelope: _described(operation, route, links, "")}
    return {"description": "The operation", "content": {"application/json": {"example": example}}}


def _described(
    operation: Operation, route: Route, links: DownloadLinks, origin: str
) -> dict[str, Any]:
    outputs, failure = operation.outputs, operation.failure
    return {
        "id": operation.id,
        "status": operation.status,
        "created_at": _written(operation.created_at),
        "idempotency_key": operation.idempotency_key,
        **{name: operation.request.get(name) for name in route.request.echoed_fields()},
        "outputs": outputs and [_offered(each, links, origin) for each in outputs],
        "error": failure and {"code": failure.code, "message": failure.message},
    }


def _offered(output: Output, links: DownloadLinks, origin: str) -> dict[str, Any]:
    url, expires_at = links.sign(output.file, origin)
    return {"url": url, "expires_at": _written(expires_at), "duration": output.duration}


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
