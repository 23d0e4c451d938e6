"""What people do with a frame works with each pandas, and with pyarrow there and not.

`make frames` puts the oldest pandas that is promised, and what reads frames, into folders of their
own: `.venv` itself is without them, as most people's environments are.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDERS = Path(sys.prefix) / "frames"
FEWEST = 600
"""Uses that are tried at least: fewer were none of all frames."""


@pytest.mark.parametrize("arrow", [True, False], ids=["pyarrow", "no pyarrow"])
@pytest.mark.parametrize("pandas", ["pandas", "pandas-2.2"])
def test_whatever_is_done_with_a_frame_works(pandas, arrow):
    folders = [FOLDERS / pandas] if pandas == "pandas-2.2" else []
    folders += [FOLDERS / "readers"] if arrow else []
    missing = [str(folder) for folder in folders if not folder.is_dir()]
    assert not missing, f"{missing}: make frames installs them"
    path = os.pathsep.join([*map(str, folders), *filter(None, sys.path)])
    ran = subprocess.run(
        [sys.executable, "-m", "support.frame_uses"],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout.splitlines()[-1])
    assert said["raised"] == []
    assert said["pyarrow"] == arrow
    assert said["pandas"].startswith("2.2.") == (pandas == "pandas-2.2")
    assert said["tried"] > FEWEST
