"""Makes `.venv` and installs this project into it, with what one part of the work needs.

    python environment.py demo                         # the extra `demo` of pyproject.toml
    python environment.py bench --venv .venv/bench     # into an environment of its own
    python environment.py --into FOLDER polars duckdb  # packages into a folder beside it

uv installs, where it is there or can be had from the package index, and is told what pip is told
about indexes; where it cannot, pip does. What was broken off begins anew. `make` calls this with
any Python, so it imports nothing that would have to be installed.
"""

from __future__ import annotations

import argparse
import ast
import fcntl
import os
import shutil
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired, run

ROOT = Path(__file__).resolve().parent
PROJECT = ROOT / "pyproject.toml"

INCLUDED = {"lab": ("demo",), "dev": ("demo", "lab")}
"""The extras that others bring along, as pyproject.toml has it."""

UV_SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "no-index": "UV_NO_INDEX",
    "find-links": "UV_FIND_LINKS",
    "constraint": "UV_CONSTRAINT",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
    "proxy": "ALL_PROXY",
}
"""pip's options, which uv does not read, and the variables that tell uv the same."""

UV_HABITS = {
    "UV_HTTP_TIMEOUT": "10",  # seconds without a byte, after which it is pip's turn
    "UV_HTTP_RETRIES": "1",
    "UV_INDEX_STRATEGY": "unsafe-best-match",  # pip's own: the newest release of all indexes
}

QUIET = ("--quiet", "--disable-pip-version-check")
ONCE = ("--timeout", "10", "--retries", "0")
LONGEST_FOR_UV = 60.0
"""Seconds that pip is given to fetch uv; it takes four."""

NEW_ENOUGH = "import sys; sys.exit(sys.version_info < (3, 11))"

NO_PIP = (
    "Neither uv nor pip is there for this Python. Install one of them (on Debian and Ubuntu: "
    "apt install python3-venv) and run it again."
)
UNREACHED = (
    "Nothing was installed, because the package index cannot be reached from here. Run it again "
    "when this machine is online, or when pip is told of an index that it reaches."
)
UNREACHED_MARKS = ("Retrying (", "client error (Connect)", "timed out")

Command = Sequence[str | Path]


class NotInstalled(Exception):
    """The installation failed; says why, for the person who asked for it."""


class Environment:
    """A virtual environment, made where there is none that works and is whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self._broken_off = folder / "installing"

    def install(self, *arguments: str) -> None:
        """Install what `pip install` would of these arguments; raises NotInstalled."""
        if self._broken_off.exists() or not _works(self.python, "-c", NEW_ENOUGH):
            venv.create(self.folder, clear=True, symlinks=True)
        self._broken_off.touch()
        try:
            self._install(arguments)
        except NotInstalled:
            self._broken_off.unlink()  # it is as whole as before: what installs, fetches first
            raise
        self._broken_off.unlink()

    def _install(self, arguments: Sequence[str]) -> None:
        pip = self._find_pip()
        uv = self._find_uv(pip)
        reason = NO_PIP
        if uv:
            print("Installing with uv …", flush=True)
            install = (uv, "pip", "install", "--quiet", "--python", str(self.python))
            reason = _failure(_run(*install, *arguments, settings=_uv_settings(pip)))
        if reason and pip:
            why = "uv could not install it" if uv else "uv cannot be had here"
            print(f"{why}; installing with pip, which takes longer …", flush=True)
            reason = _failure(_run(*pip, "install", *QUIET, *arguments))
        if reason:
            raise NotInstalled(reason)

    def _find_pip(self) -> Command | None:
        """Return the environment's pip, else that of its Python, else the one Python brings."""
        own: Command = (self.python, "-m", "pip")
        outer: Command = (sys.executable, "-m", "pip", "--python", self.python)
        for pip in (own, outer):
            if _works(*pip, "--version"):
                return pip
        return own if _works(self.python, "-m", "ensurepip", "--default-pip") else None

    def _find_uv(self, pip: Command | None) -> str | None:
        """Return the uv that is on the PATH or in the environment, where pip puts it if it can."""
        places = os.pathsep.join([os.environ.get("PATH", os.defpath), str(self.python.parent)])
        if pip and not shutil.which("uv", path=places):
            fetch = (*pip, "install", *QUIET, *ONCE, "--only-binary", "uv", "uv")
            _works(*fetch, seconds=LONGEST_FOR_UV)
        return shutil.which("uv", path=places)


def _uv_settings(pip: Command | None) -> Mapping[str, str]:
    """Return the variables by which uv goes where pip goes; those that are set already stay."""
    listed = _run(*pip, "config", "list").stdout.splitlines() if pip else []
    told = dict(line.split("=", 1) for line in listed if "=" in line)
    found = dict(UV_HABITS)
    for option, variable in UV_SETTINGS.items():
        places = (f"global.{option}", f"install.{option}", f":env:.{option}")
        for value in (told[place] for place in places if place in told):
            found[variable] = " ".join(str(ast.literal_eval(value)).split())
    return {name: value for name, value in found.items() if name not in os.environ}


def _run(
    *command: str | Path, settings: Mapping[str, str] | None = None, seconds: float | None = None
) -> CompletedProcess[str]:
    surroundings = os.environ | (settings or {})
    return run(  # noqa: S603 - the commands above
        command,
        cwd=ROOT,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def _works(*command: str | Path, seconds: float | None = None) -> bool:
    try:
        return _run(*command, seconds=seconds).returncode == 0
    except (OSError, TimeoutExpired):
        return False


def _failure(tried: CompletedProcess[str]) -> str:
    """Return why an installation failed, in a sentence; nothing if it did not."""
    if tried.returncode == 0:
        return ""
    if any(mark in tried.stderr for mark in UNREACHED_MARKS):
        return UNREACHED
    return f"Nothing was installed:\n{tried.stderr.strip()}"


def main() -> int:
    """Install what the command line says; returns 1, having said why, where that failed."""
    options = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0],
        epilog="What else there is, such as --no-deps, is for uv and pip.",
    )
    options.add_argument("wanted", nargs="+", metavar="EXTRA|PACKAGE")
    options.add_argument("--venv", type=Path, default=ROOT / ".venv")
    options.add_argument("--into", metavar="FOLDER", help="packages, beside those of the venv")
    chosen, more = options.parse_known_args()
    environment = Environment(chosen.venv.resolve())
    with PROJECT.open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # of two at a time, the second waits
        try:
            if chosen.into:
                environment.install("--upgrade", "--target", chosen.into, *more, *chosen.wanted)
            else:
                environment.install("pip", "--editable", f".[{','.join(chosen.wanted)}]")
        except NotInstalled as failed:
            print(failed, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130  # as of a command that an interrupt has ended; the next begins anew
        if not chosen.into:
            for extra in _all_of(chosen.wanted):
                (environment.folder / f"installed-{extra}").touch()
    return 0


def _all_of(extras: Sequence[str]) -> Iterator[str]:
    for extra in extras:
        yield extra
        yield from INCLUDED.get(extra, ())


if __name__ == "__main__":
    sys.exit(main())
