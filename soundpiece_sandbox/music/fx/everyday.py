"""Everyday effects: hands, feet, doors, bells and people."""

from __future__ import annotations

from soundpiece_sandbox.music.fx.effect_model import (
    BRIGHT,
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

_CHURCH = (
    *((0.5, 0.6, 1.3), (1.0, 0.8, 0.9), (1.19, 0.6, 0.7), (1.5, 0.35, 0.5)),
    *((2.0, 1.0, 0.6), (2.51, 0.3, 0.3), (2.66, 0.3, 0.3), (3.01, 0.35, 0.3), (4.17, 0.25, 0.2)),
)  # of the strike note: hum, prime, tierce, quint, nominal and above

EVERYDAY = (
    Effect(
        "typing",
        ("keyboard", "typewriter", "type", "keystrokes", "keys clicking"),
        seconds=4.0,
        layers=(
            Layer(
                Strike(((330.0, 0.5, 0.008), (1850.0, 0.3, 0.005)), (1800.0, 8000.0, 0.7, 0.0035)),
                Repeats(0.155, ((0.0, 1.0), (0.07, 0.3)), looseness=0.035),
                spread=0.4,
                detune=2.0,
                dynamics=0.55,
                takes=9,
            ),
            Layer(
                Strike(((170.0, 1.0, 0.014),), (500.0, 4000.0, 0.6, 0.007)),
                Repeats(1.1, ((0.55, 1.0),), looseness=0.2),
                spread=0.1,
            ),
        ),
        room=(0.3, 0.12),
    ),
    Effect(
        "clock",
        ("tick", "ticking", "tick tock", "clock tick", "ticking clock", "stopwatch"),
        seconds=4.0,
        layers=(
            Layer(
                Strike(((2350.0, 0.6, 0.007), (4700.0, 0.4, 0.004)), (3000.0, 9000.0, 0.5, 0.002)),
                Repeats(1.0),
                spread=0.0,
                dynamics=0.05,
            ),
            Layer(
                Strike(((1750.0, 0.6, 0.008), (3600.0, 0.4, 0.004)), (2500.0, 8000.0, 0.4, 0.002)),
                Repeats(1.0, ((0.5, 0.8),)),
                spread=0.0,
                dynamics=0.05,
            ),
        ),
        room=(0.5, 0.25),
    ),
    Effect(
        "footsteps",
        ("footstep", "steps", "walking", "running", "wooden floor"),
        seconds=4.0,
        layers=(
            Layer(
                Strike(
                    ((98.0, 1.0, 0.03), (215.0, 0.5, 0.02), (470.0, 0.2, 0.01)),
                    (500.0, 3500.0, 0.5, 0.008),
                ),
                Repeats(0.56, ((0.0, 1.0), (0.075, 0.4)), looseness=0.012),
                spread=0.25,
                detune=1.5,
                dynamics=0.25,
            ),
        ),
        room=(0.6, 0.25),
    ),
    Effect(
        "gravel",
        ("footsteps on gravel", "crunch", "footsteps in snow", "snow", "leaves"),
        seconds=4.0,
        layers=(
            Layer(
                NoiseBand(
                    ((0.0, 1800.0), (1.0, 3200.0)),
                    2.2,
                    ((0.0, 0.0), (0.2, 1.0), (0.5, 0.5), (1.0, 0.0)),
                    gusts=1.0,
                    gust_rate=60.0,
                ),
                Repeats(0.6, ((0.0, 1.0), (0.15, 0.6)), looseness=0.02),
                0.2,
                spread=0.3,
                detune=3.0,
            ),
            Layer(Strike(((80.0, 1.0, 0.02),)), Repeats(0.6), level=0.3),
        ),
    ),
    Effect(
        "door knock",
        ("knock", "knocking", "knock on the door", "knocking on a door", "knock knock"),
        seconds=2.0,
        layers=(
            Layer(
                Strike(
                    ((175.0, 1.0, 0.03), (390.0, 0.6, 0.018), (760.0, 0.3, 0.01)),
                    (400.0, 3000.0, 0.5, 0.005),
                ),
                Repeats(2.6, ((0.0, 0.9), (0.21, 1.0), (0.43, 0.95)), looseness=0.008),
                spread=0.05,
                detune=0.5,
                dynamics=0.15,
            ),
        ),
        room=(0.7, 0.3),
    ),
    Effect(
        "door slam",
        ("door", "slamming door", "door slams", "slammed door", "door close", "door closing"),
        seconds=2.0,
        drive=2.5,
        layers=(
            Layer(
                Strike(
                    ((62.0, 1.0, 0.06), (118.0, 0.7, 0.04), (236.0, 0.4, 0.03)),
                    (60.0, 3200.0, 0.9, 0.03),
                ),
                Repeats(0.0, ((0.0, 1.0), (0.085, 0.25))),
                spread=0.0,
                dynamics=0.0,
            ),
            Layer(
                Strike(((1250.0, 0.5, 0.02), (2700.0, 0.3, 0.012)), (1500.0, 6000.0, 0.4, 0.006)),
                Repeats(0.0, ((0.02, 0.7), (0.11, 0.4), (0.16, 0.2))),
                level=0.3,
            ),
        ),
        room=(1.0, 0.4),
    ),
    Effect(
        "creak",
        ("creaking", "squeak", "squeaky", "door creak", "creaking door", "creaky door", "hinge"),
        seconds=2.5,
        layers=(
            Layer(
                SweptTone(
                    ((0.0, 52.0), (0.3, 120.0), (0.55, 95.0), (0.8, 190.0), (1.0, 70.0)),
                    BRIGHT,
                    at(2600.0),
                    ((0.0, 0.0), (0.1, 0.7), (0.45, 0.4), (0.6, 1.0), (1.0, 0.0)),
                    wander=(11.0, 5.0),
                    tremolo=(13.0, 0.6),
                    voices=1,
                )
            ),
            Layer(
                SweptTone(
                    ((0.0, 640.0), (0.4, 900.0), (0.8, 1250.0), (1.0, 800.0)),
                    (1.0, 0.5, 0.3),
                    level=SWELL,
                    wander=(14.0, 2.0),
                    tremolo=(23.0, 0.9),
                    voices=1,
                ),
                level=0.35,
            ),
        ),
        room=(0.8, 0.25),
    ),
    Effect(
        "glass break",
        ("glass", "breaking glass", "glass breaking", "shatter", "smash", "glass shatter"),
        seconds=2.2,
        layers=(
            Layer(
                Strike(((2900.0, 0.5, 0.03), (4730.0, 0.4, 0.03)), (1800.0, 14_000.0, 1.0, 0.04)),
                Repeats(),
                dynamics=0.0,
            ),
            Layer(
                Strike(
                    ((3100.0, 1.0, 0.05), (5230.0, 0.7, 0.04), (7900.0, 0.5, 0.025)),
                    (4000.0, 12_000.0, 0.3, 0.003),
                    notes=(0.0, -4.0, 3.0, 6.0, -7.0, 9.0),
                ),
                Scattered(55.0, ((0.0, 1.0), (0.3, 0.5), (1.0, 0.02)), 1.7),
                level=0.45,
                spread=0.9,
                detune=2.0,
                dynamics=0.9,
                takes=14,
            ),
        ),
        room=(0.9, 0.25),
    ),
    Effect(
        "applause",
        ("clapping", "ovation", "claps", "audience"),
        seconds=6.0,
        layers=(
            Layer(
                Strike(((1150.0, 0.3, 0.004),), (700.0, 4200.0, 1.0, 0.008)),
                Scattered(170.0),
                spread=0.95,
                detune=6.0,
                dynamics=0.85,
                takes=24,
            ),
            Layer(NoiseBand(at(1500.0), 2.0, gusts=0.15), level=0.12),
        ),
        room=(1.4, 0.3),
    ),
    Effect(
        "crowd",
        ("cheer", "cheering", "stadium", "people", "restaurant", "cafe", "chatter", "murmur"),
        seconds=6.0,
        layers=(
            Layer(NoiseBand(at(620.0), 1.7, gusts=0.35, gust_rate=3.0), level=0.4),
            Layer(
                SweptTone(
                    ((0.0, 165.0), (0.4, 215.0), (1.0, 150.0)),
                    BRIGHT,
                    ((0.0, 700.0), (0.4, 1600.0), (1.0, 600.0)),
                    SWELL,
                    wander=(6.0, 2.0),
                    tremolo=(4.5, 0.7),
                ),
                Scattered(16.0),
                0.6,
                level=0.3,
                spread=0.95,
                detune=8.0,
                dynamics=0.7,
                takes=18,
            ),
        ),
        room=(1.2, 0.4),
    ),
    Effect(
        "heartbeat",
        ("heart", "heart beat", "pulse"),
        seconds=4.0,
        layers=(
            Layer(
                Strike(((49.0, 1.0, 0.045), (78.0, 0.4, 0.03)), (40.0, 160.0, 0.5, 0.03), 0.5),
                Repeats(0.95, ((0.0, 1.0), (0.27, 0.65)), looseness=0.008),
                spread=0.0,
                dynamics=0.1,
            ),
        ),
        room=(0.3, 0.1),
    ),
    Effect(
        "camera",
        ("shutter", "camera shutter", "camera click", "photo"),
        seconds=1.0,
        layers=(
            Layer(
                Strike(((1250.0, 0.4, 0.008), (2950.0, 0.4, 0.006)), (1500.0, 9000.0, 1.0, 0.006)),
                Repeats(1.7, ((0.0, 1.0), (0.085, 0.75), (0.11, 0.3))),
                spread=0.1,
            ),
            Layer(
                NoiseBand(at(2800.0), 1.0, SWELL, beat=70.0),
                Repeats(1.7, ((0.12, 0.6),)),
                0.22,
                level=0.25,
            ),
        ),
    ),
    Effect(
        "church bell",
        ("church bells", "cathedral", "tolling", "cathedral bell"),
        seconds=7.0,
        layers=(
            Layer(
                Strike(
                    tuple((233.1 * ratio, level, life) for ratio, level, life in _CHURCH),
                    (800.0, 6000.0, 0.2, 0.02),
                ),
                Repeats(3.4),
                spread=0.0,
                dynamics=0.1,
            ),
        ),
        room=(2.4, 0.12),
    ),
    Effect(
        "bell",
        ("hand bell", "handbell", "school bell", "bike bell", "door bell", "doorbell"),
        seconds=2.5,
        layers=(
            Layer(
                Strike(
                    ((1046.5, 1.0, 0.4), (2093.0, 0.4, 0.3), (2887.0, 0.4, 0.15)),
                    (2000.0, 9000.0, 0.2, 0.006),
                ),
                Repeats(2.2, ((0.0, 1.0), (0.45, 0.8))),
                spread=0.0,
            ),
        ),
        room=(1.0, 0.2),
    ),
    Effect(
        "clang",
        ("metal hit", "anvil", "sword", "metal", "hammer", "blade", "chain"),
        seconds=2.0,
        layers=(
            Layer(
                Strike(
                    (
                        *((431.0, 0.6, 0.12), (1127.0, 0.9, 0.18), (1871.0, 0.7, 0.14)),
                        *((2783.0, 0.6, 0.1), (3911.0, 0.5, 0.08), (5417.0, 0.3, 0.05)),
                    ),
                    (1500.0, 10_000.0, 0.6, 0.006),
                ),
                Repeats(1.8),
                spread=0.1,
                detune=1.0,
            ),
        ),
        room=(1.2, 0.25),
    ),
    Effect(
        "punch",
        ("kick", "whack", "slap", "fight"),
        seconds=0.8,
        drive=3.0,
        layers=(
            Layer(
                Strike(((88.0, 1.0, 0.03), (150.0, 0.5, 0.02)), (250.0, 3200.0, 0.8, 0.014), 0.8),
                Repeats(1.5),
                spread=0.1,
            ),
        ),
        room=(0.3, 0.12),
    ),
    Effect(
        "paper",
        ("page", "page turn", "rustle", "rustling", "cloth"),
        seconds=1.5,
        layers=(
            Layer(
                NoiseBand(
                    ((0.0, 3200.0), (0.5, 5600.0), (1.0, 3800.0)),
                    2.0,
                    ((0.0, 0.0), (0.25, 0.6), (0.4, 0.3), (0.7, 1.0), (1.0, 0.0)),
                    gusts=1.0,
                    gust_rate=24.0,
                ),
                Repeats(1.6),
                1.0,
            ),
        ),
    ),
)
