"""What the magics of the routes do: check, write down, send, show, and wait where asked."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.output_ref import earlier_outputs
from soundpiece_nb.api.request import Request
from soundpiece_nb.api.routes import Kind, Route
from soundpiece_nb.display.expectation import took
from soundpiece_nb.display.finished_output import Rendering
from soundpiece_nb.display.front_end import FrontEnd, front_end
from soundpiece_nb.display.html_parts import BLUE, frame, head, multiline
from soundpiece_nb.display.show import say_submitted, show, show_end
from soundpiece_nb.display.sound_source import Holding
from soundpiece_nb.display.sweep_board import show_board
from soundpiece_nb.engine.explanations import outcome
from soundpiece_nb.operations.labels import require_name
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.session import Session, current
from soundpiece_nb.operations.sweep import Sweep, plan_sweep
from soundpiece_nb.operations.templates import expand, expand_all
from soundpiece_nb.operations.waiting import in_seconds, wait
from soundpiece_nb.text import short

from .sweep_option import read_sweeps
from .targets import one

OF_THE_LINE = ("name", "key", "take", "repeat", "timeout")
"""What holds for a whole line; all else may vary with each combination of a sweep."""


def make(magics: Any, route: Route, options: Namespace, body: str | None) -> None:
    """Start what a cell or line asks for and show it; raises Mistake before anything is sent."""
    namespace = magics.shell.user_ns
    of_the_line = {word: expand_all(getattr(options, word), namespace) for word in OF_THE_LINE}
    options = Namespace(**vars(options) | of_the_line)
    body = None if body is None else body.strip("\n")
    timeout = read_timeout(options.timeout)
    if options.name is not None:
        require_name(options.name)
    session = current()
    waits = _waits(asked=options.wait, setting=magics.wait)
    if options.sweep or options.repeat:
        started: Operation | Sweep | None = _sweep(route, options, body, namespace, session)
    else:
        started = _one(route, options, body, namespace, session)
    if started is None:
        return
    if options.name is not None:
        magics.shell.user_ns[options.name] = started
    holding = Holding(options.holding or magics.sound)
    if front_end() is FrontEnd.HEADLESS and not waits:
        session.unwatched.append(started)
    if isinstance(started, Operation):
        follow(started, session, holding, timeout=timeout, waits=waits)
        return
    show_board(started, session, holding, waits=waits, timeout=timeout)
    failure = started.failure() if waits else None
    if failure is not None:
        raise failure


def _one(
    route: Route, options: Namespace, body: str | None, namespace: Any, session: Session
) -> Operation | None:
    """Start the one operation that a cell asks for; None where it is only shown."""
    request, labels = _read(route, options, body, namespace, session)
    if options.dry_run:
        _show_request(request, session)
        return None
    return session.submit(request, name=options.name, **labels)


def _sweep(
    route: Route, options: Namespace, body: str | None, namespace: Any, session: Session
) -> Sweep | None:
    """Start an operation for every combination of a sweep; None where they are only shown."""
    if options.key is not None:
        raise Mistake("A sweep makes several operations and --key names one. Nothing was sent.")
    fields = {field.name: getattr(options, field.name) for field in route.all_fields}
    if route.body and body is not None:
        fields[route.body] = _body(route.body, fields[route.body], body)
    fields = _meant(route, fields, namespace)
    plan = plan_sweep(
        session,
        route,
        fields,
        {"tags": options.tag, "note": options.note},
        read_sweeps(options.sweep, namespace),
        repeat=read_count("--repeat", options.repeat) or 1,
        namespace=namespace,
        once=options.once,
        take=read_count("--take", options.take),
    )
    print(plan)  # noqa: T201 - before it begins
    if options.dry_run:
        _show_request(plan.requests[0], session)
        return None
    return plan.start(session, options.name)


def _read(
    route: Route, options: Namespace, body: str | None, namespace: Any, session: Session
) -> tuple[Request, dict[str, Any]]:
    """Return the request that a cell asks for, and the labels it is to have."""
    fields = {
        field.name: expand_all(getattr(options, field.name), namespace)
        for field in route.all_fields
    }
    if route.body and body is not None:
        fields[route.body] = _body(route.body, fields[route.body], expand(body, namespace))
    fields = _meant(route, fields, namespace)
    request = session.prepare(
        route.path,
        fields,
        options.key,
        once=options.once,
        take=read_count("--take", options.take),
    )
    labels = {"tags": options.tag, "note": options.note}
    return request, {word: expand_all(text, namespace) for word, text in labels.items()}


def follow(
    operation: Operation,
    session: Session,
    holding: Holding,
    *,
    timeout: float | None = None,
    waits: bool,
) -> None:
    """Show an operation in the running cell; if it `waits`, until its end is shown.

    Having waited, raises what went wrong. An interrupt ends the waiting alone, and says so.
    """
    run = session.engine.run(operation.key)
    if run is None:
        show_end(operation, session, holding)
    else:
        finished = show(operation, session, run, holding)
        if not waits:
            if front_end() is FrontEnd.HEADLESS:
                say_submitted(operation)
            return
        try:
            wait(finished, in_seconds(timeout), operation)
        finally:
            if front_end() is FrontEnd.HEADLESS:
                show_end(operation, session, holding)
        stopped = run.ended.exception(0)
        if stopped is not None:
            raise stopped
    error = outcome(operation.entry)
    if waits and error is not None:
        raise error


def _meant(route: Route, fields: dict[str, Any], namespace: Any) -> dict[str, Any]:
    """Return fields whose links are keys where they are variables that hold a handle."""
    meant = dict(fields)
    for field in route.fields:
        if field.kind is Kind.LINK and meant[field.name] is not None:
            try:
                meant[field.name] = one(meant[field.name], namespace)
            except Mistake as mistake:
                words = f"The {field.name}: {mistake.message} Nothing was sent."
                raise Mistake(words) from None
    return meant


def _body(field: str, option: str | None, body: str) -> str | None:
    """Return a text that stands in the cell's body or in its option; raises Mistake for both."""
    if option is not None and body.strip():
        raise Mistake(
            f"The {field} stands in the cell and in --{field}; leave one out. Nothing was sent."
        )
    return body if body.strip() else option


def read_count(name: str, text: str | None) -> int | None:
    """Return a whole number from 1 that stands behind an option; raises Mistake for another."""
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise Mistake(f"{name} takes a whole number from 1; {text!r} is none. Nothing was sent.")
    return int(text)


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


def _show_request(request: Request, session: Session) -> None:
    """Show exactly what would be sent, and how long such operations have taken."""
    from IPython.display import display

    body = json.dumps(json.loads(request.body), ensure_ascii=False, indent=2)
    usual = session.journal.usual_seconds(request.route.path, session.service)
    words = [
        f"PUT {request.route.path}",
        body,
        *(
            f"{name}: the address of take {each.take} of {short(each.key)} is fetched at the moment"
            " of sending."
            for name, each in earlier_outputs(request.body).items()
        ),
        f"Such operations {took(usual)}." if usual else "No such operation was made yet.",
        "Nothing was sent.",
    ]
    text = "\n".join(words)
    html = frame(BLUE, head(request.route.title, "dry run", "nothing was sent"), multiline(text))
    shown = Rendering(str(html), text)
    if front_end().shows_html:
        display(shown)
    else:
        print(shown.text)  # noqa: T201 - a terminal's way of showing
