"""Makes sure that a Chromium is here: one that is, else Debian's, else Playwright's, else fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from support.jupyterlab import CHROMIUM_FLAGS, chromium


def starts(executable: str | None) -> bool:
    """Tell whether a browser opens a page here; None is Playwright's own."""
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            flags = list(CHROMIUM_FLAGS)
            browser = playwright.chromium.launch(executable_path=executable, args=flags)
            browser.new_page().goto("data:text/html,hello")
            browser.close()
    except Error as error:
        name = executable or "Playwright's Chromium"
        print(f"{name} does not start: {str(error)[:200]}")
        return False
    return True


def install_with_apt() -> bool:
    """Install Debian's chromium where that is allowed; returns whether that went well."""
    apt = shutil.which("apt-get")
    if apt is None:
        return False
    allowed = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    if allowed and shutil.which("sudo") is None:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [apt, "install", "--yes", "--quiet", "--no-install-recommends", "chromium"]
    return all(
        subprocess.run([*allowed, *command], env=environment, check=False).returncode == 0
        for command in ([apt, "update", "--quiet"], install)
    )


def install_with_playwright() -> bool:
    """Download Playwright's own Chromium; returns whether that went well."""
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    """Try one way after the other."""
    if chromium() is not None and starts(chromium()):
        return 0
    if chromium() is None and install_with_apt() and starts(chromium()):
        return 0
    if starts(None) or (install_with_playwright() and starts(None)):
        return 0
    print(
        "No Chromium could be found, installed by apt-get, or downloaded by Playwright. "
        "The browser tests need one: install Chromium, then run this again.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
