"""Magics as IPython calls them, and the decorator that declares a command."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import cached_property
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, NamedTuple

from IPython.core.magic import needs_local_scope, no_var_expand

from soundpiece_nb.api.errors import Mistake, SoundpieceError, nothing_sent
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.shown_text import holds_a_key

from .options import Option, Parser, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from soundpiece_nb.display.sound_source import Holding
    from soundpiece_nb.operations.batch import Batch
    from soundpiece_nb.operations.operation import Operation
    from soundpiece_nb.operations.session import Session

    from .calling_scope import CallingScope


KEY_TYPED = (
    "A key does not belong in a notebook, and this cell still holds one: delete the cell, replace "
    "the key at Soundpiece, and give the new one to %soundpiece_login, which asks for it."
)


class Notebook:
    """A command's notebook; `wait` is auto, always or never, `sound` auto, link or embed."""

    def __init__(self, scope: CallingScope, wait: str, sound: str) -> None:
        self.scope = scope
        self.wait = wait
        self.sound = sound

    @property
    def namespace(self) -> Mapping[str, Any]:
        """The variables that the magic's line sees: the code's around it, then the notebook's."""
        return self.scope.variables

    @property
    def session(self) -> Session:
        """The session of this process."""
        return current()

    def holding(self, chosen: str | None = None) -> Holding:
        """Return how players hold their sound: as `chosen`, else as the setting says."""
        from soundpiece_nb.display.sound_source import Holding

        return Holding(chosen or self.sound)

    def find_keys(self, words: Iterable[str]) -> list[str]:
        """Return the keys that words on a magic's line name; see `targets.find_keys`."""
        from .targets import find_keys

        return find_keys(words, self.namespace, self.session)

    def find_takes(self, words: Iterable[str]) -> list[str]:
        """Return keys, or `KEY:N` for a take, that words name; see `targets.find_takes`."""
        from .targets import find_takes

        found = find_takes(words, self.namespace, self.session)
        return [key if take is None else f"{key}:{take}" for key, take in found]

    def find_target(self, word: str) -> Operation | Batch:
        """Return the handle that a word on a magic's line names; see `targets.find_target`."""
        from .targets import find_target

        return find_target(word, self.namespace, self.session)


Run = Callable[[Notebook, Namespace], Any]
Local = dict[str, Any] | None


class Command(NamedTuple):
    """A line magic: the function that runs it, with its options as data."""

    title: str
    options: tuple[Option, ...]
    example: str
    run: Run

    def usage(self) -> Usage:
        """Return its usage, with the function's docstring as the description."""
        description = cleandoc(self.run.__doc__ or "")
        return Usage(f"%{self.title}", description, self.options, self.example)


def command(name: str, *options: Option, example: str = "") -> Callable[[Run], Command]:
    """Declare the function of `%soundpiece_<name>`; its docstring is the magic's help.

    It is called with the notebook and its options, in which `{{name}}` is replaced already and
    numbers are read.
    """
    title = f"soundpiece_{name}".rstrip("_")
    return lambda run: Command(title, options, example, run)


class Magic:
    """A line magic, a cell magic, or both.

    Its usage, parser and help are made at their first use: making them for all magics would take
    more than half of the time that loading takes.
    """

    def __init__(
        self,
        title: str,
        make_usage: Callable[[], Usage],
        run: Callable[[Usage, Namespace, str | None, Local], Any],
        *,
        makes: bool = False,
    ) -> None:
        """Take what it is made of; of one that `makes` something, a refused line sent nothing."""
        self.__name__ = self.__qualname__ = title
        self._make_usage = make_usage
        self._run = run
        self._reading = nothing_sent if makes else nullcontext
        no_var_expand(self)
        needs_local_scope(self)

    def __call__(self, line: str, cell: str | None = None, local_ns: Local = None) -> Any:
        """Run on the line, and on the cell beneath it if there is one.

        `local_ns` are the variables of a function that the line stands in. An error about a line
        with a key in it says what to do about that first.
        """
        try:
            with self._reading():
                options = self._parser.read(line, in_cell=cell is not None)
            return self._run(self.usage, options, cell, local_ns)
        except SoundpieceError as error:
            if holds_a_key(line):
                error.next = f"{KEY_TYPED} {error.next}".rstrip()
            raise
        except Exception as error:
            from soundpiece_nb.api.shadowing_files import shadowing_words

            if (words := shadowing_words(error)) is not None:
                raise Mistake(words) from error
            raise

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        """The help that `?` shows."""
        return self._parser.format_help()

    @cached_property
    def usage(self) -> Usage:
        """Its name, description, options and an example."""
        return self._make_usage()

    @cached_property
    def _parser(self) -> Parser:
        return self.usage.make_parser()
