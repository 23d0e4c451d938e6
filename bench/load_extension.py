"""`%load_ext soundpiece_nb` beside other extensions, and beside one that does nothing.

    python -m bench.load_extension --rounds 15

Each is loaded in a kernel of its own, in turn with the others. The time is that of the magic: the
kernel has imported IPython already, as every kernel has.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NOTHING = "extension_of_nothing"
EXTENSIONS = {
    NOTHING: "an extension that does nothing",
    "soundpiece_nb": "this project",
    "bigquery_magics": "`bigquery-magics`",
    "sql": "`jupysql`",
}
SOURCE = "def load_ipython_extension(shell):\n    pass\n"

CELL = """
import time
shell, began = get_ipython(), time.perf_counter()
shell.run_line_magic("load_ext", {name!r})
print(time.perf_counter() - began)
"""
LONGEST = 60.0


def measure(rounds: int, names: Sequence[str] = tuple(EXTENSIONS)) -> dict[str, float]:
    """Return the median of each in seconds; one that is not installed is missing."""
    took: dict[str, list[float]] = {name: [] for name in names if _is_there(name)}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"{NOTHING}.py").write_text(SOURCE)
        for counted in range(-1, rounds):  # in the first, modules may have to be compiled
            for name, seconds in took.items():
                found = _load(name, folder)
                if counted >= 0:
                    seconds.append(found)
    return {name: statistics.median(seconds) for name, seconds in took.items()}


def _is_there(name: str) -> bool:
    return name == NOTHING or find_spec(name) is not None


def _load(name: str, folder: str) -> float:
    """Load an extension in a new kernel that imports from a folder too; returns the seconds."""
    from jupyter_client.manager import KernelManager

    paths = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
    manager = KernelManager(kernel_name="python3")
    settings = {
        "PYTHONPATH": paths,
        "PYTHONDONTWRITEBYTECODE": "",
        "SOUNDPIECE_HOME": str(Path(folder) / "home"),
        "PLOOMBER_STATS_ENABLED": "false",  # jupysql's, which would go to the network
    }
    manager.start_kernel(env=os.environ | settings, extra_arguments=["--log-level=ERROR"])
    client = manager.client()
    said: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "error":
            raise RuntimeError(f"{name}: {content['ename']}: {content['evalue']}")
        if message["msg_type"] == "stream" and content["name"] == "stdout":
            said.append(content["text"])

    try:
        client.start_channels()
        client.wait_for_ready(timeout=LONGEST)
        client.execute_interactive(
            CELL.format(name=name), output_hook=hear, timeout=LONGEST, allow_stdin=False
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
    return float("".join(said).split()[-1])


def main() -> None:
    """Run it and print what was measured."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--rounds", type=int, default=15)
    found = measure(options.parse_args().rounds)
    for name, words in EXTENSIONS.items():
        more = 1_000 * (found[name] - found[NOTHING]) if name in found else 0.0
        figures = f"{1_000 * found[name]:.1f} ms, {more:+.1f}" if name in found else "not installed"
        print(f"{words}: {figures}")


if __name__ == "__main__":
    main()
