"""Every route of the sandbox over HTTP: its fields, its echo and its sound."""

import itertools
import math
import uuid

import numpy as np
import pytest

LYRICS = "[Verse]\nThe tide comes in at half past nine\n[Chorus]\nHold on"
SOURCE = {"url": "https://sound.example/take.flac"}

# A request of each route, its envelope key, and what it echoes beyond what was sent.
REQUESTS = {
    "create.new_song": ({"lyrics": LYRICS, "prompt": "Folk"}, "song", {"reference": None}),
    "create.new_instrumental": ({"prompt": "Jazz, short"}, "instrumental", {"reference": None}),
    "create.new_sample": ({"prompt": "Kick"}, "sample", {"duration": None, "loopable": False}),
    "create.new_fx": ({"prompt": "Riser"}, "fx", {"duration": None}),
    "create.remix_song": (
        {"source": SOURCE, "lyrics": LYRICS, "prompt": "Techno"},
        "remix_song",
        {"n_variations": 1},
    ),
    "create.remix_instrumental": ({"source": SOURCE}, "remix_instrumental", {"n_variations": 1}),
    "adapt.separate_stems": ({"source": SOURCE}, "stems", {}),
    "adapt.auto_cut_down": ({"source": SOURCE, "target_duration": 10.0}, "auto_cut", {}),
}
SINGLE = ("create.new_sample", "create.new_fx", "adapt.auto_cut_down")


@pytest.mark.parametrize("route", REQUESTS)
def test_a_route_answers_at_once_under_its_own_key_with_the_request_echoed(sandbox, route):
    request, envelope, more = REQUESTS[route]
    key = str(uuid.uuid4())
    answer = sandbox.send(route, {"idempotency_key": key, **request})
    assert answer.status_code == 200
    operation = answer.json()[envelope]
    result = "output" if route in SINGLE else "outputs"
    assert operation.pop("id").startswith("op_")
    assert operation.pop("created_at").endswith("Z")
    assert operation == {
        "status": "processing",
        "idempotency_key": key,
        **request,
        **more,
        result: None,
        "error": None,
    }


def test_an_operation_is_read_on_its_own_route_only(sandbox):
    operation = sandbox.ask("create.new_fx", prompt="Whoosh")
    wrong = sandbox.http.get("/v1/create.new_sample", params={"id": operation["id"]})
    assert (wrong.status_code, wrong.json()["detail"][0]["type"]) == (422, "operation_unknown")


@pytest.mark.parametrize(
    ("route", "change", "location", "kind"),
    [
        ("create.new_instrumental", {"prompt": None}, [], "prompt_or_reference"),
        ("create.new_instrumental", {"reference": SOURCE}, [], "prompt_or_reference"),
        ("create.new_sample", {"prompt": ""}, ["prompt"], "string_too_short"),
        ("create.new_sample", {"duration": 0}, ["duration"], "greater_than_equal"),
        ("create.new_sample", {"duration": 61}, ["duration"], "less_than_equal"),
        ("create.new_sample", {"duration": "8"}, ["duration"], "float_type"),
        ("create.new_sample", {"loopable": "yes"}, ["loopable"], "bool_type"),
        ("create.new_fx", {"prompt": "x" * 1025}, ["prompt"], "string_too_long"),
        ("create.new_fx", {"duration": 30.1}, ["duration"], "less_than_equal"),
        ("create.remix_song", {"lyrics": None}, ["lyrics"], "string_type"),
        ("create.remix_song", {"prompt": None}, ["prompt"], "string_type"),
        ("create.remix_song", {"n_variations": 4}, ["n_variations"], "less_than_equal"),
        ("create.remix_song", {"n_variations": 1.5}, ["n_variations"], "int_type"),
        ("create.remix_instrumental", {"n_variations": 0}, ["n_variations"], "greater_than_equal"),
        ("create.remix_instrumental", {"source": None}, ["source"], "model_attributes_type"),
        ("adapt.separate_stems", {"source": {}}, ["source", "url"], "missing"),
        ("adapt.separate_stems", {"source": {"url": "file:///etc/passwd"}}, ["source", "url"], ""),
        ("adapt.separate_stems", {"source": "https://a.example/b"}, ["source"], ""),
        ("adapt.auto_cut_down", {"target_duration": None}, ["target_duration"], "float_type"),
        ("adapt.auto_cut_down", {"target_duration": -1}, ["target_duration"], "greater_than_equal"),
    ],
)
def test_a_wrong_field_is_named(sandbox, route, change, location, kind):
    body = {"idempotency_key": str(uuid.uuid4()), **REQUESTS[route][0], **change}
    answer = sandbox.send(route, body)
    assert answer.status_code == 422
    (wrong,) = answer.json()["detail"]
    assert wrong["loc"] == ["body", *location]
    assert kind in wrong["type"]


def test_not_a_number_is_no_duration(sandbox):
    body = b'{"idempotency_key": "%s", "prompt": "x", "duration": NaN}'
    content = body % str(uuid.uuid4()).encode()
    headers = {"Content-Type": "application/json"}
    answer = sandbox.http.put("/v1/create.new_fx", content=content, headers=headers)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "duration"])


def test_an_instrumental_has_two_takes_and_they_differ(sandbox):
    made = sandbox.make("create.new_instrumental", prompt="Synthwave, 30 seconds")
    first, second = (sandbox.sound(output) for output in made["outputs"])
    assert len(first) > 15 * 44_100
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("seconds", [0.5, 1.234, 8])
def test_a_sample_lasts_exactly_as_long_as_asked(sandbox, seconds):
    made = sandbox.make("create.new_sample", prompt="Drum loop", duration=seconds)
    assert made["output"]["duration"] == seconds
    assert len(sandbox.sound(made["output"])) == round(seconds * 44_100)


@pytest.mark.parametrize("prompt", ["Drum loop, rock", "Warm pad", "Rhodes chords, lo-fi"])
def test_the_end_of_a_loop_meets_its_beginning(sandbox, prompt):
    made = sandbox.make("create.new_sample", prompt=prompt, duration=4, loopable=True)
    loop = sandbox.sound(made["output"]).astype(float)
    steps = np.abs(np.diff(loop, axis=0))
    seam = np.abs(loop[0] - loop[-1])
    assert (seam <= np.maximum(np.quantile(steps, 0.999, axis=0), 40)).all()


def test_without_a_duration_it_is_as_long_as_is_natural(sandbox):
    kick = sandbox.make("create.new_sample", prompt="808 kick")["output"]["duration"]
    loop = sandbox.make("create.new_sample", prompt="drum loop")["output"]["duration"]
    assert 0.2 < kick < 3 < loop


def test_an_effect_lasts_exactly_as_long_as_asked_and_is_heard(sandbox):
    made = sandbox.make("create.new_fx", prompt="Rain on a tin roof", duration=2.5)
    sound = sandbox.sound(made["output"])
    assert len(sound) == round(2.5 * 44_100)
    assert np.abs(sound).max() > 3000


@pytest.fixture(scope="module")
def song(sandbox):
    """Give a finished song and the sound of its second take."""
    made = sandbox.make("create.new_song", lyrics=LYRICS, prompt="Rock, 120 bpm, in A minor")
    return made, sandbox.sound(made["outputs"][1])


def read_again(sandbox, route, operation_id, number=0):
    """Give the fresh address of an output, as a source."""
    made = sandbox.end(route, operation_id)
    output = made["output"] if "output" in made else made["outputs"][number]
    return {"url": output["url"]}


def test_the_stems_of_its_own_song_are_exact(sandbox, song):
    made, mix = song
    source = read_again(sandbox, "create.new_song", made["id"], 1)
    stems = sandbox.make("adapt.separate_stems", source=source)["outputs"]
    assert [stem["kind"] for stem in stems] == ["vocals", "drums", "bass", "other"]
    sounds = [sandbox.sound(stem).astype(int) for stem in stems]
    assert np.array_equal(sum(sounds), mix)
    # Each is its own part, not a share of the whole.
    for one, other in itertools.combinations(sounds, 2):
        assert abs(np.corrcoef(one[:, 0], other[:, 0])[0, 1]) < 0.2
    assert all(np.abs(sound).max() > 1000 for sound in sounds)


def test_the_stems_of_an_instrumental_have_no_voice(sandbox):
    made = sandbox.make("create.new_instrumental", prompt="Rock, 30 seconds")
    source = read_again(sandbox, "create.new_instrumental", made["id"])
    stems = sandbox.make("adapt.separate_stems", source=source)["outputs"]
    sounds = {stem["kind"]: sandbox.sound(stem).astype(int) for stem in stems}
    assert np.abs(sounds["vocals"]).max() == 0
    assert np.array_equal(sum(sounds.values()), sandbox.sound(made["outputs"][0]))


@pytest.mark.parametrize("target", [6, 9.5])
def test_a_cut_lands_on_a_bar_line_near_its_target_and_ends_cleanly(sandbox, song, target):
    made, whole = song
    source = read_again(sandbox, "create.new_song", made["id"], 1)
    cut = sandbox.make("adapt.auto_cut_down", source=source, target_duration=target)["output"]
    bar = 2.0  # seconds, at 120 bpm
    bars = (cut["duration"] - 0.06) / bar  # a song leads in for 0.06 s
    assert bars == pytest.approx(round(bars), abs=0.02)
    assert abs(cut["duration"] - target) <= bar / 2 + 0.06
    sound = sandbox.sound(cut)
    assert np.abs(sound[-20:]).max() < 30
    assert np.array_equal(sound[:44_100], whole[:44_100])


def test_a_target_beyond_the_end_leaves_the_sound_as_it_is(sandbox, song):
    made, whole = song
    source = read_again(sandbox, "create.new_song", made["id"], 1)
    cut = sandbox.make("adapt.auto_cut_down", source=source, target_duration=600)["output"]
    assert np.array_equal(sandbox.sound(cut), whole)


def test_the_stems_of_a_cut_sum_to_the_cut(sandbox, song):
    made, _ = song
    source = read_again(sandbox, "create.new_song", made["id"], 1)
    cut = sandbox.make("adapt.auto_cut_down", source=source, target_duration=8)
    source = {"url": cut["output"]["url"]}
    stems = sandbox.make("adapt.separate_stems", source=source)["outputs"]
    sounds = [sandbox.sound(stem).astype(int) for stem in stems]
    assert np.array_equal(sum(sounds), sandbox.sound(cut["output"]))


def test_a_remix_keeps_the_tempo_and_the_harmony_and_changes_the_rest(sandbox, song):
    made, whole = song
    source = read_again(sandbox, "create.new_song", made["id"], 1)
    remix = sandbox.make(
        "create.remix_song",
        source=source,
        lyrics="[Verse]\nOther words are sung tonight\n[Chorus]\nLet go",
        prompt="Jazz, 70 bpm",
        n_variations=2,
    )
    assert len(remix["outputs"]) == 2
    for output in remix["outputs"]:
        sound = sandbox.sound(output)
        assert chroma(sound) @ chroma(whole) > 0.85
        assert bars_in(output["duration"]) == pytest.approx(
            round(bars_in(output["duration"])), abs=0.02
        )
        frames = min(len(sound), len(whole))
        assert abs(np.corrcoef(sound[:frames, 0], whole[:frames, 0])[0, 1]) < 0.3


def bars_in(duration: float) -> float:
    """Count the bars of 120 bpm between the lead-in and the last ring of a piece."""
    return (duration - 0.06 - 2.4) / 2.0


def chroma(sound) -> np.ndarray:
    """Give the twelve pitch classes' shares of a sound's energy, as a unit vector."""
    mono = sound.mean(axis=1) / 32_768
    window = 16_384
    frames = mono[: len(mono) // window * window].reshape(-1, window) * np.hanning(window)
    power = (np.abs(np.fft.rfft(frames, axis=1)) ** 2).sum(axis=0)
    frequencies = np.fft.rfftfreq(window, 1 / 44_100)
    heard = (frequencies > 80) & (frequencies < 2000)
    classes = np.round(69 + 12 * np.log2(frequencies[heard] / 440)).astype(int) % 12
    shares = np.sqrt(np.bincount(classes, power[heard], minlength=12))
    return shares / np.linalg.norm(shares)


def centroid(sound) -> float:
    """Give the mean frequency of a sound's magnitude spectrum in Hz."""
    spectrum = np.abs(np.fft.rfft(sound.mean(axis=1)))
    return float((spectrum * np.fft.rfftfreq(len(sound), 1 / 44_100)).sum() / spectrum.sum())


def test_a_remix_of_an_instrumental_is_as_long_and_another_piece(sandbox):
    made = sandbox.make("create.new_instrumental", prompt="House, 124 bpm, 30 seconds")
    source = read_again(sandbox, "create.new_instrumental", made["id"])
    remix = sandbox.make("create.remix_instrumental", source=source, n_variations=3)
    assert len(remix["outputs"]) == 3
    sounds = [sandbox.sound(output) for output in (made["outputs"][0], *remix["outputs"])]
    assert all(math.isclose(len(sound), len(sounds[0]), abs_tol=44_100) for sound in sounds)
    for one, other in itertools.combinations(sounds, 2):
        frames = min(len(one), len(other))
        assert abs(np.corrcoef(one[:frames, 0], other[:frames, 0])[0, 1]) < 0.8


def test_a_stem_may_be_remixed_and_a_remix_cut(sandbox, song):
    made, _ = song
    source = read_again(sandbox, "create.new_song", made["id"])
    vocals = sandbox.make("adapt.separate_stems", source=source)["outputs"][0]
    remix = sandbox.make(
        "create.remix_song", source={"url": vocals["url"]}, lyrics="La la la", prompt="Techno"
    )
    cut = sandbox.make(
        "adapt.auto_cut_down", source={"url": remix["outputs"][0]["url"]}, target_duration=8
    )
    assert cut["output"]["duration"] == pytest.approx(8, abs=1.1)


def test_a_reference_guides_tempo_and_brightness(sandbox):
    bright = sandbox.make("create.new_instrumental", prompt="Techno, 132 bpm, 30 seconds")
    dark = sandbox.make("create.new_instrumental", prompt="Ambient, dark, 66 bpm, 30 seconds")
    guided = {}
    for name, made in (("bright", bright), ("dark", dark)):
        reference = read_again(sandbox, "create.new_instrumental", made["id"])
        piece = sandbox.make("create.new_instrumental", reference=reference)
        guided[name] = centroid(sandbox.sound(piece["outputs"][0]))
    assert guided["bright"] > 1.2 * guided["dark"]
