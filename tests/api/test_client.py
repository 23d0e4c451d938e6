"""What the wire's troubles are called, and what is never shown of them."""

from __future__ import annotations

import ssl

import httpx
import pytest

from soundpiece_nb.api.client import Client
from soundpiece_nb.api.errors import Refusal, SoundpieceError, Unreachable
from soundpiece_nb.api.wire_errors import translated
from soundpiece_nb.shown_text import visible


@pytest.mark.parametrize(
    ("raised", "never", "undelivered"),
    [
        (httpx.UnsupportedProtocol(""), True, False),
        (httpx.LocalProtocolError(""), True, False),
        (httpx.TooManyRedirects(""), True, False),
        (httpx.InvalidURL(""), True, False),
        (httpx.ConnectError(""), False, True),
        (httpx.ConnectTimeout(""), False, True),
        (httpx.PoolTimeout(""), False, True),
        (httpx.ReadTimeout(""), False, False),
        (TimeoutError(), False, False),
        (httpx.ReadError(""), False, False),
        (ssl.SSLError(1, "bad record mac"), False, False),
        (httpx.RemoteProtocolError(""), False, False),
    ],
)
def test_a_broken_exchange_says_whether_to_try_again_and_whether_it_left(
    raised, never, undelivered
):
    with pytest.raises(Unreachable) as caught, translated():
        raise raised
    assert (caught.value.never, caught.value.undelivered) == (never, undelivered)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__, "what httpx knows, a key or address, is not shown"


@pytest.mark.parametrize("other", [Refusal(500, "busy"), KeyError("x")])
def test_what_is_no_failure_of_httpx_stays_what_it_is(other):
    with pytest.raises(type(other)) as caught, translated():
        raise other
    assert caught.value is other


def test_a_client_shows_where_it_goes_and_no_key():
    assert repr(Client("http://127.0.0.1:1/v1", "spk_" + "x" * 20)) == (
        "Client('http://127.0.0.1:1/v1')"
    )


def test_an_error_is_one_sentence_without_control_characters():
    error = SoundpieceError("It \x1b[31mbroke\x00 off.")
    assert error._render_traceback_() == ["SoundpieceError: It [31mbroke off."]
    assert visible("tab\tand line\nstay") == "tab\tand line\nstay"
