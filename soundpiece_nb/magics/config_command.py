"""IPython's `%config`, by which a wrong setting of ours fails instead of being passed over.

IPython's own warns of a name that there is not, logs a value that cannot be, says nothing of a
class that there is not, and goes on after each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.magic import no_var_expand

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.inputs.spelling import nearest
from soundpiece_nb.shown_text import holds_a_key, label, quoted, say

from .command import KEY_TYPED

OWN = "SoundpieceMagics"
"""The name of our settings in `%config`."""
_EXAMPLE = f"%config {OWN}.once = True sets one; %config {OWN} shows all."
_LITERAL = {"export_name"}
"""Settings whose braces are their own, and no variables of the notebook."""
_STATEMENT = rf"(?s)\s*{OWN}(?:\s*\.\s*(?P<name>\w+)(?P<set>\s*=(?!=)(?P<value>.*))?)?\s*"
_HEAD = r"\s*(?P<owner>[^\s.=]*)(?:\s*\.\s*(?P<name>\w+))?"
_ALIKE = 0.65
"""The likeness from which a class counts as ours: those of others are called …Magics too."""
_FRAMES = 3
"""Frames between IPython's `%config`, which looks for variables there, and a person's code."""
_QUOTES = "A text is written in straight quotes."


class ConfigCommand:
    """The line magic `%config` while our magics are loaded; all that is others' is IPython's."""

    __name__ = __qualname__ = "config"

    def __init__(self, settings: Any) -> None:
        """Stand in for IPython's command; `settings` are the magics, whose traits are set."""
        self._settings = settings
        self._shell = settings.shell
        self._table = self._shell.magics_manager.magics["line"]
        no_var_expand(self)
        self._table["config"] = self

    def withdraw(self) -> None:
        """Let IPython's own command take its place again."""
        if self._table.get("config") is self:
            self._table["config"] = self._original

    @property
    def _original(self) -> Any:
        """IPython's own command, which it may import now."""
        return self._shell.magics_manager.registry["ConfigMagics"].magics["line"]["config"]

    def __call__(self, line: str) -> Any:
        """Show, return or set what the line says; raises Mistake for what is wrong with ours."""
        try:
            if not self._is_ours(line):
                with self._withdrawn():
                    return self._shell.run_line_magic("config", line, _stack_depth=_FRAMES)
            return self._run(line)
        except Mistake as mistake:
            if holds_a_key(line):
                mistake.next = KEY_TYPED
            raise

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        """The help of IPython's command."""
        doc: str | None = self._original.__doc__
        return doc

    @contextmanager
    def _withdrawn(self) -> Iterator[None]:
        """Let IPython find its own command."""
        self._table["config"] = self._original
        try:
            yield
        finally:
            self._table["config"] = self

    def _is_ours(self, line: str) -> bool:
        """Tell whether a line is about our settings; raises Mistake where it only means to be."""
        head = re.match(_HEAD, line)
        owner, name = (head["owner"], head["name"]) if head else ("", None)
        others = {type(each).__name__ for each in self._shell.configurables} - {OWN}
        if owner in {OWN, "", *others}:
            return owner == OWN
        before, sets, value = line.partition("=")
        own = self._settings.trait_names(config=True)
        if owner in own and sets:
            name = owner
        elif not (
            OWN in before
            or nearest(owner, [OWN, *others], least=_ALIKE) == OWN
            or (name in own and owner[0].islower())  # IPython's classes begin with a capital
        ):
            return False
        name = before.rpartition(OWN)[2].strip(" .") or None if OWN in before else name
        if name is not None:
            self._settings.require_known(name)
        said = f".{name} = {label(value.strip())}" if sets else f".{name}"
        remedy = _EXAMPLE if sets else f"Say %config {OWN}."
        raise Mistake(
            f"%config {label(before.strip())} names no setting.",
            next=f"Say %config {OWN}{said}." if name else remedy,
        )

    def _run(self, line: str) -> Any:
        said = re.fullmatch(_STATEMENT, line)
        if said is None:
            raise Mistake(f"%config cannot read {quoted(line.strip())}.", next=_EXAMPLE)
        name = said["name"]
        if name is None:
            say(self._settings.described())
            return None
        self._settings.require_known(name)
        if said["set"] is None:
            return getattr(self._settings, name)
        self._settings.choose(name, self._value(name, said["value"].strip().rstrip(";")))
        return None

    def _value(self, name: str, typed: str) -> Any:
        """Return the value of an expression in the notebook; raises Mistake."""
        called = f"{OWN}.{name}"
        if name not in _LITERAL:
            typed = self._shell.var_expand(typed, _FRAMES + 1)
        if not typed:
            raise Mistake(f"{called} is given no value.", next=_EXAMPLE)
        try:
            return self._shell.ev(typed)
        except Exception as error:  # noqa: BLE001 - it is a person's own expression
            if isinstance(error, NameError) and typed == error.name:
                self._settings.read(name, typed)  # raises what the word itself cannot be
                what, instead = f"{typed} is no variable here.", f'Say {called} = "{typed}".'
                raise Mistake(what, next=instead) from None
            why = error.msg if isinstance(error, SyntaxError) else label(error)
            remedy = _EXAMPLE if OWN in typed else _QUOTES
            raise Mistake(f"{called} cannot be {quoted(typed)}: {why}.", next=remedy) from None
