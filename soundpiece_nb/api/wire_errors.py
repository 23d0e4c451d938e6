"""The errors of httpx as those of this package, which hold no request, key or URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from .errors import Unreachable


@contextmanager
def translated() -> Iterator[None]:
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
    except (httpx.HTTPError, OSError):  # TLS that was disturbed comes as it is
        raise Unreachable("The connection broke off.") from None
