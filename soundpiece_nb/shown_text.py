"""Words as they may be shown, whoever wrote them: no secrets, no control characters, not too long.

Views, printed lines, errors and tables take their words through here, so that nobody else has to
think of a key that was typed in the wrong place, or of an address that carries its own password.
"""

from __future__ import annotations

import builtins
import io
import os
import re
import sys
from contextlib import suppress
from reprlib import Repr
from typing import Any

from soundpiece_nb.inputs.plain_values import unwrap

_LONGEST_SECRET = 4_000
"""Characters of a secret, such as an address with its signature, at most."""
KEY_SHOWN = 8
"""Characters of a key that are shown where it is only to be recognised."""
MOST_SHOWN = 2_000
"""Characters of any one text that are shown, such as an error message."""
MOST_IN_A_LABEL = 400
"""Characters of a kind, an error code, a tag or a value that are shown."""
MOST_IN_A_NAME = 80
"""Characters of a NAME or title that are shown."""
MOST_SAID = 50_000
"""Characters that are printed at a time, and of a text that is shown with its lines."""


def visible(text: str) -> str:
    """Return text without secrets, and without what no page can show and a terminal obeys."""
    return scrub(re.sub(_UNSHOWABLE, "", text))  # compiled when it is first needed


def scrub(text: str) -> str:
    """Return text without what may be an API key, a signing secret, or the secrets of addresses.

    Those are an address's query, which may be its signature, and its user and password. Takes time
    that grows with the text's length alone, whatever it says.
    """
    if may_hold_secrets(text):
        for secret, instead in _SECRETS:
            text = re.sub(secret, instead, text)  # compiled when it is first needed
    return text


def may_hold_secrets(text: str) -> bool:
    """Tell in little time whether `scrub` may have anything to do."""
    # One character is found several times faster than more.
    return ("_" in text and ("spk_" in text or "whsec_" in text)) or (
        ":" in text and (":/" in text or r":\/" in text)
    )


def holds_a_key(text: str) -> bool:
    """Tell whether a text holds what may be an API key or a signing secret."""
    return re.search(_KEY, text) is not None


def cut(text: str, most: int = MOST_SHOWN) -> str:
    """Return the beginning of a text that is longer than `most` characters, with … at its end."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def shown(text: object, most: int = MOST_SHOWN) -> str:
    """Return a value as visible text of at most `most` characters.

    Of a very long one only the beginning is looked at, far enough that no secret is cut in two.
    """
    whole = str(text)
    told = visible(whole[: most + _LONGEST_SECRET])
    if len(whole) > most + _LONGEST_SECRET or len(told) > most:
        return f"{told[: most - 1]}…"
    return told


def label(text: object) -> str:
    """Return a kind, code, tag or value as it is shown within a line."""
    return shown(text, MOST_IN_A_LABEL)


def say(text: object, *, flush: bool = False) -> None:
    """Print what a person is to be told; whatever goes wrong in that decides nothing."""
    print_line(shown(text, MOST_SAID), sys.stdout, flush=flush)


def quoted(value: Any) -> str:
    """Return a value as an error names it: as Python writes it, shortened, without secrets."""
    try:
        return _WRITER.repr(value)
    except ValueError:  # a number of more digits than Python writes down
        return "a number of very many digits"


def counted(number: int, noun: str) -> str:
    """Return `1 take` or `2,000 takes`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def short(key: str) -> str:
    """Return the beginning of a key: enough to recognise it, and to type it."""
    return key[:KEY_SHOWN]


def print_line(text: str, stream: Any, *, flush: bool = False) -> None:
    """Print a line on a stream, or as much of it as the stream takes; raises nothing.

    `stream` is what stands in `sys.stdout` or `sys.stderr`, which may be None or any object.
    `flush` also one that is no file: a kernel's takes as long as its front end.
    """
    file = stream if isinstance(stream, io.TextIOWrapper) else None
    try:
        if file is not None:
            file.flush()  # what others printed fails by itself, and is theirs
    except Exception:  # noqa: BLE001 - whoever printed it is told
        return
    try:
        _write(f"{text}\n", stream)
        if file is not None or flush:
            stream.flush()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - it may be anybody's object
        if file is not None and isinstance(error, OSError):
            with suppress(Exception):
                _drop_pending(file)


def encodable(text: str, stream: Any, unknown: str = "utf-8") -> str:
    r"""Return a text as a stream can encode it; what it cannot is escaped, as `\u0141`.

    One that does not tell its encoding has the `unknown` one.
    """
    try:
        encoding = stream.encoding
        return _escaped(text, encoding if isinstance(encoding, str) else unknown)
    except AttributeError:
        return _escaped(text, unknown)
    except Exception:  # noqa: BLE001 - no encoding of that name, or none of texts, or no stream
        return _escaped(text, "ascii")


def _escaped(text: str, encoding: str) -> str:
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _write(line: str, stream: Any) -> None:
    try:
        stream.write(line)
    except UnicodeError:
        stream.write(encodable(line, stream, unknown="ascii"))


def _drop_pending(file: io.TextIOWrapper) -> None:
    """Let go of what a closed pipe or a full disk did not take.

    Python would try it again when it ends, complain, and end with status 120. The descriptor leads
    nowhere only meanwhile, so that what others print fails or not as it would without us.
    """
    descriptor = file.fileno()
    kept = os.dup(descriptor)
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
        file.flush()
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)


class _Writer(Repr):
    """Takes secrets out before it shortens: of half a key it could not be told what it is."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 80

    def repr1(self, value: Any, level: int) -> str:
        return super().repr1(unwrap(value), level)

    def repr_str(self, text: str, level: int) -> str:
        return super().repr_str(scrub(text), level)

    def repr_instance(self, value: Any, level: int) -> str:
        try:
            written = " ".join(scrub(builtins.repr(value)).split("\n"))  # a table has many lines
        except ValueError:
            raise
        except Exception:  # noqa: BLE001 - a person's own class may raise anything
            return f"<{type(value).__name__} object>"
        return super().repr_instance(_Written(written), level)


class _Written:
    """A value that is written already."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


_WRITER = _Writer()
_UNSHOWABLE = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
"""Control characters but tab and line feed, and halves of surrogate pairs."""

_KEY = r"(?P<prefix>spk|whsec)_[!-~]+"
_QUERY = (
    r"(?i)(?<!\S)(?P<shown>(?>\S*?https?:(?:\\?/){2})(?:(?!\\u003f)[^\s?#])*+)"
    r"(?:[?#]|\\u003f)(?!…['\"`)\].,;:]*(?:\s|\Z))\S*"  # not what is scrubbed already
)
"""A word with an address and its query or fragment, bare or as JSON may write it.

Possessive: nothing is looked at twice, however long the words are.
"""
_USER = r"(?P<scheme>:(?:\\?/){2})(?:[^\s/?#@\\]*+@)+"
_SECRETS = (
    (_KEY, r"\g<prefix>_…"),
    (_QUERY, r"\g<shown>?…"),
    (_USER, r"\g<scheme>…@"),
)
