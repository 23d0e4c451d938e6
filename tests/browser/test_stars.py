"""Stars beside a take, by mouse: what a press gives, the same press takes away."""

from __future__ import annotations

from importlib.resources import files

import pytest

SCRIPTS = files("soundpiece_nb") / "display" / "javascript"


@pytest.fixture
def page(browser):
    """A page with the stars of one take, which notes down what it is asked to keep."""
    opened = browser.new_page()
    script = "\n".join((SCRIPTS / name).read_text() for name in ("page_elements.js", "ratings.js"))
    opened.set_content("<body></body>")
    opened.add_script_tag(
        content=f"{script}\nwindow.kept = [];\n"
        "const judged = new Judgement({key: 'k', take: 1}, 'a take', (said) => kept.push(said));\n"
        "document.body.append(judged.node); judged.draw(0);"
    )
    yield opened
    opened.close()


def test_pressing_the_star_that_is_set_takes_the_stars_away(page):
    stars = page.locator("label")
    for number in (3, 3, 4, 2, 2, 5):
        stars.nth(number - 1).click()
        page.wait_for_timeout(30)
    assert page.evaluate("kept.map((said) => said.rating)") == [3, 0, 4, 2, 0, 5]
    assert page.evaluate("judged.radios.map((radio) => radio.checked)") == [False] * 4 + [True]
    page.get_by_role("radio", name="5 stars").click(force=True)
    page.wait_for_timeout(30)
    assert page.evaluate("judged.radios.some((radio) => radio.checked)") is False
    assert page.locator("body").inner_text().strip().startswith("☆☆☆☆☆")


def test_an_emptied_note_is_kept_as_none(page):
    for words in ("loud", ""):
        page.locator("input[type=text]").fill(words)
        page.keyboard.press("Enter")
    assert page.evaluate("kept.map((said) => said.note)") == ["loud", ""]
