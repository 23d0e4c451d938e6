"""A bundle is complete by itself: its sound plays from an empty folder, untrusted and offline."""

from __future__ import annotations

import shutil

import nbformat
import pytest
import soundfile

from support.jupyterlab import Lab
from support.kernels import Kernel
from support.notebook_page import NotebookPage, play
from support.services import quiet_environment

CELLS = (
    "%load_ext soundpiece_nb",
    '%%soundpiece_song night --prompt "Synthwave" --wait\n[Verse]\nDriving all night, my love',
    "%soundpiece_stems parts --source night:1 --wait",
    "%soundpiece_history",
)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory, sandbox):
    """A notebook that was run and bundled, its folder deleted; the copies are alone in theirs.

    Returns both copies, and how long the sounds are.
    """
    work = tmp_path_factory.mktemp("work")
    path = work / "album.ipynb"
    path.touch()  # the kernel links sound beside a notebook that is there
    environment = quiet_environment(
        work / "home",
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_marked_0123456789",
        JPY_SESSION_NAME=str(path),
    )
    kernel = Kernel(environment)
    cells = []
    for number, code in enumerate(CELLS, start=1):
        ran = kernel.run(code)
        assert ran.status == "ok", ran.text
        shown = (ran.of("update_display_data") or ran.of("display_data"))[-1:]
        kept = [nbformat.v4.new_output("display_data", each["data"]) for each in shown]
        cells.append(nbformat.v4.new_code_cell(code, outputs=kept, execution_count=number))
    kernelspec = {"name": "python3", "display_name": "Python 3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec})
    nbformat.write(notebook, path)
    assert path.read_text().count('src=\\"soundpiece-audio/') == 12

    alone = [tmp_path_factory.mktemp("alone") / name for name in ("album.ipynb", "album.html")]
    for copy in alone:
        html = " --html" if copy.suffix == ".html" else ""
        ran = kernel.run(f"%soundpiece_bundle {path} --to {copy}{html}")
        assert "all 12 players carry their sound" in ran.text
    files = sorted((work / "soundpiece-audio").iterdir())
    lengths = {file.name.rsplit("-", 1)[0]: soundfile.info(file).duration for file in files}
    kernel.close()
    shutil.rmtree(work)
    return alone, lengths


def test_a_bundled_page_plays_offline_and_asks_nobody(bundles, browser, screenshots):
    (_, page_file), lengths = bundles
    assert [file.name for file in page_file.parent.iterdir()] == ["album.html"]
    context = browser.new_context(offline=True, viewport={"width": 1000, "height": 1500})
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    players = page.locator("audio")
    assert players.count() == 12
    heard = [play(players.nth(number)) for number in (0, 1, 2)]
    expected = [lengths[name] for name in ("night-1", "night-2", "parts-vocals")]
    assert heard == [pytest.approx(length, abs=0.15) for length in expected]
    assert [url[:80] for url in asked if not url.startswith(("file:", "data:"))] == []
    page.screenshot(path=screenshots / "9-bundled-page.png")
    context.close()


def test_a_bundled_notebook_plays_untrusted_without_its_folder(
    bundles, browser, tmp_path, screenshots
):
    (notebook, _), lengths = bundles
    with Lab(notebook.parent, tmp_path, {}) as lab:
        opened = NotebookPage(browser, lab, notebook.name)
        player = opened.output(1).locator("audio").first
        player.wait_for(timeout=30_000)
        assert play(player) == pytest.approx(lengths["night-1"], abs=0.15)
        assert play(opened.output(3).locator("audio").last) > 1
        opened.page.screenshot(path=screenshots / "10-bundled-notebook.png")
        opened.close()
