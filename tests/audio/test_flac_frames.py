"""The walk over a file's frames is exact, and takes its time and memory from no file."""

from __future__ import annotations

import io
import time
import tracemalloc
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from fastcrc import crc8, crc16
from hypothesis import given, settings
from hypothesis import strategies as st

from soundpiece_nb.audio.flac_frame_headers import coded
from soundpiece_nb.audio.flac_frames import TooLong, walk
from soundpiece_nb.audio.flac_metadata import NotIntact, read_stream_info
from support import flac_encoder
from support.flac_encoder import flac
from support.services import tone

ENOUGH = 1 << 40
PLENTY = 4_000_000
SECONDS = 6.0
"""Of the processor, allowed for PLENTY bytes; they take up to two."""


def walked(octets: bytes, most: int = ENOUGH, **options: int):
    file = io.BytesIO(octets)
    return walk(file, read_stream_info(file), most, **options)


def noise(frames: int, channels: int, bits: int = 16, loudness: float = 1.0) -> np.ndarray:
    """Return whole numbers of a depth."""
    most = int(loudness * (1 << bits - 1))
    return np.random.default_rng(frames).integers(-most, most, (frames, channels))


def sung(frames: int, channels: int, form: str, rate: int = 44_100) -> bytes:
    """Return a FLAC file by libsndfile, with subframes of the kinds that its encoder has."""
    beat = np.arange(frames) / rate
    sines = [0.3 * np.sin(2 * np.pi * 220 * (at + 1) * beat) for at in range(channels)]
    sound = np.stack(sines, 1) + np.random.default_rng(1).normal(0, 0.01, (frames, channels))
    sound[frames // 3 : frames // 2] = 0  # constant subframes
    buffer = io.BytesIO()
    soundfile.write(buffer, sound, rate, form, format="FLAC")
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["PCM_S8", "PCM_16", "PCM_24"])
@pytest.mark.parametrize("channels", range(1, 9))
def test_it_agrees_with_libsndfile(form, channels):
    for frames in (1, 15, 4096, 4097, 30_000):
        octets = sung(frames, channels, form)
        audio, info = walked(octets), soundfile.info(io.BytesIO(octets))
        assert (audio.frames, audio.channels) == (info.frames, info.channels) == (frames, channels)
        assert audio.sample_rate == info.samplerate
        assert audio.end == len(octets)


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 3000), st.integers(1, 8)),
    bits=st.integers(4, 32),
    block=st.integers(16, 2000),
    rate=st.sampled_from([1, 8000, 11_025, 44_100, 48_000, 65_535, 96_000, 655_350, 1_048_575]),
    chunk=st.integers(1, 5000),
)
def test_any_form_is_read_in_chunks_of_any_size(shape, bits, block, rate, chunk):
    octets = flac(noise(*shape, bits), rate, bits=bits, block=block)
    audio = walked(octets, chunk=chunk)
    assert (audio.frames, audio.channels) == shape
    assert (audio.sample_rate, audio.bits, audio.end) == (rate, bits, len(octets))


@given(sizes=st.lists(st.integers(1, 700), min_size=1, max_size=30))
def test_blocks_may_vary(sizes):
    octets = flac(noise(sum(sizes), 2), block=sizes)
    assert walked(octets, chunk=500).frames == sum(sizes)


def test_numbers_of_any_size_are_coded_as_the_specification_has_it():
    for number in (0, 127, 128, 2047, 2048, 65_535, 65_536, 1_000_000):
        assert coded(number) == chr(number).encode()
    for power in range(37):
        for number in ((1 << power) - 1, (1 << power) % (1 << 36)):
            assert coded(number) == flac_encoder.coded(number)
    assert coded((1 << 36) - 1) == b"\xfe" + b"\xbf" * 6


def test_frames_of_other_order_form_or_number_are_refused():
    beginning, *frames = cut(flac(noise(5000, 2), block=1000))
    assert walked(b"".join([beginning, *frames])).frames == 5000
    mono = flac_encoder.frame(noise(1000, 1), 44_100, 16, 4)
    slower = flac_encoder.frame(noise(1000, 2), 22_050, 16, 4)
    variable = flac_encoder.frame(noise(1000, 2), 44_100, 16, 4000, fixed=False)
    for other in (
        frames[1:],
        [frames[0], *frames[2:]],
        [frames[1], frames[0], *frames[2:]],
        [*frames, frames[-1]],
        [frames[0], *frames],
        [*frames[:4], mono],
        [*frames[:4], slower],
        [*frames[:4], variable],
        [],
    ):
        with pytest.raises(NotIntact):
            walked(b"".join([beginning, *other]))


def cut(octets: bytes) -> list[bytes]:
    """Return the metadata of our encoder's file, and each of its frames."""
    starts = [at for at in range(len(octets)) if octets.startswith(octets[42:46], at)]
    return [octets[:42], *(octets[start:end] for start, end in pairwise([*starts, None]))]


def test_all_that_is_left_out_or_added_at_the_end_is_found():
    whole = tone()
    last = whole.rindex(b"\xff\xf8")
    assert walked(whole).end == len(whole)
    junk = bytes(range(256)) * 40
    summed = junk + crc16.umts(junk).to_bytes(2, "big")  # the CRC-16 of which is zero
    for ending in (b"\0", b"\0" * 2, b"\0" * 5000, whole[last:], whole[86:], junk, summed, whole):
        with pytest.raises(NotIntact):
            walked(whole + ending)
    for missing in (1, 2, 3, 100, len(whole) - 86):
        with pytest.raises(NotIntact):
            walked(whole[:-missing])


def test_zeros_between_frames_are_found_and_those_of_frames_are_not_taken_for_such():
    beginning, *frames = cut(flac(noise(3000, 1, 8), bits=8, block=1))
    assert sum(frame.endswith(b"\0") for frame in frames) > 3
    assert walked(b"".join([beginning, *frames])).frames == 3000
    for zeros in (b"\0", b"\0\0", bytes(100_000)):
        for at in (1, 1500, 2999):
            with pytest.raises(NotIntact):
                walked(b"".join([beginning, *frames[:at], zeros, *frames[at:]]))


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damage_of_any_kind_is_refused(data):
    whole = data.draw(st.sampled_from(WHOLE), "file")
    first = read_stream_info(io.BytesIO(whole)).end
    at = data.draw(st.integers(first, len(whole) - 1), "position")
    kind = data.draw(st.sampled_from(["truncated", "flipped", "appended", "doubled", "inserted"]))
    match kind:
        case "truncated":
            damaged = whole[:at]
        case "flipped":
            flipped = whole[at] ^ 1 << data.draw(st.integers(0, 7), "bit")
            damaged = whole[:at] + bytes([flipped]) + whole[at + 1 :]
        case "appended":
            damaged = whole + data.draw(st.binary(min_size=1, max_size=300), "junk")
        case "doubled":
            damaged = whole + whole[at:]
        case "inserted":
            damaged = whole[:at] + data.draw(st.binary(min_size=1, max_size=50)) + whole[at:]
    try:
        found = walked(damaged).frames
    except NotIntact:
        return
    # A file that ends with a whole frame is whole by itself: its number of frames is compared.
    assert kind == "truncated"
    assert found < walked(whole).frames


WHOLE = [
    sung(9000, 2, "PCM_16"),
    sung(5000, 1, "PCM_24"),
    flac(noise(2000, 2), block=500),
    flac(noise(1500, 1, 20), bits=20, block=[700, 300, 500]),
]


@cache
def hostile() -> dict[str, bytes]:
    """Return files of PLENTY bytes in which much looks like a frame, and none is its last."""
    head = flac(noise(200, 1, 8), bits=8, block=100)[:42]
    first = flac_encoder.frame(noise(100, 1, 8), 44_100, 8, 0)
    header = b"\xff\xf8\x19\x02\x01"
    header += bytes([crc8.smbus(header)])
    claim = b"\xff\xf8\x79\x02\x01\xff\xfe"
    claim += bytes([crc8.smbus(claim)])
    ones = header + b"\x10" + b"\xff" * PLENTY
    unary = header + b"\x10\0\0" + b"\0" * PLENTY
    quiet = b"".join(tiny(number) for number in range(1, PLENTY // 12))
    doubtful = head + first + b"".join(tiny(number) + bytes(99) for number in range(1, 30_000))
    return {
        "zeros between frames": doubtful + bytes(PLENTY - len(doubtful)),
        "sync codes": head + b"\xff\xf8" * (PLENTY // 2),
        "sync codes after a frame": head + first + b"\xff\xf8" * (PLENTY // 2),
        "sync codes of either kind": head + first + b"\xff\xf8\xff\xf9" * (PLENTY // 4),
        "headers": head + first + never_whole(header),
        "headers of large blocks": head + first + never_whole(claim),
        "beginnings of headers": head + first + b"\xff\xf8\x19\x02" * (PLENTY // 4),
        "ones": head + first + ones,
        "zeros": head + first + unary,
        "frames of 192 samples": head + first + quiet + bytes([0]),
        "frames of 192 samples, cut": head + first + quiet[:-1],
        "tags": head + first + (b"TAG" + bytes(125)) * (PLENTY // 128),
        "footers": head + first + b"APETAGEX\xd0\x07\0\0\x20\0\0\0" * (PLENTY // 16),
    }


def never_whole(header: bytes) -> bytes:
    """Return as many headers as there is room for, none of which ends a frame by its CRC-16."""
    pieces, crc = [], 0
    for _ in range(PLENTY // (len(header) + 1)):
        piece = next(
            piece
            for piece in (header + b"\1", header + b"\2")
            if crc16.umts(piece, crc) or not pieces
        )
        crc = crc16.umts(piece, crc)
        pieces.append(piece)
    return b"".join(pieces)


def tiny(number: int) -> bytes:
    """Return a frame of 192 samples of silence."""
    frame = b"\xff\xf8\x19\x02" + flac_encoder.coded(number)
    frame += bytes([crc8.smbus(frame), 0, 0])
    return frame + crc16.umts(frame).to_bytes(2, "big")


@pytest.mark.parametrize("name", hostile())
def test_a_file_made_to_take_long_does_not(name):
    octets = hostile()[name]
    before = time.process_time()
    with pytest.raises(NotIntact):
        walked(octets)
    assert time.process_time() - before < SECONDS


def test_metadata_made_to_take_long_does_not():
    head = tone()[:42].replace(b"fLaC\x80", b"fLaC\0")
    before = time.process_time()
    with pytest.raises(NotIntact):
        walked(head + b"\x01\0\0\0" * (PLENTY // 4))
    assert time.process_time() - before < SECONDS


def test_a_large_file_takes_little_memory():
    octets = flac(noise(6_000_000, 2))
    junk = octets[:9000] + b"\0" * (len(octets) - 9000)
    assert len(octets) > 23_000_000
    for each in (octets, junk):
        file = io.BytesIO(each)
        tracemalloc.start()
        try:
            walk(file, read_stream_info(file), ENOUGH)
        except NotIntact:
            assert each is junk
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 4_000_000


def test_it_stops_at_the_most_samples_that_there_may_be():
    octets = flac(noise(5000, 2), block=1000)
    assert walked(octets, 5000).frames == 5000
    with pytest.raises(TooLong):
        walked(octets, 4999)
