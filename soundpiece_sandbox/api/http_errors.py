"""HTTP errors in the documented shapes: requests that are refused before any work starts."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel


class Refused(BaseModel):
    """The reason for which a request was refused."""

    detail: str


class WrongField(BaseModel):
    """One wrong field: its place, a message for people, and a type for programs."""

    loc: list[str | int]
    msg: str
    type: str


class Invalid(BaseModel):
    """The wrong fields of a request."""

    detail: list[WrongField]


_RETRY_AFTER = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}

READ_ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": Refused, "description": "The key is missing, malformed or revoked"},
    422: {"model": Invalid, "description": "A field is wrong"},
    429: {"model": Refused, "description": "Over the request rate", "headers": _RETRY_AFTER},
    500: {"model": Refused, "description": "By a fault: the same request can be sent again"},
}

SUBMIT_ERRORS: dict[int | str, dict[str, Any]] = {
    **READ_ERRORS,
    400: {"model": Refused, "description": "The body is not JSON"},
    408: {"model": Refused, "description": "The body took too long to arrive"},
    413: {"model": Refused, "description": "The body is over 1 MiB"},
    402: {"model": Refused, "description": "No credits left: top up, then send the same key again"},
}


def field_error(location: Sequence[str], message: str, kind: str) -> RequestValidationError:
    """Return a 422 error about one field, for rules that its model cannot check."""
    return RequestValidationError([{"loc": tuple(location), "msg": message, "type": kind}])


def install_handlers(service: FastAPI) -> None:
    """Register handlers that give every error of a service its documented body."""
    service.add_exception_handler(RequestValidationError, _validation_error)
    service.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, _method_not_allowed)
    service.add_exception_handler(Exception, _internal_error)


async def _validation_error(_: Request, error: Exception) -> JSONResponse:
    errors = error.errors() if isinstance(error, RequestValidationError) else ()
    if any(each["type"] == "json_invalid" for each in errors):
        return JSONResponse({"detail": "The body is not valid JSON."}, 400)
    fields = [{part: each[part] for part in ("loc", "msg", "type")} for each in errors]
    return JSONResponse({"detail": fields}, 422)


async def _method_not_allowed(request: Request, _: Exception) -> JSONResponse:
    # Starlette's own Allow header knows one verb of each path; the OpenAPI document knows all.
    verbs = request.app.openapi()["paths"].get(request.url.path, ["get"])
    allowed = ", ".join(sorted(verb.upper() for verb in verbs))
    return JSONResponse({"detail": "Method Not Allowed"}, 405, {"Allow": allowed})


async def _internal_error(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"detail": "The sandbox failed. Its log says why."}, 500)
