"""The front end of this process: a notebook with a person, a terminal, or neither."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import Enum
from typing import Any

from soundpiece_nb.inputs.environment_variables import read_variable

_YES, _NO = ("1", "yes", "true", "on", "y"), ("0", "no", "false", "off", "n")
"""Words of `SOUNDPIECE_NONINTERACTIVE`."""


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
        person = shell is not None and _is_terminal(sys.stdin)
    forced = _switch()
    if forced in _YES + _NO:
        person = forced in _NO
    if kernel is not None:
        return FrontEnd.NOTEBOOK if person else FrontEnd.HEADLESS
    return FrontEnd.TERMINAL if person else FrontEnd.SCRIPT


def ignored_switch() -> str | None:
    """Return the word of `SOUNDPIECE_NONINTERACTIVE` if it is neither a yes nor a no."""
    word = _switch()
    return word if word and word not in _YES + _NO else None


def _switch() -> str:
    return read_variable("SOUNDPIECE_NONINTERACTIVE").lower()


def request() -> Mapping[str, Any] | None:
    """Return the front end's message that is answered now; None outside of a kernel.

    While one message is answered it is one object. Its `msg_id` is that of a message that was
    sent again, too.
    """
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    kernel: Any = getattr(get_ipython(), "kernel", None)
    try:
        message: Mapping[str, Any] = kernel.get_parent("shell")
        return message if message["header"]["msg_id"] else None
    except Exception:  # noqa: BLE001 - a kernel of another make, or a thread that answers nothing
        return None


def _is_terminal(stream: Any) -> bool:
    """Tell whether a stream, which may be None, closed or any object, is a terminal."""
    try:
        return bool(stream.isatty())
    except Exception:  # noqa: BLE001 - it may be anybody's object
        return False
