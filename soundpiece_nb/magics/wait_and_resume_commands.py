"""Commands that wait for operations, go on with them after a crash, or drop what was not sent."""

from __future__ import annotations

import math
import time
from argparse import Namespace
from collections import Counter
from typing import TYPE_CHECKING

from soundpiece_nb.api.errors import SoundpieceError, WaitInterrupted, WaitTimeout
from soundpiece_nb.api.number_arguments import read_seconds
from soundpiece_nb.shown_text import counted, say

from .command import Notebook, command
from .options import KEYS, option

if TYPE_CHECKING:
    from soundpiece_nb.operations.batch import Batch, Ongoing
    from soundpiece_nb.operations.operation import Operation
    from soundpiece_nb.operations.resuming import Resumed
    from soundpiece_nb.operations.session import Session


MOST_CARDS = 6
"""If more operations than this are resumed, one line is shown instead of a card for each."""


@command(
    "resume",
    KEYS,
    option(
        "--yes",
        action="store_true",
        help="send also what was begun under another API key, though it may be paid for twice",
    ),
    option("--send", action="store_true", help="send what was never sent, however many, unasked"),
    example="%soundpiece_resume 550e8400",
)
def resume(notebook: Notebook, options: Namespace) -> None:
    """Go on with operations that an earlier kernel left unfinished, and send those never sent.

    A named one that was refused (not enough credits, say) is sent again under its own key; what was
    pruned of it, or only its take with KEY:N, is fetched again. If more than 50 were never sent, a
    person is asked first, and where nobody is, --send says yes.
    """
    from soundpiece_nb.display.asking import consent
    from soundpiece_nb.display.front_end import front_end
    from soundpiece_nb.operations.operation import Operation
    from soundpiece_nb.operations.resuming import require_all, resume

    from .route_commands import follow

    session, waits = notebook.session, front_end().waits
    named = notebook.find_takes(options.keys)
    resumed = resume(session, named, yes=options.yes, consent=consent(given=options.send))
    say(_resumed(session, resumed, named=bool(options.keys)))
    if len(resumed.keys) <= MOST_CARDS or waits:
        for key in resumed.keys:
            follow(Operation(key, session), notebook.holding(), waits=waits)
    require_all(resumed)


def _resumed(session: Session, resumed: Resumed, *, named: bool) -> str:
    from soundpiece_nb.operations.earlier_operations import unfinished
    from soundpiece_nb.operations.submission import must_ask

    number, left = len(resumed.keys), len(resumed.held_back)
    words = [f"Going on with {counted(number, 'operation')}."] if number else []
    if left:
        words.append(f"{counted(left, 'operation')} not sent; %soundpiece_discard drops them.")
    entries = [] if named else [e for e in unfinished(session) if e.key not in resumed.held_back]
    if anothers := sum(must_ask(session, entry) for entry in entries):
        words.append(
            f"{counted(anothers, 'operation')} begun under another API key: set that key, or, if "
            "both are of one account, %soundpiece_resume --yes."
        )
    services = [entry.service for entry in entries if not must_ask(session, entry)]
    for service, left in sorted(Counter(services).items()):
        if not session.services.can_connect(service):
            words.append(
                f"{counted(left, 'operation')} of {service}: set SOUNDPIECE_BASE_URL and a key for "
                "it to go on."
            )
    return " ".join(words) or "Nothing is unfinished."


@command(
    "discard",
    option(
        "droppable",
        nargs="*",
        metavar="KEY",
        help="an operation, sweep or batch: its NAME, a key or its beginning, a sweep's id",
    ),
    option("--unsent", action="store_true", help="all that was never sent"),
    example="%soundpiece_discard night_drive",
)
def discard(notebook: Notebook, options: Namespace) -> None:
    """Drop operations, sweeps or batches that were never sent, for good; their rows stay.

    What was sent cannot be called back: it is still made and paid for.
    """
    from soundpiece_nb.operations import discarding

    session, keys = notebook.session, notebook.find_keys(options.droppable)
    if options.unsent:
        keys = list(dict.fromkeys([*keys, *discarding.unsent(session)]))
    if not keys:
        say(discarding.nothing_to_discard(asked=options.unsent))
        return
    say(discarding.require_dropped(discarding.discard(session, keys)))


@command(
    "wait",
    KEYS,
    option(
        "--timeout",
        metavar="SECONDS",
        reader=read_seconds,
        help="wait no longer; the operations go on",
    ),
    example="%soundpiece_wait night_drive",
)
def wait(notebook: Notebook, options: Namespace) -> None:
    """Wait for operations, all that are on the way unless some are named."""
    from soundpiece_nb.display.front_end import FrontEnd, front_end
    from soundpiece_nb.operations.batch import Batch, Ongoing

    from .route_commands import show_target

    until = math.inf if options.timeout is None else time.monotonic() + options.timeout
    ongoing = notebook.session.part(Ongoing)
    awaited = [notebook.find_target(word) for word in options.keys] or _on_the_way(ongoing)
    errors = []
    for each in awaited:
        error = _end_of(each, max(0.0, until - time.monotonic()))
        if error is not None:  # raised when the others have ended too
            errors.append(error)
        if front_end() is FrontEnd.HEADLESS:
            show_target(each, notebook.holding())
        ongoing.unwatched[:] = [other for other in ongoing.unwatched if other != each]
    if errors:
        raise errors[0]
    number = sum(len(each) if isinstance(each, Batch) else 1 for each in awaited)
    say(f"{counted(number, 'operation')} done." if awaited else "Nothing is on the way here.")


def _on_the_way(ongoing: Ongoing) -> list[Operation | Batch]:
    """Return what is on its way here, and what was started without waiting and ended meanwhile."""
    from soundpiece_nb.operations.batch import Batch
    from soundpiece_nb.operations.operation import Operation

    session = ongoing.session
    begun = [*ongoing.unwatched, *ongoing.batches()]
    batches = [each for each in dict.fromkeys(begun) if isinstance(each, Batch)]
    of_batches = {key for batch in batches for key in batch.keys}
    single = [each.key for each in begun if isinstance(each, Operation)]
    keys = dict.fromkeys([*single, *session.engine.in_flight()])
    return [*batches, *(Operation(key, session) for key in keys if key not in of_batches)]


def _end_of(awaited: Operation | Batch, timeout: float) -> SoundpieceError | None:
    """Wait, and return the error that it ended with; raises WaitTimeout or WaitInterrupted."""
    from soundpiece_nb.operations.batch import Batch

    try:
        awaited.result(timeout)
    except (WaitTimeout, WaitInterrupted):
        raise
    except SoundpieceError as error:
        return error
    return awaited.failure() if isinstance(awaited, Batch) else None
