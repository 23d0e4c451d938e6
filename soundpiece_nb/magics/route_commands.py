"""The magics of the routes: start what a cell asks for, show it, and wait if asked to."""

from __future__ import annotations

import json
import re
from argparse import Namespace

from soundpiece_nb.api.errors import NOTHING_SENT, Mistake, nothing_sent
from soundpiece_nb.api.file_ref import FileRef
from soundpiece_nb.api.output_ref import OutputRef
from soundpiece_nb.api.routes import PROMPT, Route
from soundpiece_nb.display.asking import consent
from soundpiece_nb.display.batch_card import show_batch
from soundpiece_nb.display.front_end import FrontEnd, front_end
from soundpiece_nb.display.html_parts import BLUE, frame, head, multiline, usual_time
from soundpiece_nb.display.live_output import Rendering, display_here
from soundpiece_nb.display.show import await_shown, say_submitted, show, show_end
from soundpiece_nb.display.sound_source import Holding
from soundpiece_nb.display.sweep_board import show_board
from soundpiece_nb.engine.explanations import outcome
from soundpiece_nb.journal.entry import without_secrets
from soundpiece_nb.operations.batch import Batch, Ongoing
from soundpiece_nb.operations.extra_values import read_typed
from soundpiece_nb.operations.labels import read_variable
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.own_sources import upload_in_words
from soundpiece_nb.operations.plan import BESIDE_FIELDS, Draft, Planned, plan_operation
from soundpiece_nb.operations.session import Session
from soundpiece_nb.operations.submission import submit_planned
from soundpiece_nb.operations.sweep import Sweep, plan_sweep
from soundpiece_nb.operations.waiting import wait, wait_seconds
from soundpiece_nb.shown_text import counted, label, say, short

from .command import Notebook
from .options import Usage
from .repeated_requests import Requests
from .sweep_option import read_sweeps

OF_THE_LINE = ("name", "key", "take", "repeat", "timeout")
"""Options of the whole line; `{{name}}` in all others may vary within a sweep."""


def make(
    notebook: Notebook, route: Route, usage: Usage, options: Namespace, body: str | None
) -> Operation | Sweep | None:
    """Start what a cell or line asks for and show it; raises Mistake before anything is sent.

    Returns the handle where the code does something with it, as in `op = %soundpiece_fx …`.
    """
    scope = notebook.scope
    with nothing_sent():
        options = usage.read(options, notebook.namespace, *OF_THE_LINE)
        name = None if options.name is None else _read_variable(options, route, body)
        if name is not None:
            scope.require_free(name, f"%soundpiece_{route.noun}")
        draft = _draft(route, options, body)
        several = options.sweep or options.repeat is not None
        start = _start_sweep if several else _start_one
        started = notebook.session.part(Requests).begin_once(
            repr((route.path, options, body)), lambda: start(notebook, draft, options)
        )
    if started is None:
        return None
    if name is not None:
        _say_replaced(name, notebook.namespace.get(name), started)
        scope.bind(name, started)
    holding = notebook.holding(options.holding)
    waits = _waits(asked=options.wait, setting=notebook.wait)
    if front_end() is FrontEnd.HEADLESS and not waits:
        notebook.session.part(Ongoing).unwatched.append(started)
    if isinstance(started, Operation):
        follow(started, holding, timeout=options.timeout, waits=waits)
    else:
        show_board(started, holding, waits=waits, timeout=options.timeout)
        failure = started.failure() if waits else None
        if failure is not None:
            raise failure
    return started if scope.uses_value else None


def _say_replaced(name: str, held: object, started: Operation | Sweep) -> None:
    """Say that a variable loses a batch or sweep that has no NAME to find it by."""
    if isinstance(held, Batch) and held.name is None and isinstance(started, Operation):
        say(
            f"{label(name)} was the variable of {counted(len(held), 'operation')} without a NAME; "
            f"%soundpiece_show {short(held.keys[0])} shows the first of them."
        )


def _read_variable(options: Namespace, route: Route, body: str | None) -> str:
    """Return the NAME of a cell; raises Mistake, with the way out for what is rather its text."""
    name: str = options.name
    try:
        return read_variable(name)
    except Mistake as mistake:
        given = (route.body == PROMPT.name and body) or getattr(options, PROMPT.name, None)
        one = re.sub(r"\W+", "_", name).strip("_")
        if " " in name and given and one.isidentifier():
            mistake.next = f"A NAME is one word, such as {one}."
        elif " " in name and any(field.name == PROMPT.name for field in route.fields):
            mistake.next = f'--prompt "{name}" makes a prompt of it; NAME is one word before it.'
        raise


def _draft(route: Route, options: Namespace, body: str | None) -> Draft:
    """Return the operation that a cell asks for, as it was typed."""
    fields = {field.name: getattr(options, field.name) for field in route.all_fields}
    if route.body and body is not None and body.strip():
        if fields[route.body] is not None:
            where = f"in the cell and in --{route.body}"
            raise Mistake(f"The {route.body} stands {where}.", next="Leave one out.")
        fields[route.body] = body.strip("\n")
    own = {"tags": options.tag, "extra": read_typed(options.extra)}
    beside = {name: getattr(options, name) for name in BESIDE_FIELDS if name not in own}
    return Draft(route=route, fields=fields, **own, **beside)


def _start_one(notebook: Notebook, draft: Draft, options: Namespace) -> Operation | None:
    """Start the one operation that a cell asks for; None if it is only shown."""
    session = notebook.session
    planned = plan_operation(session, draft, notebook.namespace)
    if options.dry_run:
        _show_request(planned, session)
        return None
    key = submit_planned(session, planned, consent(given=options.send))
    return Operation(key, session)


def _start_sweep(notebook: Notebook, draft: Draft, options: Namespace) -> Sweep | None:
    """Start an operation for every combination of a sweep; None if they are only shown."""
    if draft.key is not None:
        raise Mistake("A sweep makes several operations; --key names one.", next="Leave --key out.")
    session, namespace = notebook.session, notebook.namespace
    vary = read_sweeps(options.sweep, namespace)
    repeat = 1 if options.repeat is None else options.repeat
    plan = plan_sweep(session, draft, vary, repeat=repeat, namespace=namespace)
    say(plan)  # before it begins
    if options.dry_run:
        _show_request(plan.planned[0], session)
        return None
    return plan.start(session, draft.name, consent(given=options.send))


def show_target(target: Operation | Batch, holding: Holding, *, order: str | None = None) -> None:
    """Show an operation, batch or sweep in the running cell; `order` is that of a sweep's board."""
    if isinstance(target, Sweep):
        show_board(target, holding, order=order)
    elif isinstance(target, Batch):
        if order is not None:
            raise Mistake("A batch is shown in the order of its rows, and takes no --order.")
        show_batch(target, holding)
    elif front_end() is FrontEnd.HEADLESS:
        show_end(target, holding)
    else:
        follow(target, holding, waits=False)


def follow(
    operation: Operation, holding: Holding, *, timeout: float | None = None, waits: bool
) -> None:
    """Show an operation in the running cell; if it `waits`, until its end is shown.

    Having waited, raises the operation's error. An interrupt ends only the waiting.
    """
    run = operation.session.engine.run(operation.key)
    if run is None:
        show_end(operation, holding)
    else:
        shown = show(operation, run, holding)
        if not waits:
            if front_end() is FrontEnd.HEADLESS:
                say_submitted(operation)
            return
        try:
            wait(run.ended, wait_seconds(timeout), operation.key)
        finally:
            if front_end() is FrontEnd.HEADLESS:
                show_end(operation, holding)
            elif run.ended.done():
                await_shown(shown, operation.key)
    error = outcome(operation.entry)
    if waits and error is not None:
        raise error


def _waits(*, asked: bool | None, setting: str) -> bool:
    if asked is not None:
        return asked
    return setting == "always" or (setting == "auto" and front_end().waits)


def _show_request(planned: Planned, session: Session) -> None:
    """Show the exact request, and how long such operations have taken."""
    request = planned.request
    usual = session.journal.usual_seconds(request.route.path, session.services.in_use)
    words = [
        f"PUT {request.route.path}",
        json.dumps(without_secrets(json.loads(request.body)), ensure_ascii=False, indent=2),
        *(
            f"{name}: the address of take {each.take} of {short(each.key)} is fetched at the moment"
            " of sending."
            for name, each in request.fields.items()
            if isinstance(each, OutputRef)
        ),
        *(
            f"{name}: {upload_in_words(each)}"
            for name, each in request.fields.items()
            if isinstance(each, FileRef)
        ),
        f"Such operations {usual_time(usual)}." if usual else "No such operation was made yet.",
        NOTHING_SENT,
    ]
    text = "\n".join(words)
    html = frame(BLUE, head(request.route.title, "dry run", "nothing was sent"), multiline(text))
    shown = Rendering(str(html), text)
    if front_end().shows_html:
        display_here(shown, shown.text)
    else:
        say(shown.text)
