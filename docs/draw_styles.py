"""Draw what the sandbox sounds like: eight songs and eight effects, as two pages of pictures.

    python docs/draw_styles.py

writes `docs/styles.png` and `docs/effects.png`. It needs matplotlib, as nothing else here does.
"""  # noqa: INP001

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from PIL import Image

from soundpiece_sandbox.music import SAMPLE_RATE, FloatArray, make_fx, make_song, plan_song
from soundpiece_sandbox.music.mastering import loudness
from soundpiece_sandbox.music.score import BEATS
from soundpiece_sandbox.music.song_form import LEAD_IN

STYLES = ("rock", "jazz", "ambient", "synthwave", "lo-fi", "orchestral", "techno", "folk")
EFFECTS = (
    *("riser", "deep cinematic impact", "whoosh past", "rain and distant thunder"),
    *("birds", "typing on a keyboard", "police siren", "church bell"),
)
LYRICS = """[Verse]
Morning finds the harbour wide awake
Every boat is dreaming of the lake
Gulls are calling names across the bay

[Chorus]
Carry me, carry me over the water
Carry me home
"""
FOLDER = Path(__file__).parent

_PAPER, _INK, _FAINT, _WAVE = "#fcfbf8", "#22252b", "#8a8c91", "#31688e"
_LOWEST, _HIGHEST = 40.0, 16_000.0  # Hz
_ROWS, _COLUMNS = 200, 520  # of one spectrogram
_WINDOW = 4096  # frames
_DEEPEST = -72.0  # dB below the loudest
_COLOURS = 80  # of the finished picture: enough, and a fraction of the file


@dataclass(frozen=True)
class Panel:
    """One sound on a page."""

    title: str
    caption: str
    sound: FloatArray  # (frames, 2)
    seconds: float  # of the time axis
    marks: tuple[tuple[float, str], ...] = ()  # (second, what begins there)


def song_panels() -> Iterator[Panel]:
    """Yield the same words sung in each style, over one time axis."""
    songs = {style: make_song(LYRICS, style) for style in STYLES}
    longest = max(song.duration for song in songs.values())
    for style, song in songs.items():
        form = plan_song(LYRICS, style).form
        caption = f"{song.tempo:.0f} bpm   ·   {song.key}   ·   {loudness(song.mix.T):.1f} LUFS"
        marks = tuple(
            (LEAD_IN + part.first_bar * BEATS * 60.0 / form.tempo, part.kind) for part in form.parts
        )
        yield Panel(style, caption, song.mix, longest, marks)


def effect_panels() -> Iterator[Panel]:
    """Yield each effect at its natural length."""
    for prompt in EFFECTS:
        sound = make_fx(prompt, None)
        seconds = len(sound) / SAMPLE_RATE
        yield Panel(prompt, f"{seconds:.1f} s", sound, seconds)


def draw(panels: Sequence[Panel], columns: int, size: tuple[float, float], file: Path) -> None:
    """Draw a page of panels, row by row, into a PNG; `size` is that of a panel in inches."""
    rows = -(-len(panels) // columns)
    figure = plt.figure(figsize=(columns * size[0], rows * size[1]), facecolor=_PAPER)
    heights = [0.62, 0.9, 2.4, 0.2] * rows
    margin = 0.6 / size[0]  # for the names of the heights
    grid = figure.add_gridspec(
        4 * rows, columns, height_ratios=heights, hspace=0.06, wspace=1.2 * margin,
        left=margin / columns, right=1.0 - 0.2 * margin, top=0.995, bottom=0.02,
    )  # fmt: skip
    for index, panel in enumerate(panels):
        row, column = divmod(index, columns)
        _label(figure.add_subplot(grid[4 * row, column]), panel)
        _waveform(figure.add_subplot(grid[4 * row + 1, column]), panel)
        _spectrogram(figure.add_subplot(grid[4 * row + 2, column]), panel)
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=90, facecolor=_PAPER)
    plt.close(figure)
    Image.open(drawn).convert("RGB").quantize(_COLOURS).save(file, optimize=True)


def _label(axes: plt.Axes, panel: Panel) -> None:
    axes.axis("off")
    axes.text(0.0, 0.12, panel.title, fontsize=14, fontweight="bold", color=_INK)
    axes.text(1.0, 0.12, panel.caption, fontsize=10.5, color=_INK, ha="right")


def _waveform(axes: plt.Axes, panel: Panel) -> None:
    """Draw how far the sound swings, pale, and how strong it is, dark."""
    pieces = np.array_split(panel.sound.mean(axis=1), 2 * _COLUMNS)
    time = np.linspace(0.0, len(panel.sound) / SAMPLE_RATE, len(pieces))
    low, high = [piece.min() for piece in pieces], [piece.max() for piece in pieces]
    swing = 1.15 * max(np.abs(panel.sound.mean(axis=1)).max(), 1e-6)
    usual = np.array([np.sqrt(np.mean(piece**2)) for piece in pieces])
    axes.fill_between(time, low, high, color=_WAVE, alpha=0.45, linewidth=0)
    axes.fill_between(time, -usual, usual, color=_WAVE, linewidth=0)
    axes.set(
        xlim=(0.0, panel.seconds), ylim=(-swing, swing), xticks=[], yticks=[], facecolor=_PAPER
    )
    for second, kind in panel.marks:
        axes.axvline(second, color=_FAINT, linewidth=0.7)
        axes.text(second + 0.2, 0.8 * swing, kind, fontsize=8, color=_INK)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _spectrogram(axes: plt.Axes, panel: Panel) -> None:
    length = len(panel.sound) / SAMPLE_RATE
    axes.imshow(
        _picture(panel.sound.mean(axis=1)),
        extent=(0.0, length, np.log2(_LOWEST), np.log2(_HIGHEST)),
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=_DEEPEST,
        vmax=0.0,
    )
    heights = (50, 100, 200, 500, 1000, 2000, 5000, 10_000)
    names = [f"{height // 1000} kHz" if height >= 1000 else f"{height} Hz" for height in heights]  # noqa: PLR2004 - a thousand
    axes.set_yticks(np.log2(heights), names)
    axes.set(xlim=(0.0, panel.seconds), facecolor=_PAPER)
    axes.xaxis.set_major_formatter(lambda second, _: f"{second:g} s")
    axes.tick_params(labelsize=8, colors=_INK, length=2.5, color=_FAINT)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _picture(sound: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return the sound's strength in dB below its loudest, (rows from low to high, columns)."""
    padded = np.pad(sound, _WINDOW // 2)
    starts = np.linspace(0, len(sound) - 1, _COLUMNS).astype(int)
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[starts]
    power = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW), axis=1)) ** 2
    known = np.fft.rfftfreq(_WINDOW, 1.0 / SAMPLE_RATE)
    wanted = np.geomspace(_LOWEST, _HIGHEST, _ROWS)
    levels = 10.0 * np.log10(power + 1e-12)
    picture = np.array([np.interp(wanted, known, column) for column in levels]).T
    return np.asarray(picture - picture.max())


if __name__ == "__main__":
    mpl.use("Agg")
    plt.rcParams["font.family"] = "DejaVu Sans"
    draw(tuple(song_panels()), 2, (8.0, 3.6), FOLDER / "styles.png")
    draw(tuple(effect_panels()), 4, (4.2, 2.9), FOLDER / "effects.png")
