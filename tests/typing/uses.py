"""Correct and incorrect uses of the public functions: mypy finds just those marked as wrong.

Never run: `tests/test_typing.py` has it checked.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pandas as pd

import soundpiece_nb as sp

op = sp.song("la", prompt="x")
op = sp.song("la", "x", name="night", tags=["demo"], note="n", once=True, take=2)
op = sp.song("la", reference=op)
op = sp.song("la", reference="https://a.example/b.flac")
sp.song("la", promt="x")  # wrong
sp.song("la")  # wrong
sp.song("la", prompt="x", reference=op)  # wrong
sp.song(3, prompt="x")  # wrong
sp.song("la", prompt="x", tags="demo")
sp.song("la", prompt="x", tags=5)  # wrong
sp.song("la", prompt="x", once="yes")  # wrong
sp.song("la", prompt="x", unknown=1)  # wrong

sp.instrumental("calm")
sp.instrumental(reference=op.outputs[0])
sp.instrumental()  # wrong
sp.sample("drums", 2.5, loopable=True)
sp.sample("drums", loopable="yes")  # wrong
sp.sample()  # wrong
sp.fx("rain", duration=1)
sp.fx("rain", duration="long")  # wrong
sp.remix_song(op, "la", "jazz", n_variations=2)
sp.remix_song(op, "la", "jazz", variations=2)
sp.remix_song(op, "la", "jazz", variations="two")  # wrong
sp.remix_song(op, "la")  # wrong
sp.remix_instrumental("focus", variations=3)
sp.remix_instrumental(5)  # wrong
sp.stems(op.outputs[1])
sp.stems()  # wrong
sp.cut(op, 30)
sp.cut(op, to=30)
sp.cut(op)  # wrong
sp.cut(op, to="half")  # wrong

made: sp.Operation = op.result(timeout=timedelta(minutes=1))
status: Literal["submitting", "processing", "ready", "failed", "rejected", "discarded"] = op.status
key: str = op.key
words: str = op.result()  # wrong
if op.status == "finished":  # wrong
    pass
samples, rate = op.outputs[0].audio()
hertz: int = rate
op.outputs[0].rate(4, "love the bass").save("take.wav")
op.outputs[0].rate("four")  # wrong
op.tag("demo").note("n")
op.note(5)  # wrong
again: sp.Operation = op.rerun(prompt="jazz")


async def wait() -> sp.Operation:
    """Wait in a loop."""
    return await op


history: pd.DataFrame = sp.history(route="song", since="2d", min_rating=4, order="-rating")
sp.history(min_stars=4)  # wrong
sp.history(limit="ten")  # wrong
takes: pd.DataFrame = sp.takes(tag="demo", sweep="mood")
sp.takes(5)  # wrong
liked: pd.DataFrame = sp.top_words(takes, least=2)
sp.submit("create.new_song", lyrics="la", prompt="x")
sp.submit("song", lyrics="la", prompt="x")
sp.submit("create.new_opera", lyrics="la")  # wrong
sp.operation("night").parents
sp.operation(5)  # wrong
resumed: list[sp.Operation] = sp.resume("night", op)
sp.compare("night", op)
batch: sp.Batch = sp.batch([{"prompt": "rain"}], route="fx", max_in_flight=5)
frame: pd.DataFrame = batch.result(30)
for each in batch:
    each.result()
sp.batch(5, route="fx")  # wrong
sp.batch(iter([{"prompt": "rain"}]), route="fx", extra={"seed": 1}, unchecked=True)
sp.fx("rain", extra={"seed": 1, "style": {"of": ["calm"]}}, unchecked=True)
sp.submit("fx", prompt="rain", extra={"seed": 1}, unchecked=True)
sp.fx("rain", extra="seed")  # wrong
sp.fx("rain", unchecked="yes")  # wrong
sp.sweep("sample", vary={"loopable": [True, None]}, prompt="rain", extra={"seed": 1})
sweep: sp.Sweep = sp.sweep("fx", vary={"mood": ["calm", "wild"]}, prompt="{{mood}} rain")
sp.sweep("fx", vary=["calm"], prompt="{{mood}} rain")  # wrong
sp.sweep("fx", repeat="twice", prompt="rain")  # wrong

try:
    op.result()
except sp.OperationFailed as failed:
    said: tuple[str, str, str, str, str | None] = (
        failed.what,
        failed.money,
        failed.next,
        failed.code,
        failed.operation_id,
    )
except sp.RequestRejected as rejected:
    number: int = rejected.status_code
except (sp.WaitTimeout, sp.ServiceSilent) as silent:
    silent.reason  # wrong
sp.nonsense  # wrong
