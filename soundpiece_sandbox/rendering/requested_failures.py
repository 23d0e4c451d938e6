"""Failures that a caller can ask for by a word, so that a notebook can show them."""

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


def foretold_failure(request: Mapping[str, Any]) -> Failure | None:
    """Find the failure whose code stands anywhere in a request's texts and addresses, if one does.

    ``request`` is a request's meaning, that is: JSON values.
    """
    said = json.dumps(list(request.values()), ensure_ascii=False).casefold()
    failure = next((failure for code, failure in FAILURES.items() if code in said), None)
    if failure is not None and "lyrics" not in request:
        return replace(failure, message=failure.message.replace("lyrics were", "prompt was"))
    return failure
