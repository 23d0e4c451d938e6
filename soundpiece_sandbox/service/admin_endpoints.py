"""The admin's endpoints: faults and credits at run time, behind a token of their own."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from soundpiece_sandbox.api.account_limits import Credits
from soundpiece_sandbox.api.http_errors import Invalid, Refused, wrong_field
from soundpiece_sandbox.faults.fault import Fault, Faults

_show_token = HTTPBearer(
    auto_error=False, scheme_name="Admin token", description="What --admin-token was given"
)

_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refused, "description": "The body is not JSON"},
    401: {"model": Refused, "description": "The admin's token is missing"},
    403: {"model": Refused, "description": "Not the admin's token, or there is none"},
    422: {"model": Invalid, "description": "A field is wrong"},
}


def _only_for(token: str | None) -> Callable[..., Awaitable[None]]:
    """Make the check of the admin's token; without a token it lets nobody pass."""

    async def require_token(
        shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_show_token)],
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
    """Make the endpoints; without a ``token`` they are closed to everybody."""
    router = APIRouter(
        prefix="/sandbox",
        tags=["Sandbox"],
        dependencies=[Depends(_only_for(token))],
        responses=_REFUSALS,
    )

    @router.get("/faults", summary="List the faults in force")
    async def list_faults() -> list[dict[str, Any]]:
        return [{**fault.model_dump(), "struck": fault.struck} for fault in faults]

    @router.post("/faults", status_code=201, summary="Put a fault in force")
    async def add_fault(fault: Annotated[Fault | str, Body()]) -> dict[str, Any]:
        if isinstance(fault, str):
            try:
                fault = Fault.read(fault)
            except ValueError as error:
                raise wrong_field(["body"], str(error), "fault") from None
        faults.add(fault)
        return fault.model_dump()

    @router.delete("/faults", status_code=204, summary="Let everything pass again")
    async def clear_faults() -> None:
        faults.clear()

    @router.post("/credits", summary="Top up")
    async def add_credits(count: Annotated[int, Query(ge=1, le=1_000_000)]) -> dict[str, Any]:
        credits_left.add(count)
        return {"balance": credits_left.balance}

    return router
