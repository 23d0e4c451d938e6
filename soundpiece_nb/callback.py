"""Where the service can tell this person's Jupyter server that an operation has ended."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from soundpiece_nb.api.address import is_public
from soundpiece_nb.api.errors import Mistake

AUTO = "auto"
"""What a person gives as the callback URL to mean `own_callback_url`."""


def own_callback_url() -> str:
    """Return the public address of this Jupyter server's receiver; raises Mistake.

    It is made of SOUNDPIECE_PUBLIC_URL, the server's root as the internet sees it, else of the
    JUPYTERHUB_PUBLIC_URL that JupyterHub 5 gives its servers.
    """
    named = ("SOUNDPIECE_PUBLIC_URL", "JUPYTERHUB_PUBLIC_URL")
    name, root = next(
        ((name, root) for name in named if (root := os.environ.get(name, "").strip())), ("", "")
    )
    if not root:
        raise Mistake(
            "--callback-url auto needs to know this server's public address: set "
            "SOUNDPIECE_PUBLIC_URL where Jupyter is started. Nothing was sent."
        )
    if not _is_reachable(root):
        raise Mistake(
            f"{name} is no https address that the internet can reach, so the service could not "
            "tell this server anything. Leave --callback-url out to poll. Nothing was sent."
        )
    return f"{root.rstrip('/')}/soundpiece/webhook"


def _is_reachable(address: str) -> bool:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    plain = not ("@" in parts.netloc or parts.query or parts.fragment)
    return parts.scheme == "https" and plain and is_public(parts.hostname or "")
