"""Commands for help, the status, the sandbox and the key."""

from __future__ import annotations

import re
import warnings
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from soundpiece_nb.api.errors import KeyringFailed, Mistake, WaitInterrupted
from soundpiece_nb.api.routes import ROUTES
from soundpiece_nb.inputs.spelling import nearest
from soundpiece_nb.shown_text import label, quoted, say

from .command import Notebook, command
from .options import option, read_pace

if TYPE_CHECKING:
    from soundpiece_nb.operations.session import Session

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
  %soundpiece_rate KEY:2 4    judge a take; also %soundpiece_tag, %soundpiece_note,
                              %soundpiece_rename; each answer says how to undo it
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
  --extra NAME=VALUE and --unchecked send what the service takes and this version does not know.
"""

TIMES_ASKED = 3
"""Times that a secret is asked for: who types it after a stray Enter would type it into a cell."""

COLUMN = 16
"""Characters of the names that the status lists."""

_WEBHOOK = option("--webhook", action="store_true", help="the signing secret of webhooks instead")


_WORDS = option("words", nargs="*", default=[], metavar="COMMAND", help="one of these commands")


@command("", _WORDS)
def overview(_: Notebook, options: Namespace) -> None:
    """Show one screen of help."""
    asked = options.words[:1] == ["help"]
    _refuse_command(options.words[1:] if asked else options.words, asked=asked)
    say(OVERVIEW)


@command("help", _WORDS)
def show_help(_: Notebook, options: Namespace) -> None:
    """Show one screen of help, as %soundpiece does."""
    _refuse_command(options.words, asked=True)
    say(OVERVIEW)


def _refuse_command(words: Sequence[str], *, asked: bool) -> None:
    """Raise Mistake for a command that is typed as a word, or of which help is `asked` so."""
    if not words:
        return
    known = dict.fromkeys(re.findall(r"%soundpiece_(\w+)", OVERVIEW), "%")
    known |= {route.noun: "%%" if route.body else "%" for route in ROUTES.values()}
    name = words[0].lstrip("%").removeprefix("soundpiece_")
    found = name if name in known else nearest(name, known)
    if found is None:
        raise Mistake(f"There is no command {quoted(words[0])}.", next="%soundpiece lists them.")
    rest = "?" if asked else " ".join(["", *words[1:]])
    raise Mistake(
        "A command is one word with its % and underscore (did you mean "
        f"`{known[found]}soundpiece_{found}{rest}`?)."
    )


@command("status")
def status(notebook: Notebook, _: Namespace) -> None:
    """Show service, key (masked), operations, how many lately and by whom, and folders."""
    from soundpiece_nb.display.front_end import ignored_switch
    from soundpiece_nb.files.paths import shown_path
    from soundpiece_nb.settings import misnamed_variables

    session = notebook.session
    if session.services.uses_sandbox:
        address = session.sandbox.running()
        where = f"sandbox on {address.base_url}" if address else "sandbox (stopped)"
        key = "not needed"
    else:
        where = _or_complaint(lambda: session.services.in_use)
        key = _or_complaint(_masked_key)
    statuses = session.journal.counts().items()
    words = {"unsent": "not sent"}
    counts = ", ".join(f"{number} {label(words.get(name, name))}" for name, number in statuses)
    audio = sum(map(_size, (session.home / "audio").rglob("*.flac")))
    journal = session.journal.file.stat().st_size
    rows = {
        "Service": where,
        "Key": key,
        "Operations": counts or "none yet",
        **_usage(session),
        "On the way here": _on_the_way(session),
        "Journal": f"{shown_path(session.journal.file)} ({journal / 1e6:.1f} MB)",
        "Audio": f"{shown_path(session.home / 'audio')} ({audio / 1e6:.1f} MB)",
    }
    if settings := _settings(notebook):
        rows["Settings"] = _beneath_each_other(settings)
    ignored = misnamed_variables()
    if word := ignored_switch():
        ignored.append(f"SOUNDPIECE_NONINTERACTIVE={quoted(word)}, which is neither 1 nor 0")
    if ignored:
        rows["Ignored"] = _beneath_each_other(map(label, ignored))
    say("\n".join(f"{name:<{COLUMN}} {value}" for name, value in rows.items()))


def _beneath_each_other(texts: Iterable[str]) -> str:
    return f"\n{'':<{COLUMN}} ".join(texts)


def _settings(notebook: Notebook) -> list[str]:
    """Return the settings that are not as they are by themselves, each with its value."""
    usual = "auto"
    chosen = {
        name: word
        for name, word in (("wait", notebook.wait), ("sound", notebook.sound))
        if word != usual
    }
    chosen |= notebook.session.settings.in_force()
    return [f"{name}: {label(word)}" for name, word in chosen.items()]


def _usage(session: Session) -> dict[str, str]:
    from soundpiece_nb.display.usage_rows import usage_rows
    from soundpiece_nb.journal.filters import Filter

    try:
        return usage_rows(session, Filter())
    except Mistake as mistake:
        return {"Made": str(mistake)}


def _on_the_way(session: Session) -> str:
    """Return how many are on the way, and the service's own words for those it calls otherwise."""
    keys = session.engine.in_flight()
    runs = filter(None, map(session.engine.run, keys))
    words = sorted({label(run.word) for run in runs if run.word})
    return f"{len(keys)} ({', '.join(words)}, says the service)" if words else str(len(keys))


def _size(file: Path) -> int:
    """Return the bytes of a file; none of one that has just gone, or of a link to nowhere."""
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _or_complaint(ask: Callable[[], str]) -> str:
    """Return an answer, or the words of the Mistake that prevents it."""
    try:
        return ask()
    except Mistake as mistake:
        return str(mistake)


def _masked_key() -> str:
    from soundpiece_nb.api.redaction import mask
    from soundpiece_nb.credentials import look_up_api_key

    try:
        found = look_up_api_key()
    except KeyringFailed as failed:
        return failed.what
    return mask(found) if found else "none (SOUNDPIECE_API_KEY, or %soundpiece_login)"


@command(
    "sandbox",
    option("action", nargs="?", default="status", choices=["start", "stop", "status"]),
    option(
        "--pace",
        reader=read_pace,
        help="at its start; 0: as fast as it can (1.0)",
        known_as=("speed", "rate", "fast"),
    ),
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
            say(f"There is an API key, so operations go to {session.services.in_use}.")
            return
        if running and options.pace not in (None, running.pace):
            raise Mistake(
                "The sandbox is running already at another pace, which is set when it starts.",
                next="%soundpiece_sandbox stop comes first.",
            )
        address = session.sandbox.start(1.0 if options.pace is None else options.pace)
        session.services.uses_sandbox = True
        say(
            f"Soundpiece sandbox on {address.base_url}: real audio, made on this machine, free. "
            "It is not Soundpiece's model."
        )
    elif options.action == "stop":
        session.services.uses_sandbox = False
        say("The sandbox is stopped." if session.sandbox.stop() else "It was not running.")
    elif running:
        used = " and in use here" if session.services.uses_sandbox else ""
        say(f"The sandbox is running on {running.base_url}{used}.")
    else:
        say("The sandbox is not running; %soundpiece_sandbox start starts it.")


@command("login", _WEBHOOK)
def login(_: Notebook, options: Namespace) -> None:
    """Store an API key in the system keyring; asks for it without showing it."""
    from soundpiece_nb import credentials

    if options.webhook:
        _ask_and_store("Soundpiece signing secret of webhooks", credentials.store_webhook_secrets)
        say("The secret is in the system keyring; %soundpiece_logout --webhook removes it.")
    else:
        _ask_and_store("Soundpiece API key", credentials.store_api_key)
        say("The key is in the system keyring; %soundpiece_logout removes it.")


def _ask_and_store(what: str, store: Callable[[str], None]) -> None:
    """Store what a person types; no error keeps the frames that hold it.

    `%xmode Verbose` shows the values in a traceback's frames, and `%debug` walks through them.
    """
    try:
        store(_ask_for(what))
    except KeyboardInterrupt:
        pass
    except BaseException as error:
        error.__traceback__ = error.__context__ = error.__cause__ = None
        raise
    else:
        return
    raise WaitInterrupted(
        "The login was interrupted.", next="%soundpiece_status says whether there is a key."
    )


def _ask_for(what: str) -> str:
    from getpass import GetPassWarning, getpass

    from soundpiece_nb.display.front_end import FrontEnd, front_end

    nobody = Mistake(
        "Nobody can be asked for it here.",
        next="Set SOUNDPIECE_API_KEY or SOUNDPIECE_WEBHOOK_SECRET instead.",
    )
    if front_end() is FrontEnd.SCRIPT:  # the program's next line would be read as the key
        raise nobody
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", GetPassWarning)  # it would be shown while it is typed
            answers = (getpass(f"{what} (not shown): ") for _ in range(TIMES_ASKED))
            return next(filter(str.strip, answers), "")
    except Exception:  # noqa: BLE001 - front ends refuse in ways of their own
        raise nobody from None


@command("logout", _WEBHOOK)
def logout(_: Notebook, options: Namespace) -> None:
    """Remove the API key from the system keyring."""
    from soundpiece_nb import credentials

    what, again = ("secret", " --webhook") if options.webhook else ("key", "")
    if credentials.forget(credentials.WEBHOOK_SECRET if options.webhook else credentials.API_KEY):
        say(f"The {what} is removed from the keyring; %soundpiece_login{again} keeps one there.")
    else:
        say(f"The keyring holds no {what}.")
