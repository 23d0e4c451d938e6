"""The options of the command ``soundpiece-sandbox``."""

import argparse
import base64
import binascii
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from soundpiece_sandbox.api.account_limits import LIMITERS

if TYPE_CHECKING:
    from soundpiece_sandbox.faults.fault import Fault

Number = TypeVar("Number", int, float)

_SECRET_BYTES = range(24, 65)
"""The lengths that the Standard Webhooks specification allows."""

_EPILOG = """\
a fault is  [VERB] ROUTE TROUBLE[=VALUE] [after] [times=N] [skip=N] [chance=P] [seed=N]
            [retry_after=N]
  'PUT create.new_song drop after times=1'    one song is made, but its response is lost
  'GET * status=503 retry_after=2 chance=0.3' three polls in ten get a 503
  'download truncate times=2'                 two downloads break half-way
troubles: delay=SECONDS status=CODE drop garbage truncate corrupt stall=SECONDS expire
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser; it has checked every value that it returns."""
    parser = argparse.ArgumentParser(
        prog="soundpiece-sandbox",
        description="An offline sandbox that answers like Soundpiece's API on this machine. "
        "It is not Soundpiece's model.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_service_options(parser)
    _add_account_options(parser)
    _add_fault_options(parser)
    return parser


def _add_service_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--port",
        type=_number(int, 0, 65535),
        default=8765,
        help="listen on this port; 0 picks a free one (%(default)s)",
    )
    add(
        "--data",
        type=Path,
        metavar="DIR",
        help="keep all state in this folder (default: a temporary one)",
    )
    add(
        "--pace",
        type=_number(float, 0),
        default=1.0,
        help="multiply the time of operations, 6 to 14 seconds, by this (%(default)s)",
    )
    add(
        "--hold",
        type=_number(float, 0),
        default=20.0,
        help="hold a long poll for at most this many seconds (%(default)s)",
    )
    add(
        "--url-lifetime",
        type=_number(float, 0),
        default=900.0,
        metavar="SECONDS",
        help="expire download URLs after this time (%(default)s)",
    )
    add(
        "--request-timeout",
        type=_number(float, 1),
        default=10.0,
        metavar="SECONDS",
        help="refuse (408) a request that takes longer to arrive (%(default)s)",
    )
    add(
        "--secret-on-stdin",
        action="store_true",
        help="read a secret, one line, from stdin, and prove to a program that knows it which "
        "sandbox this is",
    )
    add(
        "--idle-exit",
        type=_number(float, 0),
        metavar="SECONDS",
        help="stop after this time without a request or unfinished work (default: never)",
    )


def _add_account_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--rate-limit",
        type=_number(int, 1),
        metavar="N",
        help="refuse (429) more than N requests in any minute",
    )
    add(
        "--rate-seconds",
        type=_number(float, 0.1),
        default=60.0,
        metavar="SECONDS",
        help="the time that the rate limit is for, instead of a minute",
    )
    add(
        "--rate-window",
        choices=sorted(LIMITERS),
        default="sliding",
        help="count the requests of any such time (sliding), of one such time after the other "
        "(fixed), or hold N and regain as many in that time (bucket) (%(default)s)",
    )
    add(
        "--credits",
        type=_number(int, 0),
        metavar="N",
        help="start with N credits; an operation costs one, a failed one none, and without "
        "credits it is refused (402)",
    )
    add(
        "--webhook-secret",
        type=_secret,
        metavar="S",
        default=os.environ.get("SOUNDPIECE_SANDBOX_WEBHOOK_SECRET") or None,
        help="deliver webhooks, signed with this secret, whsec_… "
        "(default: $SOUNDPIECE_SANDBOX_WEBHOOK_SECRET, or no webhooks)",
    )
    add(
        "--reach",
        type=_origin,
        action="append",
        default=[],
        metavar="ORIGIN",
        help="allow sources from and webhooks to this server, such as http://127.0.0.1:9000; "
        "may be repeated",
    )


def _add_fault_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="SPEC",
        help="activate a fault, written as shown below; may be repeated",
    )
    add(
        "--admin-token",
        metavar="T",
        default=os.environ.get("SOUNDPIECE_SANDBOX_ADMIN_TOKEN") or None,
        help="accept this token at /sandbox/faults and /sandbox/credits "
        "(default: $SOUNDPIECE_SANDBOX_ADMIN_TOKEN, or refuse everybody)",
    )


def _number(kind: type[Number], least: float, most: float = 1e6) -> Callable[[str], Number]:
    def parse(text: str) -> Number:
        with suppress(ValueError):
            number = kind(text)
            if least <= number <= most:  # "nan" is not
                return number
        name = "a whole number" if kind is int else "a number"
        raise argparse.ArgumentTypeError(
            f"must be {name} from {least:.0f} to {most:.0f}, not {text!r}"
        )

    return parse


def _secret(text: str) -> str:
    prefix, key = text[:6], text[6:]
    try:
        length = len(base64.b64decode(key, validate=True)) if prefix == "whsec_" else 0
    except binascii.Error:
        length = 0
    if length not in _SECRET_BYTES:
        raise argparse.ArgumentTypeError("must be whsec_ followed by 24 to 64 bytes in base64")
    return text


def _origin(text: str) -> str:
    from soundpiece_sandbox.network.allowed_origins import origin_of

    try:
        scheme, host, _ = origin_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if text.rstrip("/").count("/") > 2 or "?" in text:  # noqa: PLR2004 - those of http://
        raise argparse.ArgumentTypeError(f"must have no path: write {scheme}://{host}:PORT")
    return text


def _fault(text: str) -> "Fault":
    from soundpiece_sandbox.faults.fault import Fault

    try:
        return Fault.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
