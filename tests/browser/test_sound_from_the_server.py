"""While a kernel lives, takes that are small previews in the notebook play losslessly."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.jupyterlab import Lab
from support.notebook_page import NotebookPage, play, write_notebook
from support.services import quiet_environment

CELLS = (
    "%load_ext soundpiece_nb",
    "%soundpiece_fx storm -p Rain -d 4 --embed",
    "%soundpiece_fx many -p 'Impact {{n}}' -d 2 --embed --sweep n=1,2,3",
)

TESTS = Path(__file__).parents[1]
LIKE_JUPYTERHUB = ("--ServerApp.identity_provider_class=support.like_jupyterhub.LikeJupyterHub",)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("base_url", "options"), [("/", ()), ("/user/someone/", LIKE_JUPYTERHUB)])
def test_card_and_board_play_from_the_server_and_what_is_saved_does_not(
    base_url, options, tmp_path, sandbox, browser
):
    environment = quiet_environment(
        tmp_path / "home",
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
        PYTHONPATH=str(TESTS),
    )
    folder = tmp_path / "notebooks"
    folder.mkdir()
    path = write_notebook(folder / "storm.ipynb", *CELLS)
    options += Lab.options
    with Lab(folder, tmp_path / "mine", environment, base_url, options) as lab:
        notebook = NotebookPage(browser, lab, "storm.ipynb")
        for number in range(len(CELLS)):
            notebook.run_to_end(number)
        for number, takes in ((1, 1), (2, 3)):
            players = notebook.output(number).locator(f"audio[src^='{base_url}soundpiece/audio/']")
            players.nth(takes - 1).wait_for(timeout=120_000)
            assert play(players.first) == pytest.approx(4 if number == 1 else 2, abs=0.01)
        text = notebook.save(path)
        lab.stop_kernels()
        notebook.close()
    assert text.count("data:audio/mpeg;base64,") >= 4
    assert "soundpiece/audio/" not in text
