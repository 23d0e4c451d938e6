"""The routes, as data: what each takes, what it makes and under which name it answers.

A new route is one more entry here, its request model and its performance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from soundpiece_sandbox.api.request_models import (
    AutoCutDown,
    NewEffect,
    NewInstrumental,
    NewSample,
    NewSong,
    OperationRequest,
    RemixInstrumental,
    RemixSong,
    SeparateStems,
)
from soundpiece_sandbox.rendering import route_sounds

_A_SOURCE = {"url": "https://sound.example/put-the-url-of-a-finished-output-here"}
_LYRICS = "[Verse]\nThe tide comes in at half past nine"


@dataclass(frozen=True)
class Route:
    """One action of the API: PUT submits it, GET on the same address reads it."""

    name: str
    summary: str
    envelope: str
    request: type[OperationRequest]
    perform: route_sounds.Performance
    example: Mapping[str, object]
    takes: int = 1
    """How many takes it makes, where the request does not say."""
    kinds: bool = False
    """Whether each output says of which kind it is."""
    result: Literal["outputs", "output"] = "outputs"

    def takes_of(self, request: Mapping[str, Any]) -> int:
        """Say how many takes a request of this route asks for."""
        return int(request.get("n_variations", self.takes))


ROUTES = {
    route.name: route
    for route in (
        Route(
            name="create.new_song",
            summary="Make a song",
            envelope="song",
            request=NewSong,
            perform=route_sounds.piece,
            takes=2,
            example={"lyrics": _LYRICS, "prompt": "Lo-fi, warm, slow"},
        ),
        Route(
            name="create.new_instrumental",
            summary="Make an instrumental",
            envelope="instrumental",
            request=NewInstrumental,
            perform=route_sounds.piece,
            takes=2,
            example={"prompt": "Synthwave, night drive, 104 bpm"},
        ),
        Route(
            name="create.new_sample",
            summary="Make a sample",
            envelope="sample",
            request=NewSample,
            perform=route_sounds.sample,
            result="output",
            example={"prompt": "Dusty drum loop, 90 bpm", "duration": 8.0, "loopable": True},
        ),
        Route(
            name="create.new_fx",
            summary="Make a sound effect",
            envelope="fx",
            request=NewEffect,
            perform=route_sounds.effect,
            result="output",
            example={"prompt": "Rain on a tin roof, distant thunder", "duration": 6.0},
        ),
        Route(
            name="create.remix_song",
            summary="Make another song of a song",
            envelope="remix_song",
            request=RemixSong,
            perform=route_sounds.piece,
            example={
                "source": _A_SOURCE,
                "lyrics": _LYRICS,
                "prompt": "Jazz, late at night",
                "n_variations": 2,
            },
        ),
        Route(
            name="create.remix_instrumental",
            summary="Make variations of a piece without its voice",
            envelope="remix_instrumental",
            request=RemixInstrumental,
            perform=route_sounds.piece,
            example={"source": _A_SOURCE, "n_variations": 2},
        ),
        Route(
            name="adapt.separate_stems",
            summary="Take a sound apart: vocals, drums, bass, other",
            envelope="stems",
            request=SeparateStems,
            perform=route_sounds.stems,
            kinds=True,
            example={"source": _A_SOURCE},
        ),
        Route(
            name="adapt.auto_cut_down",
            summary="Cut a sound down to about a length",
            envelope="auto_cut",
            request=AutoCutDown,
            perform=route_sounds.cut_down,
            result="output",
            example={"source": _A_SOURCE, "target_duration": 30.0},
        ),
    )
}
