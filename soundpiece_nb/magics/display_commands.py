"""Commands that show: earlier operations again, several side by side, and the lab."""

from __future__ import annotations

from argparse import Namespace

from .command import Notebook, command
from .options import HOLDING, option


@command(
    "show",
    option(
        "key",
        metavar="KEY",
        help="a key, its beginning, a NAME, or a sweep's id",
        known_as=("key", "name", "id", "sweep"),
    ),
    option("--order", help="of a sweep: made, what was varied, rating, duration, loudness"),
    *HOLDING,
    example="%soundpiece_show night_drive",
)
def show(notebook: Notebook, options: Namespace) -> None:
    """Show an operation or a whole sweep again, from this machine's own store."""
    from .route_commands import show_target

    holding = notebook.holding(options.holding)
    show_target(notebook.find_target(options.key), holding, order=options.order)


@command(
    "compare",
    option("keys", nargs="+", metavar="KEY", help="two or more keys or NAMEs"),
    example="%soundpiece_compare night_drive late",
)
def compare(notebook: Notebook, options: Namespace) -> None:
    """Show operations side by side: what differs between their requests, and their players."""
    from soundpiece_nb.display.comparison import Comparison
    from soundpiece_nb.display.redrawing import Page
    from soundpiece_nb.display.sound_source import place_of

    session = notebook.session
    place = place_of(session, notebook.holding())
    keys = dict.fromkeys(word.partition(":")[0] for word in notebook.find_takes(options.keys))
    session.part(Page).show(Comparison(session, list(keys), place))


@command("lab")
def lab(notebook: Notebook, _: Namespace) -> None:
    """Open a form for every route, beside the growing list of what it makes.

    These are ordinary operations; each is shown with the cell that would make it. Each press of its
    button makes a new one, also where %config SoundpieceMagics.once is on.
    """
    from soundpiece_nb.display.lab_form import show_lab

    show_lab(notebook.scope.notebook.__setitem__)
