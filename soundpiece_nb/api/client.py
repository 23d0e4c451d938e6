"""The HTTP client: one call, one exchange (submit, read, download). Repeating is decided above.

Separate pools keep a held long poll from delaying a PUT or a download. The API key goes to the
base URL's own origin only: redirects are not followed there, and downloads carry no key.
"""

from __future__ import annotations

import asyncio
import functools
import json
import ssl
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx

from . import log_filter
from .address import is_loopback, may_download
from .answer import Answer, read_answer
from .connection_pool import Pool
from .errors import Refusal, Unreachable, Unreadable
from .redaction import scrub
from .request import Request
from .retry_policy import read_date, read_retry_after

HOLD = 20.0
"""Seconds the service holds a long poll (stated in its documentation)."""

REQUEST_TIMEOUT = 20.0
"""Seconds an exchange may take beyond what the service is asked to hold it, by default."""

CONNECT_TIMEOUT = 10.0
MOST_CONTROL, MOST_POLLS, MOST_DOWNLOADS = 32, 512, 8
LARGEST_ANSWER = 4 * 1024 * 1024


class _BearerKey(httpx.Auth):
    """The Authorization header, kept out of any `repr`, traceback or header dictionary."""

    def __init__(self, api_key: str) -> None:
        self._header = f"Bearer {api_key}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._header
        yield request


class Part(Enum):
    """The part of a file that a download's answer holds."""

    COMING = "the bytes from the offset on"
    COMPLETE = "nothing: all of them are there already"
    STALE = "nothing: what is there is not of this file"


@dataclass(frozen=True)
class Download:
    """A download under way: `offset` is where its first byte belongs, `total` the whole length.

    `offset` is 0 where the server started over instead of going on. `total` is None where the
    server does not say.
    """

    chunks: AsyncIterator[bytes]
    offset: int
    total: int | None
    etag: str | None
    part: Part = Part.COMING


class Client:
    """A connection to one service under one key; belongs to one event loop.

    `request_timeout` is asked before each exchange for the seconds it may take, beyond what a poll
    is held; of a download, for the seconds of silence in it.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        hold: float = HOLD,
        request_timeout: Callable[[], float] = lambda: REQUEST_TIMEOUT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._base_url = base_url
        self._hold = hold
        self._request_timeout = request_timeout
        self._now = now
        self._local = is_loopback(urlsplit(base_url).hostname or "")
        auth = _BearerKey(api_key)
        log_filter.silence_this_thread()
        self._control = Pool(self._maker(auth=auth), MOST_CONTROL)
        self._polls = Pool(self._maker(auth=auth), MOST_POLLS)
        self._downloads = Pool(self._maker(follow=True), MOST_DOWNLOADS)

    def __repr__(self) -> str:
        return f"Client({self._base_url!r})"

    async def submit(self, request: Request) -> Answer:
        """PUT a request; raises WireFailure."""
        return await self._exchange(
            self._control,
            "PUT",
            request.route.path,
            content=request.body,
            headers={"Content-Type": "application/json"},
        )

    async def read(self, route: str, operation_id: str, *, wait: bool) -> Answer:
        """GET an operation; with `wait`, the service holds the request until it has ended.

        Raises WireFailure.
        """
        params = {"id": operation_id, "wait": "true"} if wait else {"id": operation_id}
        pool, held = (self._polls, self._hold) if wait else (self._control, 0.0)
        return await self._exchange(pool, "GET", route, held=held, params=params)

    @asynccontextmanager
    async def download(
        self, url: str, *, offset: int = 0, etag: str | None = None
    ) -> AsyncIterator[Download]:
        """Stream a signed URL from `offset` on, if `etag` still names the same file.

        No Authorization is sent, and no compression accepted, so that offsets are bytes of the
        file. Raises WireFailure.
        """
        headers = {"Accept-Encoding": "identity"}
        if offset and etag:
            headers |= {"Range": f"bytes={offset}-", "If-Range": etag}
        with _translated():
            async with (
                self._downloads.borrow() as client,
                client.stream(
                    "GET", url, headers=headers, timeout=_silence(self._request_timeout())
                ) as response,
            ):
                yield _read_download(response, offset, self._now())

    async def close(self) -> None:
        """Close all connections; what is under way is cut off."""
        for pool in (self._control, self._polls, self._downloads):
            await pool.close()

    async def _exchange(
        self, pool: Pool, method: str, route: str, *, held: float = 0.0, **options: Any
    ) -> Answer:
        address = f"{self._base_url}/{route}"
        seconds = held + self._request_timeout()
        with _translated():
            async with (
                pool.borrow() as client,
                asyncio.timeout(seconds),
                client.stream(method, address, timeout=_silence(seconds), **options) as response,
            ):
                body = await _read_body(response)
        if not response.is_success:
            raise _refusal(response, body, self._now())
        return read_answer(_decode(body))

    def _maker(self, *, auth: httpx.Auth | None = None, follow: bool = False) -> Any:
        return lambda limits: httpx.AsyncClient(
            auth=auth,
            follow_redirects=follow,
            limits=limits,
            verify=_trust(),
            trust_env=not self._local,
            headers={"User-Agent": "soundpiece_nb"},
            event_hooks={"request": [self._check_download]} if follow else None,
        )

    async def _check_download(self, request: httpx.Request) -> None:
        """Refuse a download address, also one that was redirected to, that is in the open."""
        if not may_download(str(request.url), from_loopback=self._local):
            raise Unreachable("The service named a download address that is not https.", never=True)


def _silence(seconds: float) -> httpx.Timeout:
    """Bear this many seconds in which nothing comes; httpx itself knows no limit of the whole."""
    return httpx.Timeout(seconds, connect=min(seconds, CONNECT_TIMEOUT), pool=CONNECT_TIMEOUT)


@functools.cache
def _trust() -> ssl.SSLContext:
    """One TLS context for all clients: building it is what makes a client slow to make."""
    return httpx.create_ssl_context()


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the errors of httpx into WireFailure, without its request, key or URL."""
    try:
        yield
    except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.TooManyRedirects):
        raise Unreachable("The service's address is not usable.", never=True) from None
    except httpx.InvalidURL:
        raise Unreachable("The service named an unusable address.", never=True) from None
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        raise Unreachable("The service cannot be reached.", undelivered=True) from None
    except (httpx.TimeoutException, TimeoutError):
        raise Unreachable("The service did not answer in time.") from None
    except httpx.HTTPError:
        raise Unreachable("The connection broke off.") from None


async def _read_body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise Unreadable("The service's answer is too long to be one.")
    return bytes(body)


def _decode(body: bytes) -> object:
    try:
        return _read_json(body)
    except (ValueError, RecursionError):
        raise Unreadable(_unreadable_words(body)) from None


def _read_json(body: bytes) -> Any:
    """Read JSON; half of a surrogate pair, which can be spelled there but not kept, becomes `?`."""
    whole = json.dumps(json.loads(body), ensure_ascii=False).encode(errors="replace")
    return json.loads(whole)


def _unreadable_words(body: bytes) -> str:
    if body.lstrip()[:1] == b"<":
        return "A web page came instead of the service's answer (a login page or proxy, perhaps)."
    return "The service's answer was cut off or is not JSON."


def _refusal(response: httpx.Response, body: bytes, now: datetime) -> Refusal:
    # The service's dates are of the service's clock: this machine's may be years away.
    now = read_date(response.headers.get("Date")) or now
    named = read_retry_after(response.headers.get("Retry-After"), now)
    return Refusal(response.status_code, scrub(_refusal_words(body)), retry_after=named)


def _refusal_words(body: bytes) -> str:
    """Put `{"detail": …}`, text or a list of `loc` and `msg`, into words."""
    try:
        detail = _read_json(body)["detail"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "The service gave no reason."
    if isinstance(detail, list):
        return "; ".join(_field_words(entry) for entry in detail) or "A field is wrong."
    return str(detail)


def _field_words(entry: object) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    location = entry.get("loc")
    parts = location if isinstance(location, list) else []
    where = ".".join(str(part) for part in parts if part != "body")
    return f"{where}: {entry.get('msg')}" if where else str(entry.get("msg"))


def _read_download(response: httpx.Response, offset: int, now: datetime) -> Download:
    etag = response.headers.get("ETag")
    strong = etag if etag and not etag.startswith("W/") else None
    length = _number(response.headers.get("Content-Length"))
    match response.status_code:
        case HTTPStatus.OK:
            return Download(response.aiter_raw(), 0, length, strong)
        case HTTPStatus.PARTIAL_CONTENT:
            first, total = _content_range(response.headers.get("Content-Range", ""))
            if first != offset:
                raise Unreadable("The download server sent another part than was asked for.")
            return Download(response.aiter_raw(), offset, total, strong)
        case HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            _, total = _content_range(response.headers.get("Content-Range", ""))
            here = Part.COMPLETE if total == offset else Part.STALE
            return Download(response.aiter_raw(), offset, total, strong, here)
        case _:
            raise _refusal(response, b"", now)


def _content_range(value: str) -> tuple[int | None, int | None]:
    """Read `bytes 5-9/10` and `bytes */10` as (first byte, total)."""
    span, _, total = value.removeprefix("bytes ").partition("/")
    return _number(span.partition("-")[0]), _number(total)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
