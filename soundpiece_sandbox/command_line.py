"""The options of the command ``soundpiece-sandbox``."""

import argparse
import base64
import binascii
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from soundpiece_sandbox.faults.fault import Fault

Number = TypeVar("Number", int, float)

_SECRET_BYTES = range(24, 65)
"""By the Standard Webhooks specification."""

_EPILOG = """\
a fault is  [VERB] ROUTE TROUBLE[=VALUE] [after] [times=N] [skip=N] [chance=P] [seed=N]
            [retry_after=N]
  'PUT create.new_song drop after times=1'    the song is made, its answer lost, once
  'GET * status=503 retry_after=2 chance=0.3' three polls in ten
  'download truncate times=2'                 two downloads break half-way
troubles: delay=SECONDS status=CODE drop garbage truncate corrupt stall=SECONDS expire
"""


def parser() -> argparse.ArgumentParser:
    """Make the parser; what it accepts needs no further check."""
    made = argparse.ArgumentParser(
        prog="soundpiece-sandbox",
        description="An offline sandbox that answers like Soundpiece's API on this machine. "
        "It is not Soundpiece's model.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_service(made)
    _add_account(made)
    _add_bad_days(made)
    return made


def _add_service(made: argparse.ArgumentParser) -> None:
    add = made.add_argument
    add("--port", type=_number(int, 0, 65535), default=8765, help="%(default)s; 0 picks a free one")
    add("--data", type=Path, metavar="DIR", help="keep all state here (else in a temporary folder)")
    add(
        "--pace",
        type=_number(float, 0),
        default=1.0,
        help="scales how long operations take (%(default)s)",
    )
    add(
        "--hold",
        type=_number(float, 0),
        default=20.0,
        help="seconds a long poll is held (%(default)s)",
    )
    add(
        "--url-lifetime",
        type=_number(float, 0),
        default=900.0,
        metavar="SECONDS",
        help="how long a download address stays good (%(default)s)",
    )
    add(
        "--idle-exit",
        type=_number(float, 0),
        metavar="SECONDS",
        help="stop after so long without a request or unfinished work",
    )


def _add_account(made: argparse.ArgumentParser) -> None:
    add = made.add_argument
    add(
        "--rate-limit",
        type=_number(int, 1),
        metavar="N",
        help="refuse (429) more than N requests in any minute",
    )
    add(
        "--credits",
        type=_number(int, 0),
        metavar="N",
        help="refuse (402) operations after N; each costs one, a failed one nothing",
    )
    add(
        "--webhook-secret",
        type=_secret,
        metavar="S",
        default=os.environ.get("SOUNDPIECE_SANDBOX_WEBHOOK_SECRET") or None,
        help="whsec_…: deliver webhooks, signed with it, else none are "
        "(or set SOUNDPIECE_SANDBOX_WEBHOOK_SECRET)",
    )
    add(
        "--reach",
        type=_origin,
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a server near by, such as http://127.0.0.1:9000, that sources may come from and "
        "webhooks go to; may be repeated",
    )


def _add_bad_days(made: argparse.ArgumentParser) -> None:
    add = made.add_argument
    add(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="SPEC",
        help="trouble on demand, as below; may be repeated",
    )
    add(
        "--admin-token",
        metavar="T",
        default=os.environ.get("SOUNDPIECE_SANDBOX_ADMIN_TOKEN") or None,
        help="opens /sandbox/faults and /sandbox/credits to whoever shows it "
        "(or set SOUNDPIECE_SANDBOX_ADMIN_TOKEN)",
    )


def _number(kind: type[Number], least: float, most: float = 1e6) -> Callable[[str], Number]:
    def read(text: str) -> Number:
        number = kind(text)
        if not least <= number <= most:  # which "nan" is not either
            raise ValueError
        return number

    read.__name__ = "number"  # what argparse calls it when it is wrong
    return read


def _secret(text: str) -> str:
    prefix, key = text[:6], text[6:]
    try:
        length = len(base64.b64decode(key, validate=True)) if prefix == "whsec_" else 0
    except binascii.Error:
        length = 0
    if length not in _SECRET_BYTES:
        raise argparse.ArgumentTypeError("a webhook secret is whsec_ and 24 to 64 bytes in base64")
    return text


def _origin(text: str) -> str:
    from soundpiece_sandbox.network.access import origin_of

    try:
        scheme, host, _ = origin_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if text.rstrip("/").count("/") > 2 or "?" in text:  # noqa: PLR2004 - those of http://
        raise argparse.ArgumentTypeError(f"only the server is named: {scheme}://{host}:PORT")
    return text


def _fault(text: str) -> "Fault":
    from soundpiece_sandbox.faults.fault import Fault

    try:
        return Fault.read(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
