"""Effects of machines: vehicles, weapons and electric hums."""

from __future__ import annotations

from soundpiece_sandbox.music.fx.effect_model import (
    BRIGHT,
    DYING,
    HOLLOW,
    PULSE,
    SINE,
    SOFT,
    STEADY,
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

_REVVING = ((0.0, 33.0), (0.2, 46.0), (0.4, 86.0), (0.5, 52.0), (0.75, 104.0), (1.0, 44.0))

MACHINES = (
    Effect(
        "engine",
        ("car", "motor", "motorcycle", "motorbike", "truck", "car engine", "revving", "tractor"),
        seconds=5.0,
        layers=(
            Layer(
                SweptTone(
                    _REVVING,
                    BRIGHT,
                    ((0.0, 420.0), (0.4, 900.0), (0.5, 500.0), (0.75, 1100.0), (1.0, 420.0)),
                    STEADY,
                    wander=(16.0, 0.5),
                    tremolo=(19.0, 0.35),
                    voices=3,
                    detune=14.0,
                )
            ),
            Layer(NoiseBand(at(240.0), 2.4, beat=27.0, depth=0.6, gusts=0.2), level=0.3),
        ),
    ),
    Effect(
        "train",
        ("railway", "railroad", "locomotive", "subway", "tram"),
        seconds=6.0,
        layers=(
            Layer(NoiseBand(at(150.0), 2.4, gusts=0.2, gust_rate=2.0), level=0.3),
            Layer(NoiseBand(at(1900.0), 1.6, gusts=0.4, gust_rate=3.0), level=0.06),
            Layer(
                Strike(
                    ((128.0, 1.0, 0.045), (310.0, 0.5, 0.025), (1320.0, 0.25, 0.02)),
                    (400.0, 4500.0, 0.5, 0.014),
                ),
                Repeats(0.86, ((0.0, 1.0), (0.13, 0.85), (0.33, 0.7), (0.46, 0.6)), 0.006),
                spread=0.3,
                dynamics=0.15,
            ),
        ),
        room=(0.8, 0.2),
    ),
    Effect(
        "train horn",
        ("train whistle", "horn", "fog horn", "foghorn", "ship horn", "car horn", "honk"),
        seconds=3.5,
        layers=tuple(
            Layer(
                SweptTone(at(pitch), BRIGHT, at(2600.0), wander=(5.0, 0.06), voices=3, detune=9.0),
                Repeats(4.2, ((0.0, 1.0), (1.0, 0.9))),
                0.8,
                spread=0.0,
            )
            for pitch in (277.2, 329.6, 392.0, 440.0)
        ),
        room=(2.4, 0.4),
    ),
    Effect(
        "helicopter",
        ("chopper", "rotor", "propeller"),
        seconds=6.0,
        layers=(
            Layer(NoiseBand(at(160.0), 2.2, beat=11.0, depth=0.98)),
            Layer(NoiseBand(at(1400.0), 2.0, beat=11.0, depth=0.9), level=0.22),
            Layer(SweptTone(at(1480.0), SOFT, level=STEADY, vibrato=(11.0, 0.15)), level=0.03),
        ),
    ),
    Effect(
        "airplane",
        ("plane", "jet", "aircraft", "rocket", "take off", "takeoff", "flight"),
        seconds=6.0,
        layers=(
            Layer(
                NoiseBand(
                    ((0.0, 380.0), (0.5, 1300.0), (1.0, 300.0)),
                    3.0,
                    ((0.0, 0.1), (0.5, 1.0), (1.0, 0.1)),
                    gusts=0.12,
                    gust_rate=7.0,
                    pan=((0.0, -0.8), (1.0, 0.8)),
                    stereo=0.6,
                )
            ),
            Layer(
                SweptTone(
                    ((0.0, 2500.0), (0.45, 2400.0), (0.6, 1700.0), (1.0, 1550.0)), SINE, at(9e3)
                ),
                swell=((0.0, 0.1), (0.5, 1.0), (1.0, 0.1)),
                level=0.06,
            ),
        ),
    ),
    Effect(
        "static",
        ("white noise", "noise", "radio", "tv static", "interference", "radio static"),
        seconds=4.0,
        layers=(
            Layer(NoiseBand(at(8000.0), 6.0, stereo=0.5)),
            Layer(
                Strike((), (600.0, 9000.0, 1.0, 0.002)),
                Scattered(35.0),
                level=0.6,
                dynamics=0.9,
            ),
        ),
    ),
    Effect(
        "glitch",
        ("glitchy", "stutter", "data", "corrupted", "digital", "bitcrush"),
        seconds=2.5,
        layers=(
            Layer(
                SweptTone(
                    at(420.0), HOLLOW, at(9000.0), STEADY, leaps=(31.0, 26.0), gate=(15.5, 0.45)
                ),
                swell=((0.0, 1.0), (1.0, 1.0)),
                level=0.5,
            ),
            Layer(
                NoiseBand(at(2600.0), 3.0, PULSE, beat=47.0),
                Scattered(6.0),
                0.06,
                spread=0.9,
                detune=14.0,
            ),
            Layer(
                SweptTone(at(95.0), HOLLOW, at(3000.0), leaps=(47.0, 18.0)),
                Scattered(4.0),
                0.11,
                spread=0.9,
                takes=9,
            ),
        ),
    ),
    Effect(
        "vinyl",
        ("vinyl crackle", "record crackle", "gramophone", "old record", "record player"),
        seconds=6.0,
        layers=(
            Layer(NoiseBand(at(4200.0), 3.0), level=0.05),
            Layer(NoiseBand(at(70.0), 1.4, beat=0.556, depth=0.5), level=0.12),
            Layer(
                Strike(((2100.0, 0.3, 0.001),), (900.0, 7000.0, 1.0, 0.0012)),
                Scattered(24.0),
                spread=0.6,
                detune=7.0,
                dynamics=0.95,
                takes=14,
            ),
        ),
    ),
    Effect(
        "record scratch",
        ("scratch", "dj scratch", "turntable", "scratching"),
        seconds=1.5,
        layers=(
            Layer(
                SweptTone(
                    ((0.0, 140.0), (0.2, 900.0), (0.38, 130.0), (0.6, 1300.0), (1.0, 110.0)),
                    BRIGHT,
                    at(4200.0),
                    ((0.0, 0.0), (0.2, 1.0), (0.38, 0.15), (0.6, 1.0), (1.0, 0.0)),
                ),
                Repeats(1.2, ((0.0, 1.0), (0.48, 0.9))),
                0.42,
                spread=0.1,
            ),
            Layer(
                NoiseBand(
                    ((0.0, 500.0), (0.2, 4200.0), (0.38, 500.0), (0.6, 5200.0), (1.0, 400.0)),
                    1.6,
                    SWELL,
                ),
                Repeats(1.2, ((0.0, 1.0), (0.48, 0.9))),
                0.42,
                level=0.9,
            ),
        ),
    ),
    Effect(
        "robot",
        ("computer", "beep", "beeping", "computer beeps", "robotic", "droid", "calculating"),
        seconds=3.0,
        layers=(
            Layer(
                SweptTone(
                    at(1100.0), SOFT, level=STEADY, leaps=(9.0, 12.0), gate=(9.0, 0.7), voices=1
                ),
            ),
            Layer(
                SweptTone(((0.0, 700.0), (1.0, 2100.0)), SINE, level=SWELL, vibrato=(17.0, 3.0)),
                Scattered(0.9),
                0.35,
                level=0.5,
                spread=0.7,
                detune=7.0,
            ),
        ),
    ),
    Effect(
        "laser",
        ("zap", "blaster", "ray gun", "pew", "phaser", "laser gun"),
        seconds=0.8,
        layers=(
            Layer(
                SweptTone(
                    ((0.0, 3600.0), (0.3, 1100.0), (1.0, 130.0)),
                    BRIGHT,
                    at(8000.0),
                    ((0.0, 0.0), (0.02, 1.0), (0.5, 0.6), (1.0, 0.0)),
                    detune=18.0,
                ),
                Repeats(0.9),
                0.32,
                spread=0.4,
                detune=1.0,
            ),
        ),
        room=(0.7, 0.2),
    ),
    Effect(
        "explosion",
        ("explode", "bomb", "blast", "detonation", "cannon", "fireworks", "firework"),
        seconds=4.5,
        drive=4.0,
        layers=(
            Layer(
                NoiseBand(
                    ((0.0, 1500.0), (0.1, 500.0), (1.0, 70.0)), 3.4, DYING, gusts=0.3, gust_rate=9
                ),
                Repeats(),
                4.0,
                dynamics=0.0,
            ),
            Layer(
                Strike(((38.0, 1.0, 0.25),), (40.0, 8000.0, 1.0, 0.03), 1.2, 0.08),
                Repeats(),
                dynamics=0.0,
                spread=0.0,
            ),
            Layer(
                Strike((), (300.0, 5000.0, 1.0, 0.008)),
                Scattered(26.0, ((0.0, 0.2), (0.2, 1.0), (1.0, 0.05)), 2.8),
                level=0.16,
                spread=0.9,
                detune=9.0,
                dynamics=0.9,
            ),
        ),
        room=(2.6, 0.35),
    ),
    Effect(
        "gunshot",
        ("gun", "shot", "rifle", "pistol", "shotgun"),
        seconds=1.8,
        drive=5.0,
        layers=(
            Layer(
                Strike(((95.0, 0.7, 0.03),), (120.0, 12_000.0, 1.0, 0.016)),
                Repeats(2.0),
                spread=0.1,
            ),
        ),
        room=(1.3, 0.4),
    ),
    Effect(
        "electricity",
        ("spark", "sparks", "electric", "electric hum", "hum", "tesla", "short circuit"),
        seconds=4.0,
        layers=(
            Layer(SweptTone(at(100.0), BRIGHT, at(3200.0), STEADY, tremolo=(50.0, 0.5)), level=0.3),
            Layer(
                NoiseBand(at(4800.0), 2.4, PULSE, beat=100.0),
                Scattered(3.5),
                0.14,
                spread=0.8,
                dynamics=0.7,
            ),
        ),
    ),
    Effect(
        "drill",
        ("saw", "chainsaw", "power tool", "vacuum"),
        seconds=4.0,
        layers=(
            Layer(
                SweptTone(
                    ((0.0, 90.0), (0.12, 165.0), (0.9, 172.0), (1.0, 80.0)), BRIGHT, at(5200.0)
                ),
                level=0.8,
            ),
            Layer(NoiseBand(at(3600.0), 2.0, PULSE, beat=41.0, depth=0.5), level=0.4),
        ),
    ),
    Effect(
        "steam",
        ("air release", "hydraulic", "spray", "hiss", "air brake", "gas"),
        seconds=2.0,
        layers=(
            Layer(
                NoiseBand(
                    ((0.0, 7200.0), (1.0, 3800.0)), 1.8, ((0.0, 0.0), (0.03, 1.0), (1.0, 0.0))
                ),
                Repeats(2.6),
                1.8,
            ),
        ),
    ),
)
