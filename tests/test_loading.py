"""Loading is instant, says nothing, and brings nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.services import quiet_environment

pytestmark = pytest.mark.measured

HEAVY = ("pandas", "httpx", "ipywidgets", "numpy", "soundfile", "sqlalchemy")
MOST_SECONDS = 0.030

MEASURE = """
import sys, json, time
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "{nothing}")
before = set(sys.modules)
began = time.perf_counter()
shell.run_line_magic("load_ext", "{extension}")
took = time.perf_counter() - began
print(json.dumps([took, sorted(set(sys.modules) - before), sorted(sys.modules)]))
"""


def load(tmp_path: Path, extension: str) -> tuple[float, list[str], list[str], str]:
    for name in ("does_nothing", "does_nothing_either"):
        (tmp_path / f"{name}.py").write_text("def load_ipython_extension(shell): pass\n")
    code = MEASURE.format(nothing="does_nothing", extension=extension)
    environment = quiet_environment(tmp_path / "home", PYTHONPATH=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    *said, measured = done.stdout.strip().split("\n")
    took, new, loaded = json.loads(measured)
    return took, new, loaded, "\n".join(said)


def test_loading_costs_under_30_ms_more_than_an_extension_that_does_nothing(tmp_path):
    ours = min(load(tmp_path, "soundpiece_nb")[0] for _ in range(5))
    nothing = min(load(tmp_path, "does_nothing_either")[0] for _ in range(5))
    assert ours - nothing < MOST_SECONDS, f"{ours - nothing:.3f} s"


def test_loading_brings_none_of_the_heavy_libraries(tmp_path):
    _, _, loaded, _ = load(tmp_path, "soundpiece_nb")
    assert not set(HEAVY) & set(loaded)


def test_loading_says_nothing_and_touches_no_disk(tmp_path):
    *_, said = load(tmp_path, "soundpiece_nb")
    assert said == ""
    assert not (tmp_path / "home").exists()


def test_loading_is_as_light_with_a_history_and_says_what_is_unfinished(tmp_path):
    from soundpiece_nb.api.request import new_request
    from soundpiece_nb.api.routes import find_route
    from soundpiece_nb.journal.journal import Journal

    journal = Journal(tmp_path / "home")
    request = new_request(find_route("song"), {"lyrics": "la", "prompt": "x"})
    journal.record(request, service="sandbox")
    journal.release([request.key])
    journal.close()
    _, _, loaded, said = load(tmp_path, "soundpiece_nb")
    assert said.startswith("1 operation of an earlier kernel is unfinished: 1 was never sent.")
    assert "%soundpiece_resume goes on" in said
    assert "%soundpiece_discard --unsent drops them" in said
    assert not set(HEAVY) & set(loaded)


def test_importing_the_package_is_as_light():
    began = time.perf_counter()
    code = "import sys, soundpiece_nb; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(done.stdout.split())
    assert time.perf_counter() - began < 5


def test_public_names_are_listed_and_there():
    import soundpiece_nb as sp

    for name in sp.__all__:
        assert getattr(sp, name) is not None
    assert set(sp.__all__) <= set(dir(sp))


def test_import_star_brings_the_functions_of_the_routes_too():
    names = {}
    exec("from soundpiece_nb import *", names)  # noqa: S102 - as typed in a cell
    assert {"song", "history", "OperationFailed"} <= set(names)
