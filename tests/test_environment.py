"""From a bare machine: `environment.py` makes `.venv`, and says in a sentence where it cannot."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import environment

ROOT = Path(__file__).parents[1]
METADATA = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
NO_INDEX = {"PIP_NO_INDEX": "1"}
PATIENCE = 90


@pytest.fixture
def project(tmp_path):
    """A folder with the script and a project of one module that needs nothing."""
    shutil.copy(ROOT / "environment.py", tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'tiny'\nversion = '1.0'\n")
    return tmp_path


@pytest.fixture
def wheel(tmp_path):
    """A package in a file, so that no index is needed."""
    path = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("tiny.py", "")
        file.writestr("tiny-1.0.dist-info/METADATA", METADATA)
        file.writestr("tiny-1.0.dist-info/WHEEL", WHEEL)
        file.writestr("tiny-1.0.dist-info/RECORD", "tiny.py,,\n")
    return path


def install(project, *arguments, **surroundings):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    return subprocess.run(
        [sys.executable, "environment.py", *map(str, arguments)],
        cwd=project,
        env={**kept, "PIP_RETRIES": "1", **surroundings},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def is_there(project):
    return (project / "folder" / "tiny.py").exists()


def test_a_package_is_installed_into_a_folder(project, wheel):
    done = install(project, "--into", "folder", wheel, **NO_INDEX)
    assert done.returncode == 0, done.stderr
    assert is_there(project)
    assert not (project / ".venv" / "installing").exists()


def test_an_environment_that_is_whole_is_kept(project, wheel):
    install(project, "--into", "folder", wheel, **NO_INDEX)
    (project / ".venv" / "kept").touch()
    assert install(project, "--into", "folder", wheel, **NO_INDEX).returncode == 0
    assert (project / ".venv" / "kept").exists()


@pytest.mark.parametrize("broken", ["installing", "python"])
def test_an_installation_that_was_broken_off_begins_anew(project, wheel, broken):
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "half").touch()
    if broken == "installing":
        venv.create(project / ".venv", symlinks=True)
        (project / ".venv" / "installing").touch()
    assert install(project, "--into", "folder", wheel, **NO_INDEX).returncode == 0
    assert is_there(project)
    assert not (project / ".venv" / "half").exists()


def test_an_index_that_cannot_be_reached_is_one_sentence(project):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    done = install(project, "--into", "folder", "tiny", **nowhere)
    assert done.returncode == 1
    assert done.stderr.strip() == environment.UNREACHED
    assert not (project / ".venv" / "installing").exists()


def test_an_index_that_never_answers_is_given_up(project):
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        waits = {"UV_HTTP_TIMEOUT": "1", "UV_HTTP_RETRIES": "0", "PIP_DEFAULT_TIMEOUT": "1"}
        done = install(project, "--into", "folder", "tiny", PIP_INDEX_URL=address, **waits)
    assert done.returncode == 1
    assert done.stderr.strip() == environment.UNREACHED


def test_other_failures_are_told_in_the_installers_own_words(project):
    (project / "tiny-1.0-py3-none-any.whl").write_text("no wheel")
    done = install(project, "--into", "folder", "./tiny-1.0-py3-none-any.whl", **NO_INDEX)
    assert done.returncode == 1
    assert done.stderr.startswith("Nothing was installed:\n")
    assert "tiny" in done.stderr


def test_without_uv_and_pip_it_says_what_to_install(project, tmp_path):
    without = tmp_path / "without"
    for name in ("pip", "ensurepip"):
        (without / name).mkdir(parents=True)
        (without / name / "__init__.py").touch()
        (without / name / "__main__.py").write_text("raise SystemExit(1)")
    hidden = {"PYTHONPATH": str(without), "PATH": str(without)}
    done = install(project, "--into", "folder", "tiny", **hidden, **NO_INDEX)
    assert done.returncode == 1
    assert done.stderr.strip() == environment.NO_PIP


def test_uv_is_told_what_pip_is_told(monkeypatch):
    for name in (*environment.UV_SETTINGS.values(), *environment.UV_HABITS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", "/wheels /more")
    told = environment._uv_settings([sys.executable, "-m", "pip"])
    assert told["UV_DEFAULT_INDEX"] == "https://packages.example/simple"
    assert told["UV_FIND_LINKS"] == "/wheels /more"


def test_what_uv_itself_is_told_stays(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own.example/simple")
    assert "UV_DEFAULT_INDEX" not in environment._uv_settings([sys.executable, "-m", "pip"])


def test_the_extras_that_others_include_are_those_of_the_project():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]

    def brought(extra):
        named = re.findall(r"soundpiece-nb\[([\w,]+)\]", " ".join(extras[extra]))
        own = {each for names in named for each in names.split(",")}
        return own.union(*map(brought, own))

    for extra, included in environment.INCLUDED.items():
        assert set(included) <= brought(extra)
