"""The response body of an operation in the documented shape, and its schema."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, create_model

from soundpiece_sandbox.api.routes import Route
from soundpiece_sandbox.store.download_links import DownloadLinks
from soundpiece_sandbox.store.operation import ID_PATTERN, Operation, Output


class FinishedOutput(BaseModel):
    """One finished sound: FLAC at 44.1 kHz behind a signed URL."""

    url: str
    expires_at: datetime
    duration: float = Field(description="In seconds")


class FinishedStem(FinishedOutput):
    """One finished stem."""

    kind: Literal["vocals", "drums", "bass", "other"]


class Failed(BaseModel):
    """The reason for which an operation failed; further codes may be added."""

    code: str = Field(examples=["content_policy", "source_unreachable", "internal_error"])
    message: str


def operation_body(
    operation: Operation, route: Route, download_links: DownloadLinks, origin: str
) -> dict[str, Any]:
    """Return an operation as JSON values, with fresh URLs at ``origin`` if it is ready."""
    ready = operation.outputs and [
        _output_body(each, download_links, origin) for each in operation.outputs
    ]
    failure = operation.failure
    return {
        "id": operation.id,
        "status": operation.status,
        "created_at": _timestamp(operation.created_at),
        "idempotency_key": operation.idempotency_key,
        **{name: operation.request.get(name) for name in route.request.echoed_fields()},
        route.result: ready[0] if ready and route.result == "output" else ready,
        "error": failure and {"code": failure.code, "message": failure.message},
    }


def response_model(route: Route) -> type[BaseModel]:
    """Return the model of a route's response: its operation under its envelope key."""
    output = FinishedStem if route.stem_kinds else FinishedOutput
    result: Any = output if route.result == "output" else list[output]  # type: ignore[valid-type]
    request = {
        name: (field.rebuild_annotation() | None, ...)
        for name, field in route.request.model_fields.items()
        if name in route.request.echoed_fields()
    }
    fields: dict[str, Any] = {
        "id": (Annotated[str, Field(pattern=ID_PATTERN)], ...),
        "status": (Literal["processing", "ready", "failed"], ...),
        "created_at": (datetime, ...),
        "idempotency_key": (UUID, ...),
        **request,
        route.result: (result | None, ...),
        "error": (Failed | None, ...),
    }
    name = route.request.__name__
    operation = create_model(f"{name}Operation", **fields)
    return create_model(f"{name}Answer", **{route.envelope: (operation, ...)})  # type: ignore[call-overload, no-any-return]


def _output_body(output: Output, download_links: DownloadLinks, origin: str) -> dict[str, Any]:
    url, expires_at = download_links.sign(output.file, origin)
    offered = {"url": url, "expires_at": _timestamp(expires_at), "duration": output.duration}
    return offered if output.kind is None else {**offered, "kind": output.kind}


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
