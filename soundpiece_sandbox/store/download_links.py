"""Signed download URLs, valid for a short time, as a storage service would make them."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

_SECRET_BYTES = 32


@dataclass(frozen=True)
class DownloadLinks:
    """Signs download URLs that are valid for ``lifetime`` seconds, and checks them."""

    secret: bytes
    lifetime: float

    def sign(self, file: str, origin: str) -> tuple[str, datetime]:
        """Return a signed URL for a file at an origin, and the time (UTC) at which it expires.

        An origin is written ``http://host:port``.
        """
        # Milliseconds, so that every response has URLs of its own.
        expires = str(int((time.time() + self.lifetime) * 1000))
        query = urlencode({"expires": expires, "signature": self._signature(file, expires)})
        expires_at = datetime.fromtimestamp(int(expires) / 1000, UTC)
        return f"{origin}/files/{file}?{query}", expires_at

    def is_genuine(self, file: str, expires: str, signature: str) -> bool:
        """Return whether a URL was signed with this secret, even if it has expired."""
        return hmac.compare_digest(
            signature.encode(errors="replace"), self._signature(file, expires).encode()
        )

    def is_valid_at(self, file: str, expires: str, signature: str, moment: datetime) -> bool:
        """Return whether a URL was signed with this secret and had not expired at a moment."""
        return self.is_genuine(file, expires, signature) and moment.timestamp() * 1000 < int(
            expires
        )

    def _signature(self, file: str, expires: str) -> str:
        message = f"{file}\n{expires}".encode(errors="replace")
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()


def load_or_create_secret(file: Path) -> bytes:
    """Return the signing secret in a file; the first time, create both."""
    if not file.exists() or file.stat().st_size < _SECRET_BYTES:
        unfinished = file.with_suffix(".part")
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(secrets.token_bytes(_SECRET_BYTES))
        unfinished.replace(file)
    return file.read_bytes()
