"""From what the model said to a verdict on each transform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.intervals import percentiles

Longs = NDArray[np.int64]

ADVICE = {
    "invariant": "use it freely",
    "learnable": "usable: the model learns it from the copies; see what that costs (gain)",
    "information lost": "leave it out: the label cannot be told from the copy",
    "turns": "ask a person whether the label still holds; if not, leave it out",
}
_N_RESAMPLES = 2000
#: Images of a class below which nothing is said of it.
_MIN_ITEMS = 5


@dataclass(frozen=True, eq=False)
class Outcome:
    """Predictions for the tested images: untransformed, transformed, and both after training with the copies."""

    name: str
    plain: Longs
    transformed: Longs
    retrained: Longs
    plain_after: Longs


@dataclass(frozen=True)
class Limits:
    """How much accuracy may be missing (twice as much after retraining), and what share of a class must turn."""

    tolerance: float
    turn_share: float


def judge(
    outcome: Outcome, label: Longs, classes: NDArray[np.object_], limits: Limits, seed: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Give the row of the table and the classes that turn into others."""
    right = {key: getattr(outcome, key) == label for key in ("plain", "transformed", "retrained", "plain_after")}
    accuracy = {key: float(values.mean()) for key, values in right.items()}
    base = max(accuracy["plain"], 1e-12)
    kept, retrained = accuracy["transformed"] / base, accuracy["retrained"] / base
    share = _shares(label, outcome.transformed, len(classes)) - _shares(label, outcome.plain, len(classes))
    pairs = _pairs(share, label, outcome.transformed, limits.turn_share)
    i, j = pairs[0] if pairs else np.unravel_index(int(np.argmax(_off_diagonal(share))), share.shape)
    # a model of limited size gives up a little of what it knew when it learns more
    is_learnable = retrained >= 1 - 2 * limits.tolerance
    verdict, advice = f"turns {classes[i]} into {classes[j]}", ADVICE["turns"]
    if not pairs:
        is_kept = kept >= 1 - limits.tolerance
        verdict = "invariant" if is_kept else "learnable" if is_learnable else "information lost"
        advice = ADVICE[verdict]
    kept_low, kept_high = _interval(right["plain"], right["transformed"], seed, is_ratio=True)
    gain_low, gain_high = _interval(right["plain"], right["plain_after"], seed, is_ratio=False)
    row = {
        "transform": outcome.name, "verdict": verdict, "effect": _effect(gain_low, gain_high), "advice": advice,
        "kept": kept, "kept_low": kept_low, "kept_high": kept_high, "kept_retrained": retrained,
        "gain": accuracy["plain_after"] - accuracy["plain"], "gain_low": gain_low, "gain_high": gain_high,
        "is_learnable": bool(is_learnable),
        "from_label": classes[i], "to_label": classes[j], "share": float(share[i, j]),
    }  # fmt: skip
    return row, [_turn(outcome.name, classes, pair, share, label) for pair in pairs]


def _effect(gain_low: float, gain_high: float) -> str:
    return "helps" if gain_low > 0 else "hurts" if gain_high < 0 else "no difference"


def _turn(
    transform: str, classes: NDArray[np.object_], pair: tuple[int, int], share: NDArray[np.float64], label: Longs
) -> dict[str, Any]:
    i, j = pair
    return {
        "transform": transform, "from_label": classes[i], "to_label": classes[j], "share": float(share[i, j]),
        "n_items": int((label == i).sum()),
    }  # fmt: skip


def _shares(label: Longs, said: Longs, n_classes: int) -> NDArray[np.float64]:
    counts = np.zeros((n_classes, n_classes))
    np.add.at(counts, (label, said), 1)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def _off_diagonal(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.where(np.eye(len(share), dtype=bool), -np.inf, share))


def _pairs(share: NDArray[np.float64], label: Longs, said: Longs, at_least: float) -> list[tuple[int, int]]:
    """List the classes that turn, most often first.

    A class that swallows many others is what a lost image looks like, not what one class turns into: at least half of
    what is taken for j must be of class i or j.
    """
    found = []
    off = _off_diagonal(share)
    for i, j in np.argwhere(off >= at_least):
        taken = said == j
        if (label == i).sum() >= _MIN_ITEMS and np.isin(label[taken], (i, j)).mean() >= 0.5:
            found.append((int(i), int(j)))
    return sorted(found, key=lambda pair: (-share[pair], pair))


def _interval(before: NDArray[np.bool_], after: NDArray[np.bool_], seed: int, *, is_ratio: bool) -> tuple[float, float]:
    """95 % interval of after / before or after - before over images, which are right in both, one or neither."""
    kinds = np.bincount(2 * before.astype(np.int64) + after, minlength=4)
    drawn = np.random.default_rng(seed).multinomial(kinds.sum(), kinds / kinds.sum(), size=_N_RESAMPLES)
    was, now = drawn[:, 2] + drawn[:, 3], drawn[:, 1] + drawn[:, 3]
    values = now / np.maximum(was, 1) if is_ratio else (now - was) / kinds.sum()
    return percentiles(values)


#: Columns of the table of verdicts, in order.
COLUMNS = [
    "transform", "verdict", "effect", "advice", "kept", "kept_low", "kept_high", "kept_retrained", "gain", "gain_low",
    "gain_high", "is_learnable", "from_label", "to_label", "share", "tightness", "visible",
]  # fmt: skip


def examples_of(
    row: dict[str, Any], outcome: Outcome, label: Longs, ids: NDArray[np.object_], classes: Any
) -> pd.DataFrame:
    """Choose up to 12 images to look at: those that turned first, then spread over the others."""
    names = list(classes)
    turned = (label == names.index(row["from_label"])) & (outcome.transformed == names.index(row["to_label"]))
    spread = np.argsort(np.arange(len(label)) * 2654435761 % 2**32, kind="stable")
    order = np.concatenate([spread[turned[spread]], spread[~turned[spread]]])[:12]
    return pd.DataFrame(
        {
            "transform": row["transform"],
            "item_id": ids[order],
            "label": pd.Series([classes[code] for code in label[order]], dtype=object),
            "predicted": pd.Series([classes[code] for code in outcome.transformed[order]], dtype=object),
        }
    )
