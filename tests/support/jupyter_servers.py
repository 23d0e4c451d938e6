"""A real Jupyter server in its own process, over one folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

_TRIES = 20
TOKEN = "browser-test"  # noqa: S105 - of a server that lives for one test


@dataclass
class JupyterServer:
    """A running server; `data` is whose configuration it has and whose notebooks it trusts."""

    folder: Path
    data: Path
    environment: dict[str, str]
    base_url: str = "/"
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] = field(init=False)
    port: int = field(init=False)

    module: ClassVar[str] = "jupyter_server"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        runtime = self.data / "runtime"
        command = [sys.executable, "-m", self.module, "--no-browser", "--allow-root", "--port=0"]
        command += ["--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}"]
        command += [f"--ServerApp.base_url={self.base_url}", *self.options]
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
        self.data.mkdir(parents=True, exist_ok=True)
        self.prepare()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=log, stderr=log
            )
        self.port = self._wait_for_port(runtime)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def prepare(self) -> None:
        """Write what the server reads when it starts."""

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    @property
    def root(self) -> str:
        """The server's address, with its base URL."""
        return f"http://127.0.0.1:{self.port}{self.base_url}"

    def stop_kernels(self) -> None:
        """Shut every kernel down; one that is only starting refuses that at first."""
        sessions = f"{self.root}api/sessions"
        for _ in range(_TRIES):
            try:
                for session in self._request(sessions):
                    self._request(f"{sessions}/{session['id']}", "DELETE")
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

    def _wait_for_port(self, runtime: Path) -> int:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for file in runtime.glob("jpserver-*.json"):
                try:
                    return int(json.loads(file.read_text())["port"])
                except (ValueError, KeyError):
                    pass
            if self.process.poll() is not None:
                raise RuntimeError(self.log.read_text())
            time.sleep(0.1)
        raise RuntimeError("The server did not start: " + self.log.read_text())
