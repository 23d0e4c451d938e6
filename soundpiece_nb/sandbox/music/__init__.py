"""Music made on the spot: words and a prompt in, a finished stereo song and its stems out."""

from .song import Song, make_song, planned_duration
from .sound import SAMPLE_RATE, FloatArray

__all__ = ["SAMPLE_RATE", "FloatArray", "Song", "make_song", "planned_duration"]
