"""Signals: alarms, telephones, interfaces and games."""

from __future__ import annotations

from soundpiece_sandbox.music.fx.effect_model import (
    HOLLOW,
    SINE,
    SOFT,
    STEADY,
    Effect,
    Layer,
    Path,
    Repeats,
    Strike,
    SweptTone,
    at,
)

_PLUCKED: Path = ((0.0, 0.0), (0.02, 1.0), (0.4, 0.45), (1.0, 0.0))
_SPEAKER = (0.35, 0.12)  # the room of a small loudspeaker
_GLASSY = ((1.0, 1.0, 0.16), (2.0, 0.25, 0.1), (3.0, 0.12, 0.05))


def _glass(pitch: float, half_life: float = 1.0) -> Strike:
    """Return a soft, bell-like note of a user interface."""
    return Strike(tuple((pitch * ratio, level, life * half_life) for ratio, level, life in _GLASSY))


def _phrase(*notes: tuple[float, float], every: float, half_life: float = 1.0) -> tuple[Layer, ...]:
    """Return layers that play (second, Hz) notes in every repetition."""
    return tuple(
        Layer(
            _glass(pitch, half_life),
            Repeats(every, ((second, 1.0),)),
            spread=0.15,
            dynamics=0.0,
            takes=1,
        )
        for second, pitch in notes
    )


def _stairs(*pitches: float) -> Path:
    """Return a pitch path that jumps from each pitch to the next."""
    size = 1.0 / len(pitches)
    return tuple(
        (place, pitch)
        for step, pitch in enumerate(pitches)
        for place in (step * size + (0.001 if step else 0.0), (step + 1) * size)
    )


SIGNALS = (
    Effect(
        "siren",
        ("police", "ambulance", "police siren", "fire truck", "air raid"),
        seconds=6.0,
        layers=(
            Layer(SweptTone(at(860.0), (1.0, 0.5, 0.4, 0.2), level=STEADY, vibrato=(0.4, 6.0))),
            Layer(
                SweptTone(at(1290.0), SOFT, level=STEADY, vibrato=(0.4, 6.0)),
                level=0.25,
            ),
        ),
        room=(1.8, 0.25),
    ),
    Effect(
        "alarm",
        ("alarm clock", "warning", "car alarm", "fire alarm", "buzzer", "alert", "smoke detector"),
        seconds=4.0,
        layers=(
            Layer(
                SweptTone(
                    at(1980.0),
                    HOLLOW,
                    at(9000.0),
                    STEADY,
                    trill=(8.0, 5.0),
                    gate=(1.4, 0.62),
                    voices=1,
                )
            ),
        ),
        room=_SPEAKER,
    ),
    Effect(
        "phone",
        ("phone ring", "telephone", "ringtone", "ringing phone", "telephone ring", "ringing"),
        seconds=4.0,
        layers=(
            Layer(
                Strike(((1400.0, 1.0, 0.05), (2230.0, 0.6, 0.04), (3700.0, 0.3, 0.02))),
                Repeats(3.0, tuple((step * 0.045, 1.0) for step in range(36))),
                spread=0.0,
                dynamics=0.1,
                takes=2,
            ),
            Layer(
                Strike(((1660.0, 1.0, 0.05), (2640.0, 0.5, 0.04))),
                Repeats(3.0, tuple((0.0225 + step * 0.045, 0.9) for step in range(36))),
                spread=0.0,
                dynamics=0.1,
                takes=2,
            ),
        ),
        room=(0.6, 0.2),
    ),
    Effect(
        "click",
        ("ui click", "button", "button click", "mouse click", "switch", "tap"),
        seconds=0.5,
        layers=(
            Layer(
                Strike(((2100.0, 0.5, 0.004), (3900.0, 0.2, 0.003)), (2500.0, 9000.0, 0.5, 0.0012)),
                Repeats(1.0),
                spread=0.05,
            ),
        ),
        room=_SPEAKER,
    ),
    Effect(
        "pop",
        ("ui pop", "cork", "plop"),
        seconds=0.5,
        layers=(
            Layer(
                Strike(((390.0, 1.0, 0.018),), (400.0, 2000.0, 0.15, 0.002), -1.3, 0.04),
                Repeats(1.0),
                spread=0.05,
            ),
        ),
        room=_SPEAKER,
    ),
    Effect(
        "ding",
        ("ui ding", "elevator", "bell ding", "reception bell"),
        seconds=1.5,
        layers=_phrase((0.0, 1568.0), every=2.5, half_life=2.2),
        room=(0.9, 0.15),
    ),
    Effect(
        "notification",
        ("message", "ui notification", "incoming message", "email", "reminder"),
        seconds=1.2,
        layers=_phrase((0.0, 880.0), (0.13, 1318.5), every=2.4),
        room=(0.9, 0.18),
    ),
    Effect(
        "success",
        ("level up", "complete", "correct", "win", "achievement", "reward", "fanfare"),
        seconds=1.6,
        layers=_phrase(
            (0.0, 523.3), (0.1, 659.3), (0.2, 784.0), (0.32, 1046.5), every=2.8, half_life=1.4
        ),
        room=(1.2, 0.22),
    ),
    Effect(
        "error",
        ("wrong", "failure", "fail", "denied", "incorrect", "ui error"),
        seconds=0.9,
        layers=(
            Layer(
                SweptTone(
                    _stairs(233.1, 174.6),
                    HOLLOW,
                    at(1900.0),
                    (
                        (0.0, 0.0),
                        (0.03, 1.0),
                        (0.44, 0.8),
                        (0.5, 0.2),
                        (0.53, 1.0),
                        (0.9, 0.7),
                        (1.0, 0.0),
                    ),
                ),
                Repeats(2.0),
                0.5,
                spread=0.0,
            ),
        ),
        room=_SPEAKER,
    ),
    Effect(
        "coin",
        ("8 bit coin", "pickup", "collect", "retro coin"),
        seconds=0.9,
        layers=(
            Layer(
                SweptTone(
                    ((0.0, 987.8), (0.12, 987.8), (0.121, 1318.5), (1.0, 1318.5)),
                    HOLLOW,
                    level=((0.0, 0.0), (0.01, 1.0), (0.12, 0.9), (1.0, 0.0)),
                    voices=1,
                ),
                Repeats(1.6),
                0.65,
                spread=0.0,
            ),
        ),
        room=_SPEAKER,
    ),
    Effect(
        "power up",
        ("powerup", "8 bit", "video game", "arcade", "retro game", "game", "chiptune"),
        seconds=1.2,
        layers=(
            Layer(
                SweptTone(
                    _stairs(262, 330, 392, 523, 330, 392, 523, 659, 392, 523, 659, 784, 1047),
                    HOLLOW,
                    level=((0.0, 0.0), (0.01, 1.0), (0.9, 0.8), (1.0, 0.0)),
                    voices=1,
                ),
                Repeats(2.0),
                0.85,
                spread=0.0,
            ),
        ),
        room=_SPEAKER,
    ),
    Effect(
        "jump",
        ("8 bit jump", "boing", "spring", "bounce"),
        seconds=0.6,
        layers=(
            Layer(
                SweptTone(((0.0, 190.0), (0.2, 150.0), (1.0, 620.0)), HOLLOW, at(5000.0), _PLUCKED),
                Repeats(1.2),
                0.36,
                spread=0.0,
            ),
        ),
        room=_SPEAKER,
    ),
    Effect(
        "game over",
        ("8 bit death", "lose", "defeat"),
        seconds=1.8,
        layers=(
            Layer(
                SweptTone(
                    _stairs(523, 494, 466, 440, 370, 311, 262, 196, 131),
                    HOLLOW,
                    level=((0.0, 0.0), (0.01, 1.0), (0.9, 0.7), (1.0, 0.0)),
                    vibrato=(7.0, 0.3),
                    voices=1,
                ),
                Repeats(2.6),
                1.5,
                spread=0.0,
            ),
        ),
        room=_SPEAKER,
    ),
    Effect(
        "dial tone",
        ("busy signal", "telephone line", "busy tone"),
        seconds=3.0,
        layers=(
            Layer(SweptTone(at(440.0), SINE, level=STEADY, voices=1, gate=(1.0, 0.5))),
            Layer(SweptTone(at(350.0), SINE, level=STEADY, voices=1, gate=(1.0, 0.5))),
        ),
        room=_SPEAKER,
    ),
)
