"""The magics as IPython knows them: each parses its line, then calls its command.

Nothing heavy is imported here: commands, and all they need, come with the first use.
"""

from __future__ import annotations

from argparse import Namespace
from importlib import import_module
from typing import Any

from IPython.core.magic import Magics, magics_class
from traitlets import Bool, Enum, Float, Unicode

from soundpiece_nb.api.routes import ROUTES, Route
from soundpiece_nb.operations.templates import expand_all
from soundpiece_nb.settings import SETTINGS

from .command import Magic
from .options import HOLDING, KEYS, Option, Usage, option, route_usage

_KEY = option("key", metavar="KEY", help="a key, its unique beginning, or a NAME")
_WEBHOOK = option("--webhook", action="store_true", help="the signing secret of webhooks instead")

_COMMANDS: dict[str, tuple[str, tuple[Option, ...], str]] = {
    "": ("Show one screen of help.", (), ""),
    "history": (
        "Show what was ever made, newest first.",
        (
            option("-n", dest="limit", number=int, help="how many on a page (20)"),
            option("--page", number=int, default=1, help="which page (1)"),
            option("--status", help="submitting, processing, ready, failed or rejected"),
            option("--route", help="create.new_song, or song"),
            option("--since", metavar="AGE", help="no older than this: 90m, 12h, 2d, or a date"),
            option(
                "--search", metavar="TEXT", help="in names, prompts, lyrics and notes, a take's too"
            ),
            option("--tag", help="with this tag"),
            option("--min-rating", number=int, metavar="STARS", help="whose best take has so many"),
            option("--sweep", metavar="ID", help="of this sweep, by id or NAME"),
            option("--name", help="of this NAME"),
            option("--error", metavar="CODE", help="that failed with this code"),
            option("--order", help="made, name, route, status, duration, rating, elapsed; -rating"),
            option("-o", dest="output", choices=["df"], help="df: return a DataFrame"),
            option("--to", metavar="FILE", help="write all that fits: .csv, .parquet or .html"),
        ),
        "%soundpiece_history --since 2d --status ready",
    ),
    "show": (
        "Show an operation or a whole sweep again, from this machine's own store.",
        (
            option("key", metavar="KEY", help="a key, its beginning, a NAME, or a sweep's id"),
            option("--order", help="of a sweep: made, what was varied, rating, duration, loudness"),
            *HOLDING,
        ),
        "%soundpiece_show night_drive",
    ),
    "compare": (
        "Show operations side by side: what differs between their requests, and their players.",
        (option("keys", nargs="+", metavar="KEY", help="two or more keys or NAMEs"),),
        "%soundpiece_compare night_drive late",
    ),
    "lab": (
        (
            "Open a form for every route, beside the growing list of what it makes: ordinary\n"
            "operations, with the cell that would make each of them."
        ),
        (),
        "",
    ),
    "resume": (
        (
            "Go on with operations that an earlier kernel left unfinished. A named one that was\n"
            "refused (not enough credits, say) is sent again under its own key."
        ),
        (KEYS,),
        "%soundpiece_resume 550e8400",
    ),
    "wait": (
        "Wait for operations, all that are on the way unless some are named.",
        (
            KEYS,
            option("--timeout", metavar="SECONDS", help="wait no longer; the operations go on"),
        ),
        "%soundpiece_wait night_drive",
    ),
    "export": (
        (
            "Copy takes into a folder under readable names, each with its story as tags: title,\n"
            "prompt, lyrics, route, key, date. What is there already is not written again."
        ),
        (
            KEYS,
            option("--to", metavar="DIR", required=True, help="the folder, made if need be"),
            option(
                "--format", choices=["flac", "wav", "mp3"], default="flac", help="flac, as made"
            ),
            option("--take", metavar="N", help="only this take: its number, or vocals, say"),
        ),
        "%soundpiece_export night_drive --to songs --format wav",
    ),
    "prune": (
        (
            "Say how much audio of these operations is on this disk, and with --yes remove it.\n"
            "Rows stay; %soundpiece_resume KEY fetches audio again, while the service has it."
        ),
        (
            KEYS,
            option("--older-than", metavar="AGE", help="made before: 12h, 30d, or a date"),
            option("--status", help="submitting, processing, ready, failed or rejected"),
            option(
                "--below-rating", metavar="N", number=int, help="whose best take is rated lower"
            ),
            option("--yes", action="store_true", help="remove it, instead of saying what it is"),
        ),
        "%soundpiece_prune --older-than 30d --below-rating 3",
    ),
    "bundle": (
        (
            "Write a copy of a saved notebook that carries its own sound, as MP3 inside its\n"
            "players, so that one file plays anywhere. The notebook itself is left as it is."
        ),
        (
            option("notebook", metavar="NOTEBOOK", help="the .ipynb file; save it first"),
            option("--to", metavar="FILE", help="the copy (beside it: NOTEBOOK-with-sound)"),
            option("--html", action="store_true", help="a web page instead of a notebook"),
        ),
        "%soundpiece_bundle album.ipynb --html",
    ),
    "rate": (
        (
            "Judge a take with 1 to 5 stars (0 takes them away) and a note, as the stars beside\n"
            "its player do. Kept at once, and shown wherever the take is shown."
        ),
        (
            option("take", metavar="KEY:N", help="a NAME or key, with :2 or :vocals for a take"),
            option("stars", metavar="STARS", help="1 to 5; 0 takes them away"),
            option(
                "note", nargs="*", default=[], metavar="NOTE", help="words of yours on this take"
            ),
        ),
        '%soundpiece_rate night_drive:2 4 "love the bass"',
    ),
    "tag": (
        "Give an operation tags, beside those it has.",
        (_KEY, option("tags", nargs="+", metavar="TAG", help="one or more tags")),
        "%soundpiece_tag night_drive demo keep",
    ),
    "note": (
        "Give an operation a note, or a take of it; an empty one takes the take's away.",
        (
            option("take", metavar="KEY[:N]", help="a NAME or key, with :2 for one take"),
            option("note", nargs="*", default=[], metavar="NOTE", help="words of yours"),
        ),
        '%soundpiece_note night_drive "for the second scene"',
    ),
    "doctor": (
        (
            "Check the journal against the files on this machine and against the service, mend\n"
            "what is safe, and say each thing. No audio is removed, nothing is sent or paid for."
        ),
        (
            option("--verify", action="store_true", help="decode every take, which takes longer"),
            option(
                "--all",
                dest="ask_all",
                action="store_true",
                help="ask the service about every operation, not only what lacks something",
            ),
            option("--dry-run", action="store_true", help="say what would be done, change nothing"),
        ),
        "%soundpiece_doctor --dry-run",
    ),
    "status": ("Show service, key (masked), operations and folders.", (), ""),
    "sandbox": (
        (
            "Start, stop or look at the embedded sandbox: a small imitation of the service on\n"
            "this machine, offline and free. It makes real audio; it is not Soundpiece's model."
        ),
        (
            option("action", nargs="?", default="status", choices=["start", "stop", "status"]),
            option("--pace", number=float, help="at its start; 0: as fast as it can (1.0)"),
            option(
                "--if-no-key",
                action="store_true",
                help="start only where there is no API key for the real service",
            ),
        ),
        "%soundpiece_sandbox start",
    ),
    "login": (
        "Store an API key in the system keyring; asks for it without showing it.",
        (_WEBHOOK,),
        "",
    ),
    "logout": ("Remove the API key from the system keyring.", (_WEBHOOK,), ""),
}

_FUNCTIONS = {"": "overview", "show": "show_again"}
"""The commands whose functions are named otherwise."""

_ROOMS = {
    **dict.fromkeys(("export", "prune", "bundle"), "files"),
    **dict.fromkeys(("rate", "tag", "note"), "judging"),
    **dict.fromkeys(("history", "compare"), "looking_back"),
    "doctor": "repairing",
}
"""The modules of commands that do not live in `commands`."""


@magics_class
class SoundpieceMagics(Magics):
    """Songs and sounds from cells; `%config SoundpieceMagics` shows and sets these."""

    base_url = Unicode(
        "", help="Root of the API; empty: SOUNDPIECE_BASE_URL, else the public service."
    ).tag(config=True)
    home = Unicode(
        "",
        help="Folder of journal and audio, fixed at the first use; empty: SOUNDPIECE_HOME, "
        "else the user-data folder.",
    ).tag(config=True)
    wait = Enum(
        ["auto", "always", "never"],
        "auto",
        help="Whether magics wait for their result; auto: only where nobody watches.",
    ).tag(config=True)
    sound = Enum(
        ["auto", "link", "embed"],
        "auto",
        help="How finished players hold their sound; auto: the lossless file where the "
        "notebook's folder is known, else a small MP3 inside the notebook.",
    ).tag(config=True)
    once = Bool(
        False,
        help="Whether magics derive the key from the request, as with --once, so that running "
        "all cells again makes nothing new.",
    ).tag(config=True)
    callback_url = Unicode(
        "",
        help="https URL that the service tells of every operation's end; empty: none; auto: this "
        "Jupyter server's, by SOUNDPIECE_PUBLIC_URL or JupyterHub.",
    ).tag(config=True)
    request_timeout = Float(
        20.0,
        min=1.0,
        help="Seconds one exchange with the service may take, beyond what it holds a long poll; "
        "of a download, seconds of silence. Then it is tried again.",
    ).tag(config=True)
    retry_budget = Float(
        300.0, min=0.0, help="Seconds of nothing but failures after which trying stops."
    ).tag(config=True)
    operation_deadline = Float(
        3600.0, min=1.0, help="Seconds after which following one operation stops; it goes on."
    ).tag(config=True)

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.observe(self._keep_settings)
        self._keep_settings()
        for route in ROUTES.values():
            self._add_route(route)
        for name, (description, options, example) in _COMMANDS.items():
            title = f"soundpiece_{name}".rstrip("_")
            self._add_command(name, title, Usage(f"%{title}", description, options, example))

    def _keep_settings(self, _: object = None) -> None:
        SETTINGS.base_url = self.base_url or None
        SETTINGS.home = self.home or None
        SETTINGS.once = self.once
        SETTINGS.callback_url = self.callback_url or None
        SETTINGS.request_timeout = self.request_timeout
        SETTINGS.retry_budget = self.retry_budget
        SETTINGS.operation_deadline = self.operation_deadline

    def _add_route(self, route: Route) -> None:
        def make(options: Namespace, cell: str | None) -> None:
            from . import route_commands as making

            making.make(self, route, options, cell)

        magic = Magic(f"soundpiece_{route.noun}", route_usage(route), make)
        for kind in ("line", "cell") if route.body else ("line",):
            self.magics[kind][magic.__name__] = magic

    def _add_command(self, name: str, title: str, usage: Usage) -> None:
        def command(options: Namespace, _: str | None) -> Any:
            namespace: dict[str, Any] = shell.user_ns
            typed = {each.target: each for each in usage.options}
            given = {
                word: typed[word].read(expand_all(value, namespace))
                for word, value in vars(options).items()
            }
            room = import_module(f".{_ROOMS.get(name, 'commands')}", __package__)
            return getattr(room, _FUNCTIONS.get(name, name))(self, Namespace(**given))

        shell: Any = self.shell

        self.magics["line"][title] = Magic(title, usage, command)
