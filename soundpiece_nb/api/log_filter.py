"""Log filter: httpx and httpcore are kept from logging what must not be logged.

httpx writes whole URLs, signed ones too, at INFO, and httpcore writes headers at DEBUG. The
threads that talk to Soundpiece are kept out of both; everybody else's records pass.
"""

from __future__ import annotations

import logging
import threading

_LOGGERS = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)
_here = threading.local()


def silence_this_thread() -> None:
    """Drop what httpx and httpcore log from the calling thread, from now on."""
    _here.silent = True
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_passes)  # adding the same filter twice adds it once


def _passes(_: logging.LogRecord) -> bool:
    return not getattr(_here, "silent", False)
