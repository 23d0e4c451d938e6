"""The rendering of each route: from a take request to samples. It runs in the worker processes.

The music is imported inside the functions: the service process never needs it, and would start
more slowly with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soundpiece_sandbox.rendering.sound_files import (
    from_pcm16,
    read_audio,
    read_pcm16,
    to_pcm16,
)
from soundpiece_sandbox.rendering.take_request import SourceFile, TakeRequest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from soundpiece_sandbox.music import FloatArray, Plan, ReferenceFeatures, RemixBasis

STEMS = ("vocals", "drums", "bass", "other")


@dataclass(frozen=True)
class Track:
    """One output: (frames, 2) samples of 16 bit at 44.1 kHz, and the kind of stem it is."""

    samples: "NDArray[np.int16]"
    kind: str | None = None


@dataclass(frozen=True)
class RouteSound:
    """The function that renders one take of a route, and the takes that a request gets."""

    render: Callable[[TakeRequest], list[Track]]
    takes: int = 1


def number_of_takes(route: str, request: Mapping[str, Any]) -> int:
    """Return the number of takes that a request asks for, or else its route's own number."""
    return int(request.get("n_variations", ROUTE_SOUNDS[route].takes))


def _render_piece(take: TakeRequest) -> list[Track]:
    """Render a song, an instrumental or a remix of either."""
    from soundpiece_sandbox.music import perform

    return [Track(to_pcm16(perform(_PLANS[take.route](take)).mix))]


def _render_sample(take: TakeRequest) -> list[Track]:
    from soundpiece_sandbox.music import make_sample

    request = take.request
    sound = make_sample(request["prompt"], request.get("duration"), loopable=request["loopable"])
    return [Track(to_pcm16(sound))]


def _render_effect(take: TakeRequest) -> list[Track]:
    from soundpiece_sandbox.music import make_fx

    request = take.request
    return [Track(to_pcm16(make_fx(request["prompt"], request.get("duration"))))]


def _render_stems(take: TakeRequest) -> list[Track]:
    """Separate a source into stems that sum to it exactly, sample for sample.

    A piece that this sandbox made is rendered again, stem by stem; anything else is separated by
    signal processing.
    """
    import numpy as np

    source = _source(take)
    mix = read_pcm16(source)
    stems = _rendered_stems(source, mix) or _separated_stems(source)
    tracks = [Track(stems[kind], kind) for kind in STEMS[:-1]]
    rest = mix - np.sum([track.samples for track in tracks], axis=0, dtype=np.int32)
    return [*tracks, Track(np.clip(rest, -32_768, 32_767).astype(np.int16), STEMS[-1])]


def _render_cut_down(take: TakeRequest) -> list[Track]:
    """Shorten a source to a bar line near the target duration."""
    from soundpiece_sandbox.music import plan_cut

    source = _source(take)
    sound = read_audio(source)
    cut = plan_cut(sound, take.request["target_duration"], _basis_for_cutting(source, sound))
    return [Track(to_pcm16(cut.of(sound)))]


ROUTE_SOUNDS = {
    "create.new_song": RouteSound(_render_piece, takes=2),
    "create.new_instrumental": RouteSound(_render_piece, takes=2),
    "create.new_sample": RouteSound(_render_sample),
    "create.new_fx": RouteSound(_render_effect),
    "create.remix_song": RouteSound(_render_piece),
    "create.remix_instrumental": RouteSound(_render_piece),
    "adapt.separate_stems": RouteSound(_render_stems),
    "adapt.auto_cut_down": RouteSound(_render_cut_down),
}


def _song(take: TakeRequest) -> "Plan":
    from soundpiece_sandbox.music import plan_song

    request = take.request
    return plan_song(
        request["lyrics"],
        request.get("prompt", ""),
        variation=take.variation,
        seed=_identity(take.reference),
        reference=_reference_features(take),
    )


def _instrumental(take: TakeRequest) -> "Plan":
    from soundpiece_sandbox.music import plan_instrumental

    return plan_instrumental(
        take.request.get("prompt", ""),
        variation=take.variation,
        seed=_identity(take.reference),
        reference=_reference_features(take),
    )


def _song_remix(take: TakeRequest) -> "Plan":
    from soundpiece_sandbox.music import plan_song_remix

    source, request = _source(take), take.request
    return plan_song_remix(
        _remix_basis(source),
        request["lyrics"],
        request["prompt"],
        variation=take.variation,
        seed=source.identity,
    )


def _instrumental_remix(take: TakeRequest) -> "Plan":
    from soundpiece_sandbox.music import plan_instrumental_remix

    source = _source(take)
    return plan_instrumental_remix(
        _remix_basis(source), variation=take.variation, seed=source.identity
    )


_PLANS: dict[str, Callable[[TakeRequest], "Plan"]] = {
    "create.new_song": _song,
    "create.new_instrumental": _instrumental,
    "create.remix_song": _song_remix,
    "create.remix_instrumental": _instrumental_remix,
}


def _reference_features(take: TakeRequest) -> "ReferenceFeatures | None":
    if take.reference is None:
        return None
    from soundpiece_sandbox.music import reference_features_of

    return reference_features_of(read_audio(take.reference))


def _identity(file: SourceFile | None) -> str:
    return "" if file is None else file.identity


def _source(take: TakeRequest) -> SourceFile:
    if take.source is None:
        raise ValueError(f"A take of {take.route} needs a source")
    return take.source


def _remix_basis(file: SourceFile) -> "RemixBasis":
    """Return the basis for a remix: from the plan of a piece made here, else by analysis."""
    from soundpiece_sandbox.music import remix_basis_of

    maker = file.made_by
    if maker is not None and maker.route in _PLANS:
        return _PLANS[maker.route](maker).remix_basis
    if maker is not None and maker.source is not None:  # a stem or a cut
        return _remix_basis(maker.source)
    return remix_basis_of(read_audio(file))


def _basis_for_cutting(file: SourceFile, sound: "FloatArray") -> "RemixBasis":
    """Return the bar lines and chords of a sound; those of a cut are found by analysis."""
    from soundpiece_sandbox.music import remix_basis_of

    was_cut = file.made_by is not None and file.made_by.route == "adapt.auto_cut_down"
    return remix_basis_of(sound) if was_cut else _remix_basis(file)


def _rendered_stems(
    file: SourceFile, mix: "NDArray[np.int32]"
) -> "dict[str, NDArray[np.int16]] | None":
    """Render again the stems of a piece that was made here; return None for any other sound."""
    import numpy as np

    from soundpiece_sandbox.music import perform, plan_cut

    maker = file.made_by
    if maker is not None and maker.route in _PLANS:
        song = perform(_PLANS[maker.route](maker))
        # An older version of the sandbox may have made this file by other rules.
        same = np.array_equal(to_pcm16(song.mix), mix)
        return {kind: to_pcm16(stem) for kind, stem in song.stems.items()} if same else None
    if maker is not None and maker.route == "adapt.auto_cut_down" and maker.source is not None:
        whole = _rendered_stems(maker.source, read_pcm16(maker.source))
        if whole is not None:
            source = read_audio(maker.source)
            target = maker.request["target_duration"]
            cut = plan_cut(source, target, _basis_for_cutting(maker.source, source))
            return {kind: to_pcm16(cut.of(from_pcm16(stem))) for kind, stem in whole.items()}
    return None


def _separated_stems(source: SourceFile) -> "dict[str, NDArray[np.int16]]":
    """Separate a sound in pieces, because float32 stems of a long one need much memory."""
    import numpy as np

    from soundpiece_sandbox.music import separate_in_pieces

    pieces = [
        {kind: to_pcm16(stem) for kind, stem in piece.items()}
        for piece in separate_in_pieces(read_audio(source))
    ]
    return {kind: np.concatenate([piece[kind] for piece in pieces]) for kind in STEMS}
