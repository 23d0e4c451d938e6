"""The address at which the service tells this Jupyter server that an operation has ended."""

from __future__ import annotations

from urllib.parse import urlsplit

from soundpiece_nb.api.address import is_public
from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.inputs.environment_variables import read_variable

AUTO = "auto"
"""The callback URL that stands for `own_callback_url()`."""


def own_callback_url() -> str:
    """Return the public address of this Jupyter server's webhook route; raises Mistake.

    It is made from SOUNDPIECE_PUBLIC_URL, the server's root as the internet sees it, else from the
    JUPYTERHUB_PUBLIC_URL that JupyterHub 5 gives its servers.
    """
    named = ("SOUNDPIECE_PUBLIC_URL", "JUPYTERHUB_PUBLIC_URL")
    name, root = next(((name, root) for name in named if (root := read_variable(name))), ("", ""))
    if not root:
        raise Mistake(
            "--callback-url auto needs to know this server's public address.",
            next="Set SOUNDPIECE_PUBLIC_URL where Jupyter is started.",
        )
    if not _is_reachable(root):
        raise Mistake(
            f"{name} is no https address that the internet can reach, so the service could not "
            "tell this server anything.",
            next="Leave --callback-url out to poll.",
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
