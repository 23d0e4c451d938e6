"""Asking a person, where there is one."""

from __future__ import annotations

import builtins
import threading
from contextvars import Context
from types import BuiltinFunctionType

from soundpiece_nb.operations.consent import Consent
from soundpiece_nb.shown_text import say

from .front_end import FrontEnd, front_end, request

YES = ("y", "yes")


def consent(*, given: bool = False) -> Consent:
    """Return a person's consent: given beforehand, or to be asked for where a person is."""
    return Consent(given, ask_person if _is_answered() else None)


def announced(plan: object, *, given: bool = False) -> Consent:
    """Say to a person how many operations are about to begin; return the consent to begin them."""
    if front_end() in (FrontEnd.NOTEBOOK, FrontEnd.TERMINAL):
        say(plan)
    return consent(given=given)


def _is_answered() -> bool:
    """Tell whether a question would be put to a person and answered.

    A kernel reads answers on its main thread, for the cell that runs now. A question of an earlier
    cell, whose timer or task goes on, or of a widget's button would be put to nobody, and wait.
    """
    place = front_end()
    if threading.current_thread() is not threading.main_thread():
        return False
    if place is not FrontEnd.NOTEBOOK:
        return place is FrontEnd.TERMINAL
    if isinstance(builtins.input, BuiltinFunctionType):  # no cell runs: this reads another input
        return False
    asked, running = request(), Context().run(request)
    if asked is None or running is None:  # a kernel of another make
        return True
    is_cell = asked["header"].get("msg_type") == "execute_request"
    return bool(is_cell and asked["header"]["msg_id"] == running["header"]["msg_id"])


def ask_person(question: str) -> bool | None:
    """Put a question to the person at the notebook; whatever is not a yes is a no.

    None where nobody is there after all: a front end without input, or none that is waiting.
    """
    try:
        return input(f"{question} [y/N] ").strip().lower() in YES
    except KeyboardInterrupt:
        return False
    except EOFError:
        return False if front_end() is FrontEnd.TERMINAL else None
    except (RuntimeError, OSError):
        return None
