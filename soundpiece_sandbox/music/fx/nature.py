"""Effects of nature: weather, water, fire and animals."""

from __future__ import annotations

from soundpiece_sandbox.music.fx.effect_model import (
    HOLLOW,
    PULSE,
    SINE,
    SOFT,
    SWELL,
    Effect,
    Layer,
    NoiseBand,
    Repeats,
    Scattered,
    Strike,
    SweptTone,
    at,
)

_DROPLETS = (0.0, 3.0, 5.0, 8.0, 11.0, 14.0, 17.0, 20.0)
_ROLLING = (
    *((0.0, 0.0), (0.012, 1.0), (0.05, 0.5), (0.09, 0.9), (0.17, 0.35)),
    *((0.25, 0.6), (0.36, 0.25), (0.5, 0.32), (0.7, 0.1), (1.0, 0.0)),
)
_BREAKER = ((0.0, 0.0), (0.3, 0.35), (0.45, 1.0), (0.6, 0.6), (1.0, 0.0))

NATURE = (
    Effect(
        "rain",
        ("raining", "rainfall", "downpour", "drizzle", "rainstorm"),
        seconds=8.0,
        layers=(
            Layer(NoiseBand(at(2300.0), 3.2, gusts=0.12, gust_rate=2.0)),
            Layer(
                Strike(((640.0, 1.0, 0.008),), (900.0, 4000.0, 0.4, 0.003), -0.5, 0.02, _DROPLETS),
                Scattered(45.0),
                level=0.35,
                spread=0.9,
                dynamics=0.9,
                takes=12,
            ),
            Layer(
                Strike((), (2200.0, 9000.0, 1.0, 0.003)),
                Scattered(110.0),
                level=0.5,
                spread=0.9,
                detune=7.0,
                dynamics=0.9,
            ),
        ),
    ),
    Effect(
        "tin roof",
        ("roof", "metal roof", "window", "umbrella"),
        seconds=8.0,
        layers=(
            Layer(
                Strike(
                    ((840.0, 0.7, 0.02), (1730.0, 0.6, 0.016), (2990.0, 0.4, 0.01)),
                    (2000.0, 8000.0, 0.6, 0.002),
                ),
                Scattered(60.0),
                spread=0.9,
                detune=4.0,
                dynamics=0.9,
                takes=10,
            ),
        ),
        room=(0.4, 0.2),
    ),
    Effect(
        "thunder",
        ("thunderstorm", "thunderclap", "lightning", "storm"),
        seconds=6.0,
        drive=2.5,
        layers=(
            Layer(
                NoiseBand(((0.0, 420.0), (0.2, 160.0), (1.0, 60.0)), 2.6, _ROLLING, gusts=0.5),
                Repeats(11.0, looseness=1.5),
                5.5,
                takes=3,
            ),
            Layer(
                Strike(((47.0, 0.7, 0.2),), (150.0, 6000.0, 0.8, 0.05)),
                Repeats(11.0, ((0.0, 1.0), (0.07, 0.6), (0.2, 0.4))),
                level=0.6,
            ),
        ),
        room=(3.0, 0.4),
    ),
    Effect(
        "wind",
        ("windy", "gale", "blizzard", "breeze", "gust", "howling"),
        seconds=8.0,
        layers=(
            Layer(NoiseBand(at(420.0), 1.4, gusts=0.7, gust_rate=0.5)),
            Layer(NoiseBand(at(1150.0), 0.25, gusts=0.8, gust_rate=0.45), level=0.35),
        ),
    ),
    Effect(
        "ocean",
        ("wave", "waves", "sea", "surf", "beach", "shore", "ocean waves"),
        seconds=14.0,
        layers=(
            Layer(NoiseBand(at(700.0), 3.0, gusts=0.15), level=0.15),
            Layer(
                NoiseBand(((0.0, 280.0), (0.45, 1500.0), (1.0, 3600.0)), 2.6, _BREAKER, gusts=0.15),
                Repeats(5.2, looseness=0.7),
                8.0,
                takes=4,
                dynamics=0.45,
            ),
        ),
    ),
    Effect(
        "stream",
        ("water", "river", "brook", "creek", "waterfall", "fountain", "flowing water"),
        seconds=8.0,
        layers=(
            Layer(NoiseBand(at(1500.0), 2.6, gusts=0.25, gust_rate=5.0), level=0.55),
            Layer(
                Strike(((460.0, 1.0, 0.022),), fall=-0.7, fall_time=0.05, notes=_DROPLETS),
                Scattered(42.0),
                spread=0.8,
                detune=1.5,
                dynamics=0.9,
                takes=16,
            ),
        ),
    ),
    Effect(
        "water drop",
        ("drip", "dripping", "droplet", "drop of water"),
        seconds=3.0,
        layers=(
            Layer(
                Strike(((820.0, 1.0, 0.035),), fall=-1.0, fall_time=0.04, notes=(0.0, 2.0, 5.0)),
                Repeats(1.15, ((0.0, 1.0), (0.09, 0.3)), looseness=0.16),
                dynamics=0.4,
            ),
        ),
        room=(1.8, 0.4),
    ),
    Effect(
        "bubbles",
        ("bubble", "bubbling", "boiling", "underwater", "lava"),
        seconds=5.0,
        layers=(
            Layer(
                Strike(((190.0, 1.0, 0.05),), fall=-0.9, fall_time=0.08, notes=_DROPLETS),
                Scattered(13.0),
                spread=0.7,
                detune=2.0,
                dynamics=0.8,
                takes=16,
            ),
            Layer(NoiseBand(at(130.0), 1.6, gusts=0.4), level=0.15),
        ),
    ),
    Effect(
        "fire",
        ("campfire", "fireplace", "flames", "burning", "crackle", "crackling"),
        seconds=8.0,
        layers=(
            Layer(NoiseBand(at(230.0), 2.2, gusts=0.5, gust_rate=3.0), level=0.35),
            Layer(NoiseBand(at(5200.0), 1.5, gusts=0.7, gust_rate=4.0), level=0.05),
            Layer(
                Strike(((1400.0, 0.3, 0.003),), (900.0, 9000.0, 1.0, 0.003)),
                Scattered(15.0),
                spread=0.7,
                detune=9.0,
                dynamics=0.95,
                takes=14,
            ),
        ),
    ),
    Effect(
        "birds",
        ("bird", "birdsong", "chirp", "chirping", "tweet", "forest", "dawn chorus", "morning"),
        seconds=6.0,
        layers=(
            Layer(
                SweptTone(((0.0, 3300.0), (0.4, 4700.0), (1.0, 3600.0)), SINE, level=SWELL),
                Repeats(1.3, ((0.0, 0.8), (0.16, 1.0), (0.33, 0.7)), looseness=0.12),
                0.11,
                spread=0.7,
                detune=2.0,
                dynamics=0.5,
            ),
            Layer(
                SweptTone(((0.0, 4200.0), (1.0, 3500.0)), SINE, level=SWELL, vibrato=(26.0, 2.5)),
                Scattered(0.9),
                0.5,
                spread=0.9,
                detune=3.0,
                level=0.6,
            ),
            Layer(
                SweptTone(((0.0, 2400.0), (0.3, 1900.0), (0.5, 2700.0), (1.0, 2200.0)), SOFT),
                Scattered(0.7),
                0.35,
                spread=0.9,
                detune=2.0,
                level=0.4,
            ),
            Layer(NoiseBand(at(900.0), 3.0, gusts=0.3), level=0.02),
        ),
        room=(1.4, 0.25),
    ),
    Effect(
        "crickets",
        ("cricket", "night", "cicada", "insects", "summer night"),
        seconds=8.0,
        layers=(
            *(
                Layer(
                    SweptTone(at(pitch), SINE, level=SWELL, tremolo=(rate, 1.0), voices=1),
                    Repeats(every, ((0.0, 1.0), (0.5 * every, 0.8)), looseness=0.02),
                    0.22,
                    level=level,
                    spread=0.9,
                    takes=3,
                    detune=0.3,
                )
                for pitch, rate, every, level in (
                    (4350.0, 34.0, 0.92, 1.0),
                    (4800.0, 41.0, 1.13, 0.5),
                    (3900.0, 29.0, 1.37, 0.4),
                )
            ),
            Layer(NoiseBand(at(5200.0), 0.8, gusts=0.1), level=0.06),
        ),
    ),
    Effect(
        "frogs",
        ("frog", "swamp", "toad"),
        seconds=6.0,
        layers=(
            Layer(
                SweptTone(((0.0, 240.0), (1.0, 300.0)), HOLLOW, at(1300.0), tremolo=(32.0, 1.0)),
                Repeats(1.1, ((0.0, 1.0), (0.34, 0.8)), looseness=0.15),
                0.2,
                spread=0.8,
                detune=4.0,
            ),
        ),
        room=(1.0, 0.25),
    ),
    Effect(
        "earthquake",
        ("rumble", "rumbling", "avalanche", "quake"),
        seconds=6.0,
        layers=(
            Layer(NoiseBand(at(62.0), 1.6, PULSE, gusts=0.6, gust_rate=5.0)),
            Layer(
                Strike((), (120.0, 900.0, 1.0, 0.03)),
                Scattered(18.0),
                level=0.4,
                spread=0.8,
                detune=8.0,
                dynamics=0.9,
            ),
        ),
    ),
    Effect(
        "breath",
        ("breathing", "inhale", "exhale", "sigh", "gasp"),
        seconds=3.6,
        layers=(
            Layer(
                NoiseBand(((0.0, 1500.0), (1.0, 2300.0)), 1.5, SWELL), Repeats(3.4), 1.2, level=0.7
            ),
            Layer(
                NoiseBand(((0.0, 1250.0), (1.0, 620.0)), 1.6, SWELL),
                Repeats(3.4, ((1.5, 1.0),)),
                1.7,
            ),
        ),
    ),
)
