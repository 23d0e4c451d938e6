"""The extension of a Jupyter server: its settings, and the routes it opens."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError
from traitlets import Bool, Unicode
from traitlets.config import LoggingConfigurable

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.settings import Settings

from .audio_route import SoundHandler
from .resuming import Resumer
from .webhook_route import Receiver, WebhookHandler

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


PREPARE_AFTER_SECONDS = 1.0
"""Seconds after the start until the imports that only webhooks need."""


class SoundpieceServer(LoggingConfigurable):
    """Settings of this server's parts for Soundpiece's notebooks; each can be turned off.

    Set as `c.SoundpieceServer.sound = False` in `jupyter_server_config.py`, or as
    `--SoundpieceServer.sound=False` where the server is started.
    """

    home = Unicode(
        "", help="Folder of journal and audio; empty: SOUNDPIECE_HOME, else the user-data folder."
    ).tag(config=True)
    sound = Bool(
        True, help="Whether people who are signed in can play takes from this server."
    ).tag(config=True)
    webhooks = Bool(
        True,
        help="Whether this server receives webhooks, which needs a signing secret: "
        "SOUNDPIECE_WEBHOOK_SECRET, or the keyring's.",
    ).tag(config=True)
    resume = Bool(
        False,
        help="Whether this server goes on with operations whose kernel has died, and downloads "
        "what they made, until it is stopped itself. It needs the API key in its own environment "
        "or the keyring. Without it, they wait for %soundpiece_resume.",
    ).tag(config=True)

    def read_home(self) -> Path:
        """Return the folder of journal and audio."""
        return Settings(home=self.home or None).read_home()

    def routes(self, base_url: str, receiver: Receiver) -> list[tuple[Any, ...]]:
        """Return the routes that are open under this base URL."""
        root = url_path_join(base_url, "soundpiece")
        opened: list[tuple[Any, ...]] = []
        if self.sound:
            take = url_path_join(root, "audio/?(.*)")  # everything below, or Jupyter would answer
            opened.append((take, SoundHandler, {"home": self.read_home()}))
        if self.webhooks:
            opened.append((url_path_join(root, "webhook"), WebhookHandler, {"receiver": receiver}))
        return opened

    def prepare(self, receiver: Receiver) -> None:
        """Import and read what webhooks need, and log why they cannot be received."""
        try:
            receiver.prepare()
        except Mistake as mistake:
            self.log.warning("soundpiece_nb: %s", mistake.message)


class ClosedHandler(JupyterHandler):
    """Answers 503 to everything, while the home folder that is set can be none."""

    @allow_unauthenticated
    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse, whoever asks for whatever."""
        raise HTTPError(503)

    def write_error(self, status_code: int, **_: Any) -> None:  # noqa: ARG002 - tornado's own name
        """Say no more than that: a stranger may ask."""
        self.finish("Soundpiece is not set up on this server; its log says why.")

    def check_xsrf_cookie(self) -> None:
        """Ask for no token: nothing is done."""


def load(app: ServerApp) -> None:
    """Open this server's routes, and start its other parts.

    Where no home folder can be had, one line of the log says so, and the routes answer 503.
    """
    part = SoundpieceServer(parent=app)
    try:
        home = part.read_home()
    except Mistake as mistake:
        part.log.warning("soundpiece_nb: %s", mistake.message)
        closed = url_path_join(app.web_app.settings["base_url"], "soundpiece/.*")
        app.web_app.add_handlers(".*$", [(closed, ClosedHandler)])  # type: ignore[no-untyped-call]
        return
    receiver = Receiver(home)
    routes = part.routes(app.web_app.settings["base_url"], receiver)
    app.web_app.add_handlers(".*$", routes)  # type: ignore[no-untyped-call]
    if part.resume:
        Resumer(home, partial(part.log.warning, "soundpiece_nb: %s")).start()
    if part.webhooks:
        loop = app.io_loop
        loop.call_later(PREPARE_AFTER_SECONDS, loop.run_in_executor, None, part.prepare, receiver)
