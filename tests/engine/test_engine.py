"""From written-down to verified: against the sandbox, and against a service on its bad days."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
import soundfile

import soundpiece_nb as sp
from soundpiece_nb.api.client import Client
from soundpiece_nb.audio.verification import verify
from soundpiece_nb.engine.engine import Waits
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.session import Session
from soundpiece_nb.settings import SETTINGS
from support.services import OPERATION_ID, Reply, RunningSandbox, as_json, operation, tone

ROUTE = "/v1/create.new_song"


def ready(service_root, *paths, **fields):
    outputs = [{"url": service_root + path, "duration": 1.0, "expires_at": None} for path in paths]
    return as_json(operation("ready", outputs=outputs, **fields))


@pytest.fixture
def impatient(monkeypatch):
    """Give up trying after a second and a half, so that a test can see it happen."""
    monkeypatch.setattr(SETTINGS, "retry_budget", 1.5)


# ------------------------------------------------------------------ the good day


def test_a_song_goes_all_the_way(connected, sandbox):
    op = sp.song("[Verse]\nla la la", prompt="jazz", name="x", tags=["t"], note="n")
    assert op.status in ("submitting", "processing", "ready")
    assert op.result(timeout=60) is op
    assert op.status == "ready"
    assert op.id.startswith("op_")
    assert op.error is None
    assert len(op.outputs) == 2
    for output in op.outputs:
        samples, rate = output.audio()
        assert rate == 44_100
        assert samples.shape == (round(output.duration * rate), 2)
        assert soundfile.info(output.path).format == "FLAC"
    row = sp.history().loc[op.key]
    assert row["status"] == "ready"
    assert len(row["files"]) == 2


async def test_an_operation_can_be_awaited_in_any_loop(connected):
    op = await sp.song("la", prompt="folk")
    assert op.status == "ready"
    assert all(output.path.exists() for output in op.outputs)


async def test_result_keeps_the_running_loop_going(connected):
    """A blocking wait inside a loop, whose tasks tick on: the use of nest-asyncio2."""
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    task = asyncio.create_task(tick())
    await asyncio.sleep(0)
    sp.song("la la la la", prompt="rock").result(timeout=60)
    assert ticks > 5
    task.cancel()


def test_a_take_can_be_saved_under_any_name(connected, tmp_path):
    op = sp.song("la", prompt="jazz", name="night").result(60)
    named = op.outputs[0].save(tmp_path / "deep" / "mine.flac")
    assert verify(named).md5 == verify(op.outputs[0].path).md5
    inside = op.outputs[1].save(tmp_path)
    assert inside.name == f"night-2-{op.key[:8]}.flac"
    with pytest.raises(sp.Mistake, match=r"mine\.flac"):
        op.outputs[0].save(tmp_path / "mine.ogg")


def test_the_same_key_and_request_is_the_same_operation(connected, sandbox):
    first = sp.song("la", prompt="jazz").result(60)
    before = sandbox.counters()
    again = sp.song("la", prompt="jazz", key=first.key).result(60)
    assert again.key == first.key
    assert sandbox.counters()["requests"].get("PUT create.new_song") == before["requests"].get(
        "PUT create.new_song"
    )


def test_a_failed_operation_says_why_in_the_services_words(connected):
    op = sp.song("content_policy", prompt="jazz")
    with pytest.raises(sp.OperationFailed) as caught:
        op.result(60)
    error = caught.value
    assert (error.key, error.operation_id, error.code) == (op.key, op.id, "content_policy")
    assert "rejected by our content policy" in str(error)
    assert "Nothing was made" in str(error)
    assert op.status == "failed"
    assert sp.history().loc[op.key, "error_code"] == "content_policy"


def test_waiting_can_end_before_the_operation_does(connected, scripted):
    scripted(lambda heard, _: as_json(operation()) if heard.method == "PUT" else _slow())
    op = sp.song("la", prompt="jazz")
    with pytest.raises(sp.WaitTimeout) as caught:
        op.result(timeout=0.3)
    assert caught.value.key == op.key
    assert f"%soundpiece_wait {op.key[:8]}" in str(caught.value)
    assert op.status in ("submitting", "processing")


def _slow():
    time.sleep(3)
    return as_json(operation())


# ------------------------------------------------------------------ before anything is sent


def test_without_a_key_nothing_is_sent_or_written(home):
    with pytest.raises(sp.Mistake) as caught:
        sp.song("la", prompt="jazz")
    for way_out in ("SOUNDPIECE_API_KEY", "%soundpiece_login", "%soundpiece_sandbox start"):
        assert way_out in str(caught.value)
    assert len(sp.history()) == 0


def test_a_malformed_key_is_refused_unseen(connected, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_ab\ncd")
    with pytest.raises(sp.Mistake) as caught:
        sp.song("la", prompt="jazz")
    assert "ab" not in str(caught.value).replace("about", "")
    assert len(sp.history()) == 0


def test_bad_input_reaches_neither_the_service_nor_the_journal(connected, sandbox):
    before = sandbox.counters()["requests"]
    for fields in ({"lyrics": ""}, {"lyrics": "a" * 3001}, {"lyrics": "a", "key": "x"}):
        with pytest.raises(sp.Mistake):
            sp.song(**{"prompt": "x", **fields})
    with pytest.raises(sp.Mistake, match="cannot be a NAME"):
        sp.song("la", prompt="x", name="not a name")
    assert len(sp.history()) == 0
    assert sandbox.counters()["requests"].get("PUT create.new_song") == before.get(
        "PUT create.new_song"
    )


# ------------------------------------------------------------------ refused


@pytest.mark.parametrize(
    ("status", "detail", "says"),
    [
        (401, "invalid key", "does not accept the API key"),
        (402, "no credits", "Not enough credits"),
        (404, "Not Found", "has no route create.new_song"),
        (422, [{"loc": ["body", "lyrics"], "msg": "too rude", "type": "x"}], "lyrics: too rude"),
        (400, "bad JSON", "bad JSON"),
        (418, "a teapot", "a teapot"),
    ],
)
def test_a_refusal_is_one_readable_row_and_nothing_is_made(scripted, status, detail, says):
    service = scripted(lambda *_: as_json({"detail": detail}, status))
    op = sp.song("la", prompt="jazz")
    with pytest.raises(sp.RequestRejected) as caught:
        op.result(20)
    assert says in str(caught.value)
    assert "Nothing was made or charged." in str(caught.value)
    assert (caught.value.key, caught.value.status_code) == (op.key, status)
    assert op.status == "rejected"
    assert sp.history().loc[op.key, "error_code"] == str(status)
    assert len(service.heard) == 1


def test_after_topping_up_the_same_request_leaves_under_the_same_key(scripted):
    def answer(heard, times):
        if heard.method == "PUT":
            return as_json({"detail": "credits"}, 402) if times == 1 else as_json(operation())
        if heard.path.startswith(ROUTE):
            return ready(service.root, "/1")
        return Reply(body=tone())

    service = scripted(answer)
    op = sp.song("la", prompt="jazz")
    with pytest.raises(sp.RequestRejected, match=f"%soundpiece_resume {op.key[:8]}"):
        op.result(20)
    assert sp.resume() == []
    [again] = sp.resume(op.key)
    again.result(20)
    puts = service.of("PUT", ROUTE)
    assert len({put.body for put in puts}) == 1
    assert op.status == "ready"
    assert op.error is None


# ------------------------------------------------------------------ the bad day


def test_an_unknown_outcome_is_sent_again_with_the_same_bytes(scripted):
    def answer(heard, times):
        if heard.method == "PUT":
            bad = [Reply(hang_up=True), Reply(500), Reply(body=b'{"song": {"id'), Reply(503)]
            return bad[times - 1] if times <= len(bad) else as_json(operation())
        if heard.path.startswith(ROUTE):
            return ready(service.root, "/1")
        return Reply(body=tone())

    service = scripted(answer)
    op = sp.song("la", prompt="jazz").result(60)
    puts = service.of("PUT", ROUTE)
    assert len(puts) == 5
    assert len({put.body for put in puts}) == 1
    assert op.status == "ready"
    assert sp.history().loc[op.key, "retries"] == 4


def test_failed_polls_unknown_statuses_and_fields_do_not_end_an_operation(scripted):
    def answer(heard, times):
        if heard.method == "PUT":
            return as_json(operation())
        if heard.path.startswith(ROUTE):
            odd = [
                Reply(502, b"<html>bad gateway"),
                Reply(hang_up=True),
                as_json(operation("mastering", mood="odd")),
                as_json({"detail": "odd"}),
            ]
            return odd[times - 1] if times <= len(odd) else ready(service.root, "/1", extra=1)
        return Reply(body=tone())

    service = scripted(answer)
    assert sp.song("la", prompt="jazz").result(60).status == "ready"


def test_retry_after_is_kept_to_and_slows_the_whole_account(scripted):
    """One operation is told to wait a second: neither it nor another one sends meanwhile."""
    moments = []

    def answer(heard, _):
        if heard.method == "PUT":
            moments.append(time.monotonic())
            if len(moments) == 1:
                return as_json({"detail": "slow"}, 429, Retry_After="1.2")
            return as_json(operation())
        if heard.path.startswith(ROUTE):
            return ready(service.root, "/1")
        return Reply(body=tone())

    service = scripted(answer)
    first = sp.song("la", prompt="jazz")
    while not moments:
        time.sleep(0.01)
    time.sleep(0.1)
    second = sp.song("la", prompt="rock")
    first.result(20)
    second.result(20)
    assert min(moments[1:]) - moments[0] >= 1.2


def test_a_pause_longer_than_the_budget_is_said_at_once(scripted, impatient):
    scripted(lambda *_: as_json({"detail": "slow"}, 429, Retry_After="86400"))
    began = time.monotonic()
    op = sp.song("la", prompt="jazz")
    with pytest.raises(sp.ServiceSilent) as caught:
        op.result(20)
    assert time.monotonic() - began < 1
    assert caught.value.retry_after == 86_400
    assert caught.value.key == op.key
    assert op.status == "submitting"


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(body=b"<!doctype html><title>Login</title>"), "web page"),
        (Reply(500, b"{}"), "(500)"),
        (Reply(hang_up=True), "broke off"),
    ],
)
def test_a_service_that_stays_unusable_keeps_the_row_and_its_reason(
    scripted, impatient, reply, says
):
    scripted(lambda *_: reply)
    op = sp.song("la", prompt="jazz")
    with pytest.raises(sp.ServiceSilent) as caught:
        op.result(30)
    assert says in str(caught.value)
    assert "made once at most" in str(caught.value)
    assert f"%soundpiece_resume {op.key[:8]}" in str(caught.value)
    assert op.status == "submitting"
    assert says in sp.history().loc[op.key, "error_message"]


def test_a_key_revoked_while_polling_stops_the_polling_alone(scripted):
    scripted(
        lambda heard, _: (
            as_json(operation()) if heard.method == "PUT" else as_json({"detail": "revoked"}, 401)
        )
    )
    op = sp.song("la", prompt="jazz")
    with pytest.raises(sp.ServiceSilent, match="goes on at the service"):
        op.result(20)
    assert op.status == "processing"
    assert op.id == OPERATION_ID


def test_a_refusal_after_an_unknown_outcome_does_not_claim_that_nothing_was_made(scripted):
    service = scripted(
        lambda _, times: Reply(hang_up=True) if times == 1 else as_json({"detail": "no"}, 401)
    )
    op = sp.song("la", prompt="jazz")
    with pytest.raises(sp.ServiceSilent, match="Whether it was accepted is not known"):
        op.result(20)
    assert op.status == "submitting"
    assert len(service.heard) == 2
    assert current().journal.unfinished() == [op.key]


def test_secrets_in_the_services_words_go_no_further(scripted):
    detail = "Invalid key Bearer spk_tests_only_0123456789 for https://store.example/x?Sig=abc"
    scripted(lambda *_: as_json({"detail": detail}, 401))
    op = sp.song("la", prompt="jazz")
    with pytest.raises(sp.RequestRejected) as caught:
        op.result(20)
    said = str(caught.value) + sp.history().loc[op.key, "error_message"]
    assert "spk_tests" not in said
    assert "Sig=abc" not in said
    assert "https://store.example/x?…" in said


@pytest.mark.parametrize("nonsense", [b"[" * 100_000, b'{"song": ' * 50_000])
def test_an_answer_nested_without_end_is_asked_for_again(scripted, nonsense):
    def answer(heard, times):
        if heard.method == "PUT":
            return Reply(body=nonsense) if times == 1 else as_json(operation())
        if heard.path.startswith(ROUTE):
            return ready(service.root, "/1")
        return Reply(body=tone())

    service = scripted(answer)
    assert sp.song("la", prompt="jazz").result(30).status == "ready"


# ------------------------------------------------------------------ downloads


def downloads(scripted, answer_download, links=("/take",)):
    """Make a service whose operations are ready at the first poll."""

    def answer(heard, times):
        if heard.method == "PUT":
            return as_json(operation())
        if heard.path.startswith(ROUTE):
            return ready(service.root, *(f"{link}?v={times}" for link in links))
        return answer_download(heard, times)

    service = scripted(answer)
    return service


def test_a_cut_download_goes_on_where_it_ended(scripted):
    whole = tone(3.0)

    def answer(heard, times):
        if times == 1:
            return Reply(body=whole, headers={"ETag": '"v1"'}, cut=40_000)
        start = int(heard.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        return Reply(
            206,
            whole[start:],
            {"ETag": '"v1"', "Content-Range": f"bytes {start}-{len(whole) - 1}/{len(whole)}"},
        )

    service = downloads(scripted, answer)
    op = sp.song("la", prompt="jazz").result(30)
    assert op.outputs[0].path.read_bytes() == whole
    second = service.of("GET", "/take")[1]
    assert second.headers["If-Range"] == '"v1"'
    assert second.headers["Range"] != "bytes=0-"


def test_neither_key_nor_compression_goes_to_a_download(scripted):
    service = downloads(scripted, lambda *_: Reply(body=tone()))
    sp.song("la", prompt="jazz").result(30)
    [download] = service.of("GET", "/take")
    assert "Authorization" not in download.headers
    assert download.headers["Accept-Encoding"] == "identity"
    assert all(put.headers["Authorization"].startswith("Bearer spk_") for put in service.heard[:2])


def test_an_expired_link_is_replaced_by_a_fresh_one(scripted):
    def answer(heard, _):
        return Reply(403, b"expired") if heard.path.endswith("v=1") else Reply(body=tone())

    service = downloads(scripted, answer)
    assert sp.song("la", prompt="jazz").result(30).status == "ready"
    assert len(service.of("GET", ROUTE)) == 2


def test_several_expired_links_are_replaced_by_asking_once(scripted):
    def answer(heard, _):
        return Reply(403, b"expired") if heard.path.endswith("v=1") else Reply(body=tone())

    service = downloads(scripted, answer, links=("/a", "/b", "/c"))
    op = sp.song("la", prompt="jazz").result(30)
    assert len([o for o in op.outputs if o.path]) == 3
    assert len(service.of("GET", ROUTE)) == 2


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>Please log in</html>", "web page"),
        (b"RIFF....WAVEfmt ", "no FLAC file"),
        (tone()[:9000], "damaged"),
    ],
)
def test_what_is_no_intact_flac_is_never_recorded_as_one(scripted, body, says):
    service = downloads(scripted, lambda *_: Reply(body=body))
    op = sp.song("la", prompt="jazz")
    with pytest.raises(sp.DownloadFailed) as caught:
        op.result(30)
    assert says in str(caught.value)
    assert "fetching it again costs nothing" in str(caught.value)
    assert len(service.of("GET", "/take")) == 3
    assert op.status == "ready"
    assert op.outputs[0].path is None
    assert sp.history().loc[op.key, "files"] == []
    assert sp.history().loc[op.key, "error_code"] == "download"


def test_a_download_that_failed_can_be_resumed(scripted):
    good = threading.Event()
    downloads(scripted, lambda *_: Reply(body=tone() if good.is_set() else b"<html>"))
    op = sp.song("la", prompt="jazz")
    with pytest.raises(sp.DownloadFailed):
        op.result(30)
    good.set()
    assert [each.key for each in sp.resume()] == [op.key]
    op.result(30)
    assert op.outputs[0].path.exists()
    assert op.error is None


def test_one_takes_failure_is_not_anothers(scripted):
    def answer(heard, _):
        if heard.path.startswith("/bad"):
            return Reply(404)
        time.sleep(0.3)
        return Reply(body=tone())

    downloads(scripted, answer, links=("/bad", "/good"))
    op = sp.song("la", prompt="jazz")
    with pytest.raises(sp.DownloadFailed, match="Take 1"):
        op.result(30)
    assert [output.path is not None for output in op.outputs] == [False, True]


def test_a_deleted_file_is_fetched_again(scripted):
    service = downloads(scripted, lambda *_: Reply(body=tone()))
    op = sp.song("la", prompt="jazz").result(30)
    op.outputs[0].path.unlink()
    op.result(30)
    assert op.outputs[0].path.exists()
    assert len(service.of("PUT", ROUTE)) == 1


def test_a_download_redirected_into_the_open_is_not_followed(scripted):
    elsewhere = {"Location": "http://192.0.2.1/take"}
    downloads(scripted, lambda *_: Reply(302, b"", elsewhere))
    with pytest.raises(sp.DownloadFailed, match="not https"):
        sp.song("la", prompt="jazz").result(20)


def test_a_slow_download_that_goes_on_is_not_given_up(scripted, impatient):
    whole = tone(3.0)
    step = len(whole) // 5 + 1

    def answer(heard, times):
        start = int(heard.headers.get("Range", "bytes=0-")[6:-1])
        time.sleep(0.6)
        end = f"{start}-{len(whole) - 1}/{len(whole)}"
        headers = {"ETag": '"v1"', "Content-Range": f"bytes {end}"}
        return Reply(206 if times > 1 else 200, whole[start:], headers, cut=step)

    downloads(scripted, answer)
    op = sp.song("la", prompt="jazz").result(60)
    assert op.outputs[0].path.read_bytes() == whole


def test_a_damaged_download_is_made_again(scripted):
    downloads(scripted, lambda _, times: Reply(body=tone()[:-1] if times == 1 else tone()))
    assert sp.song("la", prompt="jazz").result(30).status == "ready"


def test_a_download_address_in_the_open_is_not_used(scripted):
    def answer(heard, _):
        if heard.method == "PUT":
            return as_json(operation())
        return ready("http://192.0.2.1", "/take")

    scripted(answer)
    with pytest.raises(sp.DownloadFailed, match="not https"):
        sp.song("la", prompt="jazz").result(20)


# ------------------------------------------------------------------ secrets, threads, ends


def test_keys_and_signed_urls_are_not_logged(connected, caplog):
    caplog.set_level(logging.DEBUG)
    op = sp.song("la", prompt="jazz").result(60)
    assert op.status == "ready"
    text = caplog.text + repr(op) + repr(op.outputs) + repr(op.entry) + repr(current())
    assert "spk_tests" not in text
    assert "signature=" not in text


def test_other_peoples_httpx_logs_are_left_alone(connected, caplog, sandbox):
    import httpx

    caplog.set_level(logging.INFO)
    sp.song("content_policy", prompt="x", key=None)
    with ThreadPoolExecutor(1) as other_people:  # whose thread never made a client of ours
        other_people.submit(httpx.get, sandbox.base_url.removesuffix("/v1")).result()
    assert "HTTP Request: GET" in caplog.text


def test_stopping_leaves_everything_resumable_and_no_thread(scripted):
    scripted(lambda heard, _: as_json(operation()) if heard.method == "PUT" else _slow())
    op = sp.song("la", prompt="jazz")
    while op.status != "processing":
        time.sleep(0.01)
    began = time.monotonic()
    current.close()
    assert time.monotonic() - began < 2
    assert not [t for t in threading.enumerate() if t.name == "soundpiece-engine"]
    assert sp.operation(op.key).status == "processing"
    from soundpiece_nb.journal.quick_reads import find_abandoned

    assert len(find_abandoned(current().home, time.time_ns() // 1000)) == 1


def test_watching_can_stop_before_the_work_begins_and_twice(scripted):
    service = scripted(lambda *_: as_json(operation()))
    op = sp.song("la", prompt="jazz")
    ended = current().engine.run(op.key).ended
    op.stop_watching()
    op.stop_watching()
    assert "%soundpiece_resume" in str(ended.exception(5))
    assert current().engine.in_flight() == []
    assert len(service.heard) <= 1


def test_a_handle_lives_on_after_the_session_was_closed(connected):
    op = sp.song("la", prompt="jazz")
    current.close()
    sp.resume(op)
    assert op.result(60).status == "ready"


def test_the_time_limits_are_those_set_now(scripted, monkeypatch):
    scripted(lambda *_: Reply(500))
    current()  # made with the usual limits
    assert sp.history().empty
    monkeypatch.setattr(SETTINGS, "retry_budget", 0.0)
    with pytest.raises(sp.ServiceSilent):
        sp.song("la", prompt="jazz").result(5)


@pytest.mark.parametrize(
    "wrong", [{"name": 5}, {"note": ["x"]}, {"tags": "abc"}, {"tags": [5]}, {"tags": 5}]
)
def test_labels_of_another_kind_are_refused(connected, wrong):
    with pytest.raises(sp.Mistake):
        sp.song("la", prompt="jazz", **wrong)
    assert len(sp.history()) == 0


def test_what_had_not_begun_when_the_engine_stops_ends_too(scripted):
    scripted(lambda *_: _slow())
    ops = [sp.song("la", prompt="jazz") for _ in range(3)]
    ended = [current().engine.run(op.key).ended for op in ops]
    current.close()
    assert all("%soundpiece_resume" in str(each.exception(2)) for each in ended)
    assert [sp.operation(op.key).status for op in ops] == ["submitting"] * 3


def test_a_stop_on_a_busy_machine_warns_of_nothing(connected, monkeypatch, tmp_path):
    """Work that cannot be wound up in time is cut off at whatever step it had reached.

    In a sandbox of its own: what is left there to be made would keep later tests waiting.
    """
    alone = RunningSandbox(tmp_path / "sandbox")
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", alone.base_url)
    unheard = []
    monkeypatch.setattr(sys, "unraisablehook", lambda said: unheard.append(str(said.exc_value)))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        for number in range(12):
            current.use(Session(waits=Waits(stop=0.0)))
            for each in range(20):
                sp.fx(f"rain {number} {each}", duration=1.0)
            time.sleep(0.01 + 0.005 * number)
            thread = current().engine._thread
            current.close()
            thread.join(5)
            gc.collect()
    alone.kill()
    assert not unheard


def test_a_stop_that_cannot_wait_for_the_connections_still_closes_them(connected):
    closed = slow_to_close(waits=Waits(stop=0.1))
    sp.fx("rain", duration=1.0).result(20)
    thread = current().engine._thread
    current.close()
    thread.join(5)
    assert len(closed) == 1


def test_nothing_begins_while_the_connections_are_closed(connected, caplog):
    closed = slow_to_close()
    sp.fx("rain", duration=1.0).result(20)
    sp.fx("hail", duration=1.0)
    current.close()
    gc.collect()
    assert len(closed) == 1
    assert caplog.messages == []


def slow_to_close(**engine):
    """Work in a session whose clients take a while to close; returns those that are closed."""
    closed = []

    class SlowClient(Client):
        async def close(self):
            await asyncio.sleep(0.3)
            await super().close()
            closed.append(self)

    current.use(Session(make_client=SlowClient, **engine))
    return closed


def test_watching_can_stop_while_the_operation_goes_on(scripted):
    scripted(lambda heard, _: as_json(operation()) if heard.method == "PUT" else _slow())
    op = sp.song("la", prompt="jazz")
    while op.status != "processing":
        time.sleep(0.01)
    ended = current().engine.run(op.key).ended
    op.stop_watching()
    assert "%soundpiece_resume" in str(ended.exception(5))
    assert op.status == "processing"


def test_a_service_of_another_address_is_not_given_this_key(connected, scripted, monkeypatch):
    service = scripted(lambda *_: as_json({"detail": "x"}, 402))
    op = sp.song("la", prompt="jazz")
    with pytest.raises(sp.RequestRejected):
        op.result(20)
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", "https://api.elsewhere.example/v1")
    [again] = sp.resume(op.key)
    with pytest.raises(sp.SoundpieceError, match="SOUNDPIECE_BASE_URL"):
        again.result(20)
    assert len(service.heard) == 1


def test_a_redirect_is_not_followed_with_the_key(scripted):
    service = scripted(lambda *_: Reply(307, b"", {"Location": "http://127.0.0.1:9/steal"}))
    with pytest.raises(sp.RequestRejected):
        sp.song("la", prompt="jazz").result(20)
    assert len(service.heard) == 1


def test_the_sent_body_is_the_journals_body(scripted):
    service = scripted(lambda *_: as_json({"detail": "x"}, 422))
    op = sp.song("schöne\nZeile {x} $y", prompt="p")
    with pytest.raises(sp.RequestRejected):
        op.result(20)
    [put] = service.of("PUT", ROUTE)
    assert put.body == op.entry.body
    assert json.loads(put.body)["lyrics"] == "schöne\nZeile {x} $y"


def test_to_stop_watching_twice_ends_it_all_the_same(scripted):
    """The second time comes while the first is being settled."""
    scripted(lambda *_: as_json(operation()))
    op = sp.song("la", prompt="jazz")
    engine = current().engine
    run = engine.run(op.key)

    def twice():
        engine._cancel(op.key)
        engine._loop.call_soon(engine._cancel, op.key)

    engine._loop.call_soon_threadsafe(twice)
    assert isinstance(run.ended.exception(5), sp.WatchingStopped)
