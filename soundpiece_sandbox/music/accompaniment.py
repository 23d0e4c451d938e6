"""Composition of the accompaniment: harmony, drums, bass, chords, pad and lead, as notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from soundpiece_sandbox.music.harmony import Chord, Key, nearest_of, voicing
from soundpiece_sandbox.music.instrument_presets import TONES
from soundpiece_sandbox.music.prompt import Character
from soundpiece_sandbox.music.score import BEATS, STEPS, Hit, Note, read_pattern, swung
from soundpiece_sandbox.music.seeded_random import SeededRandom
from soundpiece_sandbox.music.song_form import Form, Part
from soundpiece_sandbox.music.style import Style

FULL_ENERGY = 0.85  # from this energy up, a part plays the chorus's patterns
BARE_ENERGY = 0.5  # below this energy, snare and clap pause

_FILLS = (
    {"snare": "........o.x.xxXX", "kick": "X.......x......."},
    {
        "high tom": "........X.x.....",
        "middle tom": "..........x.X...",
        "low tom": "..............X.X",
    },
    {"snare": "........X..X..X.", "low tom": "..........x..x.X"},
    {"high tom": "............xx..", "low tom": "..............xX"},
)
_GENTLE_FILLS: dict[str, dict[str, str]] = {
    "brushes": {"snare": "........o.o.x.o."},
    "concert": {"timpani": "........o.xxxxXX"},
    "wood": {"tambourine": "............o.xx"},
    "soft": {},
}
_GHOST_STEPS = (7, 9, 15)  # steps for a quiet snare hit in every other bar
_BASS_CENTRE = 40
_CHORD_CENTRE = 61.0
_POWER_LOWEST = 52
_PAD_CENTRE = 64.0
_LONGEST_PAD = 4  # half bars before a held chord is played again
_LEAD_CENTRE = 76.0
_PHRASES = (
    "0---1-2-3---2---",
    "2---3---1-----0-",
    "0-1-2---4---3---",
    "3---..2-1-2-....",
    "0--1--2-..4-3-2-",
)


def compose_harmony(form: Form, style: Style, key: Key, random: SeededRandom) -> tuple[Chord, ...]:
    """Return two chords for each bar; the ending is on the tonic chord."""
    verse, chorus, bridge = style.major if key.mode == "major" else style.minor
    if random.stream("progressions").random() < 0.4:  # noqa: PLR2004 - a probability
        verse, bridge = bridge, verse
    chords: list[Chord] = []
    for part in form.parts:
        if part.kind == "ending":
            chords += [key.tonic_chord] * (2 * part.bars)
        elif part.kind == "bridge":
            chords += key.progression(bridge, part.bars)
        elif part.energy >= FULL_ENERGY:
            chords += key.progression(chorus, part.bars)
        else:
            chords += key.progression(verse, part.bars)
    return tuple(chords)


def compose_drums(form: Form, style: Style, random: SeededRandom) -> tuple[Hit, ...]:
    """Return every hit of the drums: grooves, fills before new sections, and crashes on them."""
    hits: list[Hit] = []
    rng = random.stream("fills")
    gentle = style.kit in _GENTLE_FILLS
    ghost = int(rng.choice(_GHOST_STEPS)) * BEATS / STEPS
    for part in form.parts:
        groove = _groove(part, style)
        last = part.first_bar + part.bars - 1
        for bar in range(part.first_bar, last + 1):
            chosen = _FILLS[int(rng.integers(len(_FILLS)))]
            fill = _GENTLE_FILLS.get(style.kit, chosen)
            if bar == last and part.bars > 1 and groove:
                half = {drum: steps[:8] + "........" for drum, steps in groove.items()}
                hits += _bar_of_hits(groove if gentle else half, bar, part, style)
                hits += _bar_of_hits(fill, bar, part, style)
            else:
                hits += _bar_of_hits(groove, bar, part, style)
            if bar % 2 and "snare" in groove:
                beat = swung(bar * BEATS + ghost, style.swing, style.swing_step)
                hits.append(Hit(beat, "snare", 0.3 * part.loudness))
        if part.energy >= FULL_ENERGY or part.kind == "ending":
            crash = 0.35 if gentle and style.kit != "concert" else 0.8
            hits.append(Hit(part.first_bar * BEATS, "crash", crash * part.loudness))
            hits.append(Hit(part.first_bar * BEATS, "kick", part.loudness))
    return tuple(hits)


def _groove(part: Part, style: Style) -> dict[str, str]:
    if part.kind == "ending":
        return {}
    if part.energy >= FULL_ENERGY:
        return style.chorus_drums
    if part.energy >= BARE_ENERGY:
        return style.verse_drums
    # Styles whose kick ducks the rest begin with the kick; the others begin without it.
    held_back = ("snare", "clap") if style.pump else ("snare", "clap", "kick")
    return {drum: steps for drum, steps in style.verse_drums.items() if drum not in held_back}


def _bar_of_hits(groove: dict[str, str], bar: int, part: Part, style: Style) -> Iterator[Hit]:
    loudness = {"X": 1.0, "x": 0.75, "o": 0.4}
    for drum, steps in groove.items():
        for start, _, symbol in read_pattern(steps):
            beat = swung(bar * BEATS + start, style.swing, style.swing_step)
            yield Hit(beat, drum, loudness[symbol] * part.loudness)


def compose_bass(form: Form, chords: Sequence[Chord], style: Style) -> tuple[Note, ...]:
    """Return the bass line."""
    notes: list[Note] = []
    for part in form.parts[:-1]:
        if part.kind == "intro" and not part.phrases:
            continue
        pattern = style.chorus_bass if part.energy >= FULL_ENERGY else style.verse_bass
        for bar in range(part.first_bar, part.first_bar + part.bars):
            walks = (bar - part.first_bar) % 4 == 3 and len(read_pattern(pattern)) > 3  # noqa: PLR2004
            for start, length, symbol in read_pattern(pattern[:-2] + "a-" if walks else pattern):
                beat = bar * BEATS + start
                pitch = _bass_pitch(symbol, beat, chords)
                strength = part.loudness * (1.0 if start % 2.0 == 0.0 else 0.85)
                struck = swung(beat, style.swing, style.swing_step)
                notes.append(Note(struck, length * 0.94, (pitch,), strength))
    ending = form.parts[-1].first_bar * BEATS
    notes.append(Note(ending, form.last_chord, (_bass_pitch("R", ending, chords),), 0.9))
    return tuple(notes)


def _bass_pitch(symbol: str, beat: float, chords: Sequence[Chord]) -> int:
    half = int(beat * 2 / BEATS)
    chord = chords[half]
    root = _BASS_CENTRE - 7 + (chord.root - (_BASS_CENTRE - 7)) % 12
    if symbol == "8":
        return root + 12
    if symbol == "5":
        return root + chord.intervals[-1 if len(chord.intervals) <= 2 else 2]  # noqa: PLR2004
    if symbol == "3":
        return root + chord.intervals[1]
    if symbol == "a":
        following = chords[min(half + 1, len(chords) - 1)]
        target = _BASS_CENTRE - 7 + (following.root - (_BASS_CENTRE - 7)) % 12
        return target + (1 if target < root else -1)
    return root


def compose_chords(form: Form, chords: Sequence[Chord], character: Character) -> tuple[Note, ...]:
    """Return the chords' part in the style's pattern, with smooth voice leading."""
    style = character.style
    voiced = _power_chord if TONES[character.chords].power else _led_chord
    notes: list[Note] = []
    previous: tuple[int, ...] = ()
    for part in form.parts[:-1]:
        pattern = style.chorus_chords if part.energy >= FULL_ENERGY else style.verse_chords
        for bar in range(part.first_bar, part.first_bar + part.bars):
            for start, length, symbol in read_pattern(pattern):
                beat = bar * BEATS + start
                previous = voiced(chords[int(beat * 2 / BEATS)], previous)
                pitches = previous if symbol == "C" else (_single(previous, int(symbol)),)
                struck = swung(beat, style.swing, style.swing_step)
                strength = part.loudness * (1.0 if start % 1.0 == 0.0 else 0.85)
                notes.append(Note(struck, length, pitches, strength))
    last = voiced(chords[-1], previous)
    notes.append(Note(form.parts[-1].first_bar * BEATS, form.last_chord, last, 0.9))
    return tuple(notes)


def _led_chord(chord: Chord, previous: tuple[int, ...]) -> tuple[int, ...]:
    return voicing(chord, previous, _CHORD_CENTRE)


def _power_chord(chord: Chord, _previous: tuple[int, ...]) -> tuple[int, ...]:
    root = _POWER_LOWEST + (chord.root - _POWER_LOWEST) % 12
    return (root, root + 7, root + 12)


def _single(pitches: tuple[int, ...], index: int) -> int:
    return pitches[index % len(pitches)] + 12 * (index // len(pitches))


def compose_pad(form: Form, chords: Sequence[Chord]) -> tuple[Note, ...]:
    """Return held chords for every part but the first verse."""
    notes: list[Note] = []
    previous: tuple[int, ...] = ()
    for part in form.parts:
        if part.kind == "verse" and part.occurrence == 0:
            continue
        first, last = 2 * part.first_bar, 2 * (part.first_bar + part.bars)
        start = first
        for half in range(first, last):
            if (
                half + 1 < last
                and chords[half + 1] == chords[start]
                and half + 1 - start < _LONGEST_PAD
            ):
                continue
            previous = voicing(chords[start], previous, _PAD_CENTRE)
            length = (half + 1 - start) * BEATS / 2 if part.kind != "ending" else form.last_chord
            notes.append(Note(start * BEATS / 2, length, previous, part.loudness))
            start = half + 1
    return tuple(notes)


def compose_lead(
    form: Form, chords: Sequence[Chord], key: Key, style: Style, random: SeededRandom
) -> tuple[Note, ...]:
    """Return the lead: a tune in parts without singing, and fills between a chorus's lines."""
    notes: list[Note] = []
    rng = random.stream("lead")
    first, second = (str(pattern) for pattern in rng.permutation(_PHRASES)[:2])
    for part in form.parts:
        alone = not part.phrases and part.kind != "ending"
        if not alone and part.energy < FULL_ENERGY:
            continue
        for bar in range(part.first_bar, part.first_bar + part.bars):
            pattern = second if (bar - part.first_bar) % 4 == 3 else first  # noqa: PLR2004
            for start, length, symbol in read_pattern(pattern):
                beat = bar * BEATS + start
                if not alone and not _between_lines(beat, part):
                    continue
                pitch = _lead_pitch(int(symbol), beat, chords, key)
                struck = swung(beat, style.swing, style.swing_step)
                notes.append(Note(struck, length * 0.95, (pitch,), 0.9 if alone else 0.55))
    return tuple(notes)


def _between_lines(beat: float, part: Part) -> bool:
    """Return whether a beat falls in the pause after every second line of a part."""
    answered = [phrase for phrase in part.phrases[1::2] if phrase.bars > 1]
    ends = [(phrase.first_bar + phrase.bars) * BEATS for phrase in answered]
    return any(end - 1.5 <= beat < end for end in ends)


def _lead_pitch(index: int, beat: float, chords: Sequence[Chord], key: Key) -> int:
    """Return a chord tone on the beats and a scale tone between them, rising with `index`."""
    chord = chords[int(beat * 2 / BEATS)]
    aim = chord.nearest(_LEAD_CENTRE - 4) + 2.4 * index
    return chord.nearest(aim) if beat % 1.0 == 0.0 else nearest_of(key.over(chord), aim)
