"""Installing the wheel enables the extension, and uninstalling leaves nothing of it."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIST = ("-m", "jupyter_server.extension.serverextension", "list")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    run(sys.executable, "-m", "pip", *build)
    (built,) = folder.glob("soundpiece_nb-*.whl")
    return built


@pytest.fixture
def environment(tmp_path):
    """A virtual environment with all that the extension needs, but without it."""
    folder = tmp_path / "environment"
    venv.create(folder, symlinks=True)
    library = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (library / "lent.pth").write_text(sysconfig.get_path("purelib"))  # where no .pth is read again
    return folder


def run(*command, **environment):
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        env=environment or None,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_it_is_listed_while_it_is_installed(wheel, environment, tmp_path):
    python = environment / "bin" / "python"
    before = set(environment.rglob("*"))

    def listed():
        told = run(python, *LIST, JUPYTER_CONFIG_DIR=str(tmp_path), HOME=str(tmp_path))
        return re.sub("\x1b\\[[0-9;]*m", "", told)  # which is coloured

    def pip(*words):
        run(sys.executable, "-m", "pip", "--python", python, *words)

    assert "soundpiece" not in listed()
    pip("install", "--quiet", "--no-deps", wheel)
    assert re.search(r"soundpiece_nb enabled\n.*\n +soundpiece_nb \S+ OK", listed())
    pip("uninstall", "--quiet", "--yes", "soundpiece_nb")
    assert "soundpiece" not in listed()
    left = set(environment.rglob("*")) - before
    assert [path for path in left if "soundpiece" in str(path.relative_to(environment))] == []
