"""The person's secrets: read from the environment or the system keyring, never kept here."""

from __future__ import annotations

import base64
import binascii
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
    "This machine has no system keyring that works; set SOUNDPIECE_API_KEY in the environment "
    "that starts Jupyter instead."
)


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

    They are the environment's SOUNDPIECE_WEBHOOK_SECRET, between spaces, else the keyring's. Raises
    Mistake where one of them is none, without repeating it.
    """
    text = os.environ.get("SOUNDPIECE_WEBHOOK_SECRET", "").strip()
    secrets = (text or _from_keyring(WEBHOOK_ACCOUNT) or "").split()
    if not all(_is_webhook_secret(secret) for secret in secrets):
        raise Mistake(
            "SOUNDPIECE_WEBHOOK_SECRET holds something that is no signing secret: whsec_ and "
            f"at least {FEWEST_SECRET_BYTES} bytes as base64. Webhooks are refused until it does."
        )
    return secrets


def _is_webhook_secret(text: str) -> bool:
    prefix, _, encoded = text.partition("whsec_")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return False
    return not prefix and len(secret) >= FEWEST_SECRET_BYTES


def store_api_key(text: str) -> None:
    """Keep a key in the system keyring; raises Mistake where there is none or it is no key."""
    import keyring
    from keyring.errors import KeyringError

    key = read_api_key(text)
    try:
        keyring.set_password(SERVICE, ACCOUNT, key)
    except (KeyringError, OSError, RuntimeError):
        raise Mistake(NO_KEYRING) from None


def forget_api_key() -> bool:
    """Remove the key from the keyring; returns whether one was there."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.delete_password(SERVICE, ACCOUNT)
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
