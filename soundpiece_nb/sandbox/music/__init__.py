"""Music made on the spot: words and a prompt in, a finished stereo song and its stems out."""

from .cutting import Cut, plan_cut
from .fx import make_fx
from .ground import Ground
from .guide import Guide
from .listening import ground_of, listen
from .plan import (
    Plan,
    plan_instrumental,
    plan_instrumental_remix,
    plan_song,
    plan_song_remix,
)
from .sample import make_sample
from .song import Song, make_song, perform, planned_duration
from .sound import SAMPLE_RATE, FloatArray
from .splitting import split, split_pieces

__all__ = [
    "SAMPLE_RATE",
    "Cut",
    "FloatArray",
    "Ground",
    "Guide",
    "Plan",
    "Song",
    "ground_of",
    "listen",
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
    "split",
    "split_pieces",
]
