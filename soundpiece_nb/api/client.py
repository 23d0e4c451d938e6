"""The HTTP client: one call, one exchange (submit, read, download). Repeating is decided above.

Separate pools keep a held long poll from delaying a PUT or a download. The API key goes to the
base URL's own origin only: redirects are not followed there, and downloads carry no key.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlsplit

import httpx

from . import log_filter
from .address import is_loopback
from .answer import Answer, read_answer
from .bounded_body import parse_json, read_body
from .connection_pool import Pool
from .connection_trace import ConnectionTrace
from .descriptor_limits import Places, make_places
from .download import Download, Part, read_download
from .download_addresses import DownloadAddresses
from .entity_tag import strong_etag
from .errors import Unreachable, Unreadable
from .making_way import making_way
from .refusals import read_refusal
from .request import Request
from .transport import Transport
from .wire_errors import translated

__all__ = ["HOLD", "REQUEST_TIMEOUT", "Client", "Download", "Part"]

HOLD = 20.0
"""Seconds the service holds a long poll (stated in its documentation)."""

REQUEST_TIMEOUT = 20.0
"""Seconds an exchange may take beyond what the service is asked to hold it, by default."""

CONNECT_TIMEOUT = 10.0
MOST_REDIRECTS = 5


class _BearerKey(httpx.Auth):
    """The Authorization header, kept out of any `repr`, traceback or header dictionary."""

    def __init__(self, api_key: str) -> None:
        self._header = f"Bearer {api_key}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._header
        yield request


class _NoCookies(CookieJar):
    """A jar that stays empty: nobody here logs in, and a server could fill it without end."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Leave what an answer wants to be kept."""


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
        local = is_loopback(urlsplit(base_url).hostname or "")
        self._known: set[str] = set()
        self._addresses = DownloadAddresses(base_url, local=local, known=self._known)
        auth = _BearerKey(api_key)
        log_filter.silence_this_thread()
        places = make_places() if places is None else places
        self._control = Pool(self._maker(auth), places.control)
        self._polls = Pool(self._maker(auth), places.polls)
        self._downloads = Pool(self._maker(), places.downloads)

    def __repr__(self) -> str:
        return f"Client({self._base_url!r})"

    async def submit(self, request: Request) -> Answer:
        """PUT a request; raises WireFailure."""
        payload = await self._exchange(
            self._control,
            "PUT",
            request.route.path,
            content=request.body,
            headers={"Content-Type": "application/json"},
        )
        return read_answer(payload, key=request.key)

    async def read(
        self, route: str, operation_id: str, *, wait: bool, key: str | None = None
    ) -> Answer:
        """GET an operation; with `wait`, the service holds the request until it has ended.

        Where every place for a long poll is taken, it is asked without `wait` rather than not at
        all; the answer's `held` tells. An answer that is about another operation, or one made
        under another key than `key`, is not believed. Raises WireFailure.
        """
        held = wait and not self._polls.full
        params = {"id": operation_id, "wait": "true"} if held else {"id": operation_id}
        pool, hold = (self._polls, self._hold) if held else (self._control, 0.0)
        payload = await self._exchange(pool, "GET", route, hold=hold, params=params)
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
        async with self._downloads.borrow() as client, making_way(self._downloads) as place:
            with translated():
                async with asyncio.timeout(patience):
                    response = await self._follow(client, url, headers, patience)
            try:
                found = read_download(
                    response, offset, now=self._now(), patience=patience, most=most
                )
                yield dataclasses.replace(found, chunks=place.counted(found.chunks))
            finally:
                await response.aclose()

    async def close(self) -> None:
        """Close all connections; what is under way is cut off."""
        for pool in (self._control, self._polls, self._downloads):
            await pool.close()

    async def _exchange(
        self, pool: Pool, method: str, route: str, *, hold: float = 0.0, **options: Any
    ) -> Any:
        """Return the JSON of an answer; raises WireFailure, Refusal for an HTTP error."""
        seconds = hold + self._request_timeout()
        with translated():
            address = httpx.URL(f"{self._base_url}/{route}")
            options["extensions"] = {"trace": ConnectionTrace(address)}
            async with (
                pool.borrow() as client,
                asyncio.timeout(seconds),
                client.stream(method, address, timeout=_silence(seconds), **options) as response,
            ):
                if not response.is_success:
                    raise await read_refusal(response, self._now())
                body = await read_body(response)
                self._addresses.answered(response)
        return _decode(body)

    async def _follow(
        self, client: httpx.AsyncClient, url: str, headers: dict[str, str], patience: float
    ) -> httpx.Response:
        """Return the answer at the end of at most five redirects, with its body still to come."""
        address = httpx.URL(url)
        for _ in range(1 + MOST_REDIRECTS):
            await self._addresses.check(address)
            request = client.build_request(
                "GET",
                address,
                headers=headers,
                timeout=_silence(patience),
                extensions={"trace": ConnectionTrace(address, self._addresses.check_peer)},
            )
            response = await client.send(request, stream=True)
            if response.next_request is None:
                return response
            address = response.next_request.url
            await response.aclose()
        raise Unreachable("The service's download address leads in a circle.", never=True)

    def _maker(self, auth: httpx.Auth | None = None) -> Callable[[httpx.Limits], httpx.AsyncClient]:
        return lambda limits: httpx.AsyncClient(
            auth=auth,
            cookies=_NoCookies(),
            transport=Transport(limits, self._known),
            trust_env=False,
            headers={"User-Agent": "soundpiece_nb", "Accept-Encoding": "identity"},
        )


def _silence(seconds: float) -> httpx.Timeout:
    """Bear this many seconds in which nothing comes; httpx itself knows no limit of the whole.

    A little less for what comes before the request is sent, so that it is known not to have been.
    """
    connect = min(0.9 * seconds, CONNECT_TIMEOUT)
    return httpx.Timeout(seconds, connect=connect, pool=CONNECT_TIMEOUT)


def _decode(body: bytes) -> Any:
    try:
        return parse_json(body)
    except ValueError:
        raise Unreadable(_unreadable_words(body)) from None


def _unreadable_words(body: bytes) -> str:
    if body.lstrip()[:1] == b"<":
        return "A web page came instead of the service's answer (a login page or proxy, perhaps)."
    return "The service's answer was cut off or is not JSON."
