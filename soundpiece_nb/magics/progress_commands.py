"""Commands about operations on their way: wait for them, or go on with them after a crash."""

from __future__ import annotations

import time
from argparse import Namespace
from collections import Counter
from typing import TYPE_CHECKING

from soundpiece_nb.api.errors import SoundpieceError, WaitInterrupted, WaitTimeout
from soundpiece_nb.api.values import read_seconds
from soundpiece_nb.text import counted

from .command import Notebook, command
from .options import KEYS, option

if TYPE_CHECKING:
    from soundpiece_nb.display.sound_source import Holding
    from soundpiece_nb.operations.batch import Batch
    from soundpiece_nb.operations.operation import Operation
    from soundpiece_nb.operations.session import Session


MOST_CARDS = 6
"""More operations than this are resumed with one line instead of a card each."""


@command("resume", KEYS, example="%soundpiece_resume 550e8400")
def resume(notebook: Notebook, options: Namespace) -> None:
    """Go on with operations that an earlier kernel left unfinished.

    A named one that was refused (not enough credits, say) is sent again under its own key.
    """
    from soundpiece_nb.display.front_end import front_end
    from soundpiece_nb.display.sound_source import Holding
    from soundpiece_nb.operations.current_session import current
    from soundpiece_nb.operations.operation import Operation
    from soundpiece_nb.operations.submission import resume

    from .route_commands import follow
    from .targets import find_keys

    session = current()
    keys = resume(session, find_keys(options.keys, notebook.namespace, session))
    print(_resumed(session, len(keys), named=bool(options.keys)))
    if len(keys) <= MOST_CARDS or front_end().waits:
        for key in keys:
            follow(Operation(key, session), Holding(notebook.sound), waits=front_end().waits)


def _resumed(session: Session, number: int, *, named: bool) -> str:
    from soundpiece_nb.operations.library import unfinished

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
    from soundpiece_nb.display.sound_source import Holding
    from soundpiece_nb.operations.batch import Batch, Ongoing
    from soundpiece_nb.operations.current_session import current

    from .targets import find_target

    until = None if options.timeout is None else time.monotonic() + options.timeout
    session, namespace = current(), notebook.namespace
    ongoing = session.part(Ongoing)
    awaited = [find_target(word, namespace, session) for word in options.keys]
    awaited = awaited or _on_the_way(session)
    errors = []
    for each in awaited:
        left = None if until is None else max(0.0, until - time.monotonic())
        error = _end_of(each, left)
        if error is not None:  # the others are waited for before this one is told
            errors.append(error)
        if front_end() is FrontEnd.HEADLESS:
            _show_ended(each, Holding(notebook.sound))
        ongoing.unwatched[:] = [other for other in ongoing.unwatched if other != each]
    if errors:
        raise errors[0]
    number = sum(len(each) if isinstance(each, Batch) else 1 for each in awaited)
    print(f"{counted(number, 'operation')} done." if awaited else "Nothing is on the way here.")


def _on_the_way(session: Session) -> list[Operation | Batch]:
    """Return what is on its way here, and what has ended meanwhile where nobody watched."""
    from soundpiece_nb.operations.batch import Batch, Ongoing
    from soundpiece_nb.operations.operation import Operation

    ongoing = session.part(Ongoing)
    begun = [*ongoing.unwatched, *ongoing.batches()]
    batches = [each for each in dict.fromkeys(begun) if isinstance(each, Batch)]
    of_batches = {key for batch in batches for key in batch.keys}
    single = [each.key for each in begun if isinstance(each, Operation)]
    keys = dict.fromkeys([*single, *session.engine.in_flight()])
    return [*batches, *(Operation(key, session) for key in keys if key not in of_batches)]


def _end_of(awaited: Operation | Batch, timeout: float | None) -> SoundpieceError | None:
    """Wait, and return what went wrong; raises WaitTimeout or WaitInterrupted."""
    from soundpiece_nb.operations.batch import Batch

    try:
        awaited.result(timeout)
    except (WaitTimeout, WaitInterrupted):
        raise
    except SoundpieceError as error:
        return error
    return awaited.failure() if isinstance(awaited, Batch) else None


def _show_ended(ended: Operation | Batch, holding: Holding) -> None:
    from soundpiece_nb.display.batch_card import show_batch
    from soundpiece_nb.display.show import show_end
    from soundpiece_nb.display.sweep_board import show_board
    from soundpiece_nb.operations.batch import Batch
    from soundpiece_nb.operations.sweep import Sweep

    if isinstance(ended, Sweep):
        show_board(ended, holding)
    elif isinstance(ended, Batch):
        show_batch(ended)
    else:
        show_end(ended, holding)
