"""Completion: Tab offers options and values, from the notebook and the journal's file alone."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from soundpiece_nb.api.routes import ROUTES
from soundpiece_nb.journal import suggestions
from soundpiece_nb.journal.entry import ORDERS, STATUSES
from soundpiece_nb.settings import SETTINGS
from soundpiece_nb.shown_text import label, scrub

from .options import Option
from .typed_line import WORD, split_words

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

_ARGUMENTS = re.compile(r"\s*(?:(?:[^%=]+=\s*)?%%?)?(?P<magic>soundpiece\w*)\s+")
"""A magic before its arguments; `df = %soundpiece_history` is one too, and so is automagic."""
_CELL = re.compile(r"\s*%%(?P<magic>soundpiece\w*)")
_VARIABLE = re.compile(r"\{\{\s*(?P<name>[^{}\s]*)\Z")
_PARTS = re.compile(r"""(?:(?P<option>--[\w-]+)=)?(?P<quote>["']?)(?P<typed>[^"'\\]*)""")
"""A word at the cursor: `--source=ni` is an option and its value."""
_OPERATION = ("soundpiece_nb.operations.operation", "Operation")
"""The class of handles, by module and name, since importing it here would be slow."""
_NEEDS_QUOTES = re.compile(r"""[\s"'\\]""")
LONGEST = 200
"""Characters of a candidate; a longer one is no name or tag that anybody picks from a list."""
_UNBREAKABLE = "\N{NO-BREAK SPACE}"
"""Between words beside a candidate, which JupyterLab would break over the next entry."""
_FILES = {"NOTEBOOK", "FILE", "DIR"}


class Candidate(NamedTuple):
    """A text that can be put at the cursor, and words that a front end shows beside it."""

    text: str
    about: str


def complete(context: CompletionContext, shell: Any) -> SimpleMatcherResult:
    """Return the candidates at the cursor in order; none after an error."""
    from IPython.core.completer import SimpleCompletion

    try:
        fragment, candidates = _offer(context, shell)
    except Exception:  # noqa: BLE001 - pressing Tab must never interrupt typing
        candidates = []
    if not candidates:
        return {"completions": []}  # and IPython offers its own, such as files
    return {
        "completions": [
            SimpleCompletion(each.text, type=label(each.about).replace(" ", _UNBREAKABLE))
            for each in candidates
        ],
        "matched_fragment": fragment,
        "suppress": True,
        "ordered": True,
    }


def _offer(context: CompletionContext, shell: Any) -> tuple[str, list[Candidate]]:
    """Return the text before the cursor that is to be replaced, and the candidates for it."""
    text = context.text_until_cursor
    behind = context.line_with_cursor[context.cursor_position :]
    here = _ARGUMENTS.match(text)
    magic = here or _CELL.match(context.full_text)
    begun = _VARIABLE.search(text)
    usage_of = shell.magics_manager.registry["SoundpieceMagics"].usage_of
    if begun and magic and usage_of(magic["magic"]):
        return begun["name"], _variables(shell, begun["name"], behind)
    if here is None or (usage := usage_of(here["magic"])) is None:
        return "", []
    words, word = _split(text[here.end() :])
    parts = _PARTS.fullmatch(word)
    if parts is None:
        return "", []
    arguments = Arguments(usage.options, words)
    quote, typed = parts["quote"], parts["typed"]
    if parts["option"]:
        values = _values(arguments.named.get(parts["option"]), typed, shell)
    elif arguments.expecting:
        values = _values(arguments.expecting, typed, shell)
    elif typed.startswith("-"):
        values = arguments.options_left(short=True)
    else:
        values = _values(arguments.position, typed, shell)
        if not word and not arguments.at_file:
            values = [*values, *arguments.options_left(short=False)]
    return typed, [
        each._replace(text=_written(each.text, quote, behind))
        for each in values
        if each.text.startswith(typed) and _can_be_written(each.text, quote)
    ]


def _split(text: str) -> tuple[list[str], str]:
    """Return the complete words, as the magic will read them, and the one being typed."""
    found = list(WORD.finditer(text))
    typed = found.pop() if found and found[-1].end() == len(text) else None
    before = text if typed is None else text[: typed.start()]
    return split_words(before), typed[0] if typed else ""


def _can_be_written(text: str, quote: str) -> bool:
    """Tell whether a value can be written on the line, within the open quote if there is one."""
    if len(text) > LONGEST or not text.isprintable() or scrub(text) != text:
        return False
    return not (quote and (quote in text or "\\" in text))


def _written(text: str, quote: str, behind: str) -> str:
    """Return a value as it is typed: in quotes if it needs them, with open quotes closed."""
    if quote:
        return text if behind.startswith(quote) else text + quote
    if not _NEEDS_QUOTES.search(text):
        return text
    return shlex.quote(text) if {'"', "\\"} & set(text) else f'"{text}"'


class Arguments:
    """A magic's options, as far as the words before the cursor have given them."""

    def __init__(self, options: Sequence[Option], words: Iterable[str]) -> None:
        self.options = options
        self.named = {name: each for each in options for name in each.names if not each.positional}
        self.expecting: Option | None = None
        """The option whose value comes next."""
        self._given: set[str] = set()
        positions = [option for option in options if option.positional]
        for word in words:
            if self.expecting:
                self.expecting = None
                continue
            name, has_value, _ = word.partition("=")
            option = self.named.get(name)
            if option is not None:
                self._given.add(option.target)
                self.expecting = option if option.takes_value and not has_value else None
            elif positions and not positions[0].repeatable and not word.startswith("-"):
                positions.pop(0)
        self.position = positions[0] if positions else None
        """The positional argument that a word at the cursor would be."""

    @property
    def at_file(self) -> bool:
        """Whether a word at the cursor would name a file, which IPython completes."""
        return self.position is not None and self.position.settings.get("metavar") in _FILES

    def options_left(self, *, short: bool) -> list[Candidate]:
        """Return the options that can still be given, with their short forms if `short`."""
        return [
            Candidate(name, option.settings.get("metavar") or "option")
            for option in self.options
            if not option.positional and (option.repeatable or option.target not in self._given)
            for name in (option.names if short else option.names[-1:])
        ]


_NAMES_AN_OPERATION = {"KEY", "LINK", "KEY:N", "KEY[:N]"}


def _values(option: Option | None, typed: str, shell: Any) -> Iterable[Candidate]:
    """Return the known values of an option or positional argument."""
    if option is None:
        return []
    if option.target == "droppable":
        found = suggestions.suggest_droppable(SETTINGS.read_home())
        return [Candidate(each.word, f"{each.route}, {each.status}") for each in found]
    if option.settings.get("metavar") in _NAMES_AN_OPERATION:
        return _earlier(typed, _handles(shell))
    if option.target == "route":
        nouns = [Candidate(route.noun, route.path) for route in ROUTES.values()]
        return nouns + [Candidate(route.path, route.noun) for route in ROUTES.values()]
    return [Candidate(*each) for each in _known(option, typed)]


def _known(option: Option, typed: str) -> Iterable[tuple[str, str]]:
    """Return known values, each with the kind of thing that it is."""
    home = SETTINGS.read_home()
    match option.target:
        case "status":
            words: Iterable[str] = STATUSES
        case "tag" | "tags" | "remove":
            words = suggestions.suggest_tags(home)
        case "order":
            words = [order for each in ORDERS for order in (each, f"-{each}")]
        case "sweep" | "batch" if option.settings.get("metavar") == "ID":
            words = suggestions.suggest_sweeps(home)
        case "name" if not option.positional:
            words = [name for name, _, _ in suggestions.suggest_names(home, typed)]
        case _:
            return ((choice, "choice") for choice in option.settings.get("choices", ()))
    return ((word, "tag" if option.target == "tags" else option.target) for word in words)


def _handles(shell: Any) -> dict[str, str]:
    """Return the notebook's variables that hold a handle, with the handle's key."""
    return {
        name: value.key
        for name, value in shell.user_ns.items()
        if (type(value).__module__, type(value).__name__) == _OPERATION and not name.startswith("_")
    }


def _earlier(typed: str, handles: Mapping[str, str]) -> list[Candidate]:
    """Return earlier operations by variable, NAME and key; after a colon, outputs of one.

    After a bracket, those of a sweep or batch.
    """
    home = SETTINGS.read_home()
    group, bracket, _ = typed.partition("[")
    if bracket:
        return [
            Candidate(f"{group}[{place}]", words)
            for place, words in enumerate(suggestions.suggest_members(home, group), 1)
        ]
    word, colon, _ = typed.partition(":")
    if colon:
        named = handles.get(word, word)
        return [
            Candidate(f"{word}:{pick}", f"output, {seconds:.1f} s" if seconds else "output")
            for pick, seconds in (suggestions.suggest_outputs(home, named) if word else [])
        ]
    nouns = {route.path: route.noun for route in ROUTES.values()}
    known = [
        Candidate(word, f"{nouns.get(route, route)}, {status}")
        for suggest in (suggestions.suggest_names, suggestions.suggest_keys)
        for word, route, status in suggest(home, typed)
    ]
    names = {each.text for each in known}
    groups = (word for word in suggestions.suggest_group_names(home, typed) if word not in names)
    known += [Candidate(word, "sweep or batch") for word in groups]
    names = {each.text for each in known}
    return [*known, *(Candidate(name, "handle") for name in sorted(set(handles) - names))]


def _variables(shell: Any, beginning: str, behind: str) -> list[Candidate]:
    """Return the notebook's variables for `{{`, with `}}`; without modules and functions."""
    closing = "" if behind.lstrip().startswith("}}") else "}}"
    return [
        Candidate(f"{name}{closing}", type(value).__name__)
        for name, value in sorted(shell.user_ns.items())
        if name.startswith(beginning)
        and (beginning.startswith("_") or not name.startswith("_"))
        and name not in shell.user_ns_hidden
        and not issubclass(type(value), ModuleType)
        and not callable(value)
    ]
