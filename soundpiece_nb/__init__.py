"""Soundpiece in Jupyter and IPython: songs, samples and effects from text, in a cell.

`%load_ext soundpiece_nb` brings the magics; `import soundpiece_nb as sp` the functions.
Everything is imported at its first use, so that loading costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from soundpiece_nb.analysis.rated_words import top_words
    from soundpiece_nb.api.errors import (
        DownloadFailed,
        Mistake,
        OperationFailed,
        RequestRejected,
        ServiceSilent,
        SoundpieceError,
        WaitTimeout,
    )
    from soundpiece_nb.functions import (
        batch,
        compare,
        history,
        operation,
        resume,
        submit,
        sweep,
        takes,
    )
    from soundpiece_nb.operations.operation import Operation, Output

_HOMES = {
    "batch": "functions",
    "compare": "functions",
    "history": "functions",
    "operation": "functions",
    "resume": "functions",
    "submit": "functions",
    "sweep": "functions",
    "takes": "functions",
    "top_words": "analysis.rated_words",
    "Operation": "operations.operation",
    "Output": "operations.operation",
    "DownloadFailed": "api.errors",
    "Mistake": "api.errors",
    "OperationFailed": "api.errors",
    "RequestRejected": "api.errors",
    "ServiceSilent": "api.errors",
    "SoundpieceError": "api.errors",
    "WaitTimeout": "api.errors",
}

__all__ = [
    "DownloadFailed",
    "Mistake",
    "Operation",
    "OperationFailed",
    "Output",
    "RequestRejected",
    "ServiceSilent",
    "SoundpieceError",
    "WaitTimeout",
    "__version__",
    "batch",
    "compare",
    "history",
    "load_ipython_extension",
    "operation",
    "resume",
    "submit",
    "sweep",
    "takes",
    "top_words",
    "unload_ipython_extension",
]


def load_ipython_extension(shell: Any) -> None:
    """Register the magics; says one line where an earlier kernel left operations unfinished."""
    from soundpiece_nb.magics.extension import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics away and stop all threads; loading again goes on with what was on its way."""
    from soundpiece_nb.magics.extension import unload

    unload(shell)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Name the Jupyter server's part to jupyter_server."""
    return [{"module": "soundpiece_nb.server"}]


def __getattr__(name: str) -> Any:
    """Import a public name at its first use: one of these, or the function of a route."""
    if name not in _HOMES and name not in _nouns():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    from soundpiece_nb.magics.extension import show_handles

    show_handles()
    home = import_module(f"{__name__}.{_HOMES.get(name, 'functions')}")
    value = globals()[name] = getattr(home, name)
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, *_nouns()])


def _nouns() -> list[str]:
    """List what routes make, which is what their functions are called."""
    from soundpiece_nb.api.routes import ROUTES

    return [route.noun for route in ROUTES.values()]
