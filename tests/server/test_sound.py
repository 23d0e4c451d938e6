"""Takes from the Jupyter server: for people who are signed in, in parts, and nothing else."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from support.kept_take import KEY

TAKE = f"audio/{KEY}/1"
NOBODY = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
ALLOWED = {200, 206, 304, 403, 404, 416}


def test_a_take_is_sent_whole_as_it_is_stored(person, stored):
    answer = person.get(TAKE)
    assert answer.status_code == 200
    assert answer.content == stored.read_bytes()
    assert answer.headers["Content-Type"] == "audio/flac"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_head_says_what_get_would_send(person, stored):
    answer = person.head(TAKE)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) == stored.stat().st_size
    assert answer.headers["ETag"] == person.get(TAKE).headers["ETag"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("0-0", 0, 0), ("100-199", 100, 199), ("1000-", 1000, None), ("-50", -50, None)],
)
def test_a_part_is_sent_exactly(person, stored, asked, first, last):
    whole = stored.read_bytes()
    expected = whole[first:] if last is None else whole[first : last + 1]
    answer = person.get(TAKE, headers={"Range": f"bytes={asked}"})
    assert answer.status_code == 206
    assert answer.content == expected
    start = first % len(whole)
    span = f"bytes {start}-{start + len(expected) - 1}/{len(whole)}"
    assert answer.headers["Content-Range"] == span


def test_a_part_beyond_the_end_is_refused(person, stored):
    size = stored.stat().st_size
    answer = person.get(TAKE, headers={"Range": f"bytes={size}-"})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{size}")


def test_what_the_browser_has_already_is_not_sent_again(person, stored):
    etag = person.head(TAKE).headers["ETag"]
    assert person.get(TAKE, headers={"If-None-Match": etag}).status_code == 304
    part = {"Range": "bytes=10-19"}
    assert person.get(TAKE, headers={**part, "If-Range": etag}).status_code == 206
    other = person.get(TAKE, headers={**part, "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, stored.read_bytes())


def test_a_preview_is_made_once(person, stored):
    answer = person.get(TAKE, params={"format": "mp3"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "audio/mpeg")
    preview = stored.with_suffix(".mp3")
    assert answer.content == preview.read_bytes()
    written = preview.stat().st_mtime_ns
    assert person.get(TAKE, params={"format": "mp3"}).content == answer.content
    assert preview.stat().st_mtime_ns == written


@pytest.mark.parametrize("left", [b"", b"\0" * 4096])
def test_a_preview_that_a_power_failure_cut_is_made_anew(person, stored, left):
    preview = stored.with_suffix(".mp3")
    preview.write_bytes(left)
    answer = person.get(TAKE, params={"format": "mp3"})
    assert answer.status_code == 200
    assert answer.content == preview.read_bytes()
    assert len(answer.content) > 10_000


def test_who_is_not_signed_in_hears_nothing(visitor, stored):
    for method in ("GET", "HEAD"):
        answer = visitor.request(method, TAKE)
        assert answer.status_code == 403
        assert b"fLaC" not in answer.content
    assert visitor.get(TAKE, headers={"Authorization": "token wrong"}).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        f"audio/{KEY}/2", f"audio/{KEY}/0", f"audio/{KEY}/-1", f"audio/{KEY}/1.flac",
        f"audio/{NOBODY}/1", "audio/../1", f"audio/{KEY}/..%2f..%2fjournal.sqlite",
        f"audio/..%2f{KEY}/1", f"audio/{KEY}/٣", f"audio/{KEY}/{10**30}", "audio/%00/1",
        f"audio/{KEY}/1?format=wav", f"audio/{KEY}/1?format=../1", f"audio/{KEY}/1?format=%ff",
        "audio/%ff/1", f"audio/{KEY}", f"audio/{KEY}/", "audio", "audio/", "webhooks",
    ],
)  # fmt: skip
def test_whatever_is_no_take_is_not_there(person, stored, path):
    answer = person.get(path)
    assert answer.status_code == 404
    assert str(stored.parent) not in answer.text


def test_no_link_leads_out_of_the_audio_folder(person, stored, kept_home, tmp_path):
    outside = tmp_path / "private.flac"
    outside.write_bytes(stored.read_bytes())
    kept = stored.with_name("kept.flac")
    stored.rename(kept)
    try:
        stored.symlink_to(outside)
        assert person.get(TAKE).status_code == 404
    finally:
        stored.unlink()
        kept.rename(stored)
    assert person.get(TAKE).status_code == 200


words = st.text(max_size=40)
paths = st.one_of(
    words,
    st.sampled_from([KEY, KEY.upper(), "1", "2", "..", ".", "%2e%2e", "1.flac", "journal.sqlite"]),
    st.lists(st.sampled_from(["..", "%2f", "/", "\\", KEY, "1", "\0", "%00"])).map("".join),
)
ranges = st.one_of(
    st.sampled_from(["bytes=0-", "bytes=5-2", "bytes=-0", "bytes=1-2,4-5", "items=1", "*", "W/"]),
    st.builds("bytes={}-{}".format, st.integers(-9, 10**20), st.integers(-9, 10**20)),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40).map(str.strip),
)
requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "HEAD"]),
        "key": st.one_of(st.just(KEY), paths),
        "take": st.one_of(st.just("1"), paths),
        "format": st.one_of(st.none(), st.just("mp3"), words),
        "headers": st.dictionaries(
            st.sampled_from(["Range", "If-Range", "If-None-Match", "If-Modified-Since", "Accept"]),
            ranges,
        ),
    }
)


@pytest.mark.timeout(300)
@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=requests)
def test_no_path_and_no_header_brings_anything_else(person, stored, asked):
    """A thousand at each of the two base URLs."""
    query = "" if asked["format"] is None else f"?format={_quoted(asked['format'])}"
    address = f"audio/{_quoted(asked['key'])}/{_quoted(asked['take'])}{query}"
    request = person.build_request(asked["method"], address, headers=asked["headers"])
    assume(b"/soundpiece/audio/" in request.url.raw_path)  # what ../ leads to is others' business
    answer = person.send(request)
    assert answer.status_code in ALLOWED, (answer.status_code, address)
    if answer.status_code in (200, 206) and asked["method"] == "GET":
        file = stored if asked["format"] in (None, "flac") else stored.with_suffix(".mp3")
        assert answer.content in file.read_bytes()


def _quoted(word: str) -> str:
    return quote(word.encode("utf-8", "replace"), safe="%.\\")


def test_what_is_damaged_or_leads_nowhere_is_not_there(person, stored):
    """The preview of a take that is no FLAC any more; a file that is a link to itself."""
    whole = stored.read_bytes()
    preview = stored.with_suffix(".mp3")
    preview.unlink(missing_ok=True)
    try:
        stored.write_bytes(b"no FLAC" * 1000)
        assert person.get(TAKE, params={"format": "mp3"}).status_code == 404
        stored.unlink()
        stored.symlink_to(stored)
        assert person.get(TAKE).status_code == 404
    finally:
        stored.unlink()
        stored.write_bytes(whole)
    assert person.get(TAKE).content == whole
