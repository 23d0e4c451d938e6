"""How long operations of a kind usually take, in words."""

from __future__ import annotations

from .html_parts import span


def took(usual: tuple[float, float]) -> str:
    """Return `usually take 12 s, 9 of 10 within 20 s`, from median and 90th percentile."""
    middle, ninetieth = (max(1, round(seconds)) for seconds in usual)
    if middle == ninetieth:
        return f"usually take about {span(middle)}"
    return f"usually take {span(middle)}, 9 of 10 within {span(ninetieth)}"
