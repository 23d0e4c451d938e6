"""The download endpoint: sound files at signed URLs outside /v1, as storage services have them."""

from datetime import UTC, datetime
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse

from soundpiece_sandbox.store.download_links import DownloadLinks


def download_router(sounds: Path, download_links: DownloadLinks) -> APIRouter:
    """Return a router that serves the FLAC files in the folder ``sounds`` at signed URLs.

    Starlette handles Range, If-Range, a strong ETag and lengths. HEAD is refused, because the
    signature is for GET, and so is a request with an API key, as storage services refuse it.
    """
    router = APIRouter(tags=["Downloads"])

    @router.head("/files/{file}", include_in_schema=False)
    async def refuse_head(file: str) -> None:  # noqa: ARG001 - the path names it
        raise HTTPException(403, "The address is signed for GET only.")

    @router.get(
        "/files/{file}",
        summary="Download a take",
        response_class=FileResponse,
        responses={
            200: {"content": {"audio/flac": {}}},
            206: {"description": "The range asked for"},
            400: {"description": "An Authorization header, or a malformed Range"},
            403: {"description": "Expired or tampered with"},
            404: {"description": "The file is gone"},
            416: {"description": "No such range"},
        },
    )
    async def download(
        request: Request, file: str, expires: str = "", signature: str = ""
    ) -> FileResponse:
        if "authorization" in request.headers:
            raise HTTPException(400, "The address is signed: send no Authorization header with it.")
        if not download_links.is_valid_at(file, expires, signature, datetime.now(UTC)):
            raise HTTPException(403, "The address has expired or was changed.")
        path = sounds / file
        if not path.is_file():
            raise HTTPException(404, "The file is gone.")
        return FileResponse(path, media_type="audio/flac", headers={"Cache-Control": "private"})

    return router
