"""Numbers in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

#: Keeps a number and its unit on one line.
NBSP = "\u00a0"


def count(n: int, thing: str, things: str | None = None) -> str:
    """Write ``1 item``, ``1,200 items``."""
    return f"{n:,} {thing if n == 1 else things or thing + 's'}"


def percent(share: float, digits: int = 0) -> str:
    """Write a share as ``84 %``."""
    return f"{100 * share:.{digits}f}{NBSP}%"


def number(value: float | None, digits: int = 2) -> str:
    """Write a number with a true minus sign; ``undefined`` where it is."""
    if value is None or not math.isfinite(value):
        return "undefined"
    return f"{value:.{digits}f}".replace("-", "\u2212")


def with_interval(value: float | None, low: float | None, high: float | None, digits: int = 2) -> str:
    """Write ``0.79 [0.75, 0.83]``."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return number(value, digits)
    return f"{number(value, digits)} [{number(low, digits)}, {number(high, digits)}]"


def listed(words: Sequence[str]) -> str:
    """Write ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def agreement_in_words(alpha: float) -> str:
    """Say what a chance-corrected agreement allows, by Krippendorff's (2004) rule of thumb: .800 and .667."""
    if alpha >= 0.8:
        return "good enough to rely on"
    if alpha >= 0.667:
        return "enough for tentative conclusions only"
    if alpha > 0.2:
        return "too low to rely on single labels"
    return "hardly better than chance"
