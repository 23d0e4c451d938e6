"""The HTTP client: one call, one exchange (submit, read, download). Repeating is decided above.

Separate limits keep a held long poll from delaying a PUT or a download. The API key goes to the
base URL's own origin only: redirects are not followed there, and downloads carry no key.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from . import log_filter
from .address import is_loopback
from .answer import Answer, read_answer
from .bounded_body import parse_json, read_body
from .connection_trace import ConnectionTrace, PeerCheck
from .descriptor_limits import Places, make_places
from .download import Download, Part, read_download
from .download_addresses import DownloadAddresses
from .entity_tag import strong_etag
from .errors import Unreachable, Unreadable
from .making_way import making_way
from .refusals import read_refusal
from .request import Request
from .request_limit import NoRoom, RequestLimit
from .transport import Transport
from .wire_errors import translated

__all__ = ["HOLD", "REQUEST_TIMEOUT", "Client", "Download", "Part"]

HOLD = 20.0
"""Seconds the service holds a long poll (stated in its documentation)."""

REQUEST_TIMEOUT = 20.0
"""Seconds an exchange may take beyond what the service is asked to hold it, by default."""

CONNECT_TIMEOUT = 10.0
MOST_REDIRECTS = 5


class _BearerKey:
    """The Authorization header, kept out of any `repr` or traceback."""

    def __init__(self, api_key: str) -> None:
        self._header = f"Bearer {api_key}"

    def added_to(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return headers with this one; httpx shows it in no `repr` of a request."""
        return {**headers, "Authorization": self._header}


_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "soundpiece_nb"}


class Client:
    """A connection to one service under one key; belongs to one event loop.

    `request_timeout` is asked before each exchange for the seconds it may take, beyond what a poll
    is held; of a download, until its first bytes come, and for those that follow (`LEAST_RATE`).
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        hold: float = HOLD,
        request_timeout: Callable[[], float] = lambda: REQUEST_TIMEOUT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        places: Places | None = None,
    ) -> None:
        """Connect to nothing yet; `places` are as many as the process's descriptors allow."""
        self._base_url = base_url
        self._hold = hold
        self._request_timeout = request_timeout
        self._now = now
        self._key = _BearerKey(api_key)
        log_filter.silence_this_thread()
        places = make_places() if places is None else places
        self._control = RequestLimit(places.control)
        self._polls = RequestLimit(places.polls)
        self._downloads = RequestLimit(places.downloads)
        self._transport = Transport(places.control + places.polls + places.downloads)
        local = is_loopback(urlsplit(base_url).hostname or "")
        self._addresses = DownloadAddresses(base_url, local=local, known=self._transport.known)

    def __repr__(self) -> str:
        return f"Client({self._base_url!r})"

    async def submit(self, request: Request) -> Answer:
        """PUT a request; raises WireFailure."""
        async with self._control.place():
            payload = await self._exchange("PUT", request.route.path, body=request.body)
        return read_answer(payload, key=request.key)

    async def read(
        self, route: str, operation_id: str, *, wait: bool, key: str | None = None
    ) -> Answer:
        """GET an operation; with `wait`, the service holds the request until it has ended.

        Where every place for a long poll is taken for as long as one is held, it is asked without
        `wait` rather than not at all; the answer's `held` tells. An answer that is about another
        operation, or one made under another key than `key`, is not believed. Raises WireFailure.
        """
        asked, held = f"{route}?id={quote(operation_id, safe='')}", wait
        if held:
            try:
                async with self._polls.place(within=self._hold):
                    payload = await self._exchange("GET", f"{asked}&wait=true", hold=self._hold)
            except NoRoom:
                held = False
        if not held:
            async with self._control.place():
                payload = await self._exchange("GET", asked)
        answer = read_answer(payload, operation_id=operation_id, key=key)
        return dataclasses.replace(answer, held=held)

    @asynccontextmanager
    async def download(
        self, url: str, *, offset: int = 0, etag: str | None = None, most: int | None = None
    ) -> AsyncIterator[Download]:
        """Stream a signed URL from `offset` on, if `etag` still names the same file.

        No Authorization is sent, and no compression accepted, so that offsets are bytes of the
        file. Redirects are followed to where a download may lead, their bodies not read. Raises
        WireFailure, also where it comes slowly and others wait for its place; for good where the
        file has more than `most` bytes.
        """
        usable = strong_etag(etag)
        headers = {"Range": f"bytes={offset}-", "If-Range": usable} if offset and usable else {}
        patience = self._request_timeout()
        async with self._downloads.place(), making_way(self._downloads) as place:
            with translated():
                async with asyncio.timeout(patience):
                    response = await self._follow(url, headers, patience)
            try:
                found = read_download(
                    response, offset, now=self._now(), patience=patience, most=most
                )
                yield dataclasses.replace(found, chunks=place.counted(found.chunks))
            finally:
                await response.aclose()

    async def close(self) -> None:
        """Close all connections; what is under way breaks off."""
        await self._transport.close()

    async def _exchange(
        self, method: str, target: str, *, body: bytes | None = None, hold: float = 0.0
    ) -> Any:
        """Return the JSON of an answer; raises WireFailure, Refusal for an HTTP error."""
        seconds = hold + self._request_timeout()
        headers = self._key.added_to(_HEADERS if body is None else {**_HEADERS, **_JSON})
        with translated():
            address = httpx.URL(f"{self._base_url}/{target}")
            request = _request(method, address, headers, seconds, body=body)
            async with asyncio.timeout(seconds):
                response = await self._transport.send(request)
                try:
                    if not response.is_success:
                        raise await read_refusal(response, self._now())
                    answer = await read_body(response)
                    self._addresses.answered(response)
                finally:
                    await response.aclose()
        return _decode(answer)

    async def _follow(self, url: str, headers: dict[str, str], patience: float) -> httpx.Response:
        """Return the answer at the end of at most five redirects, with its body still to come."""
        address = httpx.URL(url)
        for _ in range(1 + MOST_REDIRECTS):
            await self._addresses.check(address)
            check = self._addresses.check_peer
            request = _request("GET", address, {**_HEADERS, **headers}, patience, check=check)
            response = await self._transport.send(request)
            if not response.has_redirect_location:
                return response
            await response.aclose()
            address = address.join(response.headers["Location"])
        raise Unreachable("The service's download address leads in a circle.", never=True)


_JSON = {"Content-Type": "application/json"}


def _request(
    method: str,
    address: httpx.URL,
    headers: Mapping[str, str],
    seconds: float,
    *,
    body: bytes | None = None,
    check: PeerCheck | None = None,
) -> httpx.Request:
    """Return a request that bears so many seconds of silence; `check` may refuse its host's end."""
    watched = {"trace": ConnectionTrace(address, check), "timeout": _silence(seconds).as_dict()}
    return httpx.Request(method, address, headers=headers, content=body, extensions=watched)


def _silence(seconds: float) -> httpx.Timeout:
    """Bear this many seconds in which nothing comes; httpx itself knows no limit of the whole.

    A little less for what comes before the request is sent, so that it is known not to have been.
    """
    connect = min(0.9 * seconds, CONNECT_TIMEOUT)
    return httpx.Timeout(seconds, connect=connect)


def _decode(body: bytes) -> Any:
    try:
        return parse_json(body)
    except ValueError:
        raise Unreadable(_unreadable_words(body)) from None


def _unreadable_words(body: bytes) -> str:
    if body.lstrip()[:1] == b"<":
        return "A web page came instead of the service's answer (a login page or proxy, perhaps)."
    return "The service's answer was cut off or is not JSON."
