"""The person's secrets, read from the environment or the system keyring at each use."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress

from soundpiece_nb.api.address import read_api_key
from soundpiece_nb.api.errors import KeyringFailed, Mistake
from soundpiece_nb.inputs.environment_variables import read_variable

from .system_keyring import SystemKeyring

API_KEY, WEBHOOK_SECRET = "api_key", "webhook_secret"
"""The names of the secrets in the keyring."""

KEYRING = SystemKeyring("soundpiece")
"""The keyring of this process, which remembers whether it answers."""

FEWEST_SECRET_BYTES = 24
"""The shortest signing secret that the Standard Webhooks specification allows."""

_A_SECRET = f"whsec_ and at least {FEWEST_SECRET_BYTES} bytes as base64"


def find_api_key() -> str | None:
    """Return the environment's key, else the keyring's, else None; raises Mistake.

    None where the keyring cannot be asked, too; `look_up_api_key` says why.
    """
    with suppress(KeyringFailed):
        return look_up_api_key()
    return None


def look_up_api_key() -> str | None:
    """Return the key like `find_api_key`; raises KeyringFailed where the keyring cannot be asked.

    With a key in the environment it is not asked at all.
    """
    text = read_variable("SOUNDPIECE_API_KEY")
    if not text:
        try:
            text = KEYRING.read(API_KEY) or ""
        except KeyringFailed as failed:
            raise failed.prefixed("There is no API key in the environment.") from None
    return read_api_key(text) if text else None


def require_api_key() -> str:
    """Return the key; raises Mistake if there is none, and KeyringFailed as `look_up_api_key`."""
    key = look_up_api_key()
    if key is None:
        raise Mistake(
            "There is no Soundpiece API key.",
            next="Set SOUNDPIECE_API_KEY, or store one with %soundpiece_login, or try without an "
            "account with %soundpiece_sandbox start.",
        )
    return key


def account_mark(api_key: str) -> str:
    """Return a mark by which another account's key is noticed: four hexadecimal digits.

    The same for the same key, and kept with each operation. Its 16 bits are all that it tells of a
    key, in however many journals it is: too few to find a key by, or to confirm one among many.
    One in 65,536 other keys has the same mark.
    """
    digest = hashlib.blake2b(api_key.encode(), digest_size=2, person=b"soundpiece_nb")
    return digest.hexdigest()


def find_webhook_secrets() -> list[str]:
    """Return the secrets that webhooks may be signed with: several while one replaces another.

    They are in the environment's SOUNDPIECE_WEBHOOK_SECRET, with spaces or commas between them,
    else in the keyring. Raises Mistake, which does not repeat them, if one is not valid.
    """
    text = read_variable("SOUNDPIECE_WEBHOOK_SECRET")
    where = "SOUNDPIECE_WEBHOOK_SECRET holds something that"
    if not text:
        text = KEYRING.read(WEBHOOK_SECRET) or ""
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
    if not KEYRING.keep(account, text):
        raise Mistake(
            "This machine has no system keyring that works.",
            next=f"Set {variable} in the environment that starts Jupyter instead.",
        )


def forget(account: str) -> bool:
    """Remove API_KEY or WEBHOOK_SECRET from the keyring; returns whether it was removed.

    Raises Mistake where the keyring cannot be asked.
    """
    return KEYRING.remove(account)
