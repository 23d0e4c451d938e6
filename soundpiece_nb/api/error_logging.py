"""Unforeseen errors: logged with their traceback, without secrets or a person's words."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from soundpiece_nb.api.shadowing_files import shadowing_words
from soundpiece_nb.shown_text import scrub

from .errors import SoundpieceError

LOG_FILE = "errors.log"
"""In the home folder: what was not foreseen, with its traceback."""

_FEWEST_PRIVATE = 4
"""Characters of a person's text that are taken out of a log; fewer would take letters out."""

logging.getLogger("soundpiece_nb").addHandler(logging.NullHandler())  # or warnings go to stderr


def log_unforeseen(where: str, error: BaseException, private: Iterable[str] = ()) -> None:
    """Log an error that nobody expected, with its traceback, under `soundpiece_nb.<where>`.

    Keys, queries of addresses and these `private` texts of a person are taken out.
    """
    told = scrub("".join(traceback.format_exception(error)))
    lines = {line.strip() for text in private for line in (text, *text.splitlines(), repr(text))}
    for line in sorted(lines, key=len, reverse=True):
        if len(line) >= _FEWEST_PRIVATE:
            told = told.replace(line, "…")
    log(where, logging.ERROR, "unforeseen %s\n%s", type(error).__name__, told.rstrip())


def log(where: str, level: int, message: str, *values: object) -> None:
    """Log under `soundpiece_nb.<where>`; a person's own handler or filter may fail, we go on."""
    with suppress(Exception):
        logging.getLogger(f"soundpiece_nb.{where}").log(level, message, *values)


@contextmanager
def logging_unforeseen(where: str) -> Iterator[None]:
    """Go on whatever goes wrong in the block; what nobody expected is logged."""
    try:
        yield
    except (SoundpieceError, OSError):
        return
    except Exception as error:  # noqa: BLE001 - it must not stop what goes on around it
        log_unforeseen(where, error)


def unforeseen_words(error: BaseException, home: Path) -> str:
    """Return the sentence that tells a person of such an error, and where its traceback is."""
    return shadowing_words(error) or (
        f"Something unforeseen happened ({type(error).__name__}); "
        f"{home / LOG_FILE} holds its traceback."
    )
