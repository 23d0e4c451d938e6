"""Run All a second time, with `--once`: every player at once, and nothing made."""

from __future__ import annotations

import time

import pytest

from support.kernels import Kernel
from support.notebook_page import write_notebook
from support.services import quiet_environment

pytestmark = pytest.mark.measured

CELLS = (
    "%load_ext soundpiece_nb",
    '%%soundpiece_song night_drive --once --prompt "Synthwave"\n[Verse]\nla la la',
    "%%soundpiece_instrumental focus --once\nLo-fi, 80 bpm",
    "%%soundpiece_fx storm --once --duration 2\nRain",
    "%soundpiece_stems parts --once --source night_drive",
    "%soundpiece_cut teaser --once --source focus --to 20",
)


def test_every_player_is_there_in_under_a_second_and_nothing_is_made(tmp_path, sandbox):
    notebook = write_notebook(tmp_path / "album.ipynb", *CELLS)
    environment = quiet_environment(
        tmp_path / "home",
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
        JPY_SESSION_NAME=str(notebook),
    )
    first = Kernel(environment)
    for cell in CELLS:
        assert first.run(cell).status == "ok"
        assert first.run("%soundpiece_wait").status == "ok"
    first.close()

    made = sandbox.counters()["created"]
    again = Kernel(environment)
    began = time.monotonic()
    ran = [again.run(cell) for cell in CELLS]
    took = time.monotonic() - began
    again.close()

    players = [
        shown["data"]["text/html"].count("<audio controls")
        for cell in ran
        for shown in cell.of("display_data")
    ]
    print(f"{sum(players)} players in {took:.2f} s")
    assert players == [2, 2, 1, 4, 1]
    assert took < 1.0
    assert sandbox.counters()["created"] == made
