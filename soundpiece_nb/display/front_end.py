"""The front end of this process: a notebook with a person, a terminal, or neither."""

from __future__ import annotations

import os
import sys
from enum import Enum


class FrontEnd(Enum):
    """Front ends, which differ in how outputs are shown and whether magics wait by themselves."""

    NOTEBOOK = "notebook"
    TERMINAL = "terminal"
    HEADLESS = "headless"
    """A kernel that nobody watches (nbclient, papermill, nbconvert): only ends are shown."""
    SCRIPT = "script"
    """A program or piped input: lines are printed; magics wait, as the process ends after them."""

    @property
    def waits(self) -> bool:
        """Whether magics wait for their result unless told otherwise."""
        return self in (FrontEnd.HEADLESS, FrontEnd.SCRIPT)

    @property
    def shows_html(self) -> bool:
        """Whether outputs are rendered."""
        return self in (FrontEnd.NOTEBOOK, FrontEnd.HEADLESS)


def front_end() -> FrontEnd:
    """Return the front end of this process; `SOUNDPIECE_NONINTERACTIVE` decides about the person.

    A kernel that may not ask for input has no person before it: nbclient says so by a name that
    is private to ipykernel, hence the switch in the environment.
    """
    shell = None
    if "IPython" in sys.modules:
        from IPython import get_ipython

        shell = get_ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        person = getattr(kernel, "_allow_stdin", True) is not False
    else:
        person = shell is not None and sys.stdin is not None and sys.stdin.isatty()
    if forced := os.environ.get("SOUNDPIECE_NONINTERACTIVE", "").strip().lower():
        person = forced in ("0", "no", "false", "off")
    if kernel is not None:
        return FrontEnd.NOTEBOOK if person else FrontEnd.HEADLESS
    return FrontEnd.TERMINAL if person else FrontEnd.SCRIPT
