"""Synthesis of songs, samples and sound effects from text, and analysis of any sound, by rules."""

from soundpiece_sandbox.music.audio_analysis import reference_features_of, remix_basis_of
from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray
from soundpiece_sandbox.music.cutting import Cut, plan_cut
from soundpiece_sandbox.music.fx import make_fx
from soundpiece_sandbox.music.plan import (
    Plan,
    plan_instrumental,
    plan_instrumental_remix,
    plan_song,
    plan_song_remix,
)
from soundpiece_sandbox.music.reference_style import ReferenceFeatures
from soundpiece_sandbox.music.remix_basis import RemixBasis
from soundpiece_sandbox.music.sample import make_sample
from soundpiece_sandbox.music.song import Song, make_song, perform, planned_duration
from soundpiece_sandbox.music.stem_separation import separate_in_pieces, separate_stems

__all__ = [
    "SAMPLE_RATE",
    "Cut",
    "FloatArray",
    "Plan",
    "ReferenceFeatures",
    "RemixBasis",
    "Song",
    "make_fx",
    "make_sample",
    "make_song",
    "perform",
    "plan_cut",
    "plan_instrumental",
    "plan_instrumental_remix",
    "plan_song",
    "plan_song_remix",
    "planned_duration",
    "reference_features_of",
    "remix_basis_of",
    "separate_in_pieces",
    "separate_stems",
]
