"""Downloads from the sandbox: signed addresses, ranges, and the sound itself."""

import io
import time
from datetime import UTC, datetime

import pytest
import soundfile


@pytest.fixture
def output(sandbox, finished_song):
    """Give an output with a fresh address."""
    return sandbox.get(finished_song["id"]).json()["song"]["outputs"][0]


def test_an_address_is_on_the_callers_own_origin_and_outside_the_api(sandbox, output):
    assert output["url"].startswith(sandbox.origin + "/files/")


def test_the_origin_is_the_one_the_caller_used(sandbox, finished_song):
    song = sandbox.http.get(
        "/v1/create.new_song", params={"id": finished_song["id"]}, headers={"Host": "localhost:81"}
    ).json()["song"]
    assert song["outputs"][0]["url"].startswith("http://localhost:81/files/")


def test_every_read_gives_fresh_addresses(sandbox, finished_song, output):
    again = sandbox.get(finished_song["id"]).json()["song"]["outputs"][0]
    assert again["url"] != output["url"]
    assert again["duration"] == output["duration"]
    left = datetime.fromisoformat(output["expires_at"]) - datetime.now(UTC)
    assert 890 < left.total_seconds() <= 900


def test_the_file_is_stereo_flac_of_the_stated_duration_and_says_who_made_it(sandbox, output):
    response = sandbox.storage.get(output["url"])
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "audio/flac"
    assert int(response.headers["Content-Length"]) == len(response.content)
    with soundfile.SoundFile(io.BytesIO(response.content)) as sound:
        assert (sound.format, sound.subtype) == ("FLAC", "PCM_16")
        assert (sound.samplerate, sound.channels) == (44_100, 2)
        assert sound.frames / 44_100 == pytest.approx(output["duration"], abs=0.001)
        assert sound.comment == "Made by the Soundpiece sandbox, not by Soundpiece's model"
        assert len(sound.read()) == sound.frames


def test_ranges_put_together_are_the_whole(sandbox, output):
    whole = sandbox.storage.get(output["url"])
    etag, length = whole.headers["ETag"], len(whole.content)
    assert etag.startswith('"')
    parts = []
    for start in range(0, length, 200_000):
        end = min(start + 200_000, length) - 1
        headers = {"Range": f"bytes={start}-{end}", "If-Range": etag}
        part = sandbox.storage.get(output["url"], headers=headers)
        assert part.status_code == 206
        assert part.headers["Content-Range"] == f"bytes {start}-{end}/{length}"
        assert part.headers["ETag"] == etag
        assert int(part.headers["Content-Length"]) == len(part.content)
        parts.append(part.content)
    assert b"".join(parts) == whole.content
    rest = sandbox.storage.get(output["url"], headers={"Range": f"bytes={length - 9}-"})
    last = sandbox.storage.get(output["url"], headers={"Range": "bytes=-9"})
    assert rest.content == last.content == whole.content[-9:]


def test_a_range_of_another_version_gets_the_whole(sandbox, output):
    headers = {"Range": "bytes=0-9", "If-Range": '"another"'}
    response = sandbox.storage.get(output["url"], headers=headers)
    assert response.status_code == 200
    assert len(response.content) == int(response.headers["Content-Length"])


def test_a_range_beyond_the_end_gets_416(sandbox, output):
    length = len(sandbox.storage.get(output["url"]).content)
    refused = sandbox.storage.get(output["url"], headers={"Range": f"bytes={length}-"})
    assert refused.status_code == 416
    assert refused.headers["Content-Range"] == f"bytes */{length}"


def test_an_address_that_was_changed_gets_403(sandbox, finished_song, output):
    path, _, query = output["url"].partition("?")
    other = finished_song["outputs"][1]["url"].partition("?")[0]
    expires = query.partition("&")[0]
    later = expires[:-13] + str(int(expires[-13:]) + 60_000)
    changed = [
        path,
        f"{path}?{expires}",
        f"{output['url']}0",
        f"{other}?{query}",
        f"{path}?{query.replace(expires, later)}",
        f"{path}?{query.replace(expires, 'expires=soon')}",
        f"{path}?{query}&expires=99999999999999",
        f"{path}?{expires}&signature=%C3%A9",
    ]
    assert [sandbox.storage.get(url).status_code for url in changed] == [403] * len(changed)


def test_storage_refuses_head_and_an_api_key(sandbox, output):
    assert sandbox.storage.head(output["url"]).status_code == 403
    assert sandbox.http.get(output["url"]).status_code == 400
    assert sandbox.storage.get(output["url"]).status_code == 200


def test_an_expired_address_gets_403_and_a_fresh_one_works(start):
    sandbox = start("--pace", "0", "--url-lifetime", "0.5")
    song = sandbox.finished(sandbox.submit()["id"])
    url = song["outputs"][0]["url"]
    assert sandbox.storage.get(url).status_code == 200
    time.sleep(0.6)
    assert sandbox.storage.get(url).status_code == 403
    fresh = sandbox.get(song["id"]).json()["song"]["outputs"][0]["url"]
    assert sandbox.storage.get(fresh).status_code == 200
