"""Settings that are made with `%config SoundpieceMagics`.

Precedence: an option on the magic, then these, then the environment, then the default. This module
imports nothing heavy, so that loading the extension stays instant.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

BASE_URL = "https://api.soundpiece.co/v1"


@dataclass(eq=False)
class Settings:
    """The settings of one process; None leaves a choice to the environment, then to the default."""

    base_url: str | None = None
    home: str | None = None
    request_timeout: float | None = None
    retry_budget: float | None = None
    operation_deadline: float | None = None
    once: bool = False
    callback_url: str | None = None

    def read_home(self) -> Path:
        """Return the folder of journal and audio."""
        chosen = self.home or os.environ.get("SOUNDPIECE_HOME", "").strip()
        if chosen:
            return Path(chosen).expanduser().absolute()
        import platformdirs

        return platformdirs.user_data_path("soundpiece", appauthor=False)

    def read_base_url(self) -> str:
        """Return the API root; raises Mistake unless it is https or on this machine."""
        from soundpiece_nb.api.address import read_base_url

        chosen = self.base_url or os.environ.get("SOUNDPIECE_BASE_URL", "").strip()
        return read_base_url(chosen or BASE_URL)


def notebook_path() -> Path | None:
    """Return the path of this kernel's notebook, if Jupyter names it and it exists."""
    named = os.environ.get("JPY_SESSION_NAME", "")
    path = Path(named)
    return path if named.endswith(".ipynb") and path.is_absolute() and path.is_file() else None


SETTINGS = Settings()
"""This process's settings: the traits of the magics write them, the session reads them."""
