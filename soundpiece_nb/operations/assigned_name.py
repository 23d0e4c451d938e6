"""The variable that a call's result is assigned to, as `louder = night_drive.rerun(…)` says it."""

from __future__ import annotations

import inspect
from dis import Instruction, get_instructions
from itertools import pairwise

_OWN = __name__.partition(".")[0] + "."


def assigned_name(method: str) -> str | None:
    """Return the variable that the running call of a method is assigned to; None where unknown.

    It is known where the call is all that a plain assignment assigns, in a cell or a script: not
    within a function, which may run many times, and not where a list or another call gets it.
    """
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith(_OWN):
        frame = frame.f_back
    if frame is None or frame.f_code.co_name != "<module>" or frame.f_locals is not frame.f_globals:
        return None
    instructions = list(get_instructions(frame.f_code))
    for call, behind in pairwise(instructions):
        if call.offset <= frame.f_lasti < behind.offset and behind.opname == "STORE_NAME":
            named = any(each.argval == method and _begin_alike(each, call) for each in instructions)
            return str(behind.argval) if named else None
    return None


def _begin_alike(one: Instruction, other: Instruction) -> bool:
    """Tell whether two instructions are of expressions that begin in one place: `x.m`, `x.m()`.

    What calls a method without naming it there, such as `map`, does not.
    """
    begin, also = (
        each.positions and (each.positions.lineno, each.positions.col_offset)
        for each in (one, other)
    )
    return begin is not None and None not in begin and begin == also
