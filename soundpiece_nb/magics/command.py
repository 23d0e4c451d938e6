"""Magics as IPython calls them, and how commands are declared where they live."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from inspect import cleandoc
from typing import Any

from IPython.core.magic import no_var_expand

from .options import Option, Parser, Usage


@dataclass(frozen=True)
class Notebook:
    """The notebook that a command runs in: its variables, and two settings of the magics.

    `wait` is auto, always or never; `sound` is auto, link or embed.
    """

    namespace: dict[str, Any]
    wait: str
    sound: str


Run = Callable[[Notebook, Namespace], Any]


@dataclass(frozen=True)
class Command:
    """A line magic: the function that runs it, with its usage as data."""

    title: str
    usage: Usage
    run: Run


def command(name: str, *options: Option, example: str = "") -> Callable[[Run], Command]:
    """Declare the function of `%soundpiece_<name>`; its docstring is the magic's help.

    It is called with the notebook and the options it was given, in which `{{name}}` is replaced and
    numbers are read.
    """
    title = f"soundpiece_{name}".rstrip("_")

    def declare(run: Run) -> Command:
        description = cleandoc(run.__doc__ or "")
        return Command(title, Usage(f"%{title}", description, options, example), run)

    return declare


class Magic:
    """A line magic, a cell magic, or both.

    Its parser and its help are made at their first use: for all magics they would be more than
    half of the time that loading takes.
    """

    def __init__(
        self, title: str, usage: Usage, run: Callable[[Namespace, str | None], Any]
    ) -> None:
        self.__name__ = self.__qualname__ = title
        self.usage = usage
        self._run = run
        no_var_expand(self)

    def __call__(self, line: str, cell: str | None = None) -> Any:
        """Run on the line, and on the cell beneath it where there is one."""
        return self._run(self._parser.read(line), cell)

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        """Help, as `?` shows it."""
        return self._parser.format_help()

    @cached_property
    def _parser(self) -> Parser:
        return self.usage.make_parser()
