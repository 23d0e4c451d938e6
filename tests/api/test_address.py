"""What may be sent where: base URLs, keys, download addresses."""

from __future__ import annotations

import time

import pytest

from soundpiece_nb.api.address import may_download, read_api_key, read_base_url
from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.redaction import mask
from soundpiece_nb.shown_text import scrub


@pytest.mark.parametrize(
    "good",
    ["https://api.soundpiece.co/v1", "http://127.0.0.1:8765/v1", "http://localhost/v1/"],
)
def test_https_and_this_machine_are_good(good):
    assert read_base_url(f" {good} ") == good.rstrip("/")


@pytest.mark.parametrize(
    "bad",
    [
        "http://api.soundpiece.co/v1",
        "http://127.0.0.1.evil.example/v1",
        "ftp://a.example",
        "api.soundpiece.co",
        "https://",
        "https://user:pass@a.example/v1",
        "https://user@a.example/v1",
        "https://:pass@a.example/v1",
        "https://@a.example/v1",
        "https://a.example/v1?key=pass",
        "https://a.example/v1#pass",
        "https://[x/",
        "http://127.0.0.1:port/v1",
    ],
)
def test_anything_else_would_carry_the_key_in_the_open(bad):
    with pytest.raises(Mistake):
        read_base_url(bad)


@pytest.mark.parametrize("bad", ["sk_1", "spk_", "spk_a b", "spk_a\nX-Evil: 1", "spk_ü", ""])
def test_a_key_of_another_form_is_refused_without_repeating_it(bad):
    with pytest.raises(Mistake) as caught:
        read_api_key(bad)
    assert bad in ("", "spk_") or bad not in str(caught.value)


def test_a_key_is_shown_masked():
    assert mask("spk_0123456789abcdef") == "spk_…ef"
    assert mask("spk_short") == "spk_…"


@pytest.mark.parametrize(
    ("url", "local", "allowed"),
    [
        ("https://cdn.example/x", False, True),
        ("http://cdn.example/x", False, False),
        ("http://127.0.0.1:9/x", True, True),
        ("http://127.0.0.1:9/x", False, False),
        ("http://10.0.0.1/x", True, False),
        ("file:///etc/passwd", True, False),
        ("https://[", True, False),
    ],
)
def test_downloads_are_https_or_between_processes_here(url, local, allowed):
    assert may_download(url, from_loopback=local) is allowed


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("no such take", "no such take"),
        ("is https://a.example/x a song?", "is https://a.example/x a song?"),
        ("https://a.example/x?sig=Top-Secret is over", "https://a.example/x?… is over"),
        ("HTTPS://A.example/x?sig=Top-Secret is over", "HTTPS://A.example/x?… is over"),
        (r"https:\/\/a.example\/x?sig=Top-Secret is over", r"https:\/\/a.example\/x?… is over"),
        (r"https://a.example/x\u003fsig=Top-Secret is over", "https://a.example/x?… is over"),
        ("the key spk_live_Top-Secret is revoked", "the key spk_… is revoked"),
        ("https://me:Top-Secret@a.example/x is over", "https://…@a.example/x is over"),
        ("https://me@b:Top-Secret@a.example/x is over", "https://…@a.example/x is over"),
        (r"https:\/\/me:Top-Secret@a.example\/x", r"https:\/\/…@a.example\/x"),
        ("https://a.example/x#token=Top-Secret is over", "https://a.example/x?… is over"),
        ("the secret whsec_Top-Secret= is short", "the secret whsec_… is short"),
    ],
)
def test_words_of_the_service_show_no_key_and_no_signature(said, kept):
    assert scrub(said) == kept


@pytest.mark.measured
@pytest.mark.parametrize("piece", ["https://", "https:", "https://a?", "?https://a ", "spk_"])
def test_however_long_they_are_that_holds_nothing_up(piece):
    """A quarter of a megabyte; where each address looked for its end anew, it took a minute."""
    began = time.monotonic()
    scrub(piece * (2**18 // len(piece)))
    assert time.monotonic() - began < 1
