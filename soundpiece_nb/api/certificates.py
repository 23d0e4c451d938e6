"""Certificates of the authorities that are trusted: SSL_CERT_FILE, SSL_CERT_DIR, else certifi's."""

from __future__ import annotations

import functools
import os
import re
import ssl
import stat
from pathlib import Path

import httpx

from soundpiece_nb.shown_text import quoted

from .errors import Unreachable

FILE, FOLDER, KEY_LOG = "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"
_UNREAD = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_BY_HASH = re.compile(r"[0-9a-f]{8}\.\d+")


def trusted_certificates() -> ssl.SSLContext:
    """Return a TLS context that trusts them; raises Unreachable where they cannot be read.

    It is made once, which takes 40 ms, and anew when the environment or the file has changed.
    """
    variable = _variable()
    if variable is None:
        return _context(None, 0)
    path = os.environ[variable]
    try:
        changed = _check_folders(path) if variable == FOLDER else _check_file(Path(path))
    except OSError as error:
        raise _unreadable(variable, error.strerror or str(error)) from None
    return _context(f"{variable}={path}", changed)


def nobody_trusted() -> ssl.SSLContext:
    """Return a TLS context that trusts nobody, for what is sent without TLS."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def told_source() -> str:
    """Return where the trusted authorities are from, and what else would be a place for them."""
    variable = _variable()
    unread = next((name for name in _UNREAD if os.environ.get(name)), None)
    if variable is not None:
        return f"Trusted are those of {variable}, {quoted(os.environ[variable])}."
    if unread is not None:
        return f"{unread} is not read here; set {FILE} to the same file."
    return f"Set {FILE} to a PEM file that holds its authority as well."


def _variable() -> str | None:
    return next((name for name in (FILE, FOLDER) if os.environ.get(name)), None)


@functools.lru_cache(maxsize=2)
def _context(_named: str | None, _changed: int) -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except ssl.SSLError:
        raise _unreadable(_variable() or "certifi", "it holds no certificate in PEM") from None
    except OSError as error:
        log = os.environ.get(KEY_LOG)
        variable = KEY_LOG if log and not _can_append(log) else _variable() or "certifi"
        raise _unreadable(variable, error.strerror or str(error)) from None


def _check_file(path: Path) -> int:
    """Return when a file was changed; refuses what OpenSSL would wait at, such as a pipe."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is no file")
    return status.st_mtime_ns


def _check_folders(paths: str) -> int:
    """Return the number of certificates in folders; refuses those that OpenSSL reads none of."""
    folders = [Path(path) for path in paths.split(os.pathsep) if path]
    there = [folder for folder in folders if folder.is_dir()] or folders
    names = (found.name for folder in there for found in folder.iterdir())
    found = sum(_BY_HASH.fullmatch(name) is not None for name in names)
    if not found:
        raise OSError("it holds no certificates under the names that `openssl rehash` gives them")
    return found


def _can_append(path: str) -> bool:
    try:
        with Path(path).open("a"):
            return True
    except OSError:
        return False


def _unreadable(variable: str, reason: str) -> Unreachable:
    value = os.environ.get(variable)
    named = f"{variable} is {quoted(value)}, which" if value else f"The file of {variable}"
    return Unreachable(
        f"{named} cannot be used: {reason[:1].lower()}{reason[1:]}.",
        next=f"Correct {variable}, or unset it." if value else f"Install {variable} again.",
        never=True,
        undelivered=True,
    )
