"""Sandboxes as processes of their own, tested over real HTTP."""

import io
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from support.forked_processes import SandboxProcess

KEY = {"Authorization": "Bearer spk_test"}
PATH = "/v1/create.new_song"


class RunningSandbox:
    """A sandbox process and the requests that tests make of it."""

    def __init__(self, process: SandboxProcess) -> None:
        self.process = process
        self.root = process.line.rpartition(" ")[2].strip()
        self.origin = self.root.removesuffix("/v1")
        self.http = httpx.Client(base_url=self.origin, headers=KEY, timeout=60)
        self.storage = httpx.Client(timeout=60)

    def put(self, body: dict[str, Any]) -> httpx.Response:
        """Send a body as it is."""
        headers = {"Content-Type": "application/json"}
        return self.http.put(PATH, content=json.dumps(body), headers=headers)

    def submit(self, **fields: Any) -> dict[str, Any]:
        """Submit a short song, with these fields changed, and give its operation."""
        return self.put(song_request(**fields)).raise_for_status().json()["song"]

    def get(self, operation_id: str, **query: str) -> httpx.Response:
        """Read an operation once."""
        return self.http.get(PATH, params={"id": operation_id, **query})

    def finished(self, operation_id: str) -> dict[str, Any]:
        """Long-poll until the operation has ended."""
        song = {"status": "processing"}
        while song["status"] == "processing":
            song = self.get(operation_id, wait="true").raise_for_status().json()["song"]
        return song

    def send(self, route: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        """Send a request of any route."""
        return self.http.put(f"/v1/{route}", json=body, headers=headers)

    def ask(self, route: str, **fields: Any) -> dict[str, Any]:
        """Submit a request of any route under a key of its own, and give its operation."""
        body = {"idempotency_key": str(uuid.uuid4()), **fields}
        return operation_in(self.send(route, body).raise_for_status())

    def end(self, route: str, operation_id: str) -> dict[str, Any]:
        """Long-poll an operation of any route until it has ended."""
        operation = {"status": "processing"}
        while operation["status"] == "processing":
            query = {"id": operation_id, "wait": "true"}
            operation = operation_in(self.http.get(f"/v1/{route}", params=query))
        return operation

    def make(self, route: str, **fields: Any) -> dict[str, Any]:
        """Submit a request of any route and give its operation as it ended."""
        return self.end(route, self.ask(route, **fields)["id"])

    def sound(self, output: dict[str, Any]) -> NDArray[np.int16]:
        """Download an output: (frames, 2) samples of 16 bit at 44.1 kHz."""
        answer = self.storage.get(output["url"]).raise_for_status()
        samples, rate = soundfile.read(io.BytesIO(answer.content), dtype="int16", always_2d=True)
        assert rate == 44_100
        assert len(samples) == pytest.approx(output["duration"] * rate, abs=23)  # milliseconds
        return samples

    def counters(self) -> dict[str, Any]:
        """Give what the sandbox counted."""
        return self.http.get("/sandbox/counters").json()

    def stop(self) -> None:
        """End the process whatever it is doing."""
        self.http.close()
        self.storage.close()
        self.process.end()


def operation_in(answer: httpx.Response) -> dict[str, Any]:
    """Find the operation in an answer, whatever its envelope is called."""
    (operation,) = answer.json().values()
    return operation


def song_request(**fields: Any) -> dict[str, Any]:
    """Ask for a short song under a key of its own, with these fields changed or added."""
    request = {"idempotency_key": str(uuid.uuid4()), "lyrics": "La la", "prompt": "Rock", **fields}
    return {name: value for name, value in request.items() if value is not None}


@pytest.fixture(scope="session", autouse=True)
def _temporary_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the folders that killed sandboxes leave behind among pytest's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("sandboxes")))
        yield


@pytest.fixture
def a_song() -> Callable[..., dict[str, Any]]:
    return song_request


@pytest.fixture
def begin_sandbox() -> Callable[..., SandboxProcess]:
    """The class that starts a sandbox process."""
    return SandboxProcess


@pytest.fixture
def start(begin_sandbox: Callable[..., SandboxProcess]) -> Iterator[Callable[..., RunningSandbox]]:
    """Start sandboxes with these options; all are stopped after the test."""
    running: list[RunningSandbox] = []

    def start(*options: str | Path) -> RunningSandbox:
        running.append(RunningSandbox(begin_sandbox("--port", "0", *map(str, options))))
        return running[-1]

    yield start
    for sandbox in running:
        sandbox.stop()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    """Share one sandbox at pace 0 among the tests that do not mind company."""
    sandbox = RunningSandbox(SandboxProcess("--port", "0", "--pace", "0"))
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="session")
def hasty() -> Iterator[RunningSandbox]:
    """Share one sandbox that gives each request a second to arrive."""
    options = ("--pace", "0", "--request-timeout", "1", "--admin-token", "t0ken")
    sandbox = RunningSandbox(SandboxProcess("--port", "0", *options))
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="session")
def finished_song(sandbox: RunningSandbox) -> dict[str, Any]:
    """Give a finished song of the shared sandbox."""
    return sandbox.finished(sandbox.submit()["id"])
