"""The routes, as data: what each takes, what it makes and under which name it answers.

A new route is one more entry here, its request model and its performance.
"""

from dataclasses import dataclass

from soundpiece_nb.sandbox.rendering import Performance, perform_song
from soundpiece_nb.sandbox.requests import NewSong, OperationRequest


@dataclass(frozen=True)
class Route:
    """One action of the API: PUT submits it, GET on the same address reads it."""

    name: str
    summary: str
    envelope: str
    request: type[OperationRequest]
    perform: Performance
    takes: int
    example: dict[str, object]


ROUTES = {
    route.name: route
    for route in (
        Route(
            name="create.new_song",
            summary="Make a song",
            envelope="song",
            request=NewSong,
            perform=perform_song,
            takes=2,
            example={
                "idempotency_key": "550e8400-e29b-41d4-a716-446655440000",
                "lyrics": "[Verse]\nThe tide comes in at half past nine",
                "prompt": "Lo-fi, warm, slow",
            },
        ),
    )
}
