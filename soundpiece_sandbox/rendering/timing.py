"""The emulated service's timing: the time that an operation takes, however fast its rendering."""

import hashlib
from datetime import UTC, datetime, timedelta

from soundpiece_sandbox.store.operation import Operation

SHORTEST_SECONDS, LONGEST_SECONDS = 6.0, 14.0


def operation_seconds(idempotency_key: str) -> float:
    """Return the seconds that an operation takes at pace 1: 6 to 14, fixed by its key."""
    fraction = hashlib.sha256(idempotency_key.encode()).digest()[0] / 255
    return SHORTEST_SECONDS + fraction * (LONGEST_SECONDS - SHORTEST_SECONDS)


def seconds_left(operation: Operation, pace: float) -> float:
    """Return the seconds until an operation may end; negative once it may. Pace scales its time."""
    duration = timedelta(seconds=operation_seconds(operation.idempotency_key) * pace)
    return (operation.created_at + duration - datetime.now(UTC)).total_seconds()
