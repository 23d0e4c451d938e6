"""The story of a take, which its exported copies tell as tags."""

from __future__ import annotations

from datetime import UTC, datetime

from soundpiece_nb.audio.tags import Identity, Story

KEY = "550e8400-e29b-41d4-a716-446655440000"


def story(take: int = 1, **changes: object) -> Story:
    """Return the story of a take of one song, with changes."""
    told = {
        "identity": Identity(KEY, take),
        "title": "night_drive",
        "made_at": datetime(2026, 11, 22, 14, 3, 59, tzinfo=UTC),
        "route": "create.new_song",
        "operation_id": "op_1",
        "prompt": "Synthwave",
        "lyrics": "[Verse]\nla la",
    }
    return Story(**{**told, **changes})
