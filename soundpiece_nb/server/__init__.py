"""The Jupyter server's part: sound for live views, and the receiver of webhooks.

Loaded by every Jupyter server beside which the package is installed, so nothing heavy is imported
before it is needed, and never the magics, the views or pandas.
"""

from __future__ import annotations

from typing import Any


def _load_jupyter_server_extension(app: Any) -> None:
    """Open the routes; jupyter_server calls this."""
    from .extension import load

    load(app)
