"""Lyrics: sections, lines, and the syllables that are sung on notes."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

VOWELS = "aeiouy"
LONGEST_LINE = 24  # syllables in one breath

_MARKER = re.compile(r"^\s*\[([^\[\]]*)\]\s*:?\s*$")
_KINDS = {
    "pre": "prechorus",
    "chorus": "chorus",
    "hook": "chorus",
    "refrain": "chorus",
    "drop": "chorus",
    "verse": "verse",
    "bridge": "bridge",
    "middle": "bridge",
    "intro": "intro",
    "outro": "outro",
    "end": "outro",
    "instrumental": "instrumental",
    "interlude": "instrumental",
    "solo": "instrumental",
    "break": "instrumental",
}
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TOGETHER = ("th", "sh", "ch", "ph", "wh", "gh", "ck", "qu")  # letters that are one consonant


@dataclass(frozen=True)
class Syllable:
    """The sounds of one note: consonants, a vowel of "aeiou", and consonants."""

    onset: str
    vowel: str
    coda: str


@dataclass(frozen=True)
class Line:
    """One sung line."""

    text: str
    syllables: tuple[Syllable, ...]


@dataclass(frozen=True)
class Section:
    """The lyrics under one marker; `lines` may be empty."""

    kind: str
    lines: tuple[Line, ...]


def read_lyrics(text: str) -> tuple[Section, ...]:
    """Return the sections of lyrics, split at `[Marker]` lines; without markers, one verse.

    Bracketed lines that name no section (stage directions) are left out.
    """
    found: list[tuple[str, list[Line]]] = []
    for raw in text.splitlines():
        marker = _MARKER.match(raw)
        if marker:
            kind = _kind_of(marker.group(1))
            if kind:
                found.append((kind, []))
        elif raw.strip():
            if not found:
                found.append(("verse", []))
            found[-1][1].extend(_lines_of(raw.strip()))
    return tuple(Section(kind, tuple(lines)) for kind, lines in found)


def syllables_of(word: str) -> list[Syllable]:
    """Return the syllables of one word in any script; an empty list for a word without letters."""
    plain = unicodedata.normalize("NFKD", word).casefold()
    spelled = "".join(_spelled(letter) for letter in plain)
    letters = [letter for letter in spelled if letter.isalpha() or letter == " "]
    syllables: list[Syllable] = []
    for piece in "".join(letters).split():
        if re.fullmatch("[a-z]+", piece):
            syllables.extend(_latin_syllables(piece))
        else:
            syllables.extend(_foreign_syllables(piece))
    return syllables


def _kind_of(marker: str) -> str:
    name = marker.casefold().strip()
    return next((kind for word, kind in _KINDS.items() if name.startswith(word)), "")


def _lines_of(text: str) -> list[Line]:
    """Return the line, or several lines if it is too long for one breath."""
    lines: list[Line] = []
    words: list[str] = []
    sung: list[Syllable] = []
    for word in text.split():
        syllables = syllables_of(word)[:LONGEST_LINE]
        if sung and len(sung) + len(syllables) > LONGEST_LINE:
            lines.append(Line(" ".join(words), tuple(sung)))
            words, sung = [], []
        words.append(word)
        sung.extend(syllables)
    # A line without letters, such as emoji, is hummed.
    lines.append(Line(" ".join(words), tuple(sung) or (Syllable("", "u", ""),)))
    return lines


def _spelled(letter: str) -> str:
    if letter.isdigit():
        value = unicodedata.digit(letter, None)
        return f" {_DIGITS[value]} " if value is not None else ""
    return letter


def _latin_syllables(word: str) -> list[Syllable]:
    """Return the syllables of a word, one for each vowel group except English silent endings."""
    groups = [(match.start(), match.end()) for match in re.finditer(r"[aeiou]+|(?<!^)y+", word)]
    if len(groups) > 1 and _ends_silently(word):
        groups.pop()
    if not groups:
        return (
            [Syllable(word, "u", "")] if len(word) <= len("shh") else [Syllable(word[0], "e", "")]
        )
    syllables = []
    onset_start = 0
    for index, (start, end) in enumerate(groups):
        next_start = groups[index + 1][0] if index + 1 < len(groups) else len(word)
        coda_end = next_start if next_start == len(word) else _split(word, end, next_start)
        vowel = _sung_vowel(word[start:end], word[end:])
        coda = re.sub("[aeiouy]", "", word[end:coda_end])
        syllables.append(Syllable(word[onset_start:start], vowel, coda))
        onset_start = coda_end
    return syllables


def _ends_silently(word: str) -> bool:
    if re.search(r"[^aeiouy]e$", word):
        return not re.search(r"[^aeiouy]le$", word)
    return bool(re.search(r"[^aeioutdy]ed$|[^aeiouyscxzgh]es$", word))


def _split(word: str, start: int, end: int) -> int:
    """Return the index that divides the consonants `word[start:end]` between two syllables."""
    if end - start <= 1 or word[start:end] in _TOGETHER:
        return start
    return start + 1


def _sung_vowel(group: str, rest: str) -> str:
    joined = {"ea": "i", "ee": "i", "oo": "u", "ou": "a", "ai": "e", "ay": "e", "igh": "a"}
    if group in joined:
        return joined[group]
    if group == "i" and rest.startswith(("gh", "ne", "re", "de", "me", "fe", "te", "ke")):
        return "a"  # the vowel of "night", "shine" and "fire"
    return group[0].replace("y", "i")


def _foreign_syllables(word: str) -> list[Syllable]:
    """Return one syllable for each letter of East Asian scripts, or each two letters of others."""
    dense = any(ord(letter) >= ord("\u2e80") for letter in word)
    size = 1 if dense else 2
    pieces = [word[index : index + size] for index in range(0, len(word), size)]
    return [
        Syllable("nlm"[ord(piece[0]) // 5 % 3], "aeiou"[sum(map(ord, piece)) % 5], "")
        for piece in pieces
    ]
