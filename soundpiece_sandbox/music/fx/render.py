"""Rendering of effect layers: noise bands, swept tones, struck objects, and their times."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from soundpiece_sandbox.music.audio_arrays import (
    SAMPLE_RATE,
    FloatArray,
    faded,
    frames_in,
    panned,
    place,
    silence,
)
from soundpiece_sandbox.music.filters import noise
from soundpiece_sandbox.music.finishing import fitted
from soundpiece_sandbox.music.fx.effect_model import (
    Layer,
    NoiseBand,
    Path,
    Repeats,
    Scattered,
    Strike,
    SweptTone,
)
from soundpiece_sandbox.music.wavetable import (
    DoubleArray,
    PhaseArray,
    harmonic_count,
    moving_phase,
    read_tables,
    steady_phase,
    tables_from,
)

_CONTROL = 64  # frames between two values of a slow curve
_SIZE, _HOP = 2048, 1024  # frames of one window of noise, and from window to window
_SILENT_AFTER = 9.0  # half-lives
_NOISE_LEVEL, _TONE_LEVEL = 0.42, 0.4  # sustained sounds are softer than struck ones
_LONGEST_RING = 9.0  # seconds
_LOWEST, _HIGHEST = 18.0, 15_000.0  # Hz
_EDGE = 0.15  # seconds
_MAX_SOUNDS = 9000  # in one layer


@dataclass(frozen=True)
class Scaling:
    """The factors by which adjectives change a layer; 1 changes nothing."""

    pitch: float = 1.0
    length: float = 1.0  # of single sounds and their decay
    speed: float = 1.0  # of repetitions and modulations
    density: float = 1.0  # of random times


def render_layer(
    layer: Layer, frames: int, scaling: Scaling, rng: np.random.Generator
) -> FloatArray:
    """Return a layer over the whole effect: (2, frames)."""
    if layer.when is None:
        track = _one_take(layer, frames, scaling, rng, take=0)
        track = faded(fitted(track, frames), _edge(layer, 0, frames), _edge(layer, -1, frames))
    else:
        track = _scattered(layer, frames, scaling, rng)
    if len(layer.swell) > 1:
        track *= _curve(layer.swell, frames)
    return track * np.float32(layer.level)


def _edge(layer: Layer, end: int, frames: int) -> float:
    """Return the seconds of the fade at an edge of a sound that fills the effect."""
    if isinstance(layer.sound, Strike) or layer.sound.level[end][1] == 0.0:
        return 0.0
    return min(_EDGE, 0.1 * frames / SAMPLE_RATE)


def _scattered(layer: Layer, frames: int, scaling: Scaling, rng: np.random.Generator) -> FloatArray:
    """Return a layer's sounds at their times, each a random take."""
    track = silence(frames)
    moments = _moments(layer, frames / SAMPLE_RATE, scaling, rng)
    stroke = frames_in(layer.seconds * scaling.length)
    takes = [
        _one_take(layer, stroke, scaling, rng, take)
        for take in range(min(layer.takes, max(len(moments), 1)))
    ]
    previous = -1
    for moment, strength in moments:
        choice = int(rng.integers(len(takes)))
        # The same take twice in a row would sound mechanical.
        previous = (choice + 1) % len(takes) if choice == previous else choice
        touch = strength * float(1.0 - layer.dynamics * rng.random())
        side = layer.spread * float(rng.uniform(-1.0, 1.0))
        _place_beside(track, takes[previous], frames_in(moment), touch, side)
    return track


def _place_beside(
    track: FloatArray, sound: FloatArray, start: int, strength: float, side: float
) -> None:
    """Add a sound (2, frames) to a track in place, balanced to `side`, -1 to 1."""
    for channel, gain in enumerate((1.0 - max(side, 0.0), 1.0 + min(side, 0.0))):
        place(track[channel], sound[channel], start, strength * gain)


def _moments(
    layer: Layer, seconds: float, scaling: Scaling, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Return (second, strength) of every sound."""
    when = layer.when
    if isinstance(when, Scattered):
        window = min(when.seconds * scaling.length or seconds, seconds)
        rate = when.rate * scaling.density * scaling.speed
        tried = min(int(rng.poisson(rate * window)), _MAX_SOUNDS)
        places = np.sort(rng.random(tried))
        density = np.interp(places, *_points(when.density))
        kept = rng.random(tried) < density
        # At least one sound, however short the effect is.
        chosen = places[kept] if kept.any() else np.array([0.0])
        return [(float(place) * window, 1.0) for place in chosen]
    if not isinstance(when, Repeats):
        return [(0.0, 1.0)]
    every = when.every / scaling.speed
    # A repetition of which less than half would be heard is left out.
    rounds = max(int(seconds / every + 0.5), 1) if every else 1
    moments = [
        (turn * every + offset / scaling.speed, strength)
        for turn in range(rounds)
        for offset, strength in when.strokes
    ]
    return [
        (max(moment + when.looseness * float(rng.uniform(-1.0, 1.0)) * (moment > 0.0), 0.0), force)
        for moment, force in moments
        if moment < seconds
    ]


def _one_take(
    layer: Layer, frames: int, scaling: Scaling, rng: np.random.Generator, take: int
) -> FloatArray:
    """Return one take of the layer's sound, (2, frames); a strike has its own length."""
    semitones = layer.detune * float(rng.uniform(-1.0, 1.0))
    pitch = scaling.pitch * 2.0 ** (semitones / 12.0)
    sound = layer.sound
    if isinstance(sound, Strike):
        pitch *= 2.0 ** (sound.notes[take % len(sound.notes)] / 12.0)
        return struck(sound, pitch, scaling.length, int(rng.integers(1 << 16)))
    if isinstance(sound, SweptTone):
        return _swept_tone(sound, max(frames, 2), pitch, scaling.speed, rng)
    return _noise_band(sound, max(frames, 2), pitch, scaling.speed, rng)


def struck(strike: Strike, pitch: float, length: float, seed: int) -> FloatArray:
    """Return one strike, (2, frames), with frequencies times `pitch` and decays times `length`."""
    low, high, force, half_life = strike.burst
    longest = max([half_life * length, *(mode[2] * length for mode in strike.modes)])
    frames = frames_in(min(longest * _SILENT_AFTER, _LONGEST_RING) + 0.01)
    time = np.arange(frames, dtype=np.float32) / np.float32(SAMPLE_RATE)
    sound = silence(frames)
    sine = tables_from(np.ones((1, 1)))
    bend = np.exp2(strike.fall * np.exp(-time / strike.fall_time)) if strike.fall else None
    for number, (base, level, life) in enumerate(strike.modes):
        frequency = base * pitch
        if not _LOWEST < frequency < _HIGHEST:
            continue
        lasting = min(frames, frames_in(life * length * _SILENT_AFTER) + 1)
        phase = (
            steady_phase(frequency, lasting)
            if bend is None
            else moving_phase((frequency * bend[:lasting]).astype(np.float64))
        )
        ring = read_tables(sine, [0], phase) * np.exp2(-time[:lasting] / np.float32(life * length))
        # Modes alternate between the sides, which gives stereo width.
        place(sound, panned(ring, 0.25 * (-1.0) ** number), 0, level)
    if force:
        dying = np.float32(force) * np.exp2(-time / np.float32(half_life * length))
        for channel in range(2):
            burst = noise(frames, round(low * pitch, -1), round(high * pitch, -1), seed + channel)
            sound[channel] += burst * dying
    return faded(sound, 0.0004, 0.006)


def _noise_band(
    band: NoiseBand, frames: int, pitch: float, speed: float, rng: np.random.Generator
) -> FloatArray:
    """Return noise with a moving band, (2, frames), made window by window."""
    moments = frames // _HOP + 2
    gusts = _wandering(moments, band.gust_rate * speed * _HOP / SAMPLE_RATE, rng)
    centre = np.exp(_sampled(band.centre, moments, logarithmic=True)) * pitch
    centre *= 2.0 ** (band.gusts * gusts)
    heights = np.maximum(np.fft.rfftfreq(_SIZE, 1.0 / SAMPLE_RATE), 1.0)
    octaves = (np.log2(heights)[None, :] - np.log2(centre)[:, None]) / (0.5 * band.width)
    spectrogram = (1.0 / (1.0 + octaves.astype(np.float32) ** 4)) * (heights > _LOWEST)
    # The power does not depend on the width of the band.
    spectrogram *= np.float32(_SIZE / 2) / np.sqrt(np.sum(spectrogram**2, axis=1, keepdims=True))
    left, other = (_noise_from(spectrogram, frames, rng) for _ in range(2))
    combined = np.float32((1.0 - band.stereo**2) ** 0.5)
    sound = np.stack([left, combined * left + np.float32(band.stereo) * other])
    level = _curve(band.level, frames)
    if band.gusts:
        blown = 0.7 * 4.0 ** (band.gusts * gusts)
        places = np.arange(frames)
        level *= np.interp(places, np.arange(moments) * _HOP, blown).astype(np.float32)
    if band.beat:
        level = level * _amplitude_modulation(frames, band.beat * speed, band.depth)
    angle = (_curve(band.pan, frames) + 1.0) * np.pi / 4.0
    sides = np.stack([np.cos(angle), np.sin(angle)]) * _NOISE_LEVEL
    return np.asarray(sound * level * sides, np.float32)


def _noise_from(spectrogram: FloatArray, frames: int, rng: np.random.Generator) -> FloatArray:
    """Return noise (frames,) with a spectrogram (moments, frequencies), by overlap-add."""
    grain = rng.standard_normal((*spectrogram.shape, 2), dtype=np.float32).view(np.complex64)[
        ..., 0
    ]
    strokes = np.fft.irfft(grain * spectrogram, _SIZE, axis=1).astype(np.float32)
    # Squares of neighbouring windows sum to one, so the power stays constant.
    strokes *= np.sin(np.pi * (np.arange(_SIZE, dtype=np.float32) + 0.5) / _SIZE)
    sound = np.zeros((spectrogram.shape[0] + 1) * _HOP, np.float32)
    sound[:-_HOP] += strokes[:, :_HOP].reshape(-1)
    sound[_HOP:] += strokes[:, _HOP:].reshape(-1)
    return sound[_HOP : _HOP + frames]


def _swept_tone(
    tone: SweptTone, frames: int, pitch: float, speed: float, rng: np.random.Generator
) -> FloatArray:
    """Return a swept tone, (2, frames), its voices spread from left to right."""
    frequency = _frequency(tone, frames, speed, rng) * pitch
    frequency = np.clip(frequency, _LOWEST, _HIGHEST)
    tables, moments = _tables(tone, float(frequency.max()), float(np.median(frequency)), frames)
    sound = silence(frames)
    for voice in range(tone.voices):
        side = 2.0 * voice / (tone.voices - 1) - 1.0 if tone.voices > 1 else 0.0
        phase: PhaseArray = moving_phase(frequency * 2.0 ** (side * tone.detune / 2400.0))
        phase += np.uint32(0.37 * voice % 1.0 * 2.0**32)
        sound += panned(read_tables(tables, moments, phase), 0.7 * side)
    level = _curve(tone.level, frames) * np.float32(_TONE_LEVEL / tone.voices**0.5)
    if tone.tremolo[0]:
        level = level * _amplitude_modulation(frames, tone.tremolo[0] * speed, tone.tremolo[1])
    if tone.gate[0]:
        level = level * _gated(frames, tone.gate[0] * speed, tone.gate[1])
    return faded(sound * level, 0.002, 0.004)


def _frequency(tone: SweptTone, frames: int, speed: float, rng: np.random.Generator) -> DoubleArray:
    ticks = frames // _CONTROL + 2
    time = np.arange(ticks) * _CONTROL / SAMPLE_RATE
    semitones = np.zeros(ticks)
    rate, reach = tone.vibrato
    semitones += reach * np.sin(2.0 * np.pi * rate * speed * time)
    rate, reach = tone.trill
    semitones += reach * (time * rate * speed % 1.0 >= 0.5)  # noqa: PLR2004 - half a period
    rate, reach = tone.wander
    if reach:
        semitones += reach * _wandering(ticks, rate * speed * _CONTROL / SAMPLE_RATE, rng)
    rate, reach = tone.leaps
    if reach:
        leaps = rng.integers(-round(reach), round(reach) + 1, int(time[-1] * rate * speed) + 1)
        semitones += leaps[(time * rate * speed).astype(int).clip(max=len(leaps) - 1)]
    path = np.exp(_sampled(tone.pitch, ticks, logarithmic=True)) * 2.0 ** (semitones / 12.0)
    return np.interp(np.arange(frames), np.arange(ticks) * _CONTROL, path)


def _tables(
    tone: SweptTone, highest: float, usual: float, frames: int
) -> tuple[FloatArray, DoubleArray]:
    """Return the tone's wavetables at the points of its cutoff path, and their frames."""
    count = min(len(tone.harmonics), harmonic_count(highest))
    number = np.arange(1, count + 1)
    places, cutoffs = _points(tone.cutoff)
    bend = 1.0 / (1.0 + (number * usual / cutoffs[:, None]) ** 4) ** 0.5
    levels = np.array(tone.harmonics[:count]) * bend
    return tables_from(levels / np.sqrt(np.sum(levels**2, axis=1, keepdims=True))), places * frames


def _amplitude_modulation(frames: int, rate: float, depth: float) -> FloatArray:
    time = np.arange(frames, dtype=np.float32) / np.float32(SAMPLE_RATE)
    turn = 0.5 + 0.5 * np.cos(np.float32(2.0 * np.pi * rate) * time)
    return np.asarray(1.0 - np.float32(depth) * (1.0 - turn**2), np.float32)


def _gated(frames: int, rate: float, part: float) -> FloatArray:
    """Return a gain that is 1 for a share of each period and else 0, with soft edges."""
    ticks = np.arange(frames // _CONTROL + 2)
    gate = (ticks * _CONTROL / SAMPLE_RATE * rate % 1.0 < part).astype(np.float32)
    soft = np.convolve(np.pad(gate, 1, mode="edge"), (0.25, 0.5, 0.25), "valid")
    return np.asarray(np.interp(np.arange(frames), ticks * _CONTROL, soft), np.float32)


def _wandering(ticks: int, rate: float, rng: np.random.Generator) -> DoubleArray:
    """Return a smooth random curve, (ticks,), within about ±1, with `rate` turns per tick."""
    knots = rng.uniform(-1.0, 1.0, int(ticks * rate) + 4)
    place = np.arange(ticks) * rate
    before = place.astype(int)
    ease = 0.5 - 0.5 * np.cos(np.pi * (place - before))
    return np.asarray(knots[before] + (knots[before + 1] - knots[before]) * ease)


def _points(path: Path) -> tuple[DoubleArray, DoubleArray]:
    places, values = zip(*path, strict=True)
    return np.array(places), np.array(values)


def _sampled(path: Path, ticks: int, *, logarithmic: bool = False) -> DoubleArray:
    places, values = _points(path)
    reached = np.log(values) if logarithmic else values
    return np.interp(np.linspace(0.0, 1.0, ticks), places, reached)


def _curve(path: Path, frames: int) -> FloatArray:
    """Return a path as a gain, (frames,), its corners rounded."""
    places, values = zip(*path, strict=True)
    if all(value == values[0] for value in values):
        return np.full(frames, values[0], np.float32)
    curve = np.empty(frames, np.float32)
    edges = [min(round(place * frames), frames) for place in places]
    for (first, last), (before, after) in zip(pairwise(edges), pairwise(values), strict=True):
        ease = np.arange(last - first, dtype=np.float32) / max(last - first, 1)
        curve[first:last] = before + (after - before) * ease * ease * (3.0 - 2.0 * ease)
    return curve
