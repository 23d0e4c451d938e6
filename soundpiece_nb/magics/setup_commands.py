"""Commands for help, the status, the sandbox and the key."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.shown_text import visible

from .command import Notebook, command
from .options import option, read_pace

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

_WEBHOOK = option("--webhook", action="store_true", help="the signing secret of webhooks instead")


@command("")
def overview(_: Notebook, __: Namespace) -> None:
    """Show one screen of help."""
    print(OVERVIEW)


@command("status")
def status(notebook: Notebook, _: Namespace) -> None:
    """Show service, key (masked), operations and folders."""
    session = notebook.session
    if session.services.uses_sandbox:
        address = session.sandbox.running()
        where = f"sandbox on {address.base_url}" if address else "sandbox (stopped)"
        key = "not needed"
    else:
        where = _or_complaint(lambda: session.services.in_use)
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
    print(visible("\n".join(f"{name:<16} {value}" for name, value in rows.items())))


def _or_complaint(ask: Callable[[], str]) -> str:
    """Return an answer, or the words of the Mistake that prevents it."""
    try:
        return ask()
    except Mistake as mistake:
        return str(mistake)


def _masked_key() -> str:
    from soundpiece_nb.api.redaction import mask
    from soundpiece_nb.credentials import find_api_key

    found = find_api_key()
    return mask(found) if found else "none (SOUNDPIECE_API_KEY, or %soundpiece_login)"


@command(
    "sandbox",
    option("action", nargs="?", default="status", choices=["start", "stop", "status"]),
    option("--pace", reader=read_pace, help="at its start; 0: as fast as it can (1.0)"),
    option(
        "--if-no-key",
        action="store_true",
        help="start only where there is no API key for the real service",
    ),
    example="%soundpiece_sandbox start",
)
def sandbox(notebook: Notebook, options: Namespace) -> None:
    """Start, stop or look at the embedded sandbox.

    It is a small imitation of the service on this machine, offline and free. It makes real audio;
    it is not Soundpiece's model.
    """
    from soundpiece_nb.credentials import find_api_key

    session = notebook.session
    running = None if options.action == "stop" else session.sandbox.running()
    if options.action == "start":
        if options.if_no_key and find_api_key():
            print(f"There is an API key, so operations go to {session.services.in_use}.")
            return
        if running and options.pace is not None:
            raise Mistake(
                "The sandbox is running already, and its pace is set when it starts.",
                next="%soundpiece_sandbox stop comes first.",
            )
        address = session.sandbox.start(1.0 if options.pace is None else options.pace)
        session.services.uses_sandbox = True
        print(
            f"Soundpiece sandbox on {address.base_url}: real audio, made on this machine, free. "
            "It is not Soundpiece's model."
        )
    elif options.action == "stop":
        session.services.uses_sandbox = False
        print("The sandbox is stopped." if session.sandbox.stop() else "It was not running.")
    elif running:
        used = " and in use here" if session.services.uses_sandbox else ""
        print(f"The sandbox is running on {running.base_url}{used}.")
    else:
        print("The sandbox is not running; %soundpiece_sandbox start starts it.")


@command("login", _WEBHOOK)
def login(_: Notebook, options: Namespace) -> None:
    """Store an API key in the system keyring; asks for it without showing it."""
    from soundpiece_nb import credentials

    if options.webhook:
        credentials.store_webhook_secrets(_ask_for("Soundpiece signing secret of webhooks"))
        print("The secret is in the system keyring.")
    else:
        credentials.store_api_key(_ask_for("Soundpiece API key"))
        print("The key is in the system keyring.")


def _ask_for(what: str) -> str:
    from getpass import getpass

    from IPython.core.error import StdinNotImplementedError

    from soundpiece_nb.display.front_end import FrontEnd, front_end

    nobody = Mistake(
        "Nobody can be asked for it here.",
        next="Set SOUNDPIECE_API_KEY or SOUNDPIECE_WEBHOOK_SECRET instead.",
    )
    if front_end() is FrontEnd.SCRIPT:  # the program's next line would be read as the key
        raise nobody
    try:
        return getpass(f"{what} (not shown): ")
    except (StdinNotImplementedError, EOFError):
        raise nobody from None


@command("logout", _WEBHOOK)
def logout(_: Notebook, options: Namespace) -> None:
    """Remove the API key from the system keyring."""
    from soundpiece_nb import credentials

    what = "secret" if options.webhook else "key"
    if credentials.forget(credentials.WEBHOOK_SECRET if options.webhook else credentials.API_KEY):
        print(f"The {what} is removed from the keyring.")
    else:
        print(f"The keyring holds no {what}.")
