"""Services: the one that new operations go to, and the address and key of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.credentials import KEYRING, account_mark, find_api_key, require_api_key
from soundpiece_nb.engine.clients import Connection
from soundpiece_nb.settings import Settings

from .embedded_sandbox import API_KEY, EmbeddedSandbox

if TYPE_CHECKING:
    from soundpiece_nb.journal.entry import Entry

SANDBOX = "sandbox"
"""The embedded sandbox as the journal names it, since its port may change."""


class Services:
    """The services of a session: its settings' base URL and the embedded sandbox."""

    def __init__(self, settings: Settings, sandbox: Callable[[], EmbeddedSandbox]) -> None:
        self._settings = settings
        self._sandbox = sandbox
        self.uses_sandbox = False
        KEYRING.forgive()  # what it did in an earlier session need not hold in this one

    @property
    def in_use(self) -> str:
        """The service that new operations go to, as the journal names it."""
        return SANDBOX if self.uses_sandbox else self._settings.read_base_url()

    def require(self) -> str:
        """Return the service in use; raises Mistake if it needs a key and there is none."""
        service = self.in_use
        if service != SANDBOX:
            require_api_key()
        return service

    def require_account(self) -> tuple[str, str | None]:
        """Return the service in use and the mark of the account there; raises Mistake as `require`.

        The key is looked for once, which takes some keyrings a moment.
        """
        service = self.in_use
        return service, None if service == SANDBOX else account_mark(require_api_key())

    def account(self, service: str) -> str | None:
        """Return the mark of the account whose key is set; None at the sandbox or without a key."""
        key = None if service == SANDBOX else find_api_key()
        return None if key is None else account_mark(key)

    def is_anothers(self, entry: Entry) -> bool:
        """Tell whether an operation was begun under another API key than the present one."""
        return entry.account not in (None, self.account(entry.service))

    def connect(self, service: str) -> Connection:
        """Return the address and key of a service; starts the sandbox if need be.

        Raises Mistake without a key, or unless the service is in use: a key goes only to its own.
        """
        if service == SANDBOX:
            return Connection(self._sandbox().start().base_url, API_KEY)
        in_use = self._settings.read_base_url()
        if service != in_use:
            raise Mistake(
                f"It belongs to {service}, and SOUNDPIECE_BASE_URL is {in_use}.",
                next="Set it to the former to go on with it.",
            )
        key = require_api_key()
        return Connection(service, key, account_mark(key))

    def can_connect(self, service: str) -> bool:
        """Tell whether `connect` would have an address and a key for this service."""
        if service == SANDBOX:
            return True
        return service == self._settings.read_base_url() and find_api_key() is not None
