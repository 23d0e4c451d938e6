"""The person's secrets: read from the environment or the system keyring, never kept here."""

from __future__ import annotations

import base64
import os

from soundpiece_nb.api.address import read_api_key
from soundpiece_nb.api.errors import Mistake

SERVICE, ACCOUNT, WEBHOOK_ACCOUNT = "soundpiece", "api_key", "webhook_secret"

FEWEST_SECRET_BYTES = 24
"""By the Standard Webhooks specification."""

NO_KEY = (
    "There is no Soundpiece API key: set SOUNDPIECE_API_KEY, or store one with "
    "%soundpiece_login, or try without an account with %soundpiece_sandbox start. "
    "Nothing was sent."
)
NO_KEYRING = (
    "This machine has no system keyring that works; set {} in the environment that starts Jupyter "
    "instead."
)
_WHAT_A_SECRET_IS = f"whsec_ and at least {FEWEST_SECRET_BYTES} bytes as base64"


def find_api_key() -> str | None:
    """Return the environment's key, else the keyring's; None without either.

    Raises Mistake where what is there cannot be a key.
    """
    text = os.environ.get("SOUNDPIECE_API_KEY", "").strip() or _from_keyring()
    return read_api_key(text) if text else None


def require_api_key() -> str:
    """Return the key; raises Mistake, with the ways out, where there is none."""
    key = find_api_key()
    if key is None:
        raise Mistake(NO_KEY)
    return key


def find_webhook_secrets() -> list[str]:
    """Return the secrets that webhooks may be signed with, several while one takes over.

    They are the environment's SOUNDPIECE_WEBHOOK_SECRET, between spaces or commas, else the
    keyring's. Raises Mistake where one of them is none, without repeating it.
    """
    text = os.environ.get("SOUNDPIECE_WEBHOOK_SECRET", "").strip()
    where = "SOUNDPIECE_WEBHOOK_SECRET holds something that"
    if not text:
        text = _from_keyring(WEBHOOK_ACCOUNT) or ""
        where = "The keyring's webhook_secret"
    secrets = _between(text)
    if not all(map(_is_webhook_secret, secrets)):
        raise Mistake(
            f"{where} is no signing secret: {_WHAT_A_SECRET_IS}. Webhooks are refused until it is."
        )
    return secrets


def _between(text: str) -> list[str]:
    """Return what stands between spaces or commas."""
    return text.replace(",", " ").split()


def _is_webhook_secret(text: str) -> bool:
    prefix, _, encoded = text.partition("whsec_")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except ValueError:
        return False
    return not prefix and len(secret) >= FEWEST_SECRET_BYTES


def store_api_key(text: str) -> None:
    """Keep a key in the system keyring; raises Mistake where there is none or it is no key."""
    _store(ACCOUNT, read_api_key(text), "SOUNDPIECE_API_KEY")


def store_webhook_secrets(text: str) -> None:
    """Keep signing secrets, between spaces or commas; raises Mistake like `store_api_key`."""
    secrets = _between(text)
    if not secrets or not all(map(_is_webhook_secret, secrets)):
        raise Mistake(f"That is no signing secret: {_WHAT_A_SECRET_IS}. Nothing was kept.")
    _store(WEBHOOK_ACCOUNT, " ".join(secrets), "SOUNDPIECE_WEBHOOK_SECRET")


def forget_api_key() -> bool:
    """Remove the key from the keyring; returns whether one was there."""
    return _forget(ACCOUNT)


def forget_webhook_secrets() -> bool:
    """Remove the signing secrets from the keyring; returns whether any were there."""
    return _forget(WEBHOOK_ACCOUNT)


def _store(account: str, text: str, variable: str) -> None:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, account, text)
    except (KeyringError, OSError, RuntimeError):
        raise Mistake(NO_KEYRING.format(variable)) from None
    if _from_keyring(account) != text:  # some take everything and keep nothing
        raise Mistake(NO_KEYRING.format(variable))


def _forget(account: str) -> bool:
    import keyring
    from keyring.errors import KeyringError

    if _from_keyring(account) is None:
        return False
    try:
        keyring.delete_password(SERVICE, account)
    except (KeyringError, OSError, RuntimeError):
        return False
    return True


def _from_keyring(account: str = ACCOUNT) -> str | None:
    """Ask the keyring; a machine without one, or with a locked one, has no key there."""
    import keyring

    try:
        return keyring.get_password(SERVICE, account)
    except Exception:  # noqa: BLE001 - back ends raise errors of their own kinds
        return None
