"""How JupyterHub's servers know a browser: by its cookie alone only where it opens or embeds.

A script's request has to carry the XSRF token as well, even where it only reads (measured with
JupyterHub 6.1, whose `_xsrf_utils._needs_check_xsrf` this follows).
"""

from __future__ import annotations

from jupyter_server.auth.identity import PasswordIdentityProvider, User
from tornado.web import RequestHandler


class LikeJupyterHub(PasswordIdentityProvider):
    """Lets a script's request in only with the token that the page's cookie holds."""

    def get_user_cookie(self, handler: RequestHandler) -> User | None:
        """Return whose cookie came, or None where a token should have come with it."""
        if handler.request.headers.get("Sec-Fetch-Mode") in ("cors", "same-origin"):
            token = handler.request.headers.get("X-XSRFToken")
            if not token or token != handler.get_cookie("_xsrf"):
                return None
        return super().get_user_cookie(handler)
