"""A journal of many operations, as years of work leave one; the same each time."""

from __future__ import annotations

import json
import random
import sqlite3
import uuid
from pathlib import Path

from soundpiece_nb.api.routes import ROUTES
from soundpiece_nb.journal.journal import Journal

FIRST = 1_700_000_000_000_000
APART = 300_000_000
WORDS = (
    "night drive with neon lights and slow synths over warm bass a quiet river in the rain bright "
    "brass jazz trio brushed drums tape hiss soft voice calling home again dancing under silver "
    "moon electric guitar solo crowd hand claps piano ballad tender strings rising thunder far away"
).split()  # fmt: skip
SERVICE = "https://api.soundpiece.co/v1"


def build(home: Path, number: int) -> Journal:
    """Return a journal of `number` operations with two takes each.

    Prompts have about 80 characters, every second operation lyrics of about 800, every take a
    waveform of 400 bytes; nine of ten are ready, a third of their takes are rated.
    """
    journal = Journal(home)
    chance = random.Random(4)
    pieces = [_text(chance, 80) for _ in range(1_000)]
    songs = [_text(chance, 800) for _ in range(1_000)]
    routes = [route.path for route in ROUTES.values()]
    made, takes = [], []
    for n in range(number):
        key = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        prompt, lyrics = chance.choice(pieces), chance.choice(songs) if n % 2 else None
        params = {"duration": 12.5} if n % 3 == 0 else {}
        asked = {"idempotency_key": key, "prompt": prompt, "lyrics": lyrics, **params}
        status = "ready" if chance.random() < 0.9 else chance.choice(("failed", "rejected"))
        ready = status == "ready"
        submitted = FIRST + n * APART
        stars = [chance.choice((None, None, None, None, 1, 2, 3, 4, 5)) for _ in range(2)]
        rated = [each for each in stars if each and ready]
        seconds = [round(chance.uniform(60, 120), 3) for _ in range(2)]
        made.append(
            (
                key,
                chance.choice(routes),
                SERVICE,
                json.dumps(asked).encode(),
                status,
                f"night_{n % 5_000}" if n % 2 else None,
                f"op_{key[:12]}",
                prompt,
                lyrics,
                json.dumps(params),
                chance.choice(("[]", '["demo"]', '["demo", "loud"]')),
                json.dumps({"id": f"mood-{n // 40:08x}", "mood": "calm"}) if n % 4 == 0 else None,
                "/home/someone/music/night.ipynb",
                None if ready else chance.choice(("content_policy", "402", "generation_failed")),
                None if ready else "It could not be made.",
                submitted,
                submitted + 300_000,
                submitted + chance.randrange(10_000_000, 200_000_000),
                2 if ready else None,
                sum(seconds) if ready else None,
                max(rated) if rated else None,
                "\n".join(f"audio/{key}/{take}.flac" for take in (1, 2)) if ready else None,
            )
        )
        if ready:
            takes += [
                (
                    key,
                    take,
                    seconds[take - 1],
                    f"audio/{key}/{take}.flac",
                    9_000_000 + n,
                    f"{chance.getrandbits(128):032x}",
                    bytes(400),
                    stars[take - 1],
                )
                for take in (1, 2)
            ]
    places = ", ".join("?" * 22)
    with sqlite3.connect(journal.file) as connection:
        connection.executemany(
            "INSERT INTO operations (idempotency_key, route, service, body, status, name,"
            " operation_id, prompt, lyrics, params, tags, sweep, notebook, error_code,"
            " error_message, submitted_at, accepted_at, finished_at, outputs, duration, rating,"
            f" files, polls, retries) VALUES ({places}, 4, 0)",
            made,
        )
        connection.executemany(
            "INSERT INTO takes (idempotency_key, take, duration, path, size, md5, waveform, rating,"
            " sample_rate, channels) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 44100, 2)",
            takes,
        )
    connection.close()
    return journal


def _text(chance: random.Random, length: int) -> str:
    text = ""
    while len(text) < length:
        text += chance.choice(WORDS) + " "
    return text.strip()
