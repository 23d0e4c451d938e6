"""The routes of the API as data: name, request model, envelope key and result field.

A new route needs an entry here, a request model, and an entry in `rendering.route_sounds`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

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

_A_SOURCE = {"url": "https://sound.example/put-the-url-of-a-finished-output-here"}
_LYRICS = "[Verse]\nThe tide comes in at half past nine"


@dataclass(frozen=True)
class Route:
    """One action of the API: PUT submits an operation, GET at the same path reads it."""

    name: str
    summary: str
    envelope: str
    request: type[OperationRequest]
    example: Mapping[str, object]
    stem_kinds: bool = False
    """Whether each output has a `kind`: vocals, drums, bass or other."""
    result: Literal["outputs", "output"] = "outputs"


ROUTES = {
    route.name: route
    for route in (
        Route(
            name="create.new_song",
            summary="Make a song",
            envelope="song",
            request=NewSong,
            example={"lyrics": _LYRICS, "prompt": "Lo-fi, warm, slow"},
        ),
        Route(
            name="create.new_instrumental",
            summary="Make an instrumental",
            envelope="instrumental",
            request=NewInstrumental,
            example={"prompt": "Synthwave, night drive, 104 bpm"},
        ),
        Route(
            name="create.new_sample",
            summary="Make a sample",
            envelope="sample",
            request=NewSample,
            result="output",
            example={"prompt": "Dusty drum loop, 90 bpm", "duration": 8.0, "loopable": True},
        ),
        Route(
            name="create.new_fx",
            summary="Make a sound effect",
            envelope="fx",
            request=NewEffect,
            result="output",
            example={"prompt": "Rain on a tin roof, distant thunder", "duration": 6.0},
        ),
        Route(
            name="create.remix_song",
            summary="Make another song of a song",
            envelope="remix_song",
            request=RemixSong,
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
            example={"source": _A_SOURCE, "n_variations": 2},
        ),
        Route(
            name="adapt.separate_stems",
            summary="Take a sound apart: vocals, drums, bass, other",
            envelope="stems",
            request=SeparateStems,
            stem_kinds=True,
            example={"source": _A_SOURCE},
        ),
        Route(
            name="adapt.auto_cut_down",
            summary="Cut a sound down to about a length",
            envelope="auto_cut",
            request=AutoCutDown,
            result="output",
            example={"source": _A_SOURCE, "target_duration": 30.0},
        ),
    )
}
