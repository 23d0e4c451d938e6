"""Magics with settings of which a wrong name or value is refused in one sentence.

A trait is a setting if it has a `reader` among its metadata: it is set to what that makes of a
value, whether `%config`, IPython's configuration or an assignment gives it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from IPython.core.magic import Magics
from traitlets import TraitType
from traitlets.config import Config

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.inputs.spelling import did_you_mean
from soundpiece_nb.shown_text import say, scrub

_SECRETS = ("key", "secret", "token", "password")


class Settable(Magics):
    """Magics whose settings are read; `chosen` are the names of those that are set."""

    when_set: Callable[[], None] | None = None
    """Called after a setting was set; None until the magics are complete."""

    def __init__(self, shell: Any) -> None:
        """Take the settings of IPython's configuration; one that is wrong is said and left out."""
        self.chosen: set[str] = set()
        own = self.title
        configured = dict(shell.config.get(own, {}))
        others = {name: section for name, section in shell.config.items() if name != own}
        super().__init__(shell, config=Config(others))
        for name, value in configured.items():
            try:
                self.update_config(Config({own: {name: value}}))
            except Mistake as mistake:
                say(mistake)
        for name in others:
            if name.lower().startswith("soundpiece"):
                say(f"IPython's configuration sets {name}, which is nothing; say {own}.")

    @property
    def title(self) -> str:
        """The name by which `%config` knows them."""
        return type(self).__name__

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a setting to what can be read of a value; raises Mistake, having changed nothing.

        None unsets it, and so does an empty text where that is no value.
        """
        trait = getattr(type(self), name, None)
        reader = trait.metadata.get("reader") if isinstance(trait, TraitType) else None
        if trait is None or reader is None:
            if self.when_set and trait is None and name not in vars(self):
                self.require_known(name)
            super().__setattr__(name, value)
            return
        usual = trait.default()
        if value is None or (isinstance(value, str) and not value and usual in {"", None}):
            super().__setattr__(name, usual)
            self.chosen.discard(name)
        else:
            super().__setattr__(name, self.read(name, value))
            self.chosen.add(name)
        if self.when_set:
            self.when_set()

    def read(self, name: str, value: Any) -> Any:
        """Return what a setting makes of a value; raises Mistake for what it cannot be."""
        return self.traits()[name].metadata["reader"](value, f"{self.title}.{name}")

    def require_known(self, name: str) -> None:
        """Raise Mistake for the name of a setting that there is not."""
        known = self.trait_names(config=True)
        if name in known:
            return
        if any(word in name.lower() for word in _SECRETS):
            login, variable = "%soundpiece_login", "SOUNDPIECE_API_KEY"
            if "hook" in name.lower():
                login, variable = f"{login} --webhook", "SOUNDPIECE_WEBHOOK_SECRET"
            raise Mistake(
                f"{self.title}.{name} is no setting: settings are shown, and kept in notebooks.",
                next=f"{login} asks for it and keeps it in the system keyring; or set {variable} "
                "where Jupyter is started.",
            )
        raise Mistake(
            f"There is no setting {self.title}.{name}{did_you_mean(name, known)}.",
            next=f"%config {self.title} shows all.",
        )

    def update_config(self, config: Any) -> None:
        """Set what a configuration says; raises Mistake for a setting that there is not."""
        for name, value in config.get(self.title, {}).items():
            if not isinstance(value, Config):
                self.require_known(name)
        super().update_config(config)

    def choose(self, name: str, value: Any) -> None:
        """Set a setting, here and in IPython's configuration, from which reloading has it again."""
        chosen = Config({self.title: {name: value}})
        self.update_config(chosen)
        shell: Any = self.shell
        shell.update_config(chosen)

    def described(self) -> str:
        """Return all settings with their help and their values."""
        return scrub(re.sub("^--", "", self.class_get_help(self), flags=re.MULTILINE))
