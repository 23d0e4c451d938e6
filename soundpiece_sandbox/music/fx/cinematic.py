"""Cinematic effects: risers, impacts, whooshes and shimmers."""

from __future__ import annotations

from soundpiece_sandbox.music.fx.effect_model import (
    BRIGHT,
    DYING,
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

_PENTATONIC = (0.0, 2.0, 4.0, 7.0, 9.0, 12.0, 14.0, 16.0, 19.0, 21.0, 24.0)
_RISING = ((0.0, 0.02), (0.4, 0.12), (0.8, 0.5), (0.97, 1.0), (1.0, 0.0))
_FALLING = ((0.0, 0.0), (0.03, 1.0), (0.3, 0.45), (0.7, 0.12), (1.0, 0.0))
_BLARE = ((0.0, 0.0), (0.03, 1.0), (0.5, 0.8), (0.75, 0.35), (1.0, 0.0))
_OPENING = ((0.0, 220.0), (0.12, 2600.0), (0.5, 1500.0), (1.0, 300.0))

CINEMATIC = (
    Effect(
        "riser",
        ("uplifter", "rise", "rising sweep", "build up", "buildup", "build", "sweep up", "tension"),
        seconds=4.0,
        layers=(
            Layer(NoiseBand(((0.0, 260.0), (1.0, 7500.0)), width=1.6, level=_RISING)),
            Layer(
                SweptTone(
                    ((0.0, 110.0), (1.0, 880.0)),
                    BRIGHT,
                    cutoff=((0.0, 350.0), (1.0, 7000.0)),
                    level=_RISING,
                    voices=5,
                    detune=34.0,
                ),
                level=0.35,
            ),
        ),
        room=(1.6, 0.3),
        fade=0.02,
    ),
    Effect(
        "downlifter",
        ("downer", "fall", "falling sweep", "sweep down", "drop down", "wind down", "descent"),
        seconds=4.0,
        layers=(
            Layer(NoiseBand(((0.0, 7500.0), (1.0, 160.0)), width=1.6, level=_FALLING)),
            Layer(
                SweptTone(
                    ((0.0, 880.0), (1.0, 55.0)),
                    BRIGHT,
                    cutoff=((0.0, 6000.0), (1.0, 250.0)),
                    level=_FALLING,
                    voices=5,
                    detune=34.0,
                ),
                level=0.4,
            ),
        ),
        room=(1.6, 0.3),
    ),
    Effect(
        "impact",
        ("hit", "boom", "cinematic hit", "thud", "slam", "trailer hit"),
        seconds=4.0,
        drive=3.0,
        layers=(
            Layer(
                Strike(
                    ((44.0, 1.0, 0.35), (67.0, 0.6, 0.22), (131.0, 0.3, 0.1), (287.0, 0.12, 0.06)),
                    burst=(60.0, 4200.0, 0.55, 0.05),
                    fall=1.3,
                    fall_time=0.05,
                ),
                Repeats(),
                spread=0.0,
                dynamics=0.0,
            ),
            Layer(NoiseBand(((0.0, 1400.0), (1.0, 90.0)), 2.5, DYING), Repeats(), 3.0, level=0.4),
        ),
        room=(3.6, 0.55),
    ),
    Effect(
        "whoosh",
        ("swoosh", "swish", "whoosh past", "pass by", "passby", "fly by", "flyby", "swipe"),
        seconds=1.4,
        layers=(
            Layer(
                NoiseBand(
                    ((0.0, 350.0), (0.5, 2600.0), (1.0, 380.0)),
                    width=1.5,
                    level=((0.0, 0.0), (0.3, 0.2), (0.5, 1.0), (0.7, 0.25), (1.0, 0.0)),
                    pan=((0.0, -0.9), (0.4, -0.5), (0.6, 0.5), (1.0, 0.9)),
                    stereo=0.5,
                )
            ),
        ),
    ),
    Effect(
        "braam",
        ("inception", "bwah", "brass blast", "brass hit"),
        seconds=4.5,
        layers=(
            *(
                Layer(
                    SweptTone(at(pitch), BRIGHT, _OPENING, _BLARE, voices=6, detune=22.0),
                    Repeats(),
                    4.0,
                    level=level,
                    spread=0.0,
                )
                for pitch, level in ((36.7, 1.0), (55.0, 0.8), (73.4, 0.8), (110.0, 0.5))
            ),
            Layer(Strike(((41.0, 1.0, 0.2),), (60.0, 3000.0, 0.4, 0.04), 1.0), Repeats()),
        ),
        room=(3.2, 0.5),
    ),
    Effect(
        "sub drop",
        ("bass drop", "subdrop", "sub boom", "808 drop"),
        seconds=3.0,
        layers=(
            Layer(
                SweptTone(
                    ((0.0, 130.0), (0.25, 62.0), (1.0, 27.0)),
                    (1.0, 0.25, 0.1),
                    level=((0.0, 0.0), (0.01, 1.0), (0.5, 0.7), (1.0, 0.0)),
                    voices=1,
                ),
                Repeats(),
                2.6,
                spread=0.0,
            ),
            Layer(Strike((), (80.0, 2500.0, 0.3, 0.02)), Repeats()),
        ),
    ),
    Effect(
        "drum roll",
        ("drumroll", "snare roll", "roll"),
        seconds=3.0,
        layers=(
            Layer(
                Strike(((185.0, 0.5, 0.03), (330.0, 0.2, 0.02)), (900.0, 8000.0, 0.6, 0.035)),
                Repeats(0.052, looseness=0.006),
                swell=((0.0, 0.25), (0.9, 1.0), (1.0, 0.9)),
                spread=0.2,
                dynamics=0.35,
            ),
        ),
        room=(0.9, 0.2),
        fade=0.03,
    ),
    Effect(
        "magic",
        ("sparkle", "sparkles", "shimmer", "fairy", "fairy dust", "spell", "twinkle", "enchanted"),
        seconds=2.5,
        layers=(
            Layer(
                Strike(
                    ((1174.7, 1.0, 0.12), (2940.0, 0.35, 0.06), (6350.0, 0.12, 0.03)),
                    notes=_PENTATONIC,
                ),
                Scattered(26.0, ((0.0, 0.4), (0.35, 1.0), (1.0, 0.1))),
                spread=0.9,
                dynamics=0.7,
                takes=11,
            ),
            Layer(NoiseBand(((0.0, 5000.0), (0.5, 9500.0), (1.0, 7000.0)), 1.2, SWELL), level=0.12),
        ),
        room=(2.4, 0.6),
    ),
    Effect(
        "chime",
        ("wind chimes", "wind chime", "windchimes"),
        seconds=4.0,
        layers=(
            Layer(
                Strike(
                    ((784.0, 1.0, 0.5), (2162.0, 0.4, 0.25), (4238.0, 0.15, 0.1)),
                    notes=_PENTATONIC[:7],
                ),
                Scattered(4.0),
                spread=0.8,
                dynamics=0.6,
                takes=7,
            ),
        ),
        room=(1.8, 0.3),
    ),
    Effect(
        "stinger",
        ("jump scare", "jumpscare", "scare", "horror sting"),
        seconds=2.5,
        layers=(
            *(
                Layer(
                    SweptTone(
                        ((0.0, pitch), (1.0, 1.06 * pitch)),
                        BRIGHT,
                        ((0.0, 7000.0), (1.0, 2500.0)),
                        ((0.0, 0.0), (0.02, 1.0), (0.6, 0.6), (1.0, 0.0)),
                        vibrato=(7.0, 0.4),
                        voices=4,
                        detune=40.0,
                    ),
                    Repeats(),
                    2.0,
                )
                for pitch in (622.0, 659.0, 698.0, 932.0)
            ),
            Layer(Strike(((55.0, 1.0, 0.15),), (100.0, 6000.0, 0.5, 0.05), 1.0), Repeats()),
        ),
        room=(1.8, 0.35),
    ),
    Effect(
        "spaceship",
        ("portal", "teleport", "sci fi", "scifi", "ufo", "alien", "hyperspace", "force field"),
        seconds=4.0,
        layers=(
            Layer(
                SweptTone(
                    ((0.0, 180.0), (0.5, 420.0), (1.0, 150.0)),
                    SOFT,
                    level=SWELL,
                    vibrato=(6.5, 3.0),
                    voices=4,
                    detune=30.0,
                )
            ),
            Layer(NoiseBand(((0.0, 600.0), (0.5, 4000.0), (1.0, 500.0)), 0.7, SWELL, beat=6.5)),
            Layer(SweptTone(at(58.0), BRIGHT, at(260.0), SWELL, (0.3, 0.3)), level=0.7),
        ),
        room=(2.2, 0.45),
    ),
    Effect(
        "drone",
        ("dark ambience", "ambience", "atmosphere", "suspense", "soundscape"),
        seconds=8.0,
        layers=(
            *(
                Layer(
                    SweptTone(
                        at(pitch), BRIGHT, at(cutoff), wander=(0.3, 0.2), voices=4, detune=18.0
                    ),
                    level=level,
                )
                for pitch, cutoff, level in ((55.0, 320.0, 1.0), (82.7, 420.0, 0.6))
            ),
            Layer(NoiseBand(at(420.0), 1.4, gusts=0.7, gust_rate=0.25), level=0.5),
        ),
        room=(3.0, 0.5),
    ),
    Effect(
        "gong",
        ("tam tam",),
        seconds=7.0,
        layers=(
            Layer(
                Strike(
                    (
                        *((82.0, 1.0, 1.5), (131.0, 0.7, 1.2), (177.0, 0.6, 1.0)),
                        *((243.0, 0.5, 0.8), (311.0, 0.4, 0.6), (431.0, 0.35, 0.45)),
                        *((622.0, 0.3, 0.3), (917.0, 0.2, 0.25)),
                    ),
                    (300.0, 5000.0, 0.25, 0.25),
                ),
                Repeats(),
                spread=0.0,
            ),
        ),
        room=(2.0, 0.25),
    ),
    Effect(
        "sonar",
        ("submarine", "ping"),
        seconds=4.0,
        layers=(
            Layer(SweptTone(at(960.0), SINE, level=DYING), Repeats(3.2), 2.4),
            Layer(NoiseBand(at(110.0), 1.5, gusts=0.3), level=0.1),
        ),
        room=(3.5, 0.6),
    ),
)
