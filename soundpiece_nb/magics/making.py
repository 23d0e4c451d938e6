"""What the magics of the routes do: check, write down, send, show, and wait where asked."""

from __future__ import annotations

import json
from argparse import Namespace
from concurrent.futures import Future
from typing import Any

from soundpiece_nb.api.errors import Mistake, SoundpieceError
from soundpiece_nb.api.request import Request
from soundpiece_nb.api.routes import Route
from soundpiece_nb.engine.explain import outcome, short
from soundpiece_nb.engine.run import Run
from soundpiece_nb.handle import Operation, wait
from soundpiece_nb.session import Session, current, require_name
from soundpiece_nb.views.frontend import FrontEnd, front_end
from soundpiece_nb.views.parts import BLUE, frame, head, multiline
from soundpiece_nb.views.permanent import Output
from soundpiece_nb.views.show import show, show_end
from soundpiece_nb.views.sound import Holding

from .expansion import expand


class WaitInterrupted(SoundpieceError):
    """A person interrupted the waiting; the operation goes on."""


def make(magics: Any, route: Route, options: Namespace, body: str) -> None:
    """Start what a cell asks for and show it; raises Mistake before anything is sent."""
    namespace = magics.shell.user_ns
    words = {name: _expanded(value, namespace) for name, value in vars(options).items()}
    fields = {field.name: words.get(field.name) for field in route.fields}
    if route.body:
        fields[route.body] = expand(body.strip("\n"), namespace)
    timeout = read_timeout(words["timeout"])
    if words["name"] is not None:
        require_name(words["name"])
    session = current()
    request = session.prepare(route.path, fields, words["key"])
    if words["dry_run"]:
        _show_request(request)
        return
    operation = session.submit(request, name=words["name"], tags=words["tag"], note=words["note"])
    if words["name"] is not None:
        magics.shell.user_ns[words["name"]] = operation
    holding = Holding(words["holding"] or magics.sound)
    run = session.engine.run(operation.key)
    finished = show(operation, session, holding)
    if run is not None and _waits(asked=words["wait"], setting=magics.wait):
        wait_and_conclude(operation, session, run, finished, timeout, holding)


def wait_and_conclude(  # noqa: PLR0917 - all six belong to one waiting
    operation: Operation,
    session: Session,
    run: Run,
    finished: Future[None],
    timeout: float | None,
    holding: Holding,
) -> None:
    """Wait for an operation and its last output; raises what went wrong with either.

    An interrupt ends the waiting alone, and says so.
    """
    try:
        wait_until(finished, timeout, operation)
    finally:
        if front_end() is FrontEnd.HEADLESS:
            show_end(operation, session, holding)
    stopped = run.ended.exception(0)
    error = stopped or outcome(operation.entry)
    if error is not None:
        raise error


def wait_until(finished: Future[None], timeout: float | None, operation: Operation) -> None:
    """Wait for a future; an interrupt becomes one sentence that names the key."""
    try:
        wait(finished, timeout, operation)
    except KeyboardInterrupt:
        raise WaitInterrupted(
            "Waiting stopped; the operation goes on under the key "
            f"{operation.key}. %soundpiece_wait {short(operation.key)} waits again.",
            key=operation.key,
        ) from None


def read_timeout(text: str | None) -> float | None:
    """Return the seconds of `--timeout`; raises Mistake for what is no length of time."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise Mistake(f"--timeout takes seconds; {text!r} is none. Nothing was sent.")
    return seconds


def _waits(*, asked: bool | None, setting: str) -> bool:
    if asked is not None:
        return asked
    return setting == "always" or (setting == "auto" and front_end().waits)


def _expanded(value: Any, namespace: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_expanded(each, namespace) for each in value]
    return expand(value, namespace) if isinstance(value, str) else value


def _show_request(request: Request) -> None:
    """Show exactly what would be sent."""
    from IPython.display import display

    body = json.dumps(json.loads(request.body), ensure_ascii=False, indent=2)
    text = f"PUT {request.route.path}\n{body}\nNothing was sent."
    html = frame(BLUE, head(request.route.title, "dry run", "nothing was sent"), multiline(text))
    if front_end().shows_html:
        display(Output(str(html), text))
    else:
        print(text)  # noqa: T201 - a terminal's way of showing
