"""Sources and references: the URLs that the sandbox downloads, and those that it refuses."""

import io
import struct
import subprocess
import sys
import time
import uuid

import numpy as np
import pytest
import soundfile

from support.neighbour_servers import Neighbour

STEMS = "adapt.separate_stems"


@pytest.fixture
def neighbour():
    """Start a server near by that offers sounds."""
    neighbour = Neighbour()
    yield neighbour
    neighbour.close()


def recorded(kind: str = "WAV", rate: int = 44_100, channels: int = 2, seconds: float = 6) -> bytes:
    """Record a beat, a bass and a tune into a sound file of some kind."""
    moments = np.arange(int(seconds * rate)) / rate
    beat = np.random.default_rng(1).normal(0, 0.3, len(moments)) * np.exp(-((moments % 0.5) * 40))
    bass = 0.3 * np.sin(2 * np.pi * 55 * moments)
    tune = 0.2 * np.sin(2 * np.pi * 440 * moments)
    mono = 0.7 * (beat + bass + tune)
    sound = np.stack([mono, 0.6 * mono + 0.1 * tune], axis=1)[:, :channels]
    file = io.BytesIO()
    soundfile.write(file, sound, rate, format=kind)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "rate", "channels"), [("WAV", 44_100, 2), ("OGG", 48_000, 2), ("FLAC", 22_050, 1)]
)
def test_a_named_servers_sound_is_split_into_stems_that_sum_to_it(
    start, neighbour, kind, rate, channels
):
    sandbox = start("--pace", "0", "--reach", neighbour.origin)
    neighbour.offers["/take"] = recorded(kind, rate, channels)
    made = sandbox.make(STEMS, source={"url": f"{neighbour.origin}/take"})
    sounds = {stem["kind"]: sandbox.sound(stem).astype(int) for stem in made["outputs"]}
    total = sum(sounds.values())
    assert len(total) == 6 * 44_100
    if (kind, rate) == ("WAV", 44_100):
        source, _ = soundfile.read(io.BytesIO(neighbour.offers["/take"]), dtype="int16")
        assert np.abs(total - source).max() <= 1
    energy = {kind: float((sound.astype(float) ** 2).sum()) for kind, sound in sounds.items()}
    assert min(energy["drums"], energy["bass"]) > 0.02 * sum(energy.values())


def test_an_address_that_was_not_named_is_never_asked(start, neighbour):
    sandbox = start("--pace", "0")
    neighbour.offers["/take"] = recorded()
    for address in (f"{neighbour.origin}/take", neighbour.origin.replace("127.0.0.1", "localhost")):
        made = sandbox.make(STEMS, source={"url": address})
        assert made["error"]["code"] == "source_unreachable"
        assert "--reach" in made["error"]["message"]
    assert neighbour.asked == []


def test_a_redirect_is_not_followed(start, neighbour):
    other = Neighbour()
    other.offers["/take"] = recorded()
    neighbour.redirects["/take"] = f"{other.origin}/take"
    sandbox = start("--pace", "0", "--reach", neighbour.origin)
    made = sandbox.make(STEMS, source={"url": f"{neighbour.origin}/take"})
    assert made["error"]["code"] == "source_unreachable"
    assert "302" in made["error"]["message"]
    assert other.asked == []
    other.close()


@pytest.mark.parametrize(
    ("offer", "said"),
    [(None, "404"), (b"", "audio"), (b"<!doctype html>", "audio"), (recorded()[:2000], "")],
)
def test_what_is_no_sound_fails_the_operation_and_says_why(start, neighbour, offer, said):
    if offer is not None:
        neighbour.offers["/take"] = offer
    sandbox = start("--pace", "0", "--reach", neighbour.origin)
    made = sandbox.make("adapt.auto_cut_down", source=at(neighbour), target_duration=2)
    if len(offer or b"") == 2000:  # a WAV cut short still holds sound
        assert made["status"] == "ready"
    else:
        assert made["error"]["code"] == "source_unreachable"
        assert said in made["error"]["message"]


def at(neighbour: Neighbour) -> dict[str, str]:
    return {"url": f"{neighbour.origin}/take"}


def test_a_source_of_many_channels_and_a_high_rate_is_its_first_two_at_ours(start, neighbour):
    file = io.BytesIO()
    quiet = np.zeros((96_000, 8))
    quiet[:, 1] = 0.5 * np.sin(2 * np.pi * 440 * np.arange(96_000) / 96_000)
    soundfile.write(file, quiet, 96_000, format="FLAC")
    neighbour.offers["/take"] = file.getvalue()
    sandbox = start("--pace", "0", "--reach", neighbour.origin)
    made = sandbox.make("adapt.auto_cut_down", source=at(neighbour), target_duration=600)
    sound = sandbox.sound(made["output"])
    assert sound.shape == (44_100, 2)
    assert np.abs(sound[:, 0]).max() == 0
    assert np.abs(sound[:, 1]).max() > 15_000


def wav(rate: int, channels: int, frames: int) -> bytes:
    """Return a WAV file of 8 bit that says so of itself."""
    data = frames * channels
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * channels % 2**32, channels, 8)
    head = b"RIFF" + struct.pack("<I", 36 + data) + b"WAVEfmt " + form
    return head + b"data" + struct.pack("<I", data) + b"\x80" * data


@pytest.mark.parametrize(
    ("rate", "frames", "said"),
    [
        (2**31 - 1, 1000, "rate over 384 kHz"),  # its resampling would take 300 GiB
        (384_001, 1000, "rate over 384 kHz"),
        (8000, 601 * 8000, "over ten minutes"),
        (1, 601, "over ten minutes"),
    ],
)
def test_a_small_file_that_would_become_an_enormous_sound_is_refused(
    start, neighbour, rate, frames, said
):
    neighbour.offers["/take"] = wav(rate, 1, frames)
    sandbox = start("--pace", "0", "--reach", neighbour.origin)
    made = sandbox.make("adapt.auto_cut_down", source=at(neighbour), target_duration=2)
    assert made["error"]["code"] == "source_unreachable"
    assert said in made["error"]["message"]


def test_a_source_of_a_thousand_channels_takes_little_memory(tmp_path):
    file = tmp_path / "take.wav"
    file.write_bytes(wav(44_100, 1024, 44_100))
    script = (
        "import sys, resource; from pathlib import Path; import numpy, soundfile;"
        "from soundpiece_sandbox.rendering.sound_files import read_audio;"
        "from soundpiece_sandbox.rendering.take_request import SourceFile;"
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; before = used();"
        "read_audio(SourceFile(Path(sys.argv[1]), 'take')); print(used() - before)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=True
    )
    assert int(ran.stdout) < 32 * 2**10  # KiB; of a whole second it would be 176 MiB


def test_a_long_chain_of_cuts_is_no_trouble(start):
    sandbox = start("--pace", "0")
    made = sandbox.make("create.new_fx", prompt="Whoosh", duration=1)
    for _ in range(40):
        source = {"url": made["output"]["url"]}
        made = sandbox.make("adapt.auto_cut_down", source=source, target_duration=600)
    assert made["status"] == "ready"


def test_what_an_output_was_made_from_may_be_gone(start, tmp_path):
    sandbox = start("--pace", "0", "--data", tmp_path)
    first = sandbox.make("create.new_fx", prompt="Whoosh", duration=1)
    source = {"url": first["output"]["url"]}
    second = sandbox.make("adapt.auto_cut_down", source=source, target_duration=600)
    (tmp_path / "sounds" / f"{first['id'].removeprefix('op_')}-1.flac").unlink()
    stems = sandbox.make(STEMS, source={"url": second["output"]["url"]})
    sounds = [sandbox.sound(stem).astype(int) for stem in stems["outputs"]]
    assert np.array_equal(sum(sounds), sandbox.sound(second["output"]))
    gone = sandbox.make(STEMS, source=source)
    assert gone["error"]["code"] == "source_unreachable"


def test_a_server_that_is_not_there_fails_the_operation(start, neighbour):
    sandbox = start("--pace", "0", "--reach", neighbour.origin)
    neighbour.close()
    made = sandbox.make(STEMS, source=at(neighbour))
    assert made["error"]["code"] == "source_unreachable"
    assert "did not answer" in made["error"]["message"]


def test_its_own_address_is_good_until_it_expires(start):
    sandbox = start("--pace", "0", "--url-lifetime", "1.5")
    effect = sandbox.make("create.new_fx", prompt="Whoosh", duration=1)
    source = {"url": effect["output"]["url"]}
    good = sandbox.make("adapt.auto_cut_down", source=source, target_duration=60)
    assert good["status"] == "ready"
    time.sleep(1.6)
    late = sandbox.make("adapt.auto_cut_down", source=source, target_duration=60)
    assert late["error"]["code"] == "source_unreachable"
    assert "expired" in late["error"]["message"]
    fresh = {"url": sandbox.end("create.new_fx", effect["id"])["output"]["url"]}
    assert sandbox.make("adapt.auto_cut_down", source=fresh, target_duration=60)["output"]


def test_an_address_that_expires_while_its_operation_queues_is_still_good(start):
    sandbox = start("--pace", "0", "--url-lifetime", "1")
    effect = sandbox.make("create.new_fx", prompt="Whoosh", duration=1)
    for number in range(6):
        sandbox.ask("create.new_song", lyrics=f"La {number}\nLa la la la", prompt="Rock")
    fresh = {"url": sandbox.end("create.new_fx", effect["id"])["output"]["url"]}
    queued = sandbox.ask("adapt.auto_cut_down", source=fresh, target_duration=60)
    assert sandbox.end("adapt.auto_cut_down", queued["id"])["status"] == "ready"


def test_the_same_output_under_a_fresh_address_is_the_same_request(sandbox):
    effect = sandbox.make("create.new_fx", prompt="Whoosh", duration=1)
    fresh = sandbox.end("create.new_fx", effect["id"])
    other = sandbox.make("create.new_fx", prompt="Whoosh back", duration=1)
    key = str(uuid.uuid4())
    answers = [
        sandbox.send(STEMS, {"idempotency_key": key, "source": {"url": made["output"]["url"]}})
        for made in (effect, fresh, other)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert answers[0].json() == answers[1].json()


def test_an_address_that_was_changed_is_not_its_own(sandbox):
    effect = sandbox.make("create.new_fx", prompt="Whoosh", duration=1)
    url = effect["output"]["url"].replace("signature=", "signature=0")
    made = sandbox.make(STEMS, source={"url": url})
    assert made["error"]["code"] == "source_unreachable"


def test_a_reference_that_cannot_be_had_fails_the_operation(sandbox):
    made = sandbox.make(
        "create.new_instrumental", reference={"url": "https://sound.example.com/a.flac"}
    )
    assert made["error"]["code"] == "source_unreachable"
    assert "reference" in made["error"]["message"]


def test_what_was_fetched_is_still_known_when_its_remix_is_taken_apart(start, neighbour):
    sandbox = start("--pace", "0", "--reach", neighbour.origin)
    neighbour.offers["/take"] = recorded()
    remix = sandbox.make(
        "create.remix_song", source=at(neighbour), lyrics="La la la", prompt="Rock"
    )
    neighbour.offers.clear()
    source = {"url": remix["outputs"][0]["url"]}
    stems = sandbox.make(STEMS, source=source)["outputs"]
    sounds = [sandbox.sound(stem).astype(int) for stem in stems]
    assert np.array_equal(sum(sounds), sandbox.sound(remix["outputs"][0]))
    assert neighbour.asked == ["/take"]
