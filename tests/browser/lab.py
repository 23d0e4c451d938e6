"""A real JupyterLab, driven in a real Chromium."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

_TRIES = 20
TOKEN = "browser-test"  # noqa: S105 - of a server that lives for one test
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


def chromium() -> str | None:
    """Return a Chromium of this machine; None leaves it to Playwright's own."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    return None


@dataclass
class Lab:
    """A running JupyterLab over one folder; `data` is whose notebooks it trusts."""

    folder: Path
    data: Path
    environment: dict[str, str]
    base_url: str = "/"
    theme: str = "JupyterLab Light"
    process: subprocess.Popen[bytes] = field(init=False)
    port: int = field(init=False)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        runtime = self.data / "runtime"
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"]
        command += ["--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}"]
        command += [f"--ServerApp.base_url={self.base_url}"]
        command += [
            "--LabApp.news_url=",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]
        environment = {
            **os.environ,
            **self.environment,
            "JUPYTER_DATA_DIR": str(self.data / "data"),
            "JUPYTER_RUNTIME_DIR": str(runtime),
            "JUPYTER_CONFIG_DIR": str(self.data / "config"),
            "JUPYTERLAB_SETTINGS_DIR": str(self.data / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.data / "workspaces"),
            "IPYTHONDIR": str(self.data / "ipython"),
        }
        environment.pop("JPY_SESSION_NAME", None)
        self._write_settings()
        log = (self.data / "lab.log").open("wb")
        self.process = subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=log, stderr=log
        )
        log.close()
        self.port = self._wait_for_port(runtime)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def url(self, notebook: str) -> str:
        """Return the address of a notebook in the single-document view."""
        root = f"http://127.0.0.1:{self.port}{self.base_url}"
        return f"{root}doc/tree/{notebook}?token={TOKEN}"

    def stop_kernels(self) -> None:
        """Shut every kernel down; one that is only starting refuses that at first."""
        root = f"http://127.0.0.1:{self.port}{self.base_url}api/sessions"
        for _ in range(_TRIES):
            try:
                for session in self._request(root):
                    self._request(f"{root}/{session['id']}", "DELETE")
            except urllib.error.HTTPError:
                time.sleep(1)
            else:
                return
        raise AssertionError("A kernel cannot be shut down.")

    def _request(self, url: str, method: str = "GET") -> Any:
        headers = {"Authorization": f"token {TOKEN}"}
        request = urllib.request.Request(url, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def _write_settings(self) -> None:
        """Keep the news dialog away: it covers what the screenshots are to show."""
        settings = self.data / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True, exist_ok=True)
        (settings / "notification.jupyterlab-settings").write_text(
            '{"fetchNews": "false", "checkForUpdates": false}'
        )
        (settings / "themes.jupyterlab-settings").write_text(json.dumps({"theme": self.theme}))

    def _wait_for_port(self, runtime: Path) -> int:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for file in runtime.glob("jpserver-*.json"):
                try:
                    return int(json.loads(file.read_text())["port"])
                except (ValueError, KeyError):
                    pass
            if self.process.poll() is not None:
                raise RuntimeError((self.data / "lab.log").read_text())
            time.sleep(0.1)
        raise RuntimeError("JupyterLab did not start: " + (self.data / "lab.log").read_text())
