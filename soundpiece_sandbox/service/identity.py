"""Proof that a sandbox is the one that its starter started, which reveals nothing to others."""

import hmac

CHALLENGE, PROOF = "Soundpiece-Sandbox-Challenge", "Soundpiece-Sandbox-Proof"

_LONGEST_CHALLENGE = 128


def proof(secret: str, challenge: str) -> dict[str, str]:
    """Return the header that answers a challenge: its HMAC-SHA256 in hexadecimal.

    Without a secret or a challenge of 1 to 128 characters there is none.
    """
    if not secret or not 0 < len(challenge) <= _LONGEST_CHALLENGE:
        return {}
    return {PROOF: hmac.new(secret.encode(), challenge.encode(), "sha256").hexdigest()}
