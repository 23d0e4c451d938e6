"""Download addresses that carry their own permission: signed, and good for a short time."""

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
    """Signs download addresses that stay good for ``lifetime`` seconds, and checks them."""

    secret: bytes
    lifetime: float

    def sign(self, file: str, origin: str) -> tuple[str, datetime]:
        """Make a fresh address for a file at an origin such as ``http://host:port``.

        Returns the address and the time (UTC) at which it expires.
        """
        # Milliseconds, so that no two answers carry the same address.
        expires = str(int((time.time() + self.lifetime) * 1000))
        query = urlencode({"expires": expires, "signature": self._signature(file, expires)})
        expires_at = datetime.fromtimestamp(int(expires) / 1000, UTC)
        return f"{origin}/files/{file}?{query}", expires_at

    def genuine(self, file: str, expires: str, signature: str) -> bool:
        """Tell whether this address was signed here, however long ago."""
        return hmac.compare_digest(
            signature.encode(errors="replace"), self._signature(file, expires).encode()
        )

    def admit(self, file: str, expires: str, signature: str, moment: datetime) -> bool:
        """Tell whether this address was signed here and was good at a moment."""
        return self.genuine(file, expires, signature) and moment.timestamp() * 1000 < int(expires)

    def _signature(self, file: str, expires: str) -> str:
        message = f"{file}\n{expires}".encode(errors="replace")
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()


def kept_secret(file: Path) -> bytes:
    """Read the signing secret from a file, making both the first time."""
    if not file.exists() or file.stat().st_size < _SECRET_BYTES:
        unfinished = file.with_suffix(".part")
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(secrets.token_bytes(_SECRET_BYTES))
        unfinished.replace(file)
    return file.read_bytes()
