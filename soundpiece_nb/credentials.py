"""The person's secrets, read from the environment or the system keyring at each use."""

from __future__ import annotations

import base64
import os

from soundpiece_nb.api.address import read_api_key
from soundpiece_nb.api.errors import Mistake

SERVICE, API_KEY, WEBHOOK_SECRET = "soundpiece", "api_key", "webhook_secret"
"""The names of the secrets in the keyring."""

FEWEST_SECRET_BYTES = 24
"""The shortest signing secret that the Standard Webhooks specification allows."""

_A_SECRET = f"whsec_ and at least {FEWEST_SECRET_BYTES} bytes as base64"


def find_api_key() -> str | None:
    """Return the environment's key, else the keyring's, else None; raises Mistake."""
    text = os.environ.get("SOUNDPIECE_API_KEY", "").strip() or _from_keyring()
    return read_api_key(text) if text else None


def require_api_key() -> str:
    """Return the key; raises Mistake if there is none."""
    key = find_api_key()
    if key is None:
        raise Mistake(
            "There is no Soundpiece API key.",
            next="Set SOUNDPIECE_API_KEY, or store one with %soundpiece_login, or try without an "
            "account with %soundpiece_sandbox start.",
        )
    return key


def find_webhook_secrets() -> list[str]:
    """Return the secrets that webhooks may be signed with: several while one replaces another.

    They are in the environment's SOUNDPIECE_WEBHOOK_SECRET, with spaces or commas between them,
    else in the keyring. Raises Mistake, which does not repeat them, if one is not valid.
    """
    text = os.environ.get("SOUNDPIECE_WEBHOOK_SECRET", "").strip()
    where = "SOUNDPIECE_WEBHOOK_SECRET holds something that"
    if not text:
        text = _from_keyring(WEBHOOK_SECRET) or ""
        where = "The keyring's webhook_secret"
    secrets = _split(text)
    if not all(map(_is_webhook_secret, secrets)):
        raise Mistake(
            f"{where} is no signing secret: {_A_SECRET}. Webhooks are refused until it is."
        )
    return secrets


def _split(text: str) -> list[str]:
    """Return the words between spaces or commas."""
    return text.replace(",", " ").split()


def _is_webhook_secret(text: str) -> bool:
    prefix, _, encoded = text.partition("whsec_")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except ValueError:
        return False
    return not prefix and len(secret) >= FEWEST_SECRET_BYTES


def store_api_key(text: str) -> None:
    """Keep a key in the system keyring; raises Mistake for another text or without a keyring."""
    _store(API_KEY, read_api_key(text), "SOUNDPIECE_API_KEY")


def store_webhook_secrets(text: str) -> None:
    """Keep signing secrets, with spaces or commas between them; raises as `store_api_key`."""
    secrets = _split(text)
    if not secrets or not all(map(_is_webhook_secret, secrets)):
        raise Mistake(f"That is no signing secret: {_A_SECRET}.", money="Nothing was kept.")
    _store(WEBHOOK_SECRET, " ".join(secrets), "SOUNDPIECE_WEBHOOK_SECRET")


def _store(account: str, text: str, variable: str) -> None:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, account, text)
    except (KeyringError, OSError, RuntimeError) as error:
        raise _no_keyring(variable) from error
    if _from_keyring(account) != text:  # some keyrings accept everything and store nothing
        raise _no_keyring(variable)


def _no_keyring(variable: str) -> Mistake:
    return Mistake(
        "This machine has no system keyring that works.",
        next=f"Set {variable} in the environment that starts Jupyter instead.",
    )


def forget(account: str) -> bool:
    """Remove API_KEY or WEBHOOK_SECRET from the keyring; returns whether it was removed."""
    import keyring
    from keyring.errors import KeyringError

    if _from_keyring(account) is None:
        return False
    try:
        keyring.delete_password(SERVICE, account)
    except (KeyringError, OSError, RuntimeError):
        return False
    return True


def _from_keyring(account: str = API_KEY) -> str | None:
    """Return what the keyring holds; None without a keyring, or with a locked one."""
    import keyring

    try:
        return keyring.get_password(SERVICE, account)
    except Exception:  # noqa: BLE001 - its back ends raise errors of their own kinds
        return None
