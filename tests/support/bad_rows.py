"""Operations that a journal holds, and rows of it that no version of ours would have written."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from soundpiece_nb.api.answer import OutputLink
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.audio.verification import verify
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.quick_reads import FILE_NAME
from soundpiece_nb.settings import BASE_URL
from support.services import tone

GOOD, BAD, BETTER = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "1b3")
"""The keys of three operations of one sweep; the second is the one that goes bad."""
NAMES = {GOOD: "good", BAD: "bad", BETTER: "better"}
SWEEP = "mood-0a1b2c3d"
YEAR = 31_557_600_000_000
"""Microseconds."""


def _body(prompt: str) -> bytes:
    return f'{{"idempotency_key": "{BAD}", "prompt": {prompt}}}'.encode()


BAD_COLUMNS = {
    "body: no JSON": ("operations", "body", b"nothing"),
    "body: a list": ("operations", "body", b"[1, 2]"),
    "body: a text": ("operations", "body", "{}"),
    "body: nested": ("operations", "body", b"[" * 100_000),
    "body: numbers": ("operations", "body", _body('1e999, "duration": NaN, "lyrics": [{}]')),
    "body: half a pair": ("operations", "body", _body(r'"a \ud800 b"')),
    "name: long": ("operations", "name", "bad" * 100),
    "name: emoji": ("operations", "name", "🎸" * 60),
    "name: a path": ("operations", "name", "../../etc/passwd"),
    "name: reserved": ("operations", "name", "CON"),
    "name: to the left": ("operations", "name", "\u202eevil\u202c مرحبا"),
    "name: bytes": ("operations", "name", b"\xff\0"),
    "route: unknown": ("operations", "route", "create.new_opera"),
    "status: unknown": ("operations", "status", "pondering"),
    "service: bytes": ("operations", "service", b"\xff"),
    "params: no JSON": ("operations", "params", "{"),
    "params: a list": ("operations", "params", "[1]"),
    "tags: no JSON": ("operations", "tags", "demo"),
    "tags: an object": ("operations", "tags", '{"a": 1}'),
    "tags: numbers": ("operations", "tags", '["demo", 5, null]'),
    "sweep: a list in it": ("operations", "sweep", json.dumps({"id": SWEEP, "mood": ["x"]})),
    "submitted: before 1970": ("operations", "submitted_at", -10 * YEAR),
    "submitted: never": ("operations", "submitted_at", 9 * 10**18),
    "submitted: words": ("operations", "submitted_at", "yesterday"),
    "submitted: year 300000": ("operations", "submitted_at", 298_030.0 * YEAR),
    "finished: huge": ("operations", "finished_at", 2**62),
    "finished: none": ("operations", "finished_at", None),
    "accepted: negative": ("operations", "accepted_at", -(2**62)),
    "outputs: words": ("operations", "outputs", "many"),
    "outputs: negative": ("operations", "outputs", -5),
    "polls: words": ("operations", "polls", "many"),
    "duration: infinite": ("operations", "duration", 9e999),
    "rating: words": ("operations", "rating", "good"),
    "files: odd paths": ("operations", "files", "/etc/passwd\n../../x\naudio/../x"),
    "error: newlines": ("operations", "error_code", "a\nb\r\nc"),
    "holder: bytes": ("operations", "holder", b"\xff"),
    "held until: words": ("operations", "held_until", "tomorrow"),
    "take: kind of lines": ("takes", "kind", "a\nb<script>" * 2_000),
    "take: kind of bytes": ("takes", "kind", b"\xff"),
    "take: infinite": ("takes", "duration", 9e999),
    "take: negative": ("takes", "duration", -3.0),
    "take: words": ("takes", "duration", "long"),
    "take: 99 stars": ("takes", "rating", 10**12),
    "take: stars in words": ("takes", "rating", "many"),
    "take: empty waveform": ("takes", "waveform", b""),
    "take: odd waveform": ("takes", "waveform", b"\1\2\3"),
    "take: huge waveform": ("takes", "waveform", b"\1" * 100_000),
    "take: waveform of words": ("takes", "waveform", "loud"),
    "take: an absolute path": ("takes", "path", "/etc/passwd"),
    "take: a path out": ("takes", "path", "audio/../../x.flac"),
    "take: a path of bytes": ("takes", "path", b"\xff"),
    "take: a vanished file": ("takes", "path", "audio/nowhere/1.flac"),
    "take: size in words": ("takes", "size", "big"),
    "take: number 0": ("takes", "take", 0),
    "take: number in words": ("takes", "take", "first"),
    "take: loudness": ("takes", "loudness", -9e999),
    "take: tempo in words": ("takes", "tempo", "fast"),
    "take: pruned never": ("takes", "pruned_at", 2**62),
}
"""Columns that hold what they cannot mean, each by what is wrong."""


def keep(home: Path, keys=(GOOD, BAD, BETTER), *, names=NAMES, prompt="rain on a tin roof") -> None:
    """Write operations of one sweep down, each ready with one take, as kernels do."""
    journal = Journal(home)
    try:
        for key in keys:
            request = new_request(find_route("fx"), {"prompt": prompt}, key)
            sweep = json.dumps({"id": SWEEP, "mood": names.get(key, key)})
            labels = {"name": names.get(key), "tags": ["demo"], "note": "a note", "sweep": sweep}
            journal.record(request, service=BASE_URL, **labels)
            journal.accepted(key, f"op_{key[:8]}")
            journal.ready(key, [OutputLink("https://cdn.example/x", None, 0.2, None)])
            path = home / "audio" / key / "1.flac"
            path.parent.mkdir(parents=True)
            path.write_bytes(tone(0.2))
            journal.stored(key, 1, verify(path), path)
            journal.release([key])
    finally:
        journal.close()


def plant(home: Path, table: str, column: str, value: object, *keys: str) -> None:
    """Write a value straight into a column of these operations' rows, with sqlite3 alone."""
    change = f"UPDATE {table} SET {column} = ? WHERE idempotency_key = ?"  # noqa: S608 - a constant
    with closing(sqlite3.connect(home / FILE_NAME)) as connection, connection:
        for key in keys or (BAD,):
            connection.execute(change, (value, key))


def sound(sample_rate: int, channels: int, bits: str = "PCM_16") -> bytes:
    """Return a FLAC file of one second, or of 100 frames where a second has fewer."""
    import numpy as np
    import soundfile

    frames = max(100, sample_rate)
    samples = np.zeros((frames, channels))
    samples[::50] = 0.3
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, sample_rate, bits, format="FLAC")
    return buffer.getvalue()
