"""The admin endpoints: faults and credits at run time, protected by a token of their own."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from soundpiece_sandbox.api.account_limits import Credits
from soundpiece_sandbox.api.http_errors import Invalid, Refused, field_error
from soundpiece_sandbox.faults.fault import Fault, Faults

_token_scheme = HTTPBearer(
    auto_error=False, scheme_name="Admin token", description="The value of --admin-token"
)

_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refused, "description": "The body is not JSON"},
    401: {"model": Refused, "description": "The admin's token is missing"},
    403: {"model": Refused, "description": "Not the admin's token, or none was set"},
    408: {"model": Refused, "description": "The body took too long to arrive"},
    413: {"model": Refused, "description": "The body is over 1 MiB"},
    422: {"model": Invalid, "description": "A field is wrong"},
}


def _require(token: str | None) -> Callable[..., Awaitable[None]]:
    """Return a dependency that checks the admin's token; without a token it refuses everybody."""

    async def require_token(
        shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_token_scheme)],
    ) -> None:
        if shown is None:
            needed = {"WWW-Authenticate": "Bearer"}
            raise HTTPException(401, "This takes the admin's token.", headers=needed)
        if token is None:
            raise HTTPException(403, "Start the sandbox with --admin-token to open this.")
        if not hmac.compare_digest(shown.credentials.encode(), token.encode()):
            raise HTTPException(403, "This is not the admin's token.")

    return require_token


def admin_router(token: str | None, faults: Faults, credits_left: Credits) -> APIRouter:
    """Return a router with the endpoints; without a ``token`` they refuse everybody."""
    router = APIRouter(
        prefix="/sandbox",
        tags=["Sandbox"],
        dependencies=[Depends(_require(token))],
        responses=_ERRORS,
    )

    @router.get("/faults", summary="List the active faults")
    async def list_faults() -> list[dict[str, Any]]:
        return [{**fault.model_dump(), "struck": fault.struck} for fault in faults]

    @router.post("/faults", status_code=201, summary="Activate a fault")
    async def add_fault(fault: Annotated[Fault | str, Body()]) -> dict[str, Any]:
        if isinstance(fault, str):
            try:
                fault = Fault.parse(fault)
            except ValueError as error:
                raise field_error(["body"], str(error), "fault") from None
        faults.add(fault)
        return fault.model_dump()

    @router.delete("/faults", status_code=204, summary="Deactivate all faults")
    async def clear_faults() -> None:
        faults.clear()

    @router.post("/credits", summary="Add credits")
    async def add_credits(count: Annotated[int, Query(ge=1, le=1_000_000)]) -> dict[str, Any]:
        credits_left.add(count)
        return {"balance": credits_left.balance}

    return router
