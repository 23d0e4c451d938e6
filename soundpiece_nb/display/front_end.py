"""Which kind of place this is: a notebook with a person, a terminal, or neither."""

from __future__ import annotations

import os
import sys
from enum import Enum
from typing import Any


class FrontEnd(Enum):
    """How outputs are shown, and whether magics wait by themselves."""

    NOTEBOOK = "notebook"
    TERMINAL = "terminal"
    HEADLESS = "headless"
    """A kernel that nobody watches (nbclient, papermill, nbconvert): show only what lasts."""
    SCRIPT = "script"
    """A program or piped input: print lines, and wait, because the process ends after the last."""

    @property
    def waits(self) -> bool:
        """Whether magics wait for their result unless told otherwise."""
        return self in (FrontEnd.HEADLESS, FrontEnd.SCRIPT)

    @property
    def shows_html(self) -> bool:
        """Whether outputs are rendered."""
        return self in (FrontEnd.NOTEBOOK, FrontEnd.HEADLESS)


def front_end() -> FrontEnd:
    """Tell where this code runs; `SOUNDPIECE_NONINTERACTIVE` decides about waiting.

    A kernel that may not ask for input has no person before it: nbclient says so by a name that
    is private to ipykernel, hence the switch in the environment.
    """
    shell = _shell()
    kernel = getattr(shell, "kernel", None)
    forced = os.environ.get("SOUNDPIECE_NONINTERACTIVE", "").strip().lower()
    if kernel is not None:
        alone = getattr(kernel, "_allow_stdin", True) is False
        if forced:
            alone = forced not in _NO
        return FrontEnd.HEADLESS if alone else FrontEnd.NOTEBOOK
    person = shell is not None and sys.stdin is not None and sys.stdin.isatty()
    if forced:
        person = forced in _NO
    return FrontEnd.TERMINAL if person else FrontEnd.SCRIPT


_NO = ("0", "no", "false", "off")


def _shell() -> Any:
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()
