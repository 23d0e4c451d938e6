"""Reading of a sound from its beginning to its end, never back; imports soundfile."""

from __future__ import annotations

import soundfile


class SequentialSoundFile(soundfile.SoundFile):  # type: ignore[misc]
    """A sound that is read in order.

    Of what can be sought in, soundfile seeks to where it is after every block. In FLAC that
    decodes a frame once more, and it fails in frames that are not numbered from 0.
    """

    def seekable(self) -> bool:
        """Tell that there is no seeking."""
        return False
