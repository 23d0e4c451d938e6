"""Commands that wait for operations on their way, or go on with them after a crash."""

from __future__ import annotations

import math
import time
from argparse import Namespace
from collections import Counter
from typing import TYPE_CHECKING

from soundpiece_nb.api.errors import SoundpieceError, WaitInterrupted, WaitTimeout
from soundpiece_nb.api.number_arguments import read_seconds
from soundpiece_nb.shown_text import counted

from .command import Notebook, command
from .options import KEYS, option

if TYPE_CHECKING:
    from soundpiece_nb.operations.batch import Batch, Ongoing
    from soundpiece_nb.operations.operation import Operation
    from soundpiece_nb.operations.session import Session


MOST_CARDS = 6
"""If more operations than this are resumed, one line is shown instead of a card for each."""


@command("resume", KEYS, example="%soundpiece_resume 550e8400")
def resume(notebook: Notebook, options: Namespace) -> None:
    """Go on with operations that an earlier kernel left unfinished.

    A named one that was refused (not enough credits, say) is sent again under its own key.
    """
    from soundpiece_nb.display.front_end import front_end
    from soundpiece_nb.operations.operation import Operation
    from soundpiece_nb.operations.submission import resume

    from .route_commands import follow

    session, waits = notebook.session, front_end().waits
    keys = resume(session, notebook.find_keys(options.keys))
    print(_resumed(session, len(keys), named=bool(options.keys)))
    if len(keys) <= MOST_CARDS or waits:
        for key in keys:
            follow(Operation(key, session), notebook.holding(), waits=waits)


def _resumed(session: Session, number: int, *, named: bool) -> str:
    from soundpiece_nb.operations.earlier_operations import unfinished

    words = [f"Going on with {counted(number, 'operation')}."] if number else []
    services = [] if named else [entry.service for entry in unfinished(session)]
    for service, left in sorted(Counter(services).items()):
        if not session.services.can_connect(service):
            words.append(
                f"{counted(left, 'operation')} of {service}: set SOUNDPIECE_BASE_URL and a key for "
                "it to go on."
            )
    return " ".join(words) or "Nothing is unfinished."


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
    print(f"{counted(number, 'operation')} done." if awaited else "Nothing is on the way here.")


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
