"""What each route's sound is made by. Runs in the worker processes.

The music is imported where it is used: only workers need it, and the service would start more
slowly with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from soundpiece_sandbox.rendering.sound_files import as_pcm, as_sound, read_pcm, read_sound
from soundpiece_sandbox.rendering.take_request import Commission, Sound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from soundpiece_sandbox.music import FloatArray, Plan, ReferenceFeatures, RemixBasis

KINDS = ("vocals", "drums", "bass", "other")


@dataclass(frozen=True)
class Track:
    """One output: (frames, 2) samples of 16 bit at 44.1 kHz, and the kind of stem it is."""

    samples: "NDArray[np.int16]"
    kind: str | None = None


Performance: TypeAlias = Callable[[Commission], list[Track]]
"""Makes one take: the same tracks every time."""


def piece(commission: Commission) -> list[Track]:
    """Play a song, an instrumental or a remix of either."""
    from soundpiece_sandbox.music import perform

    return [Track(as_pcm(perform(_PLANS[commission.route](commission)).mix))]


def sample(commission: Commission) -> list[Track]:
    """Play a sample."""
    from soundpiece_sandbox.music import make_sample

    request = commission.request
    sound = make_sample(request["prompt"], request.get("duration"), loopable=request["loopable"])
    return [Track(as_pcm(sound))]


def effect(commission: Commission) -> list[Track]:
    """Make a sound effect."""
    from soundpiece_sandbox.music import make_fx

    request = commission.request
    return [Track(as_pcm(make_fx(request["prompt"], request.get("duration"))))]


def stems(commission: Commission) -> list[Track]:
    """Take a source apart. The tracks sum to the source exactly, sample for sample.

    A piece of the sandbox's own is played again, stem by stem; anything else is split by ear.
    """
    import numpy as np

    source = _source(commission)
    mix = read_pcm(source)
    parts = _known_stems(source, mix) or _split(source)
    tracks = [Track(parts[kind], kind) for kind in KINDS[:-1]]
    rest = mix - np.sum([track.samples for track in tracks], axis=0, dtype=np.int32)
    return [*tracks, Track(np.clip(rest, -32_768, 32_767).astype(np.int16), KINDS[-1])]


def cut_down(commission: Commission) -> list[Track]:
    """Shorten a source to a bar line near the length asked for."""
    from soundpiece_sandbox.music import plan_cut

    source = _source(commission)
    sound = read_sound(source)
    cut = plan_cut(sound, commission.request["target_duration"], _grid(source, sound))
    return [Track(as_pcm(cut.of(sound)))]


def _song(commission: Commission) -> "Plan":
    from soundpiece_sandbox.music import plan_song

    request = commission.request
    return plan_song(
        request["lyrics"],
        request.get("prompt", ""),
        variation=commission.variation,
        seed=_identity(commission.reference),
        reference=_reference_features(commission),
    )


def _instrumental(commission: Commission) -> "Plan":
    from soundpiece_sandbox.music import plan_instrumental

    return plan_instrumental(
        commission.request.get("prompt", ""),
        variation=commission.variation,
        seed=_identity(commission.reference),
        reference=_reference_features(commission),
    )


def _song_remix(commission: Commission) -> "Plan":
    from soundpiece_sandbox.music import plan_song_remix

    source, request = _source(commission), commission.request
    return plan_song_remix(
        _remix_basis(source),
        request["lyrics"],
        request["prompt"],
        variation=commission.variation,
        seed=source.identity,
    )


def _instrumental_remix(commission: Commission) -> "Plan":
    from soundpiece_sandbox.music import plan_instrumental_remix

    source = _source(commission)
    return plan_instrumental_remix(
        _remix_basis(source), variation=commission.variation, seed=source.identity
    )


_PLANS: dict[str, Callable[[Commission], "Plan"]] = {
    "create.new_song": _song,
    "create.new_instrumental": _instrumental,
    "create.remix_song": _song_remix,
    "create.remix_instrumental": _instrumental_remix,
}


def _reference_features(commission: Commission) -> "ReferenceFeatures | None":
    if commission.reference is None:
        return None
    from soundpiece_sandbox.music import reference_features_of

    return reference_features_of(read_sound(commission.reference))


def _identity(sound: Sound | None) -> str:
    return "" if sound is None else sound.identity


def _source(commission: Commission) -> Sound:
    if commission.source is None:
        raise ValueError(f"{commission.route} was commissioned without its source")
    return commission.source


def _remix_basis(sound: Sound) -> "RemixBasis":
    """Find what a remix keeps: from the plan of a piece that was made here, else by listening."""
    from soundpiece_sandbox.music import remix_basis_of

    maker = sound.made_by
    if maker is not None and maker.route in _PLANS:
        return _PLANS[maker.route](maker).remix_basis
    if maker is not None and maker.source is not None:  # a stem or a cut of something
        return _remix_basis(maker.source)
    return remix_basis_of(read_sound(sound))


def _grid(sound: Sound, samples: "FloatArray") -> "RemixBasis":
    """Find where a sound's bar lines lie, which a cut has moved."""
    from soundpiece_sandbox.music import remix_basis_of

    was_cut = sound.made_by is not None and sound.made_by.route == "adapt.auto_cut_down"
    return remix_basis_of(samples) if was_cut else _remix_basis(sound)


def _known_stems(sound: Sound, mix: "NDArray[np.int32]") -> "dict[str, NDArray[np.int16]] | None":
    """Play again the piece that a sound is, stem by stem; None if it is no such piece."""
    import numpy as np

    from soundpiece_sandbox.music import perform, plan_cut

    maker = sound.made_by
    if maker is not None and maker.route in _PLANS:
        song = perform(_PLANS[maker.route](maker))
        # An older sandbox may have made this file, to rules that were other then.
        same = np.array_equal(as_pcm(song.mix), mix)
        return {kind: as_pcm(stem) for kind, stem in song.stems.items()} if same else None
    if maker is not None and maker.route == "adapt.auto_cut_down" and maker.source is not None:
        whole = _known_stems(maker.source, read_pcm(maker.source))
        if whole is not None:
            source = read_sound(maker.source)
            target = maker.request["target_duration"]
            cut = plan_cut(source, target, _grid(maker.source, source))
            return {kind: as_pcm(cut.of(as_sound(stem))) for kind, stem in whole.items()}
    return None


def _split(source: Sound) -> "dict[str, NDArray[np.int16]]":
    """Split a sound by ear, some seconds at a time: a long one's stems would fill the memory."""
    import numpy as np

    from soundpiece_sandbox.music import separate_in_pieces

    pieces = [
        {kind: as_pcm(stem) for kind, stem in piece.items()}
        for piece in separate_in_pieces(read_sound(source))
    ]
    return {kind: np.concatenate([piece[kind] for piece in pieces]) for kind in KINDS}
