"""`make demo`: its output, and the sound of the page that it writes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import soundfile

from support.notebook_page import play
from support.services import quiet_environment

ROOT = Path(__file__).parents[2]


def test_the_demo_makes_songs_and_a_page_that_plays_them(browser, tmp_path, screenshots):
    done = subprocess.run(
        [sys.executable, str(ROOT / "notebooks" / "demo.py")],
        env=quiet_environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"night_drive\s+ready", done.stdout)
    files = [ROOT / path for path in re.findall(r"verified .* (\S+\.flac)", done.stdout)]
    assert len(files) == 4
    assert all(soundfile.info(file).samplerate == 44_100 for file in files)

    page = browser.new_page(viewport={"width": 1000, "height": 1400})
    page.goto((ROOT / "build" / "quickstart.html").as_uri(), wait_until="domcontentloaded")
    players = page.locator("audio")
    assert players.count() == 4
    assert play(players.nth(0)) > 10
    page.screenshot(path=screenshots / "8-quickstart.png")
    page.close()
