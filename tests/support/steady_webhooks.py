"""Webhooks at a steady rate, and how the server fares meanwhile."""

from __future__ import annotations

import json
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import psutil
from standardwebhooks import Webhook

from support.jupyter_servers import TOKEN, JupyterServer
from support.kept_take import SECRET


@dataclass(frozen=True)
class Weight:
    """What deliveries cost: milliseconds at the 99th percentile, and bytes."""

    delivered: int
    answered: float
    others_answered: float
    grown: int


def weigh(server: JupyterServer, *, seconds: float, a_minute: float) -> Weight:
    """Deliver at this rate for so long, and ask the server for something of its own meanwhile.

    Growth is counted from after the first tenth of the time, when all is imported.
    """
    process = psutil.Process(server.process.pid)
    began = time.monotonic()
    over = threading.Event()
    others: list[float] = []
    asking = threading.Thread(target=_keep_asking, args=(server, over, others))
    asking.start()
    answered: list[float] = []
    before = 0
    with httpx.Client(base_url=server.root) as service:
        while (elapsed := time.monotonic() - began) < seconds:
            if not before and elapsed > seconds / 10:
                before = process.memory_info().rss
            answered.append(_deliver(service))
            time.sleep(max(0.0, began + len(answered) * 60 / a_minute - time.monotonic()))
    over.set()
    asking.join()
    grown = process.memory_info().rss - before
    return Weight(len(answered), _ninety_ninth(answered), _ninety_ninth(others), grown)


def _deliver(service: httpx.Client) -> float:
    number, now = f"msg_{uuid.uuid4().hex}", datetime.now(UTC)
    said = {"type": "create.new_fx.ready", "data": {"id": f"op_{uuid.uuid4().hex[:26]}"}}
    body = json.dumps(said)
    headers = {
        "webhook-id": number,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(number, now, body),
    }
    began = time.perf_counter()
    answer = service.post("soundpiece/webhook", headers=headers, content=body)
    took = time.perf_counter() - began
    if answer.status_code != httpx.codes.NO_CONTENT:
        raise AssertionError(f"A delivery was answered with {answer.status_code}.")
    return took


def _keep_asking(server: JupyterServer, over: threading.Event, took: list[float]) -> None:
    headers = {"Authorization": f"token {TOKEN}"}
    with httpx.Client(base_url=server.root, headers=headers) as person:
        while not over.wait(0.05):
            began = time.perf_counter()
            person.get("api/status").raise_for_status()
            took.append(time.perf_counter() - began)


def _ninety_ninth(took: list[float]) -> float:
    return 1000 * sorted(took)[int(len(took) * 0.99)]
