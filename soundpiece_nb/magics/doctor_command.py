"""The command that checks journal, files and service against each other."""

from __future__ import annotations

from argparse import Namespace

from soundpiece_nb.api.errors import WaitInterrupted
from soundpiece_nb.shown_text import say

from .command import Notebook, command
from .options import option


@command(
    "doctor",
    option("--verify", action="store_true", help="decode every take, which takes longer"),
    option(
        "--all",
        dest="ask_all",
        action="store_true",
        help="ask the service about every operation, not only what lacks something",
    ),
    option("--dry-run", action="store_true", help="say what would be done, change nothing"),
    example="%soundpiece_doctor --dry-run",
)
def doctor(_: Notebook, options: Namespace) -> None:
    """Check the journal against the files on this machine and against the service.

    Mends what is safe, and says each thing. No audio is removed, nothing is sent or paid for.
    """
    from soundpiece_nb.doctor.examination import Examination
    from soundpiece_nb.operations.waiting import attend

    examination = Examination(**vars(options))
    try:
        say(attend(examination.begin()))
    except KeyboardInterrupt:
        examination.stop()
        raise WaitInterrupted(
            "The examination stopped. What it had mended is mended, the rest is as it was.",
            next="%soundpiece_doctor looks again.",
        ) from None
