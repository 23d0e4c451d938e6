"""One magic as IPython calls it: it reads its line, then runs."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from functools import cached_property
from typing import Any

from IPython.core.magic import no_var_expand

from .options import Parser, Usage

USAGES: dict[str, Usage] = {}
"""The usages of magics by their names, for completion to ask."""


class Magic:
    """A line magic, a cell magic, or both.

    Its parser and its help are made at their first use: for all magics they would be more than
    half of the time that loading takes.
    """

    def __init__(
        self, title: str, usage: Usage, run: Callable[[Namespace, str | None], Any]
    ) -> None:
        self.__name__ = self.__qualname__ = title
        self._usage = usage
        self._run = run
        USAGES[title] = usage
        no_var_expand(self)

    def __call__(self, line: str, cell: str | None = None) -> Any:
        """Run on the line, and on the cell beneath it where there is one."""
        return self._run(self._parser.read(line), cell)

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        """What `?` shows."""
        return self._parser.format_help()

    @cached_property
    def _parser(self) -> Parser:
        return self._usage.make_parser()
