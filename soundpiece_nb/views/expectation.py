"""How long operations of a kind usually take, in words."""

from __future__ import annotations

from .parts import span


def took(usual: tuple[float, float]) -> str:
    """Return `usually take 8 to 14 s`, from lower and upper quartile in seconds."""
    low, high = (round(seconds) for seconds in usual)
    return f"usually take {f'about {span(high)}' if low == high else f'{low} to {span(high)}'}"
