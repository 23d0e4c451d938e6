"""A real JupyterLab, driven in a real Chromium."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from support.jupyter_servers import TOKEN, JupyterServer

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


def chromium() -> str | None:
    """Return a Chromium of this machine; None leaves it to Playwright's own."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    return None


@dataclass
class Lab(JupyterServer):
    """A running JupyterLab over one folder."""

    options: tuple[str, ...] = (
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    )
    module: ClassVar[str] = "jupyterlab"

    def url(self, notebook: str) -> str:
        """Return the address of a notebook in the single-document view."""
        return f"{self.root}doc/tree/{notebook}?token={TOKEN}"

    def prepare(self) -> None:
        """Keep the news dialog away: it covers what the screenshots are to show."""
        settings = self.data / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True, exist_ok=True)
        (settings / "notification.jupyterlab-settings").write_text(
            '{"fetchNews": "false", "checkForUpdates": false}'
        )
