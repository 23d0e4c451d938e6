"""Holding back: what an interrupted cell has begun and not sent yet waits for a person's word.

Who interrupts a loop of submissions means the loop, not only the line that it was in.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from soundpiece_nb.engine.run_state import Phase
from soundpiece_nb.shown_text import counted, short

from .batch import Ongoing
from .begun_in_cell import BegunInCell
from .session import Session

HOLD_SECONDS = 2.0
"""Seconds that answers to what is just being sent are waited for; then it counts as having left."""
LOOK_SECONDS = 0.02


def hold_back(session: Session) -> str:
    """Hold back what the running cell has begun and not sent; return how many have left or not.

    Empty where it has begun nothing.
    """
    keys, engine = session.part(BegunInCell).keys, session.engine
    for batch in session.part(Ongoing).batches():
        if not keys.isdisjoint(batch.keys):
            batch.hold_back()
    until = time.monotonic() + HOLD_SECONDS
    while (sending := _being_sent(session)) and time.monotonic() < until:
        engine.hold_back(sending)
        time.sleep(LOOK_SECONDS)
    unsent = list(session.journal.states(list(keys)).values()).count("unsent")
    return _words(sorted(keys), unsent)


def _being_sent(session: Session) -> list[str]:
    """Return the keys of what the cell has begun and the service has not answered yet."""
    runs = map(session.engine.run, session.part(BegunInCell).keys)
    return [run.key for run in runs if run is not None and run.phase is Phase.SENDING]


def _words(keys: Sequence[str], unsent: int) -> str:
    number = len(keys)
    if not number:
        return ""
    if number == 1 and not unsent:
        return f"The operation that this cell began has left and goes on, key {short(keys[0])}."
    if not unsent:
        return f"All {number} operations that this cell began have left and go on."
    left = number - unsent
    have, were = "has" if left == 1 else "have", "was" if unsent == 1 else "were"
    return (
        f"Of {counted(number, 'operation')} that this cell began, {left} {have} left, and {unsent} "
        f"{were} held back, not sent. %soundpiece_discard --unsent drops what was never sent, "
        "%soundpiece_resume sends it."
    )
