"""Numbers in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["NBSP", "clause", "count", "listed", "number", "percent", "sentence", "with_interval"]

#: Keeps a number and its unit on one line.
NBSP = "\u00a0"


def count(n: int, thing: str, things: str | None = None) -> str:
    """Write ``1 item``, ``1,200 items``.

    Examples
    --------
    >>> count(1200, "box", "boxes")
    '1,200 boxes'
    """
    return f"{n:,} {thing if n == 1 else things or thing + 's'}"


def percent(share: float, digits: int = 0) -> str:
    """Write a share as ``84 %``; ``undefined`` where it is.

    Examples
    --------
    >>> percent(0.84).replace(NBSP, " ")
    '84 %'
    """
    return f"{100 * share:.{digits}f}{NBSP}%" if math.isfinite(share) else "undefined"


def number(value: float | None, digits: int = 2) -> str:
    """Write a number with a true minus sign; ``undefined`` where it is.

    Examples
    --------
    >>> number(-0.126), number(float("nan"))
    ('−0.13', 'undefined')
    """
    if value is None or not math.isfinite(value):
        return "undefined"
    return f"{value:.{digits}f}".replace("-", "\u2212")


def with_interval(value: float | None, low: float | None, high: float | None, digits: int = 2) -> str:
    """Write a number and the ends of its interval, where they are known.

    Examples
    --------
    >>> with_interval(0.79, 0.75, 0.83)
    '0.79 [0.75, 0.83]'
    """
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return number(value, digits)
    return f"{number(value, digits)} [{number(low, digits)}, {number(high, digits)}]"


def listed(words: Sequence[str]) -> str:
    """Write ``a, b and c``.

    Examples
    --------
    >>> listed(["ann", "bob", "eve"])
    'ann, bob and eve'
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def sentence(words: str) -> str:
    """Write words as a sentence: a capital, a full stop.

    Examples
    --------
    >>> sentence("nobody drew a box")
    'Nobody drew a box.'
    """
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def clause(words: str) -> str:
    """Write a sentence so that it can stand within another: neither capital nor full stop.

    Examples
    --------
    >>> clause("Nobody drew a box."), clause("IoU is undefined.")
    ('nobody drew a box', 'IoU is undefined')
    """
    rest = words.partition(" ")[0][1:]
    is_plain_word = not rest or rest.islower()
    return (words[:1].lower() + words[1:] if is_plain_word else words).rstrip(".")
