"""The options of magics as data, from which their parsers and help are made."""

from __future__ import annotations

import argparse
import math
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NoReturn

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.number_arguments import as_number, read_seconds, read_whole
from soundpiece_nb.api.routes import Field, Kind, Route

Reader = Callable[[Any, str], Any]
"""Returns the value of an option from its text and its name; raises Mistake."""


class Option(NamedTuple):
    """An option or positional argument as argparse takes it; `reader` reads its expanded text."""

    names: tuple[str, ...]
    settings: dict[str, Any]
    reader: Reader | None = None

    @property
    def positional(self) -> bool:
        """Whether it has no name on the line."""
        return not self.names[0].startswith("-")

    @property
    def target(self) -> str:
        """The name of its value; options of the same target exclude each other."""
        return str(self.settings.get("dest", self.names[-1].lstrip("-").replace("-", "_")))

    @property
    def takes_value(self) -> bool:
        """Whether a value follows its name."""
        return not self.settings.get("action", "").startswith("store_")

    @property
    def repeatable(self) -> bool:
        """Whether it may be given again."""
        return self.settings.get("action") == "append" or self.settings.get("nargs") in ("*", "+")

    def read(self, value: Any) -> Any:
        """Return the value of a typed text; raises Mistake."""
        if self.reader is None or not isinstance(value, str):
            return value
        return self.reader(as_number(value), self.names[-1])


def read_pace(value: Any, name: str) -> float:
    """Return a factor from 0 upwards; raises Mistake."""
    if isinstance(value, int | float) and 0 <= value < math.inf:
        return float(value)
    raise Mistake(f"{name} must be a number from 0 (as fast as it can) upwards, not {value!r}.")


def option(*names: str, reader: Reader | None = None, **settings: Any) -> Option:
    """Declare an option."""
    return Option(names, settings, reader)


def _holding(word: str, words: str) -> Option:
    return option(f"--{word}", dest="holding", action="store_const", const=word, help=words)


HOLDING = (
    _holding("embed", "keep a small MP3 of each take inside the notebook"),
    _holding("link", "play the lossless file beside the notebook"),
)
COMMON = (
    option("--key", metavar="UUID", help="use this idempotency key"),
    option(
        "--once",
        action="store_true",
        default=None,
        help="derive the key from the request: running the cell again makes nothing new",
    ),
    option("--no-once", dest="once", action="store_false", help="a new key at every run"),
    option(
        "--take",
        metavar="N",
        reader=read_whole,
        help="with --once: the N-th of the same, made on purpose",
    ),
    option("-w", "--wait", action="store_true", default=None, help="wait for the result"),
    option("--no-wait", dest="wait", action="store_false", help="go on at once"),
    option(
        "--timeout",
        metavar="SECONDS",
        reader=read_seconds,
        help="wait no longer than this; the operation goes on",
    ),
    option("-t", "--tag", action="append", default=[], metavar="T", help="a tag (repeatable)"),
    option("--note", metavar="TEXT", help="a note of yours"),
    option(
        "--sweep",
        action="append",
        default=[],
        metavar="NAME=A,B,C",
        help="one operation for each value, and each combination of several (repeatable): "
        "{{NAME}} in body and options, or an option itself; NAME={{list}} for a variable's",
    ),
    option(
        "--repeat",
        metavar="N",
        reader=read_whole,
        help="make so many takes of the same (of each combination)",
    ),
    *HOLDING,
    option("--dry-run", action="store_true", help="show the request, send nothing"),
)
NAME = option("name", nargs="?", metavar="NAME", help="bind the handle to this variable")
KEYS = option("keys", nargs="*", metavar="KEY", help="a key, its unique beginning, or a NAME")


class Parser(argparse.ArgumentParser):
    """An argument parser that raises a Mistake for a wrong line."""

    options: tuple[Option, ...] = ()
    """The options that it was made from."""

    def error(self, message: str) -> NoReturn:
        """Raise argparse's message as a Mistake."""
        words = message[0].upper() + message[1:]
        raise Mistake(f"{words}.", next=f"{self.prog}? shows the options.")

    def read(self, line: str) -> argparse.Namespace:
        """Parse a magic's line; quotes group words as in a shell."""
        try:
            words = shlex.split(line)
        except ValueError as problem:
            raise Mistake(
                f"The line cannot be read ({str(problem).lower()}).",
                next='Close the quotes, or put text with an apostrophe into "double quotes".',
            ) from None
        return self.parse_args(self._attached(words))

    def _attached(self, words: list[str]) -> list[str]:
        """Return words with `--order -rating` as one, which argparse reads as two options."""
        names = {name for each in self.options for name in each.names}
        takers = {name for each in self.options if each.takes_value for name in each.names}
        attached: list[str] = []
        for word in words:
            dashed = re.match(r"-[^-]", word) and word not in names
            if dashed and attached and attached[-1].startswith("--") and attached[-1] in takers:
                attached[-1] += f"={word}"
            else:
                attached.append(word)
        return attached


class Usage(NamedTuple):
    """A magic's name, its description, its options and an example."""

    prog: str
    description: str
    options: tuple[Option, ...]
    example: str

    def read(
        self, given: argparse.Namespace, variables: Mapping[str, Any], *targets: str
    ) -> argparse.Namespace:
        """Return options with `{{name}}` replaced and values read, all or these; raises Mistake."""
        from soundpiece_nb.operations.templates import expand

        read = {
            each.target: each.read(expand(getattr(given, each.target), variables))
            for each in self.options
            if not targets or each.target in targets
        }
        return argparse.Namespace(**vars(given) | read)

    def make_parser(self) -> Parser:
        """Return the magic's parser, whose help is shown by `?`."""
        parser = Parser(
            prog=self.prog,
            description=self.description,
            epilog=f"Example:\n\n{self.example}" if self.example else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            add_help=False,
            allow_abbrev=False,
        )
        for each in self.options:
            parser.add_argument(*each.names, **each.settings)
        parser.options = self.options
        return parser


def route_usage(route: Route) -> Usage:
    """Return the usage of a route's magic."""
    prefix = "%%" if route.body else "%"
    title = f"soundpiece_{route.noun}"
    words = [route.summary]
    if route.body:
        body = route.body
        words.append(f"The cell's body is the {body}; as a line, %{title}, it takes --{body}.")
    words.append("{{name}} in the body or an option is the text of the variable of that name.")
    options = (NAME, *map(_field_option, route.all_fields), *COMMON)
    return Usage(f"{prefix}{title}", "\n".join(words), options, route.example)


_METAVARS = {Kind.SECONDS: "SECONDS", Kind.COUNT: "N", Kind.LINK: "LINK", Kind.ADDRESS: "URL"}


def _field_option(field: Field) -> Option:
    names = [f"-{field.short}"] if field.short else []
    names.append(f"--{field.option or field.name}")
    if field.kind is Kind.FLAG:
        return option(*names, dest=field.name, action="store_true", default=None, help=field.help)
    metavar = _METAVARS.get(field.kind, "TEXT")
    return option(*names, dest=field.name, metavar=metavar, help=field.help)
