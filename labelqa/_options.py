"""Options checked once, in the same words everywhere: choices, numbers within a range, and what resampling needs."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path

import numpy as np

from labelqa.errors import OptionError


def check_choice(name: str, value: object, choices: Iterable[object]) -> None:
    """Refuse a value that is not among the choices.

    Raises
    ------
    OptionError
        With the name, the value found and all choices.
    """
    allowed = list(choices)
    if not any(isinstance(value, type(choice)) and value == choice for choice in allowed):
        listed = ", ".join(repr(choice) for choice in allowed)
        raise OptionError(f"{name}={value!r} is not known; choose one of {listed}.")


def check_path(name: str, value: object) -> Path:
    """Give a path of what should be one.

    Raises
    ------
    OptionError
        For what is neither text nor a path.
    """
    if not isinstance(value, str | os.PathLike):
        raise OptionError(f"{name}={value!r} is no path; give the path of a file or folder as text or as a Path.")
    return Path(value)


def check_whole(name: str, value: object, low: int, high: int | None = None, *, hint: str = "") -> int:
    """Refuse what is no whole number from `low` to `high`; a number that is whole (1e3, numpy's) is taken as one.

    Parameters
    ----------
    hint
        What to give instead, such as ``"0 for none, or 1000"``.

    Raises
    ------
    OptionError
        With the name, the value found and what is needed.
    """
    is_whole = isinstance(value, Integral) or (isinstance(value, Real) and float(value).is_integer())
    if isinstance(value, bool | np.bool_) or not is_whole:
        raise OptionError(f"{name}={value!r} is no whole number; give {hint or _range(low, high)}.")
    whole = int(value)  # type: ignore[call-overload]
    if whole < low or (high is not None and whole > high):
        raise OptionError(f"{name}={value!r} is out of range; give {hint or _range(low, high)}.")
    return int(whole)


def check_number(
    name: str,
    value: object,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
    hint: str = "",
) -> float:
    """Refuse what is no finite number from `low` to `high`; `open_low` and `open_high` leave the ends out.

    Raises
    ------
    OptionError
        With the name, the value found and what is needed.
    """
    needed = hint or _range(low, high, open_low=open_low, open_high=open_high)
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real) or not math.isfinite(value):
        raise OptionError(f"{name}={value!r} is no number; give {needed}.")
    number = float(value)
    if not low <= number <= high or (open_low and number == low) or (open_high and number == high):
        raise OptionError(f"{name}={value!r} is out of range; give {needed}.")
    return number


def check_iou_threshold(value: object, name: str = "iou_threshold") -> float:
    """Refuse an overlap that is not above 0 and at most 1.

    Raises
    ------
    OptionError
        With the value found.
    """
    return check_number(name, value, 0, 1, open_low=True, hint="a number above 0 and at most 1; 0.5 is usual")


def check_confidence(value: object) -> float:
    """Refuse a confidence that is not between 0 and 1.

    Raises
    ------
    OptionError
        With the value found.
    """
    return check_number(
        "confidence", value, 0, 1, open_low=True, open_high=True, hint="a share between 0 and 1; 0.95 is usual"
    )


def check_seed(value: object) -> int:
    """Refuse a seed that is no whole number from 0 upwards.

    Raises
    ------
    OptionError
        With the value found.
    """
    return check_whole("seed", value, 0)


@dataclass(frozen=True, kw_only=True)
class Resampling:
    """How often, how sure, and with which draws: what every bootstrap is told.

    Attributes
    ----------
    n_resamples
        0 for none.
    confidence
        Two-sided confidence of the intervals.
    seed
        Of the draws: same input and seed, same output.
    """

    n_resamples: int = 0
    confidence: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        n = check_whole("n_resamples", self.n_resamples, 0, hint="0 for none, or a number such as 1000")
        object.__setattr__(self, "n_resamples", n)
        object.__setattr__(self, "confidence", check_confidence(self.confidence))
        object.__setattr__(self, "seed", check_seed(self.seed))

    def generator(self) -> np.random.Generator:
        """Give a fresh generator of the draws."""
        return np.random.default_rng(self.seed)


def _range(low: float, high: float | None, *, open_low: bool = False, open_high: bool = False) -> str:
    if high is None or high == math.inf:
        return "a number" if low == -math.inf else f"a number above {low:g}" if open_low else f"{low:g} or more"
    ends = f"from {low:g} to {high:g}" if not (open_low or open_high) else f"between {low:g} and {high:g}"
    return f"a number {ends}"


def check_jobs(n_jobs: object) -> int:
    """Give the number of workers: None stands for one per core, -1 for all cores, any number from 1 for as many.

    Raises
    ------
    OptionError
        For 0, other numbers below 0, and what is no whole number.
    """
    cores = os.cpu_count() or 1
    if n_jobs is None:
        return cores
    hint = "a number from 1, -1 for all cores, or None for one per core"
    n = check_whole("n_jobs", n_jobs, -1, hint=hint)
    if n == 0:
        raise OptionError(f"n_jobs={n_jobs!r} is out of range; give {hint}.")
    return cores if n == -1 else n
