"""Separation of any sound, by spectral masks, into stems that sum to it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray

STEMS = ("vocals", "drums", "bass", "other")

_SIZE = 4096  # frames in a spectrum
_HOP = _SIZE // 4
_CHUNK = 860 * _HOP  # frames separated at once: twenty seconds
_OVERLAP = 20 * _HOP  # frames before and after a chunk that are analysed with it
_STEADY = 17  # spectra in the median along time
_WIDE = 17  # frequencies in the median along frequency
_DEEP = 130.0  # Hz below which a kick drum has a spectrum as narrow as a tone's
_LONG = 35  # spectra in the median along time that tells a bass from a kick drum
_BASS = 200.0  # Hz
_VOICE = (240.0, 7000.0)  # Hz

_TINY = np.float32(1e-9)

_Spectra = npt.NDArray[np.complex64]  # (channels, moments, frequencies)


def separate_stems(sound: FloatArray) -> dict[str, FloatArray]:
    """Return the "vocals", "drums", "bass" and "other" of a sound (frames, channels).

    Each is (frames, 2) within ±1, and they sum to the sound. Drums are the parts that are short
    and broad-band (Fitzgerald, Harmonic/Percussive Separation Using Median Filtering, 2010); of
    the rest, bass is below 200 Hz, vocals are in the centre of the stereo image in a voice's
    range, and other is the remainder. A mono sound is all in the centre.
    """
    stems = {name: np.empty((len(sound), 2), np.float32) for name in STEMS}
    start = 0
    for pieces in separate_in_pieces(sound):
        end = start + len(pieces["other"])
        for name, piece in pieces.items():
            stems[name][start:end] = piece
        start = end
    return stems


def separate_in_pieces(sound: FloatArray) -> Iterator[dict[str, FloatArray]]:
    """Yield the stems of `separate_stems`, twenty seconds at a time.

    A long sound's four whole stems would need four times its memory.
    """
    stereo = np.broadcast_to(sound, (len(sound), 2)) if sound.shape[1] == 1 else sound
    for start in range(0, len(stereo), _CHUNK):
        before, end = min(start, _OVERLAP), min(start + _CHUNK, len(stereo))
        around = stereo[start - before : end + _OVERLAP]
        spectra = _spectra(around)
        stems = {
            name: _sound(spectra * mask, len(around))[before : before + end - start]
            for name, mask in _masks(spectra)
        }
        stems["other"] = stereo[start:end] - sum(stems.values())
        yield _bounded(stems)


def _masks(spectra: _Spectra) -> Iterator[tuple[str, FloatArray]]:
    """Yield each stem's name and its mask, from 0 to 1 for each bin of the spectra."""
    short = _percussiveness(np.abs(spectra).sum(axis=0))
    yield "drums", short
    tones = 1.0 - short
    yield "bass", tones * _below(_BASS)
    above = tones * (1.0 - _below(_BASS))
    voiced = _below(_VOICE[1]) * (1.0 - _below(_VOICE[0]))
    yield "vocals", above * voiced * _centredness(spectra)


def _percussiveness(loudness: FloatArray) -> FloatArray:
    """Return the percussive share, 0 to 1, of each bin, (moments, frequencies)."""
    from scipy.ndimage import median_filter

    # One-dimensional medians, line by line, are many times faster than two-dimensional ones.
    steady = np.stack([median_filter(line, _STEADY) for line in loudness.T.copy()], axis=1)
    level = np.stack([median_filter(line, _WIDE) for line in loudness])
    short = level**2 / (steady**2 + level**2 + _TINY)
    count = int(2.0 * _DEEP / SAMPLE_RATE * _SIZE)
    deep, share = loudness[:, :count], _below(_DEEP)[:count]
    steady = np.stack([median_filter(line, _LONG) for line in deep.T.copy()], axis=1)
    over = np.maximum(deep - steady, 0.0)
    struck = over**2 / (steady**2 + over**2 + _TINY)
    short[:, :count] += share * (struck - short[:, :count])
    return np.asarray(short, np.float32)


def _centredness(spectra: _Spectra) -> FloatArray:
    """Return the similarity of the channels in each bin: 1 in the centre, 0 at a side."""
    left, right = spectra
    alike = 2.0 * (left * right.conj()).real
    whole = np.abs(left) ** 2 + np.abs(right) ** 2
    return np.asarray(np.maximum(alike / (whole + _TINY), 0.0) ** 2, np.float32)


def _below(edge: float) -> FloatArray:
    """Return a low-pass mask with its edge in Hz, (frequencies,) from 1 to 0."""
    frequencies = np.fft.rfftfreq(_SIZE, 1.0 / SAMPLE_RATE)
    return np.asarray(1.0 / (1.0 + (frequencies / edge) ** 8), np.float32)


def _spectra(sound: FloatArray) -> _Spectra:
    padded = np.pad(sound.T, ((0, 0), (_SIZE, _SIZE + -len(sound) % _HOP)))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, _SIZE, axis=1)[:, ::_HOP]
    return np.fft.rfft(pieces * _window(), axis=-1).astype(np.complex64)


def _sound(spectra: _Spectra, frames: int) -> FloatArray:
    """Return the sound of spectra, (frames, 2)."""
    pieces = np.fft.irfft(spectra, _SIZE, axis=-1).astype(np.float32) * _window()
    pieces /= 1.5  # the sum of four overlapping squared windows
    quarters = pieces.reshape(2, -1, 4, _HOP)
    moments = quarters.shape[1]
    total = np.zeros((2, moments + 3, _HOP), np.float32)
    for quarter in range(4):
        total[:, quarter : quarter + moments] += quarters[:, :, quarter]
    return total.reshape(2, -1)[:, _SIZE : _SIZE + frames].T


@lru_cache(maxsize=1)
def _window() -> FloatArray:
    return np.hanning(_SIZE + 1)[:-1].astype(np.float32)


def _bounded(stems: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Return the stems clipped to ±1; the excess of each is added to the next one."""
    bounded = dict(stems)
    excess: FloatArray | float = 0.0
    for name in 2 * STEMS[::-1]:  # twice round, because the last one may have excess too
        whole = bounded[name] + excess
        bounded[name] = np.clip(whole, -1.0, 1.0)
        excess = whole - bounded[name]
    return bounded
