"""The doctor's examination: the journal's file, then the audio files, then the service."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from soundpiece_nb.api.errors import KeyringFailed, Mistake
from soundpiece_nb.credentials import look_up_api_key
from soundpiece_nb.engine.threads import start_thread
from soundpiece_nb.files.naming import numbered
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.services import SANDBOX
from soundpiece_nb.operations.session import Session
from soundpiece_nb.shown_text import counted

from .audio_files import AudioFiles, Names
from .backlog import Backlog
from .home_folder import broken_writes, kept_aside, refusals, unknown_folders
from .inventory import Known, StoredFiles, read_journal, read_stored_files
from .journal_file import damaged_rows, is_damaged, mend_search, postpone, rescue_journal
from .permissions import permissions
from .repairs import Repairs
from .report import Finding, Group, Report, weight
from .service_inquiry import PATIENCE, Inquiry, blocked, inquire


@dataclass(frozen=True, kw_only=True)
class Examination:
    """One examination of everything in a home folder, on a thread of its own."""

    verify: bool = False
    """Whether every file is decoded, and the index of searches compared with the texts."""
    ask_all: bool = False
    """Whether the service is asked about every operation, not only those that lack something."""
    dry_run: bool = False
    """Whether nothing is changed."""
    patience: float = PATIENCE
    """Seconds without an answer after which the service is asked no more."""
    names: Names = numbered
    """Paths for a damaged file, which is moved aside to the first that is free."""
    _stopped: threading.Event = field(default_factory=threading.Event, init=False)

    def begin(self) -> Future[Report]:
        """Start, and return the future of the report; it may raise SoundpieceError."""
        report: Future[Report] = Future()
        start_thread(partial(self._work, report), "soundpiece-doctor")
        return report

    def stop(self) -> None:
        """End it after the repair that it is at."""
        self._stopped.set()

    def _work(self, report: Future[Report]) -> None:
        try:
            report.set_result(self._examine())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            report.set_exception(error)

    def _examine(self) -> Report:
        session = current()
        findings = [*_keyring(session)]
        if is_damaged(session.home):
            postponed = postpone(session.home, dry_run=self.dry_run)
            if postponed is not None:
                return Report((postponed,), "only the journal's file was looked at", self.dry_run)
            findings += rescue_journal(session)
        elif self.verify and not self.dry_run:
            findings += mend_search(session.home)
        repairs = Repairs(session, self.dry_run, self._stopped)
        # Files first: a row is written before its files, so that each file found here has its row.
        stored = read_stored_files(session.home / "audio", repairs.check_stopped)
        journal = read_journal(session.journal)
        free = _free(repairs, journal.values())
        files = AudioFiles(repairs, stored, verifies=self.verify, names=self.names)
        files.examine(free)
        backlog = Backlog(free, files.without_audio, files.without_rows, *_service(repairs))
        asked = backlog.to_ask(everything=self.ask_all)
        inquiry = inquire(session, asked, repairs.check_stopped, self.patience)
        findings += [
            *blocked(session),
            *backlog.findings(inquiry),
            *files.findings(),
            *damaged_rows(journal.values()),
            *broken_writes(repairs),
            *permissions(repairs),
            *unknown_folders(stored, journal),
            *refusals(repairs),
            *_left_alone(len(journal) - len(free)),
            *kept_aside(repairs, stored),
        ]
        looked_at = self._looked_at(journal.values(), stored, inquiry)
        return Report(tuple(findings), looked_at, self.dry_run)

    def _looked_at(
        self, operations: Collection[Known], stored: StoredFiles, inquiry: Inquiry
    ) -> str:
        files = [found.size for each in stored.values() for found in each.values()]
        takes = sum(len(known.takes) for known in operations)
        words = (
            f"{counted(len(operations), 'operation')}, {counted(takes, 'take')} and "
            f"{counted(len(files), 'file')} ({weight(sum(files))}) were looked at"
        )
        if self.verify:
            words += ", every take decoded"
        if inquiry.answers:
            words += f", {counted(len(inquiry.answers), 'operation')} asked about at the service"
        return words


def _free(repairs: Repairs, operations: Collection[Known]) -> list[Known]:
    """Return the operations that no living process holds; the others are not touched."""
    engine, now = repairs.session.engine, time.time_ns() // 1000
    return [each for each in operations if engine.run(each.key) is None and not each.busy(now)]


def _service(repairs: Repairs) -> tuple[str, str | None]:
    """Return the service in use, as the journal calls it, and the mark of the account there.

    Empty and None where its address or the key is not valid.
    """
    services, service, account = repairs.session.services, "", None
    with suppress(Mistake):
        service = services.in_use
        account = services.account(service)
    return service, account


def _keyring(session: Session) -> Iterator[Finding]:
    """Say what keeps the keyring from telling the key that the service in use needs."""
    try:
        if session.services.in_use != SANDBOX:
            look_up_api_key()
    except KeyringFailed as failed:
        yield Finding(Group.FOR_YOU, failed.what)
    except Mistake:  # an address or key that cannot be used: its own check says so
        return


def _left_alone(number: int) -> Iterator[Finding]:
    if number:
        sentence = f"On the way in a kernel, and left alone: {counted(number, 'operation')}."
        yield Finding(Group.IN_ORDER, sentence)
