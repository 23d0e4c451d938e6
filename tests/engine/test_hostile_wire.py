"""A service gone mad, and what an operation makes of it: one sentence, or patience, and no harm."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from functools import cache

import pytest

import soundpiece_nb as sp
from soundpiece_nb.operations.current_session import current
from support.fx_service import AUDIO, Studio
from support.services import Reply, as_json, quiet_environment
from support.session_processes import Process
from support.timed_service import TimedService

KEY = "spk_tests_only_0123456789"
MEGABYTE = 1024 * 1024


@pytest.fixture
def studio(home, monkeypatch):
    service = Studio()
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", service.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", KEY)
    yield service
    current.close()
    service.close()


@pytest.fixture
def start_process(tmp_path):
    """Start a process with a session over a service."""
    started = []

    def start(base_url: str) -> Process:
        environment = quiet_environment(
            tmp_path / str(len(started)), SOUNDPIECE_BASE_URL=base_url, SOUNDPIECE_API_KEY=KEY
        )
        started.append(Process(environment))
        return started[-1]

    yield start
    for process in started:
        process.close()


@cache
def bomb(size: int) -> bytes:
    """Return so many zeros, packed twice: some kilobytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(size // MEGABYTE))
    return gzip.compress(body + packer.flush(), 9)


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip"])
def test_a_packed_answer_of_gigabytes_takes_no_memory_and_is_asked_again(
    encoding, studio, start_process
):
    """Two kilobytes each, in two layers, become a gigabyte; the process grows by none of it."""
    process = start_process(studio.base_url)
    process.do("sp.fx('a small one first', duration=1).result(30)\nNone")
    process.do("import resource\nmeasure = lambda: resource.getrusage(resource.RUSAGE_SELF)")
    packed = bomb(1024 * MEGABYTE)
    packed = packed if encoding == "gzip, gzip" else gzip.decompress(packed)
    replies = [Reply(status, packed, {"Content-Encoding": encoding}) for status in (200, 503)]
    studio.instead["PUT"], studio.instead["GET"] = list(replies), list(replies)
    before = process.do("measure().ru_maxrss")
    process.do("sp.fx('a click', duration=1).result(60)\nNone", seconds=90)
    assert studio.instead["GET"] == studio.instead["PUT"] == []
    assert process.do("measure().ru_maxrss") - before < 50 * 1024


def test_an_answer_about_another_operation_ends_none(studio, hurried):
    other = {"id": "op_" + "9" * 26, "status": "failed", "error": {"code": "x", "message": "No."}}
    theirs = {"id": "op_" + "0" * 26, "status": "failed", "idempotency_key": "0" * 32}
    studio.instead["GET"] = [as_json({"fx": other})]
    studio.instead["PUT"] = [as_json({"fx": theirs})]
    op = sp.fx("a click", duration=1).result(20)
    assert op.outputs[0].path.read_bytes() == AUDIO
    assert sp.history().loc[op.key, "retries"] == 2


def test_an_error_of_any_length_is_kept_in_two_thousand_characters(studio):
    words = "the key spk_live_secret and https://a.example/x?sig=secret " * 10_000
    error = {"code": "spk_live_secret", "message": words}
    failed = {"id": "op_" + "0" * 26, "status": "failed", "error": error}
    studio.instead["GET"] = [as_json({"fx": failed})]
    op = sp.fx("a click", duration=1)
    with pytest.raises(sp.OperationFailed) as caught:
        op.result(20)
    row = sp.history().loc[op.key]
    assert row["error_code"] == "internal_error"
    assert 1_000 < len(row["error_message"]) <= 2_000
    assert row["error_message"].endswith("…")
    assert len(str(caught.value)) < 2_300
    assert "secret" not in str(caught.value) + row["error_message"]


def test_a_refusal_of_sixty_thousand_fields_is_kept_in_two_thousand_characters(studio):
    studio.instead["PUT"] = [as_json({"detail": [{"msg": "x"}] * 60_000}, 422)]
    op = sp.fx("a click", duration=1)
    with pytest.raises(sp.RequestRejected) as caught:
        op.result(20)
    assert len(sp.history().loc[op.key, "error_message"]) == 2_000
    assert len(str(caught.value)) < 2_300


@pytest.mark.parametrize("nonsense", ["1795348800", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_pause_of_years_is_taken_for_none(nonsense, studio, hurried):
    studio.instead["PUT"] = [Reply(429, headers={"Retry-After": nonsense})]
    began = time.monotonic()
    assert sp.fx("a click", duration=1).result(20).outputs[0].path.read_bytes() == AUDIO
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("address", ["https://169.254.169.254/latest", "https://10.0.0.1/"])
@pytest.mark.parametrize("by", ["the answer", "a redirect"])
def test_a_download_that_leads_inside_is_said_in_a_sentence(by, address, studio):
    if by == "a redirect":
        studio.instead["download"] = [Reply(302, headers={"Location": address})]
    else:
        ready = {"id": "op_" + "0" * 26, "status": "ready", "output": {"url": address}}
        studio.instead["GET"] = [as_json({"fx": ready})]
    op = sp.fx("a click", duration=1)
    with pytest.raises(sp.DownloadFailed, match="inside this machine or network"):
        op.result(20)
    assert op.status == "ready"
    assert op.result(20).outputs[0].path.read_bytes() == AUDIO


def test_an_etag_of_an_earlier_version_that_cannot_be_sent_means_to_begin_anew(studio, home):
    op = sp.fx("a click", duration=1).result(20)
    path = op.outputs[0].path
    path.with_suffix(".part").write_bytes(path.read_bytes()[:5_000])
    path.unlink()
    path.with_suffix(".etag").write_text('"v\n1"')
    assert op.result(20).outputs[0].path.read_bytes() == AUDIO
    assert all("Range" not in heard.headers for heard in studio.of("GET", "/take"))


# ------------------------------------------------------------------ few descriptors

PERSON = """
import os, threading
failed, most, done = [], 0, threading.Event()

def person():
    '''Open twenty files again and again, as a person's own code might meanwhile.'''
    global most
    while not done.wait(0.05):
        files = []
        try:
            files += (open(os.devnull) for _ in range(20))
            most = max(most, len(os.listdir("/dev/fd")))
        except OSError as error:
            failed.append(str(error))
        for file in files:
            file.close()
"""
A_HUNDRED = """
operations = [sp.fx(f"a click {number}", duration=1) for number in range(100)]
for operation in operations:
    operation.result(150)
"""


@pytest.mark.measured
def test_a_hundred_operations_take_no_longer_where_few_files_may_be_open(start_process):
    took = {}
    for limit in (20_000, 64):
        service = TimedService(3.0)
        process = start_process(service.base_url)
        process.do(f"import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, ({limit},) * 2)")
        process.do("sp.fx('a small one first', duration=1).result(30)\nNone")
        process.do(PERSON)
        process.do("threading.Thread(target=person, daemon=True).start()")
        began = time.monotonic()
        process.do(A_HUNDRED, seconds=160)
        took[limit] = time.monotonic() - began
        process.do("done.set()")
        assert process.do("failed") == []
        service.close()
    print(json.dumps(took))
    assert max(took.values()) < 2 * took[20_000] + 5
