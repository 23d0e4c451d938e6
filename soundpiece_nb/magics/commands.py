"""What the line magics do; each takes the magics (shell and traits) and its parsed options."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from soundpiece_nb import credentials
from soundpiece_nb.api.address import mask
from soundpiece_nb.api.errors import Mistake, SoundpieceError, WaitInterrupted, WaitTimeout
from soundpiece_nb.display.batch_card import show_batch
from soundpiece_nb.display.front_end import FrontEnd, front_end
from soundpiece_nb.display.show import show_end
from soundpiece_nb.display.sound_source import Holding
from soundpiece_nb.display.sweep_board import show_board
from soundpiece_nb.operations.batch import Batch
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.session import Session, current
from soundpiece_nb.operations.sweep import Sweep
from soundpiece_nb.text import counted

from .route_commands import follow, read_timeout
from .targets import meant, several

MOST_CARDS = 6
"""More operations than this are resumed with one line instead of a card each."""

OVERVIEW = """\
Soundpiece in a notebook

  %%soundpiece_song night_drive --prompt "Synthwave, melancholic, mid-tempo"
  [Verse]
  I've been driving all night, my hands wet on the wheel

  The cell returns at once; its card becomes a player. night_drive is the handle:
  night_drive.result(), night_drive.outputs[0].audio(), night_drive.outputs[0].save("…")

  %soundpiece_sandbox start   try everything without an account, offline
  %soundpiece_history         what was ever made          -o df: as a DataFrame
  %soundpiece_compare KEY KEY   what differs between requests, players beside each other
  %soundpiece_lab             a form for everything, beside what it makes
  %soundpiece_rate KEY:2 4    judge a take; also %soundpiece_tag, %soundpiece_note
  %soundpiece_show KEY        show one again              KEY: a key's beginning, or a NAME
  %soundpiece_wait [KEY…]     wait for what is on the way
  %soundpiece_resume [KEY…]   go on after a crash, or send a refused one again
  %soundpiece_export KEY…     copy takes to a folder      --to DIR --format wav
  %soundpiece_bundle FILE     a copy of a notebook that carries its own sound, for sharing
  %soundpiece_prune KEY…      free the disk of audio; the history keeps what was made
  %soundpiece_doctor          check journal, files and service against each other, and mend
  %soundpiece_status          service, key, folders
  %soundpiece_login           keep an API key in the system keyring; %soundpiece_logout

  A ? behind any of them shows its options: %%soundpiece_song?
"""


def overview(_: Any, __: Namespace) -> None:
    """Print one screen of help."""
    _say(OVERVIEW)


def show_again(magics: Any, options: Namespace) -> None:
    """Show an operation or a sweep again, live if it is on its way."""
    session, namespace = current(), magics.shell.user_ns
    holding = Holding(options.holding or magics.sound)
    shown = meant(options.key, namespace, session)
    if isinstance(shown, Sweep):
        show_board(shown, session, holding, order=options.order)
    elif isinstance(shown, Batch):
        show_batch(shown)
    elif front_end() is FrontEnd.HEADLESS:
        show_end(shown, session, holding)
    else:
        follow(shown, session, holding, waits=False)


def lab(magics: Any, _: Namespace) -> None:
    """Open the interactive form."""
    from soundpiece_nb.display.lab_form import show_lab

    show_lab(magics.shell.user_ns.__setitem__)


def resume(magics: Any, options: Namespace) -> None:
    """Go on with unfinished operations, and show how they do."""
    session = current()
    operations = session.resume(several(options.keys, magics.shell.user_ns, session))
    _say(_resumed(session, operations, named=bool(options.keys)))
    if len(operations) <= MOST_CARDS or front_end().waits:
        for operation in operations:
            follow(operation, session, Holding(magics.sound), waits=front_end().waits)


def wait(magics: Any, options: Namespace) -> None:
    """Wait for operations; where nobody watches, show each at its end."""
    timeout = read_timeout(options.timeout)
    until = None if timeout is None else time.monotonic() + timeout
    session, namespace = current(), magics.shell.user_ns
    awaited = [meant(word, namespace, session) for word in options.keys] or _on_the_way(session)
    errors = []
    for each in awaited:
        left = None if until is None else max(0.0, until - time.monotonic())
        error = _end_of(each, left)
        if error is not None:  # the others are waited for before this one is told
            errors.append(error)
        if front_end() is FrontEnd.HEADLESS:
            _show_ended(each, session, Holding(magics.sound))
        session.unwatched[:] = [other for other in session.unwatched if other != each]
    if errors:
        raise errors[0]
    number = sum(len(each) if isinstance(each, Batch) else 1 for each in awaited)
    _say(f"{counted(number, 'operation')} done." if awaited else "Nothing is on the way here.")


def _on_the_way(session: Session) -> list[Operation | Batch]:
    """Return what is on its way here, and what has ended meanwhile where nobody watched."""
    begun = [*session.unwatched, *(group for group in session.groups if not group.done)]
    groups = [each for each in dict.fromkeys(begun) if isinstance(each, Batch)]
    of_groups = {key for group in groups for key in group.keys}
    single = [each.key for each in begun if isinstance(each, Operation)]
    keys = dict.fromkeys([*single, *session.engine.in_flight()])
    return [*groups, *(session.operation(key) for key in keys if key not in of_groups)]


def _end_of(awaited: Operation | Batch, timeout: float | None) -> SoundpieceError | None:
    """Wait, and return what went wrong; raises WaitTimeout or WaitInterrupted."""
    try:
        awaited.result(timeout)
    except (WaitTimeout, WaitInterrupted):
        raise
    except SoundpieceError as error:
        return error
    return awaited.failure() if isinstance(awaited, Batch) else None


def _show_ended(ended: Operation | Batch, session: Session, holding: Holding) -> None:
    if isinstance(ended, Sweep):
        show_board(ended, session, holding)
    elif isinstance(ended, Batch):
        show_batch(ended)
    else:
        show_end(ended, session, holding)


def status(_: Any, __: Namespace) -> None:
    """Show the service, the masked key, how many operations there are, and the folders."""
    session = current()
    if session.uses_sandbox:
        address = session.sandbox.running()
        where = f"sandbox on {address.base_url}" if address else "sandbox (stopped)"
        key = "not needed"
    else:
        where = _or_complaint(lambda: session.service)
        key = _or_complaint(_masked_key)
    counts = ", ".join(f"{number} {name}" for name, number in session.journal.counts().items())
    audio = sum(file.stat().st_size for file in (session.home / "audio").rglob("*.flac"))
    journal = session.journal.file.stat().st_size
    rows = {
        "Service": where,
        "Key": key,
        "Operations": counts or "none yet",
        "On the way here": str(len(session.engine.in_flight())),
        "Journal": f"{session.journal.file} ({journal / 1e6:.1f} MB)",
        "Audio": f"{session.home / 'audio'} ({audio / 1e6:.1f} MB)",
    }
    _say("\n".join(f"{name:<16} {value}" for name, value in rows.items()))


def _or_complaint(ask: Callable[[], str]) -> str:
    """Return an answer, or what is wrong with it: a status is where one looks for that."""
    try:
        return ask()
    except Mistake as mistake:
        return str(mistake)


def _masked_key() -> str:
    found = credentials.find_api_key()
    return mask(found) if found else "none (SOUNDPIECE_API_KEY, or %soundpiece_login)"


def sandbox(_: Any, options: Namespace) -> None:
    """Start, stop or look at the embedded sandbox."""
    session = current()
    if options.action == "start":
        if options.if_no_key and credentials.find_api_key():
            _say(f"There is an API key, so operations go to {session.service}.")
            return
        if options.pace is not None and not 0 <= options.pace < float("inf"):
            raise Mistake("--pace takes a number from 0 (as fast as it can) upwards.")
        running = session.sandbox.running()
        if running and options.pace is not None:
            raise Mistake(
                "The sandbox is running already, and its pace is set when it starts: "
                "%soundpiece_sandbox stop comes first."
            )
        address = session.sandbox.start(1.0 if options.pace is None else options.pace)
        session.uses_sandbox = True
        _say(
            f"Soundpiece sandbox on {address.base_url}: real audio, made on this machine, free. "
            "It is not Soundpiece's model."
        )
    elif options.action == "stop":
        session.uses_sandbox = False
        _say("The sandbox is stopped." if session.sandbox.stop() else "It was not running.")
    else:
        running = session.sandbox.running()
        used = " and in use here" if session.uses_sandbox else ""
        _say(
            f"The sandbox is running on {running.base_url}{used}."
            if running
            else "The sandbox is not running; %soundpiece_sandbox start starts it."
        )


def login(_: Any, options: Namespace) -> None:
    """Ask for an API key or a signing secret without showing it; keep it in the system keyring."""
    if options.webhook:
        credentials.store_webhook_secrets(_asked("Soundpiece signing secret of webhooks"))
        _say("The secret is in the system keyring.")
    else:
        credentials.store_api_key(_asked("Soundpiece API key"))
        _say("The key is in the system keyring.")


def _asked(what: str) -> str:
    from getpass import getpass

    from IPython.core.error import StdinNotImplementedError

    nobody = Mistake(
        "Nobody can be asked for it here; set SOUNDPIECE_API_KEY or SOUNDPIECE_WEBHOOK_SECRET "
        "instead."
    )
    if front_end() is FrontEnd.SCRIPT:  # the next line of the program would be taken for the key
        raise nobody
    try:
        return getpass(f"{what} (not shown): ")
    except (StdinNotImplementedError, EOFError):
        raise nobody from None


def logout(_: Any, options: Namespace) -> None:
    """Remove the API key, or the signing secret, from the system keyring."""
    if options.webhook:
        what, removed = "secret", credentials.forget_webhook_secrets()
    else:
        what, removed = "key", credentials.forget_api_key()
    _say(f"The {what} is removed from the keyring." if removed else f"The keyring holds no {what}.")


def _resumed(session: Session, operations: list[Operation], *, named: bool) -> str:
    words = []
    if operations:
        words.append(f"Going on with {counted(len(operations), 'operation')}.")
    out_of_reach = [] if named else [e for e in session.unfinished() if not session.reaches(e)]
    for service in sorted({entry.service for entry in out_of_reach}):
        number = counted(sum(entry.service == service for entry in out_of_reach), "operation")
        words.append(f"{number} of {service}: set SOUNDPIECE_BASE_URL and a key for it to go on.")
    return " ".join(words) or "Nothing is unfinished."


def _say(text: str) -> None:
    print(text)  # noqa: T201 - the answer to what was typed
