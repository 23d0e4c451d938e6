"""Refusals at the HTTP layer, in the documented shapes: the work never started."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

DOCUMENTED: dict[int | str, dict[str, Any]] = {
    400: {"description": "The body is not JSON"},
    401: {"description": "The key is missing, malformed or revoked"},
}

_bearer = HTTPBearer(auto_error=False, description="Any key that begins with spk_")


async def require_key(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    """Refuse (401) whoever shows no key that begins with ``spk_``, or a ``spk_revoked…`` one."""
    key = credentials.credentials if credentials else ""
    if not key:
        reason = "An API key is needed: Authorization: Bearer spk_…"
    elif not key.startswith("spk_"):
        reason = "The API key is malformed: it begins with spk_."
    elif key.startswith("spk_revoked"):
        reason = "The API key was revoked."
    else:
        return
    raise HTTPException(401, reason, headers={"WWW-Authenticate": "Bearer"})


def wrong_field(location: Sequence[str], message: str, kind: str) -> RequestValidationError:
    """Make a 422 about one field, for what only the ledger can know."""
    return RequestValidationError([{"loc": tuple(location), "msg": message, "type": kind}])


def install(service: FastAPI) -> None:
    """Give every refusal of a service its documented body."""
    service.add_exception_handler(RequestValidationError, _invalid)
    service.add_exception_handler(Exception, _broken)


async def _invalid(_: Request, refusal: Exception) -> JSONResponse:
    errors = refusal.errors() if isinstance(refusal, RequestValidationError) else ()
    if any(error["type"] == "json_invalid" for error in errors):
        return JSONResponse({"detail": "The body is not valid JSON."}, 400)
    wrong = [{part: error[part] for part in ("loc", "msg", "type")} for error in errors]
    return JSONResponse({"detail": wrong}, 422)


async def _broken(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"detail": "The sandbox failed. Its log says why."}, 500)
