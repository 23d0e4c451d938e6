"""Paths that a person names, as paths of this machine."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.shown_text import quoted

from .path_text import require_path_text


def read_path(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> Path:
    """Return a path of this machine, with `~` expanded.

    Raises Mistake for an impossible one, for one that may not even be looked at, and for one that
    begins in a working folder that is gone.
    """
    try:
        text = os.fsdecode(path)
    except TypeError:
        raise Mistake(f"A path is text or a Path, not {quoted(path)}.") from None
    require_path_text(text)
    try:
        whole = Path(text).expanduser()
        whole.stat()
    except PermissionError as error:
        raise Mistake(f"{text} may not be looked at: {error.strerror}.") from None
    except (RuntimeError, ValueError):  # an unknown user's ~, or half of a surrogate pair
        raise Mistake(f"{quoted(text)} cannot be a path on this machine.") from None
    except OSError as error:
        if error.errno in {errno.ENAMETOOLONG, errno.EINVAL}:
            what = f"{text[:40]}… cannot be a path on this machine: {error.strerror}."
            raise Mistake(what, next="A name has at most 255 bytes.") from None
        if error.errno == errno.ELOOP and not whole.is_symlink():  # that one would be replaced
            raise Mistake(f"{text} leads through links in a circle.") from None
    if not whole.is_absolute() and working_folder() is None:
        raise Mistake(
            f"The folder that Python works in is gone, so {text} leads nowhere.",
            next="%cd or os.chdir() moves to another; or write the whole path.",
        )
    return whole


def shown_path(path: Path, *, whole: bool = False) -> str:
    """Return a path as it is printed: without the user's name, since outputs are shared.

    Below the working folder it begins there, unless `whole`, and below the user's home with `~`.
    """
    here = working_folder()
    if here is not None:
        path = here / path
        if not whole and path.is_relative_to(here):
            return str(path.relative_to(here))
    with suppress(ValueError, RuntimeError):
        return str(Path("~") / path.relative_to(Path.home()))
    return str(path)


def make_folder(path: Path) -> Path:
    """Make a folder with its parents if need be, and return its path; raises OSError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        why = "Its folder is a file, or a link that leads nowhere"
        raise NotADirectoryError(errno.ENOTDIR, why, str(path)) from None
    return path


def working_folder() -> Path | None:
    """Return the folder that relative paths begin in; None where it was removed."""
    try:
        return Path.cwd()
    except OSError:
        return None
