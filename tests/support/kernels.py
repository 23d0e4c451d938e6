"""A real IPython kernel, spoken to as a front end would."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.manager import KernelManager


@dataclass
class Ran:
    """What one cell did."""

    status: str
    outputs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Everything shown, as text."""
        parts = []
        for output in self.outputs:
            if output["type"] == "stream":
                parts.append(output["text"])
            elif output["type"] == "error":
                parts.append("\n".join(output["traceback"]))
            else:
                parts.append(output["data"].get("text/plain", ""))
        return "\n".join(parts)

    @property
    def printed(self) -> str:
        """The printed lines alone: an output of an earlier cell may be drawn again meanwhile."""
        return "".join(output["text"] for output in self.of("stream")).strip()

    @property
    def errors(self) -> list[str]:
        """The tracebacks, as shown."""
        return ["\n".join(o["traceback"]) for o in self.outputs if o["type"] == "error"]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [output for output in self.outputs if output["type"] == kind]


class Kernel:
    """One kernel process. `watched` says whether a person could be asked for input."""

    def __init__(self, environment: dict[str, str], *, watched: bool = True) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(env=environment)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.allow_stdin = watched  # only now: starting the channels allows it
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str, timeout: float = 90) -> Ran:
        """Run a cell and collect what it showed; raises TimeoutError."""
        ran = Ran("")

        def collect(message: dict[str, Any]) -> None:
            shown = ("stream", "display_data", "execute_result", "update_display_data", "error")
            if message["msg_type"] in shown:
                ran.outputs.append({"type": message["msg_type"], **message["content"]})

        reply = self.client.execute_interactive(
            code, timeout=timeout, output_hook=collect, allow_stdin=self.client.allow_stdin
        )
        ran.status = reply["content"]["status"]
        return ran

    def value(self, expression: str) -> Any:
        """Return the value of an expression whose repr is a literal."""
        import ast

        ran = self.run(f"print(repr(({expression})))")
        assert ran.status == "ok", ran.text
        printed = "".join(o["text"] for o in ran.of("stream") if o["name"] == "stdout")
        return ast.literal_eval(printed.strip())

    @property
    def process(self) -> int:
        return self.manager.provisioner.pid

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


def read_until(leader: int, words: str) -> str:
    """Read from a terminal until it shows these words, a minute at most; return all it showed."""
    seen = b""
    until = time.monotonic() + 60
    while words.encode() not in seen and time.monotonic() < until:
        try:
            seen += os.read(leader, 4096)
        except OSError:
            break
    return seen.decode(errors="replace")
