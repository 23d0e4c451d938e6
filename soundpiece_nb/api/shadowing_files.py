"""Files beside the notebook with a library's name, such as a `secrets.py` of a person's own.

A kernel imports what lies beside the notebook before Python's own modules, and so do libraries.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from traceback import walk_tb
from types import ModuleType


@contextmanager
def libraries_first() -> Iterator[None]:
    """Import libraries by their names, not files beside the notebook, as long as this lasts."""
    before = list(sys.path)
    beside = [each for each in before if _is_here(each)]
    sys.path[:] = [each for each in before if each not in beside] + beside
    try:
        yield
    finally:
        sys.path[:] = before + [each for each in sys.path if each not in before]


def shadowing_words(error: BaseException) -> str | None:
    """Return a sentence about the file beside the notebook that an error comes from.

    None where no file that it passed, or in which it missed something, has a library's name.
    """
    files = [frame.f_code.co_filename for frame, _ in walk_tb(error.__traceback__)]
    match error:
        case ImportError(path=str(named)) | SyntaxError(filename=str(named)):
            files.append(named)
        case AttributeError(obj=ModuleType(__file__=str(named))):
            files.append(named)
    for file in map(Path, files):
        module = file.parent if file.stem == "__init__" else file
        if _is_here(str(module.parent)) and _is_librarys(module.stem):
            return (
                f"{module.name} beside the notebook stands in the way of the library of that name: "
                "give it another name, and restart the kernel."
            )
    return None


def _is_librarys(name: str) -> bool:
    """Tell whether Python itself or something that is installed has a module of a name."""
    if name in sys.stdlib_module_names:
        return True
    from importlib.metadata import packages_distributions

    return name in packages_distributions()


def _is_here(folder: str) -> bool:
    """Tell whether an entry of Python's search path is the present folder."""
    with suppress(OSError):
        return folder == "" or Path(folder).absolute() == Path.cwd()
    return False
