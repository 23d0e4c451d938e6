"""Refusals at the HTTP layer, in the documented shapes: the work never started."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel


class Refused(BaseModel):
    """Why a request was refused."""

    detail: str


class WrongField(BaseModel):
    """One wrong field: where it is, what is wrong in words, and in a word."""

    loc: list[str | int]
    msg: str
    type: str


class Invalid(BaseModel):
    """All wrong fields of a request."""

    detail: list[WrongField]


_RETRY_AFTER = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}

ON_READING: dict[int | str, dict[str, Any]] = {
    401: {"model": Refused, "description": "The key is missing, malformed or revoked"},
    422: {"model": Invalid, "description": "A field is wrong"},
    429: {"model": Refused, "description": "Over the request rate", "headers": _RETRY_AFTER},
    500: {"model": Refused, "description": "By a fault: the same request again is safe"},
}

ON_SUBMITTING: dict[int | str, dict[str, Any]] = {
    **ON_READING,
    400: {"model": Refused, "description": "The body is not JSON"},
    413: {"model": Refused, "description": "The body is over 1 MiB"},
    402: {"model": Refused, "description": "No credits left: the same key again, after a top-up"},
}


def wrong_field(location: Sequence[str], message: str, kind: str) -> RequestValidationError:
    """Make a 422 about one field, for what its model alone cannot know."""
    return RequestValidationError([{"loc": tuple(location), "msg": message, "type": kind}])


def install(service: FastAPI) -> None:
    """Give every refusal of a service its documented body."""
    service.add_exception_handler(RequestValidationError, _invalid)
    service.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, _wrong_verb)
    service.add_exception_handler(Exception, _broken)


async def _invalid(_: Request, refusal: Exception) -> JSONResponse:
    errors = refusal.errors() if isinstance(refusal, RequestValidationError) else ()
    if any(error["type"] == "json_invalid" for error in errors):
        return JSONResponse({"detail": "The body is not valid JSON."}, 400)
    wrong = [{part: error[part] for part in ("loc", "msg", "type")} for error in errors]
    return JSONResponse({"detail": wrong}, 422)


async def _wrong_verb(request: Request, _: Exception) -> JSONResponse:
    # Each verb of an address is a route of its own and knows of no other; the document knows all.
    verbs = request.app.openapi()["paths"].get(request.url.path, ["get"])
    allowed = ", ".join(sorted(verb.upper() for verb in verbs))
    return JSONResponse({"detail": "Method Not Allowed"}, 405, {"Allow": allowed})


async def _broken(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"detail": "The sandbox failed. Its log says why."}, 500)
