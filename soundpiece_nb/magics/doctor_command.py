"""What `%soundpiece_doctor` does."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from soundpiece_nb.api.errors import WaitInterrupted
from soundpiece_nb.doctor.examination import Examination
from soundpiece_nb.operations.waiting import attend


def doctor(_: Any, options: Namespace) -> None:
    """Check journal, files and service against each other, and say what was found and mended."""
    examination = Examination(
        verify=options.verify, ask_all=options.ask_all, dry_run=options.dry_run
    )
    try:
        report = attend(examination.begin())
    except KeyboardInterrupt:
        examination.stop()
        raise WaitInterrupted(
            "The examination stopped. What it had mended is mended, the rest is as it was; "
            "%soundpiece_doctor looks again."
        ) from None
    print(report)  # noqa: T201 - the answer to what was typed
