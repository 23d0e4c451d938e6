"""Soundpiece in Jupyter and IPython: songs, samples and effects from text, in a cell.

`%load_ext soundpiece_nb` brings the magics; `import soundpiece_nb as sp` the functions.
Everything is imported at its first use, so that loading costs nothing. Editors read
`__init__.pyi` instead, which is made from the same names and routes.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"

_MODULES = {
    name: module
    for module, names in {
        "functions": "batch compare discard history operation resume submit sweep takes",
        "operations.operation": "Operation Output",
        "operations.batch": "Batch",
        "operations.sweep": "Sweep",
        "analysis.rated_words": "top_words",
        "api.errors": "Discarded DownloadFailed JournalDamaged JournalTooNew KeyringFailed "
        "MachineLimit Mistake NotSent OperationFailed OtherAccount Refusal RequestRejected "
        "SandboxSilent ServiceSilent SoundpieceError SourceLost StorageFailed Unreachable "
        "Unreadable WaitInterrupted WaitTimeout WatchingStopped WireFailure",
    }.items()
    for name in names.split()
}
"""The module of each public name; the functions of the routes are made in `functions`."""

_HERE = ("__version__", "load_ipython_extension", "unload_ipython_extension")


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
    """Import a public name at its first use; list them all for `import *`."""
    if name == "__all__":
        return __dir__()
    if name not in _MODULES and name not in _nouns():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    from soundpiece_nb.magics.extension import show_handles

    show_handles()
    module = import_module(f"{__name__}.{_MODULES.get(name, 'functions')}")
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted([*_HERE, *_MODULES, *_nouns()])


def _nouns() -> list[str]:
    """List what routes make, which is what their functions are called."""
    from soundpiece_nb.api.routes import ROUTES

    return [route.noun for route in ROUTES.values()]
