"""The sandbox's interactive docs in a browser that reaches nothing but the sandbox."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, expect

from support.services import RunningSandbox


def offline_page(browser: Browser, origin: str) -> tuple[Page, list[str]]:
    """Open a page whose requests to other servers fail, and are listed."""
    elsewhere: list[str] = []

    def refuse(route: Route) -> None:
        elsewhere.append(route.request.url)
        route.abort()

    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    page.route(re.compile(rf"^https?://(?!{re.escape(origin.removeprefix('http://'))}/)"), refuse)
    return page, elsewhere


def test_the_api_is_tried_out_in_the_browser_without_the_internet(
    browser: Browser, sandbox: RunningSandbox, screenshots: Path
) -> None:
    origin = sandbox.base_url.removesuffix("/v1")
    page, elsewhere = offline_page(browser, origin)
    page.goto(f"{origin}/docs")
    expect(page.get_by_role("heading", name="Soundpiece sandbox")).to_be_visible()
    expect(page.locator(".opblock-put")).to_have_count(8)

    page.get_by_role("button", name="Authorize").first.click()
    key = page.locator(".auth-container", has_text="API key")
    key.locator("input").fill("spk_trying_out")
    key.get_by_role("button", name="Apply").click()
    key.get_by_role("button", name="Close").click()
    effect = page.locator(".opblock-put", has_text="/v1/create.new_fx")
    effect.locator(".opblock-summary-control").click()
    effect.get_by_role("button", name="Try it out").click()
    effect.get_by_role("button", name="Execute").click()
    expect(effect.locator(".live-responses-table .response-col_status").nth(1)).to_contain_text(
        "200"
    )
    page.screenshot(path=screenshots / "sandbox-docs.png", full_page=True)
    assert elsewhere == []
    page.close()
