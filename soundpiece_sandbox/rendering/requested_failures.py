"""Failures that a caller can ask for with a word in the request, so that they can be tried out."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from soundpiece_sandbox.store.operation import Failure

FAILURES = {
    failure.code: failure
    for failure in (
        Failure("content_policy", "The provided lyrics were rejected by our content policy."),
        Failure("source_unreachable", "The provided source could not be downloaded."),
        Failure("internal_error", "Something went wrong on our side. Please try again."),
    )
}


def requested_failure(request: Mapping[str, Any]) -> Failure | None:
    """Return the failure whose code occurs in any text or URL of a request, or None.

    ``request`` holds JSON values.
    """
    text = json.dumps(list(request.values()), ensure_ascii=False).casefold()
    failure = next((failure for code, failure in FAILURES.items() if code in text), None)
    if failure is not None and "lyrics" not in request:
        return replace(failure, message=failure.message.replace("lyrics were", "prompt was"))
    return failure
