"""What axe has to say of our outputs, by the rules of WCAG 2.2 AA."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NOT_OURS = ["region", "page-has-heading-one", "landmark-one-main"]
"""Rules about a whole page, of which an output is a small part."""


def violations(page: Page) -> list[str]:
    """Return each violation inside the outputs, with the first node that has it."""
    options = {"runOnly": RULES, "rules": {rule: {"enabled": False} for rule in NOT_OURS}}
    found = Axe().run(page, context=".jp-OutputArea-output", options=options)
    return [
        f"{each['id']} ({len(each['nodes'])}): {each['nodes'][0]['html'][:300]}"
        for each in found.response["violations"]
    ]
