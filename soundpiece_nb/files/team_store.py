"""A team's store of sound: a bucket that SOUNDPIECE_AUDIO names, spoken to by obstore.

Its credentials come from the environment as obstore reads them, and nothing that it says is shown
as it is: an answer of a store may repeat an access key or a signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from soundpiece_nb.api.errors import Mistake, Unreachable
from soundpiece_nb.inputs.environment_variables import read_variable
from soundpiece_nb.shown_text import label

VARIABLE = "SOUNDPIECE_AUDIO"
SCHEMES = ("s3", "gs", "az")

_TRIES = {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}
"""Of obstore itself; the engine goes on trying as it does with the service."""
_SECONDS = {"connect_timeout": "10s", "timeout": "120s"}
"""Of one request, which carries five megabytes at most: 40 kB a second."""

_CODE = re.compile(r"<Code>(\w{1,60})</Code>")

_CREDENTIALS = (
    "Set those that may read and write there (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "GOOGLE_APPLICATION_CREDENTIALS, or AZURE_STORAGE_ACCOUNT_NAME and _KEY)."
)
_CHECK = f"Check {VARIABLE}, and the region and endpoint that are set for it."
_HTTP = "non-2xx status code: "
_MEANINGS: tuple[tuple[str, str, str, bool], ...] = (
    # A cloud's own machines find credentials at this address, and others nothing.
    (
        r"//169\.254\.169\.254/|Account must be|redentials {",
        "has no credentials",
        _CREDENTIALS,
        True,
    ),
    (f"{_HTTP}40[13]|^The operation lacked", "refuses the credentials", _CREDENTIALS, True),
    (f"{_HTTP}404", "was not found", f"Check the name of its bucket in {VARIABLE}.", True),
    ("without LOCATION", "is in another region", "Set AWS_REGION to the bucket's.", True),
    (
        "BadScheme",
        "is spoken to by http, without encryption",
        "AWS_ALLOW_HTTP=true allows that within your own network.",
        True,
    ),
    (
        "[Cc]ertificate|UnknownIssuer",
        "shows a certificate that is not trusted here",
        "If a proxy reads along on purpose, SSL_CERT_FILE names the certificates to trust.",
        True,
    ),
    (f"{_HTTP}(408|429)", "asks to slow down", "", False),
    (f"{_HTTP}4", "refuses", _CHECK, True),
    (f"{_HTTP}5", "has a problem", "", False),
    ("dns error", "has an address that cannot be found", _CHECK, False),
    (
        "Connect",
        "cannot be reached (if a proxy is set, it may be that)",
        "",
        False,
    ),
    ("builder error", "cannot be spoken to", _CHECK, True),
    ("HTTP error", "does not answer", "", False),
    ("", "cannot be used", _CHECK, True),
)
"""Words of obstore's errors; what they mean for the store, what helps, and whether it lasts."""


@dataclass(frozen=True)
class TeamStore:
    """A bucket and the folder in it, by an `address` such as `s3://bucket/prefix`."""

    address: str

    async def holds(self, name: str, sha256: str, size: int | None) -> bool:
        """Tell whether an object is there with this checksum, and of this size where it is known.

        Raises Unreachable.
        """
        import obstore

        with self._explained():
            try:
                found = await obstore.get_async(self._open(), name, options={"head": True})
            except FileNotFoundError:
                return False
            same_size = size is None or found.meta["size"] == size
            return same_size and found.attributes.get("sha256") == sha256

    async def put(self, name: str, file: Path, sha256: str, media_type: str) -> None:
        """Write a file into the store with its checksum; raises Unreachable, OSError of the file.

        A large one goes in parts.
        """
        import obstore

        attributes: Any = {"Content-Type": media_type, "sha256": sha256}
        with file.open("rb") as content, self._explained():
            await obstore.put_async(self._open(), name, content, attributes=attributes)

    async def signed_address(self, name: str, lifetime: timedelta) -> str:
        """Return an address at which anybody can read the object for so long: it is a secret.

        Raises Unreachable where the credentials cannot sign.
        """
        import obstore

        with self._explained():
            return await obstore.sign_async(self._open(), "GET", name, lifetime)

    def _open(self) -> Any:
        from obstore.store import from_url

        options: dict[str, Any] = {"retry_config": _TRIES, "client_options": _client_options()}
        return from_url(self.address, **options)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raise what obstore says as our own sentences, which say whether trying again may help."""
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, FileNotFoundError, ValueError) as error:
            raise self._trouble(str(error)) from None
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # Rust's, which is no Exception
                raise
            raise self._trouble("") from None

    def _trouble(self, said: str) -> Unreachable:
        _, what, remedy, never = next(each for each in _MEANINGS if re.search(each[0], said))
        code = _CODE.search(said)
        more = f" ({code[1]})" if code else ""
        words = f"The team's store {label(self.address)} {what}{more}."
        return Unreachable(words, next=remedy, never=never, undelivered=True)


def _client_options() -> dict[str, Any]:
    """Return the times that are given, and what the environment says: obstore takes either."""
    options: dict[str, Any] = dict(_SECONDS)
    for name in ("allow_http", "proxy_url"):
        named = [read_variable(f"{cloud}_{name.upper()}") for cloud in ("AWS", "GOOGLE", "AZURE")]
        if any(named):
            options[name] = next(filter(None, named))
    return options


def read_team_store() -> TeamStore | Path | None:
    """Return the team's store that the environment names: a bucket, a folder, or None.

    Raises Mistake where it names neither, or a bucket and obstore is not installed.
    """
    named = read_variable(VARIABLE)
    if not named:
        return None
    if "://" not in named:
        return Path(named).expanduser()
    try:
        parts = urlsplit(named)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise Mistake(
            f"{VARIABLE} must be s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or "
            f"a folder, not {label(named)}."
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise Mistake(
            f"{VARIABLE} holds more than a bucket and a prefix.",
            next=f"Credentials: {_CREDENTIALS}",
        )
    if find_spec("obstore") is None:
        raise Mistake(
            "A team's store is spoken to by obstore, which is not installed.",
            next="%pip install 'soundpiece-nb[team]'.",
        )
    return TeamStore(named.rstrip("/"))
