"""A magic's line as people type it: slips of word processors and other languages, each named.

Within straight quotes everything is a person's text and stays; outside of them a curly quote, a
long dash or a no-break space was meant as something else, and is refused before it is taken for
part of a word.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, NoReturn, Protocol

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.files.path_text import WINDOWS
from soundpiece_nb.inputs.spelling import did_you_mean, nearest
from soundpiece_nb.shown_text import quoted

WORD = re.compile(
    r"""(?:\\.|\\\Z|"(?:\\.|[^"\\])*(?:"|\\?\Z)|'[^']*(?:'|\Z)|[^ \t\r\n"'\\])+""", re.DOTALL
)
"""A word as in a shell, though a quote may still be open at the end."""
_QUOTED = re.compile(r"""\\.|"(?:\\.|[^"\\])*(?:"|\\?\Z)|'[^']*(?:'|\Z)""", re.DOTALL)
_OPENS_BEHIND = re.compile(r"""(?:--[\w-]+=)?[^\s"'\\=]+=.*["'\\]""", re.DOTALL)
"""A `name=value`, perhaps behind an option and another `=`, with a quote in its value alone."""
_QUOTES = "“”„‟«»‘’‚‛‹›`´＂＇"
_IN_CURLY_QUOTES = re.compile(rf"(?:--?[\w-]+=|-\w)?(?P<opening>[{_QUOTES}])")
_DASHES = re.compile(r"[‐‑‒–—―−⸺⸻﹘﹣－]")
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""Invisible characters that words and emoji are written with."""
_OPTION = re.compile(r"--?[^\W\d]")
"""The beginning of an option, not of a negative number."""
_MOST_LIKE = 0.8
"""The likeness from which `-promt` is taken for `--prompt`, not for `-p romt`."""


class Option(Protocol):
    """The description of an option, or of a positional argument."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its names on the line."""

    @property
    def target(self) -> str:
        """The name of its value."""

    @property
    def positional(self) -> bool:
        """Whether it has no name on the line."""

    @property
    def takes_value(self) -> bool:
        """Whether a value follows its name."""

    @property
    def keeps_quotes(self) -> bool:
        """Whether quotes behind the `=` of its `NAME=VALUE` are part of the value."""

    @property
    def joins(self) -> Callable[[str], bool] | None:
        """Tells whether words without quotes are together a value of it."""


class Line(NamedTuple):
    """A magic's line: its words as they were typed, and the options they may name."""

    typed: list[str]
    named: Mapping[str, Option]
    """The options by each of their names."""
    free: bool
    """Whether its last words are a person's own, such as tags or a note."""
    said_for: Mapping[str, str]
    """Other words for its options, each with what to type instead."""

    @property
    def long_names(self) -> list[str]:
        """The long names of its options."""
        return [name for name in self.named if name.startswith("--")]


def read_words(
    line: str, options: Sequence[Option], said_for: Mapping[str, str], *, in_cell: bool
) -> list[str]:
    """Return the words of a line, options by the names they have; raises Mistake for a slip.

    `said_for` are other words for options, each with what to type instead; `in_cell` says that it
    is the first line of a cell magic.
    """
    named = {name: each for each in options for name in each.names if not each.positional}
    free = any(each.target in ("tags", "words") for each in options if each.positional)
    typed = [match[0] for match in WORD.finditer(line)]
    _refuse_continuation(line, in_cell=in_cell)
    _refuse_slips(Line(typed, named, free, said_for))
    try:
        words = _with_quotes(split_words(line), typed, named)
    except ValueError as problem:
        raise Mistake(
            f"The line cannot be read ({str(problem).lower()}).",
            next='Close the quotes, or put text with an apostrophe into "double quotes".',
        ) from None
    return [_as_named(word, named) for word in words]


def split_words(line: str, *, windows: bool = WINDOWS) -> list[str]:
    r"""Return the words of a magic's line; quotes group them as in a shell.

    On Windows a backslash is one, as in `C:\songs`, also before a quote. Raises ValueError for a
    quote that is not closed.
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if windows:
        lexer.escape = ""
    return list(lexer)


def _with_quotes(words: list[str], typed: list[str], named: Mapping[str, Option]) -> list[str]:
    """Return the words of a line, with the quotes in the values of options that keep them."""
    keepers = {name for name, each in named.items() if each.keeps_quotes}
    if not keepers or len(typed) != len(words):
        return words
    kept, former = [], ""
    for word, raw in zip(words, typed, strict=True):
        own = former in keepers or raw.partition("=")[0] in keepers
        kept.append(raw if own and _OPENS_BEHIND.match(raw) else word)
        former = word
    return kept


def _as_named(word: str, named: Mapping[str, object]) -> str:
    """Return `--min_rating=4`, spelled as the functions' parameter, as `--min-rating=4`."""
    name, equals, value = word.partition("=")
    return f"{_hyphened(name)}{equals}{value}" if _hyphened(name) in named else word


def _hyphened(name: str) -> str:
    return name.replace("_", "-") if name.startswith("--") else name


def _refuse_continuation(line: str, *, in_cell: bool) -> None:
    ending = line.rstrip()
    if (len(ending) - len(ending.rstrip("\\"))) % 2 == 0:
        return
    if in_cell:
        raise Mistake(
            "A %% line ends where it ends: a backslash does not continue it, and what is beneath "
            "is the cell's text.",
            next="Take the backslash away and put all options on the first line.",
        )
    raise Mistake(
        "The line ends in a backslash, but nothing continues it.",
        next="Take it away, or let nothing stand behind it, not even a space, but the next line.",
    )


def _refuse_slips(line: Line) -> None:
    """Raise Mistake for the first word that was meant as something else."""
    if line.typed and _QUOTED.sub("", line.typed[-1]).endswith(";"):
        raise Mistake(
            f"A magic's line takes no ; at its end, as in {quoted(line.typed[-1])}.",
            next="Take it away, or put it into quotes if it belongs to a text.",
        )
    expecting = False  # whether the word is the value of the option before it
    for place, word in enumerate(line.typed):
        if word == "--":
            return
        _refuse_odd_spaces(word)
        _refuse_curly_quotes(line.typed[place:])
        _refuse_equals(line, place, expecting=expecting)
        if word == "#" or (word.startswith("#") and not expecting and not line.free):
            rest = " ".join(line.typed[place:])
            raise Mistake(
                f"A magic's line takes no comment, such as {quoted(rest)}.",
                next="Take it away, or put it into quotes if it belongs to a text.",
            )
        name, equals, _ = word.partition("=")
        if not expecting:
            _refuse_long_dashes(word, line)
            _refuse_unknown_option(word, line, place)
        option = line.named.get(_hyphened(name))
        expecting = not expecting and bool(option and option.takes_value and not equals)


def _refuse_odd_spaces(word: str) -> None:
    for character in _QUOTED.sub("", word):
        kind = unicodedata.category(character)
        name = unicodedata.name(character, "a character").lower()
        which = f"{name} (U+{ord(character):04X})"
        if kind in ("Zs", "Zl", "Zp"):
            raise Mistake(
                f"There is a {which} in {quoted(word)}, where an ordinary space belongs.",
                next="Type the space anew, or put it into quotes if it belongs to a text.",
            )
        if kind == "Cf" and character not in _JOINERS and ord(character) < _TAGS:
            raise Mistake(
                f"There is an invisible {which} in {quoted(word)}.",
                next="Type the word anew, or put it into quotes if it belongs to a text.",
            )


_TAGS = 0xE0000
"""From here on invisible characters are parts of emoji, such as flags."""


def _refuse_curly_quotes(words: Sequence[str]) -> None:
    """Raise Mistake if the first word begins with a quote that groups no words.

    A curly apostrophe may begin a word (’90s): it is no quote unless another one closes it.
    """
    found = _IN_CURLY_QUOTES.match(words[0])
    if found is None:
        return
    rest = [words[0][found.end() :], *words[1:]]
    if found["opening"] not in "‘’‚‛`´" or any(word.endswith(tuple("‘’`´")) for word in rest):
        raise Mistake(
            f"The quote {found['opening']} groups no words.",
            next='Type straight quotes instead, as in "two words"; within them others may stand.',
        )


def _refuse_equals(line: Line, place: int, *, expecting: bool) -> None:
    word = line.typed[place]
    before = line.typed[place - 1] if place else ""
    behind = line.typed[place + 1] if place + 1 < len(line.typed) else ""
    if word.startswith("=") and before:
        left, right = before, word[1:] or behind
    elif word.endswith("=") and behind and (word[:-1] in line.named or _sweeps(before, line)):
        left, right = word[:-1], behind
    elif not expecting and (given := re.match(r"(\w{2,})=", word)):
        name = f"--{given[1].replace('_', '-')}"
        meant = name if name in line.named else line.said_for.get(name)
        if meant is not None:
            raise Mistake(f"{quoted(word)} is written as in Python (did you mean `{meant}`?).")
        return
    else:
        return
    if f"--{left}" in line.named:
        left = f"--{left}"
    raise Mistake(
        "There are spaces around the =.",
        next=f"Write it as one word, {left}={right}, in quotes where it has spaces itself.",
    )


def _sweeps(name: str, line: Line) -> bool:
    return name in line.named and line.named[name].target == "sweep"


def _refuse_long_dashes(word: str, line: Line) -> None:
    typed = word.partition("=")[0]
    dash = _DASHES.search(typed)
    plain = _DASHES.sub("-", typed)
    if dash is None or not plain.startswith("-"):
        return
    stem = plain.lstrip("-").replace("_", "-")
    wanted = next((name for name in line.named if name.lstrip("-") == stem), None)
    wanted = wanted or nearest(f"--{stem}", line.long_names)
    if wanted is not None:
        name = unicodedata.name(dash[0]).lower()
        which = f"U+{ord(dash[0]):04X} ({name})"
        raise Mistake(f"{quoted(typed)} has {which} for a hyphen (did you mean `{wanted}`?).")


def _refuse_unknown_option(word: str, line: Line, place: int) -> None:
    name = _hyphened(word.partition("=")[0])
    if name in line.named or not _OPTION.match(name):
        return
    if name.startswith("--"):
        said = {**line.said_for, **_as_joined(line, place)}
        _unrecognized(_alone(line, place), did_you_mean(name, line.long_names, said))
    wanted = line.said_for.get(f"-{name.lower()}".replace("_", "-"))
    if wanted is None and len(name) > len("-p"):
        wanted = nearest(f"-{name}", line.long_names, least=_MOST_LIKE)
    if wanted is not None:
        _unrecognized(_alone(line, place), f" (did you mean `{wanted}`?)")


def _alone(line: Line, place: int) -> list[str]:
    """Return an unknown option with its value: the words up to the next option."""
    behind = [] if "=" in line.typed[place] else line.typed[place + 1 :]
    end = next((n for n, word in enumerate(behind) if _OPTION.match(word)), len(behind))
    return line.typed[place : place + 1 + end]


def _as_joined(line: Line, place: int) -> dict[str, str]:
    """Return what is meant by an option that begins a value, as `--last 2 weeks` does; or {}."""
    words = [line.typed[place].lstrip("-"), *line.typed[place + 1 : place + _MOST_JOINED]]
    for name, each in line.named.items():
        for size in range(len(words), 0, -1):
            text = " ".join(words[:size])
            if each.joins and each.joins(text):
                return {line.typed[place]: f'{name} "{text}"' if size > 1 else f"{name} {text}"}
    return {}


def _unrecognized(words: Iterable[str], suggestion: str) -> NoReturn:
    raise Mistake(f"Unrecognized arguments: {' '.join(words)}{suggestion}.")


def join_values(words: Sequence[str], options: Sequence[Option]) -> list[str]:
    """Return words with those as one that are together an option's value: `--since last week`."""
    joiners = {name: each.joins for each in options if each.joins for name in each.names}
    joined: list[str] = []
    rest = list(words)
    while rest:
        name, equals, begun = rest[0].partition("=")
        joins = joiners.get(name)
        before = [begun] if equals else []
        values = rest[1 : 1 + _MOST_JOINED - len(before)]
        sizes = range(len(values), 0 if equals else 1, -1) if joins else ()
        texts = {size: " ".join([*before, *values[:size]]) for size in sizes}
        size = next((n for n, text in texts.items() if joins and joins(text)), 0)
        joined.append(f"{name}={texts[size]}" if size else rest[0])
        rest = rest[1 + size :]
    return joined


_MOST_JOINED = 5
"""Words that are together one value at most: `since last monday at noon`."""


def meant_as_one(
    words: Sequence[str], left: Sequence[str], options: Sequence[Option], body: str | None = None
) -> str:
    """Return how words that were left over are given as one text; empty if they are not words.

    `body` is the option that the cell beneath the line stands for, if there is one.
    """
    takers = {name for each in options if each.takes_value for name in each.names}
    if any(word.startswith("-") for word in left):
        return ""
    before = words.index(left[0]) - 1
    if before >= 0 and _CHOICE.match(left[0]) and words[before].isidentifier():
        return f', which may belong to the word before it, in quotes: "{words[before]} {left[0]}"'
    if len(left) == 1 and _SOURCE in takers and _SOURCE not in words:
        return f" (did you mean `{_SOURCE} {left[0]}`?)"
    last = max((n for n, word in enumerate(words) if word == left[-1]), default=0)
    first = last
    while first > 0 and not words[first - 1].startswith("-"):
        first -= 1
    option, equals, begun = words[first - 1].partition("=") if first else ("", "", "")
    texts = [*([begun] if equals else []), *words[first : last + 1]]
    if option not in takers and _TEXT in takers and not _gives_text(words, body):
        option = _TEXT
    if all(re.fullmatch(r"[\d.,]+", text) for text in texts):
        return ""
    if len(texts) > 1 and option in takers:
        return f" (did you mean `{_written(option, texts, options)}`?)"
    named = any(each.positional and each.target == "name" for each in options)
    return _as_name(texts) if len(texts) > 1 and named else ""


def _written(option: str, texts: Sequence[str], options: Sequence[Option]) -> str:
    """Return the words behind an option as its value is written."""
    target = next(each.target for each in options if option in each.names)
    if target == "tag":
        return " ".join(f"{option} {text}" for text in texts)
    text = " ".join(texts)
    if target == "sweep":  # of `mood happy sad`, `mood: happy, sad` or `mood=happy sad`
        name, *values = re.split(r"[=:,]+", ",".join(each.strip(",") for each in texts), maxsplit=1)
        text = f"{name}={''.join(values).strip('[]()')}"
    elif target == "extra" and "=" not in texts[0]:
        text = f"{texts[0].rstrip(':')}={' '.join(texts[1:])}"
    bare = target in ("sweep", "extra") and not re.search(r"\s", text)
    return f"{option} {text}" if bare else f'{option} "{text}"'


def _gives_text(words: Sequence[str], body: str | None) -> bool:
    """Tell whether a prompt is there already."""
    return body == _TEXT.lstrip("-") or any(re.match(r"-p|--prompt(=|\Z)", word) for word in words)


def _as_name(texts: Sequence[str]) -> str:
    """Return what is said of several words where a NAME stands."""
    name = re.sub(r"\W+", "_", " ".join(texts)).strip("_")
    meant = f" (did you mean `{name}`?)" if name.isidentifier() else ""
    return f", and a NAME is one word{meant}"


_CHOICE = re.compile(r"[^\W\d]\w*=")
"""A word that chooses an operation of the sweep or batch that is named before it."""
_SOURCE = "--source"
"""The option that one word more is meant for, where it is not given."""
_TEXT = "--prompt"
"""The option that several words are meant for, where it is there and none stands before them."""
