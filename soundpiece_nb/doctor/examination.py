"""One examination from end to end: the journal's file, then the audio, then the service."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from pathlib import Path

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.files import numbered
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.text import counted

from .audio_files import Files
from .backlog import Backlog
from .home_folder import broken_writes, kept_aside, refused, strangers
from .inventory import Known, StoredFiles, read_journal, read_stored_files
from .journal_file import complaints, postpone, rescue_journal
from .repairs import Repairs
from .report import Finding, Group, Report, weight
from .service import PATIENCE, Inquiry, inquire


class Examination:
    """A look at everything a home folder holds, begun once, on a thread of its own."""

    def __init__(
        self,
        *,
        verify: bool = False,
        ask_all: bool = False,
        dry_run: bool = False,
        patience: float = PATIENCE,
        names: Callable[[Path], Iterator[Path]] = numbered,
    ) -> None:
        """Decide how far it goes.

        `verify` decodes every file, `ask_all` asks the service about every operation and not only
        about those that lack something, `dry_run` changes nothing. A service that fails for
        `patience` seconds counts as silent. A damaged file is moved aside to the first of `names`
        that is free.
        """
        self._verifies = verify
        self._asks_all = ask_all
        self._dry_run = dry_run
        self._patience = patience
        self._names = names
        self._stopped = threading.Event()

    def begin(self) -> Future[Report]:
        """Begin, and return the report that is to come; it may raise SoundpieceError."""
        coming: Future[Report] = Future()
        threading.Thread(
            target=self._work, args=(coming,), name="soundpiece-doctor", daemon=True
        ).start()
        return coming

    def stop(self) -> None:
        """Let it end after the repair that it is at, which is whole in itself."""
        self._stopped.set()

    def _work(self, coming: Future[Report]) -> None:
        try:
            coming.set_result(self._examine())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            coming.set_exception(error)

    def _examine(self) -> Report:
        session = current()
        findings = []
        if complaints(session.home):
            alone = postpone(session.home, dry_run=self._dry_run)
            if alone is not None:
                return Report((alone,), "only the journal's file was looked at", self._dry_run)
            findings += rescue_journal(session)
        repairs = Repairs(session, self._dry_run, self._stopped)
        # Files first: a row is written before its files are, so that none is taken for a stranger.
        stored = read_stored_files(session.home / "audio", repairs.check_stopped)
        journal = read_journal(session.journal)
        free = _free(repairs, journal.values())
        files = Files(repairs, stored, verifies=self._verifies, names=self._names)
        files.examine(free)
        backlog = Backlog(free, files.lacking, files.untold, _service(repairs))
        inquiry = inquire(
            session,
            backlog.to_ask(everything=self._asks_all),
            repairs.check_stopped,
            self._patience,
        )
        findings += [
            *backlog.findings(inquiry),
            *files.findings(),
            *broken_writes(repairs),
            *strangers(stored, journal),
            *refused(repairs),
            *_left_alone(len(journal) - len(free)),
            *kept_aside(repairs, stored),
        ]
        looked_at = self._looked_at(journal.values(), stored, inquiry)
        return Report(tuple(findings), looked_at, self._dry_run)

    def _looked_at(
        self, operations: Collection[Known], stored: StoredFiles, inquiry: Inquiry
    ) -> str:
        files = [found.size for each in stored.values() for found in each.values()]
        takes = sum(len(known.takes) for known in operations)
        words = (
            f"{counted(len(operations), 'operation')}, {counted(takes, 'take')} and "
            f"{counted(len(files), 'file')} ({weight(sum(files))}) were looked at"
        )
        if self._verifies:
            words += ", every take decoded"
        if inquiry.answers:
            words += f", {counted(len(inquiry.answers), 'operation')} asked about at the service"
        return words


def _free(repairs: Repairs, operations: Collection[Known]) -> list[Known]:
    """Return the operations that no living process holds; the others are left alone entirely."""
    engine, now = repairs.session.engine, time.time_ns() // 1000
    return [each for each in operations if engine.run(each.key) is None and not each.busy(now)]


def _service(repairs: Repairs) -> str:
    """Return the service in use, as the journal calls it; empty where its address is none."""
    try:
        return repairs.session.service
    except Mistake:
        return ""


def _left_alone(number: int) -> list[Finding]:
    if not number:
        return []
    sentence = f"On the way in a kernel, and left alone: {counted(number, 'operation')}."
    return [Finding(Group.IN_ORDER, sentence)]
