"""Traces of a machine in a text that is to be shared: its paths, its user's name and its own.

A saved notebook holds them in printed lines, tracebacks, metadata and file names, as the system
writes them, doubled in JSON, or encoded in addresses.
"""

from __future__ import annotations

import builtins
import getpass
import html
import keyword
import os
import re
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

_SEPARATOR = r"(?:/|\\/|\\{1,2}|%2[Ff]|%5[Cc])"
_BEFORE = r"(?:(?<![\w.~%<-])(?<!:/)|(?<=\\[nrt]))"
r"""Not within a word, a tag's end, or an address, whose path is another machine's; after `\n`."""
_AFTER = r"(?![\w-]|\.\w)"
_NAME = r"""[^\s/\\"'<>|:;,*?%&#()\[\]{}`]+"""
_HOMES = re.compile(
    rf"{_BEFORE}(?:[A-Za-z](?::|%3[Aa]))?(?:{_SEPARATOR}(?:mnt{_SEPARATOR}[a-z]|export|var))?"
    rf"{_SEPARATOR}(?:home|Users){_SEPARATOR}"
    rf"(?:{_NAME}(?:(?: |%20){_NAME}){{1,3}}(?={_SEPARATOR})|{_NAME})"
)
"""The home folder of whomever; a name may have spaces where a path goes on behind it."""
_ROOTS = (
    "Applications Library System Volumes app apps conda content data databricks dbfs etc kaggle "
    "lib media mnt net nfs nix opt private proc projects root run scratch shared snap srv storage "
    "tmp "
    "usr var work workspace workspaces"
)
_FOLDERS = rf"(?:{_NAME}(?: {_NAME})*(?:\\\\?|/))"
_DRIVE = re.compile(
    rf"(?<![\w.~%-])[A-Za-z]:(?:\\\\?|/(?!/))(?:{_FOLDERS}+{_NAME}|{_NAME}\.\w{{2,5}}\b)"
)
"""A path with a drive, and not a \n behind a colon in a program's text."""
_SHARE = re.compile(
    rf"(?<![\\\w])(?:\\\\[\w.-]{{2,}}\\(?!\\)|\\{{4}}[\w.-]{{2,}}\\\\(?!\\)){_FOLDERS}*{_NAME}"
)
"""A path on another machine, as Windows writes it, or JSON."""
_USER_AT_HOST = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w.-]{1,253}(?=:[~/])")
"""The beginning of a shell's prompt, or of a path of scp and rsync."""
_DATA = re.compile(r"data:[\w/+.;=-]{1,100},[\w+/=%.!~*()-]*")
"""An address that is the sound or picture itself, in whose letters a name occurs by chance."""
_TERMINAL = re.compile(r"(\x1b\[[0-9;]*m)")
"""A change of colour, which ends in a letter."""

_SAY_NOTHING = (
    "admin administrator anonymous app audio codespace colab data debian docker ec2-user guest "
    "home host jovyan jupyter kernel local localhost localdomain lyrics mac machine main music "
    "nobody "
    "notebook notebooks output prompt python root runner sample sandbox server song sound "
    "soundpiece source student stems test ubuntu user users vscode work workspace"
)
"""Names of users and machines that are everybody's, and words that a notebook is full of."""
_SHORTEST = 3
"""Characters of a name that is taken out wherever it stands alone."""

_USERS = ("USER", "LOGNAME", "USERNAME", "JUPYTERHUB_USER", "NB_USER", "SOUNDPIECE_USER")
_HOSTS = ("HOSTNAME", "COMPUTERNAME", "HOST")


_Rule = tuple[Iterable[str], re.Pattern[str], str | Callable[[re.Match[str]], str]]
"""Signs of which a text has one if there is anything to find, what is found, and what stands for
it."""
_OF_PATHS = ("/", "\\", "%2", "%5")


class MachineTraces:
    """Takes a machine's traces out of texts, and counts them.

    `folders` are known ones with what is to stand for each, beside the homes and the working
    folder. The last part of any other whole path stays.
    """

    def __init__(self, folders: Mapping[Path, str] | None = None) -> None:
        self.count = 0
        known = {**_usual_folders(), **(folders or {})}
        patterns = [
            (_OF_PATHS, re.compile(_pattern(path)), instead)
            for path, instead in sorted(known.items(), key=lambda each: -len(str(each[0])))
            if len(Path(path).parts) > 1
        ]
        roots = "|".join({*_ROOTS.split(), *_first_parts(known)})
        users, hosts = _users(), _hosts()
        self._rules: list[_Rule] = [
            *patterns,
            (_OF_PATHS, _HOMES, "~"),
            (_OF_PATHS, _rooted(roots), _last_part),
            ((":\\", ":/"), _DRIVE, _last_part),
            (("\\\\",), _SHARE, _last_part),
            (("@",), _USER_AT_HOST, "user@host"),
            *(((name,), _within_address(name), "user") for name in users),
            *(((name,), _within_file_name(name), "user") for name in users if _is_telling(name)),
        ]
        self._names: list[_Rule] = []
        for name, instead in [*((host, "host") for host in hosts), *((u, "user") for u in users)]:
            if _is_telling(name):
                is_no_word = re.search(r"[\d.-]", name) is not None
                rule = ((name, name.upper()), _alone(name), instead)
                (self._rules if is_no_word else self._names).append(rule)

    def remove(self, text: str, *, names: bool = True) -> str:
        """Return a text without traces; what `data:` addresses hold is left as it is.

        Without `names`, user and host stay where they stand alone and may be words: what a person
        wrote may have the same one, as in a lyric about a rose.
        """
        rules = [*self._rules, *self._names] if names else self._rules
        kept = _DATA.findall(text)
        parts = [self._remove(part, rules) for part in _DATA.split(text)]
        return "".join(part + data for part, data in zip(parts, [*kept, ""], strict=True))

    def _remove(self, text: str, rules: Iterable[_Rule]) -> str:
        pieces = _TERMINAL.split(text)
        for number in range(0, len(pieces), 2):
            for signs, pattern, instead in rules:
                if any(sign in pieces[number] for sign in signs):
                    pieces[number], found = pattern.subn(instead, pieces[number])
                    self.count += found
        return "".join(pieces)


def _rooted(roots: str) -> re.Pattern[str]:
    return re.compile(rf"{_BEFORE}{_SEPARATOR}(?:{roots})(?:{_SEPARATOR}{_NAME})+")


def _last_part(path: re.Match[str]) -> str:
    """Return the last part of a path, which says what it is and not where."""
    return f"…/{re.split(_SEPARATOR, path[0])[-1]}"


def _pattern(path: Path) -> str:
    """Return the pattern of a folder's path, however its parts are written."""
    first, *rest = path.parts
    drive = first.rstrip("/\\")
    spelled = [
        "|".join({re.escape(way) for way in (part, quote(part), html.escape(part))})
        for part in rest
    ]
    begin = f"(?:{re.escape(drive)}|{re.escape(quote(drive, safe=''))})" if drive else ""
    before = _BEFORE if len(rest) == 1 else ""  # a longer one is nothing else
    return f"{before}{begin}" + "".join(f"{_SEPARATOR}(?:{part})" for part in spelled) + _AFTER


def _usual_folders() -> dict[Path, str]:
    """Return the homes and the working folder, as they are called and as they really are."""
    folders: dict[Path, str] = {}
    with suppress(OSError):
        folders[Path.cwd()] = "."
    homes = [os.environ.get(name, "") for name in ("HOME", "USERPROFILE")]
    with suppress(RuntimeError):
        homes.append(str(Path.home()))
    for home in filter(None, homes):
        folders[Path(home)] = "~"
        with suppress(OSError, RuntimeError):
            folders[Path(home).resolve()] = "~"
    return folders


def _first_parts(folders: Iterable[Path]) -> list[str]:
    """Return the first parts of this machine's paths: all that lies in its root, too."""
    found = [*folders, Path(sys.prefix), Path(sys.base_prefix)]
    with suppress(OSError):
        found += [path for path in Path(os.sep).iterdir() if path.name != "files"]  # Jupyter's own
    return [
        re.escape(path.parts[1]) for path in found if path.is_absolute() and len(path.parts) > 1
    ]


def _users() -> list[str]:
    names = [os.environ.get(name, "") for name in _USERS]
    with suppress(Exception):  # no name of that number, or no such module on this system
        names.append(getpass.getuser())
    with suppress(RuntimeError):
        names.append(Path.home().name)
    return _longest_first(names)


def _hosts() -> list[str]:
    names = [os.environ.get(name, "") for name in _HOSTS]
    with suppress(OSError):
        names.append(socket.gethostname())
    return _longest_first([part for name in names for part in (name, name.partition(".")[0])])


def _longest_first(names: Iterable[str]) -> list[str]:
    return sorted({name.strip() for name in names if name.strip()}, key=lambda name: -len(name))


def _is_telling(name: str) -> bool:
    """Tell whether a name is somebody's, and no word that a notebook would have anyway."""
    word = name.lower()
    common = word in _SAY_NOTHING.split() or keyword.iskeyword(word) or hasattr(builtins, word)
    return len(name) >= _SHORTEST and not common and re.search("[A-Za-z]", name) is not None


def _alone(name: str) -> re.Pattern[str]:
    """Return the pattern of a name where it stands alone; `SUMMER` and `Summer` are no `summer`."""
    spelled = {name, name.upper()} if re.search(r"[\d.-]", name) else {name}
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, spelled))})(?![A-Za-z0-9])")


def _within_file_name(name: str) -> re.Pattern[str]:
    named = re.escape(name)
    ends = r"[\w-]{0,60}\.[a-z][a-z0-9]{1,5}\b"
    return re.compile(
        rf"(?<=[/\\_]){named}(?![A-Za-z0-9])"
        rf"|(?<![A-Za-z0-9]){named}(?=[/\\_]|(?![A-Za-z0-9]){ends})"
    )


def _within_address(name: str) -> re.Pattern[str]:
    """Return the pattern of a user's name before an @, or after /user/ as JupyterHub has it."""
    named = re.escape(name)
    return re.compile(rf"(?<=/user/){named}(?=[/\"'\s?]|$)|(?<![\w.+-]){named}(?=@[\w-])")
