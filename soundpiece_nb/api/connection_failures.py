"""Failures before a request was sent, put into words: names, proxies, TLS and its certificates.

Nothing of the request has left then, so all of them are `undelivered`. What no repetition mends is
said at once: a certificate, a proxy that refuses, a port that speaks something else. A name that
nobody knows, and a proxy that does not listen, are mistyped unless they have served this client
before: then it is the network, or a restart, and may pass. A service that does not listen may be
starting.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from http import HTTPStatus

import httpx

from .certificates import told_source
from .connection_trace import ConnectionTrace
from .errors import Unreachable
from .proxies import Proxy


@dataclass(frozen=True)
class Attempt:
    """A request that was to be sent; `known` says that it has led to an answer before."""

    url: httpx.URL
    proxy: Proxy | None
    known: bool
    trace: ConnectionTrace

    @property
    def host(self) -> str:
        """The host that is asked, with its port where that is not the usual one."""
        host = f"[{self.url.host}]" if ":" in self.url.host else self.url.host
        return host if self.url.port is None else f"{host}:{self.url.port}"

    @property
    def reached(self) -> Proxy | None:
        """The proxy while it has not connected to the host yet; None where the host itself is."""
        return None if self.trace.tunnelled else self.proxy

    @property
    def subject(self) -> str:
        """The proxy or host that it broke off at, as a sentence names it."""
        return f"the proxy {self.reached}" if self.reached else self.host

    @property
    def through(self) -> str:
        """The proxy that has connected to the host, as it follows the host's name; or nothing."""
        if self.proxy is None or self.reached:
            return ""
        return f", reached through the proxy {self.proxy},"


def connection_failure(error: Exception, attempt: Attempt) -> Unreachable:
    """Return what kept a request from being sent."""
    if isinstance(error, httpx.ProxyError) and attempt.proxy:
        return _refused_by_proxy(str(error), attempt, attempt.proxy)
    match _cause(error):
        case ssl.SSLError() as cause:
            return _no_tls(cause, attempt)
        case OSError() as cause:
            return _no_connection(cause, attempt)
        case UnicodeError() | OverflowError():
            return _final(f"{attempt.subject} is not the address of a host.")
        case _:
            return _broken_off(attempt)


def refused_by_tls(error: Exception, attempt: Attempt) -> Unreachable | None:
    """Return the failure of a server that ends TLS for want of a certificate of ours, else None.

    By TLS 1.3 it may say so after the request has left, which it has not read then.
    """
    cause = _cause(error)
    if isinstance(cause, ssl.SSLError) and "ALERT" in (cause.reason or ""):
        return _no_tls(cause, attempt)
    return None


def name_failure(error: OSError, name: str, so: str, *, known: bool) -> Unreachable:
    """Return the failure of looking a name up, so that something cannot be reached.

    A name server that says there is no such name is believed. One that gives no answer, as to a
    laptop that is off line, says nothing of the name; and one `known` to have answered exists.
    """
    if isinstance(error, socket.gaierror) and error.errno in _NO_SUCH_NAME:
        what = f"{so}: nobody knows the name {name}."
        remedy = "Check how it is spelled, and whether this machine is on line (or in its VPN)."
        return _failure(what, remedy, never=not known)
    return _failure(f"{so}: {name} cannot be looked up. Is this machine off line?")


def speaks_tls(subject: str, remedy: str) -> Unreachable:
    """Return the failure of plain http at a port that speaks TLS."""
    return _final(f"{subject} speaks TLS, and was spoken to without.", remedy)


def _refused_by_proxy(answer: str, attempt: Attempt, proxy: Proxy) -> Unreachable:
    """Return what a proxy means that makes no connection for us."""
    variable = proxy.named_by
    status = int(answer[:3]) if re.match(r"\d{3}\b", answer) else 0
    code = f" ({status})" if status else ""
    socks_wants_it = not status and any(word in answer for word in ("AUTH", "password"))
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED or socks_wants_it:
        what = f"the proxy {proxy} wants a user and password, or others than these{code}."
        return _final(what, f"Write USER:PASSWORD@ before its host in {variable}, %-encoded.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
        return _failure(f"the proxy {proxy} cannot reach {attempt.host} at the moment ({status}).")
    if status or "not allowed" in answer:
        what = f"the proxy {proxy} does not let this machine reach {attempt.host}{code}."
        return _final(
            what, f"Ask who runs it; or name the host in NO_PROXY, or correct {variable}."
        )
    return _failure(f"the proxy {proxy} cannot reach {attempt.host}.")


def _no_connection(error: OSError, attempt: Attempt) -> Unreachable:
    subject = attempt.subject
    if isinstance(error, socket.gaierror):
        name = attempt.reached.address.host if attempt.reached else attempt.url.host
        so = f"{subject} cannot be found" if attempt.reached else _SILENT
        return name_failure(error, name, so, known=attempt.known)
    if isinstance(error, ConnectionRefusedError):
        return _unless_known(f"{subject} refuses connections: nothing listens there.", attempt)
    if error.errno in _OFF_LINE:
        return _failure(f"{_SILENT}. No network leads to {subject}: is this machine off line?")
    if isinstance(error, TimeoutError):
        return _unless_known(f"{subject} did not answer in time.", attempt)
    return _broken_off(attempt)


def _broken_off(attempt: Attempt) -> Unreachable:
    kind = ": it may be a proxy of another kind" if attempt.reached else ""
    return _unless_known(
        f"{attempt.subject}{attempt.through} broke the connection off{kind}.", attempt
    )


def _no_tls(error: ssl.SSLError, attempt: Attempt) -> Unreachable:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _bad_certificate(error, attempt)
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return _broken_off(attempt)
    if error.reason not in _NOT_TLS:
        reason = (error.reason or "no reason").replace("_", " ").lower()
        return _final(f"{attempt.subject} agrees on no TLS connection: {reason}.")
    remedy = "Check the address and its port: it may have to begin with http://."
    if attempt.reached:
        remedy = f"Write it as http:// in {attempt.reached.named_by}, or check its port."
    return _final(f"{attempt.subject} does not speak TLS at this port.", remedy)


def _bad_certificate(error: ssl.SSLCertVerificationError, attempt: Attempt) -> Unreachable:
    today = f"This machine's clock says {datetime.now(UTC):%Y-%m-%d}"
    match error.verify_code:
        case _Verify.EXPIRED:
            problem, remedy = "has expired", f"{today}: if that is wrong, set it right."
        case _Verify.NOT_YET_VALID:
            problem, remedy = "is not valid yet", f"{today}: set it right."
        case _Verify.OTHER_HOST | _Verify.OTHER_ADDRESS:
            problem = "is for another host"
            remedy = "Check the address; a network's login page may have answered instead."
        case code if code in _UNTRUSTED:
            problem = "is of no authority that is trusted here"
            remedy = "A company's proxy or a virus scanner that reads along shows such a one. "
            remedy += told_source()
        case _:
            problem, remedy = f"is not accepted ({error.verify_message})", told_source()
    return _final(f"the certificate of {attempt.subject}{attempt.through} {problem}.", remedy)


def _cause(error: Exception) -> BaseException:
    """Return the error of the system or of TLS that the libraries have wrapped."""
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return TimeoutError()
    found = list(_chain(error))
    for kind in (ssl.SSLError, UnicodeError, OverflowError):
        for each in found:
            if isinstance(each, kind):
                return each
    numbered = (each for each in found if isinstance(each, OSError) and each.errno)
    return next(numbered, error)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from _chain(each)
        error = error.__cause__ or error.__context__


def _final(what: str, remedy: str = "") -> Unreachable:
    return _failure(what, remedy, never=True)


def _unless_known(what: str, attempt: Attempt) -> Unreachable:
    """Return a failure that may pass; not so at a proxy that was never good."""
    if attempt.reached is None:  # the service itself, which may be starting
        return _failure(f"{_SILENT}. {what}")
    remedy = f"Check {attempt.reached.named_by}, and that the proxy runs."
    return _failure(what, remedy, never=not attempt.known)


def _failure(what: str, remedy: str = "", *, never: bool = False) -> Unreachable:
    sentence = f"{what[0].upper()}{what[1:]}" if what.startswith("the ") else what
    return Unreachable(sentence, next=remedy, never=never, undelivered=True)


_SILENT = "The service cannot be reached"


class _Verify(IntEnum):
    """OpenSSL's codes of what is wrong with a certificate, `x509_vfy.h`."""

    NOT_YET_VALID = 9
    EXPIRED = 10
    OTHER_HOST = 62
    OTHER_ADDRESS = 64


_UNTRUSTED = {18, 19, 20, 21, 24, 27}
"""Self-signed itself or at its end, without a known issuer, or with one that may issue none."""
_NOT_TLS = {
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "UNKNOWN_PROTOCOL",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
    "UNEXPECTED_MESSAGE",
}
_NO_SUCH_NAME = {getattr(socket, name, None) for name in ("EAI_NONAME", "EAI_NODATA")}
_OFF_LINE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
