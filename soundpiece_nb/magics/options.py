"""The options of magics as data, from which their parsers and help are made."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, NoReturn

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.number_arguments import (
    as_number,
    finite_number,
    read_seconds,
    read_whole,
)
from soundpiece_nb.api.routes import Field, Kind, Route
from soundpiece_nb.shown_text import quoted

Reader = Callable[[Any, str], Any]
"""Returns the value of an option from its text and its name; raises Mistake."""


class Option(NamedTuple):
    """An option or positional argument as argparse takes it; `reader` reads its expanded text."""

    names: tuple[str, ...]
    settings: dict[str, Any]
    reader: Reader | None = None
    keeps_quotes: bool = False
    """Whether quotes behind the `=` of its `NAME=VALUE` are part of the value."""
    known_as: tuple[str, ...] = ()
    """Other words that people type for it; `failed=failed` is one that says its value too."""
    joins: Callable[[str], bool] | None = None
    """Tells whether words without quotes are together a value of it, such as `last week`."""

    @property
    def said_for(self) -> dict[str, str]:
        """Other words for it as they are typed, each with what to type instead."""
        own = str(self.settings.get("metavar")) if self.positional else self.names[-1]
        before = "" if self.positional else f"{own} "
        said = {f"--{choice}": f"{before}{choice}" for choice in self.settings.get("choices", ())}
        for word in self.known_as:
            name, equals, value = word.partition("=")
            said[f"--{name.replace('_', '-')}"] = f"{own} {value}" if equals else own
        return said

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
        """Return the value of a typed text, or of the variable it names; raises Mistake."""
        if self.reader is None or value is None:
            return value
        return self.reader(as_number(value), self.names[-1])


def reads_as_moment(text: str) -> bool:
    """Tell whether words are together a moment, such as `last week`."""
    from soundpiece_nb.journal.moments import reads_as_moment

    return reads_as_moment(text)


def read_pace(value: Any, name: str) -> float:
    """Return a factor from 0 upwards; raises Mistake."""
    pace = finite_number(value)
    if pace is not None and pace >= 0:
        return pace
    raise Mistake(
        f"{name} must be a number from 0 (as fast as it can) upwards, not {quoted(value)}."
    )


def option(
    *names: str,
    reader: Reader | None = None,
    keeps_quotes: bool = False,
    known_as: Sequence[str] = (),
    joins: Callable[[str], bool] | None = None,
    **settings: Any,
) -> Option:
    """Declare an option."""
    return Option(names, settings, reader, keeps_quotes, tuple(known_as), joins)


def _holding(word: str, words: str) -> Option:
    return option(f"--{word}", dest="holding", action="store_const", const=word, help=words)


HOLDING = (
    _holding("embed", "keep a small MP3 of each take inside the notebook"),
    _holding("link", "play the lossless file beside the notebook"),
)
COMMON = (
    option(
        "--key",
        metavar="UUID",
        help="use this idempotency key",
        known_as=("id", "uuid", "idempotency_key"),
    ),
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
    option(
        "-t",
        "--tags",
        "--tag",
        dest="tag",
        action="append",
        default=[],
        metavar="T",
        help="a tag (repeatable)",
        known_as=("label", "labels", "keyword", "keywords", "category"),
    ),
    option(
        "--note",
        metavar="TEXT",
        help="a note of yours",
        known_as=("comment", "comments", "remark", "memo"),
    ),
    option(
        "--vary",
        "--sweep",
        dest="sweep",
        action="append",
        default=[],
        metavar="NAME=A,B,C",
        keeps_quotes=True,
        help="one operation for each value, and each combination of several (repeatable): "
        "{{NAME}} in body and options, or an option itself; NAME={{list}} for a variable's, where "
        "None leaves an option out. NAME='a, b',c: quotes around a value, or a backslash, keep its "
        "comma; NAME=true,false for an option without a value",
    ),
    option(
        "--repeat",
        metavar="N",
        reader=read_whole,
        help="make so many takes of the same (of each combination)",
        known_as=("n", "count", "number", "times", "takes", "versions", "variations", "repeats"),
    ),
    option(
        "--extra",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a field that the service has and this version does not know (repeatable): JSON where "
        "VALUE is JSON, else text; null leaves it out",
        known_as=("field", "param", "set", "seed=seed=N"),
    ),
    option(
        "--unchecked",
        action="store_true",
        help="leave lengths and ranges to the service: it may take more than this version knows",
    ),
    option(
        "--send",
        action="store_true",
        help="begin all unasked, also more than 50 or than the ceiling most_at_once",
    ),
    *HOLDING,
    option("--dry-run", action="store_true", help="show the request, send nothing"),
)
NAME = option(
    "name",
    nargs="?",
    metavar="NAME",
    help="bind the handle to this variable, within a function to the notebook's; a function's own "
    "variable takes it by an assignment, op = %%soundpiece_…",
    known_as=("name", "title", "called"),
)
KEYS = option(
    "keys",
    nargs="*",
    metavar="KEY",
    help='a key, its unique beginning, or a NAME; of a sweep or batch all, or as ways[2] or "ways '
    'mood=dusty" those',
    known_as=("key", "keys", "name", "id", "operation"),
)


class Parser(argparse.ArgumentParser):
    """An argument parser that raises a Mistake for a wrong line."""

    options: tuple[Option, ...] = ()
    """The options that it was made from."""
    body: str | None = None
    """The option that the cell beneath the line stands for."""

    def error(self, message: str) -> NoReturn:
        """Raise argparse's message as a Mistake."""
        wrong = re.match(r"argument (?:\S*/)?(\S+): invalid choice: '(.*?)' \(", message)
        words = message[0].upper() + message[1:]
        if wrong is not None:
            from soundpiece_nb.inputs.spelling import did_you_mean

            words += self._as_said(wrong[2]) or did_you_mean(wrong[2], self._choices(wrong[1]))
        _, required, missing = words.partition("required: ")
        about = self._about(missing)
        raise Mistake(f"{words}{about}.", next=self._example if required else self._help)

    def _as_said(self, choice: str) -> str:
        """Return the option and value that a wrong choice, or a file's name, says by its ending."""
        stem, _, ending = choice.rpartition(".")
        name, _, value = self._said_for.get(f"--{ending.lower()}", "").partition(" ")
        return f" (did you mean `{name} {choice if stem else value}`?)" if value else ""

    def _about(self, name: str) -> str:
        """Return the help of an option, or positional argument, that alone is missing."""
        named = (
            each for each in self.options if name in (each.settings.get("metavar"), each.names[-1])
        )
        return next((f" ({each.settings.get('help')})" for each in named), "")

    @property
    def _example(self) -> str:
        """A sentence with a line that works."""
        line = (self.epilog or "").rpartition("\n\n")[2].partition("\n")[0]
        return f"{line} is an example. {self._help}" if line else self._help

    def _choices(self, name: str) -> list[str]:
        """Return what an option of this name, or a positional argument, may be."""
        named = (each for each in self.options if name in (*each.names, each.target))
        return [word for each in named for word in each.settings.get("choices", ())]

    @property
    def _help(self) -> str:
        return f"{self.prog}? shows the options."

    def read(self, line: str, *, in_cell: bool = False) -> argparse.Namespace:
        """Parse a magic's line, the first of a cell if `in_cell`; quotes group words as in a shell.

        Raises Mistake.
        """
        from .typed_line import join_values, meant_as_one, read_words

        try:
            words = read_words(line, self.options, self._said_for, in_cell=in_cell)
        except Mistake as mistake:
            mistake.next = mistake.next or self._help
            raise
        joined = join_values(words, self.options)
        anywhere = [each.target for each in self.options if each.positional] == ["words"]
        # only so may more of them stand behind an option
        parse = self.parse_known_intermixed_args if anywhere else self.parse_known_args
        read, left = parse(self._attached(joined))
        if left:
            what = f"Unrecognized arguments: {' '.join(left)}"
            meant = meant_as_one(joined, left, self.options, self.body if in_cell else None)
            raise Mistake(f"{what}{meant}.", next=self._help)
        return read

    @cached_property
    def _said_for(self) -> dict[str, str]:
        """Other words for its options; of two that go by one word, the first is meant."""
        said: dict[str, str] = {}
        for each in self.options[::-1]:
            for word, instead in each.said_for.items():
                before = f"{self.prog} {self._before(each)}" if each.positional else ""
                said[word] = before + instead
        return said

    def _before(self, option: Option) -> str:
        """Return what stands on the line before a positional argument, with a space behind it."""
        positional = [each for each in self.options if each.positional]
        before = positional[: positional.index(option)]
        return "".join(f"{each.settings.get('metavar')} " for each in before)

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
    body: str | None = None
    """The option that the cell's body stands for."""

    def read(
        self, given: argparse.Namespace, variables: Mapping[str, Any], *targets: str
    ) -> argparse.Namespace:
        """Return options with `{{name}}` replaced and values read, all or these; raises Mistake."""
        from soundpiece_nb.operations.templates import expand, fill

        read = {
            each.target: each.read((fill if each.reader else expand)(typed, variables))
            for each in self.options
            if not targets or each.target in targets
            for typed in [getattr(given, each.target)]
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
        parser.options, parser.body = self.options, self.body
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
    return Usage(f"{prefix}{title}", "\n".join(words), options, route.example, route.body)


_METAVARS = {Kind.SECONDS: "SECONDS", Kind.COUNT: "N", Kind.LINK: "LINK", Kind.ADDRESS: "URL"}


def _field_option(field: Field) -> Option:
    names = [f"-{field.short}"] if field.short else []
    own, chosen = f"--{field.name.replace('_', '-')}", f"--{field.option or field.name}"
    names += dict.fromkeys([own, chosen])
    settings: dict[str, Any] = {"dest": field.name, "help": field.help, "known_as": field.known_as}
    if field.kind is Kind.FLAG:
        return option(*names, action="store_true", default=None, **settings)
    return option(*names, metavar=_METAVARS.get(field.kind, "TEXT"), **settings)
