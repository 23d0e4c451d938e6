"""A journal of many operations, like one of years of work; the same each time."""

from __future__ import annotations

import random
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from soundpiece_nb.api.routes import ROUTES
from soundpiece_nb.journal import search_index
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.quick_reads import FILE_NAME

FIRST = 1_700_000_000_000_000
APART = 300_000_000
WORDS = (
    "night drive with neon lights and slow synths over warm bass a quiet river in the rain bright "
    "brass jazz trio brushed drums tape hiss soft voice calling home again dancing under silver "
    "moon electric guitar solo crowd hand claps piano ballad tender strings rising thunder far away"
).split()  # fmt: skip
SERVICE = "https://api.soundpiece.co/v1"
TAGS = ("[]", '["demo"]', '["demo", "loud"]')
ERRORS = ("content_policy", "402", "generation_failed")
STARS = (None, None, None, None, 1, 2, 3, 4, 5)

_OPERATION = (
    "idempotency_key, route, service, body, status, name, operation_id, prompt, lyrics, params,"
    " tags, sweep, notebook, error_code, error_message, submitted_at, accepted_at, finished_at,"
    " outputs, duration, rating, files, polls, retries"
)
_TAKE = (
    "idempotency_key, take, duration, path, size, md5, waveform, rating, frames, sample_rate,"
    " channels"
)


def build(home: Path, number: int) -> Journal:
    """Return a journal of `number` operations with two takes each.

    Prompts have about 80 characters, every second operation lyrics of about 800, every take a
    waveform of 400 bytes; nine of ten are ready, about half of their takes are rated. To be fast,
    nothing is synced, and indexes are made at the end, that of the searched words too.
    """
    Journal(home).close()
    takes: list[tuple[object, ...]] = []
    with closing(sqlite3.connect(home / FILE_NAME, isolation_level=None)) as connection:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-500000"):
            connection.execute(f"PRAGMA {pragma}")
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        connection.execute("BEGIN")
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        for table, columns, rows in (
            ("operations", _OPERATION, _operations(number, takes)),
            ("takes", _TAKE, takes),
        ):
            places = ", ".join("?" * (columns.count(",") + 1))
            connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)
        for _, sql in indexes:
            connection.execute(sql)
        connection.execute("COMMIT")
    journal = Journal(home)
    with journal._database.write() as transaction:
        search_index.add(transaction)
    return journal


def _operations(number: int, takes: list[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    """Make the rows of the operations, and beside them add those of their takes."""
    chance = random.Random(4)
    pieces = [_text(chance, 80) for _ in range(1_000)]
    songs = [_text(chance, 800) for _ in range(1_000)]
    routes = [route.path for route in ROUTES.values()]
    for n in range(number):
        key = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        prompt, lyrics = chance.choice(pieces), chance.choice(songs) if n % 2 else None
        sung = f',"lyrics":"{lyrics}"' if lyrics else ""
        ready = chance.random() < 0.9
        submitted = FIRST + n * APART
        brought = list(_takes(chance, key)) if ready else []
        takes += brought
        yield (
            key,
            chance.choice(routes),
            SERVICE,
            f'{{"idempotency_key":"{key}","prompt":"{prompt}"{sung}}}'.encode(),
            "ready" if ready else chance.choice(("failed", "rejected")),
            f"night_{n % 5_000}" if n % 2 else None,
            f"op_{key[:12]}",
            prompt,
            lyrics,
            "{}" if n % 3 else '{"duration": 12.5}',
            chance.choice(TAGS),
            None if n % 4 else f'{{"id": "mood-{n // 40:08x}", "mood": "calm"}}',
            "/home/someone/music/night.ipynb",
            None if ready else chance.choice(ERRORS),
            None if ready else "It could not be made.",
            submitted,
            submitted + 300_000,
            submitted + chance.randrange(10_000_000, 200_000_000),
            len(brought) or None,
            sum(take[2] for take in brought) or None,
            max((take[7] for take in brought if take[7]), default=None),
            "\n".join(take[3] for take in brought) or None,
            4,
            0,
        )


def _takes(chance: random.Random, key: str) -> Iterator[tuple[object, ...]]:
    for take in (1, 2):
        seconds = chance.randrange(60_000, 120_000) / 1_000
        yield (
            key,
            take,
            seconds,
            f"audio/{key}/{take}.flac",
            9_000_000 + take,
            f"{chance.getrandbits(128):032x}",
            bytes(400),
            chance.choice(STARS),
            round(seconds * 44_100),
            44_100,
            2,
        )


def _text(chance: random.Random, length: int) -> str:
    text = ""
    while len(text) < length:
        text += chance.choice(WORDS) + " "
    return text.strip()
