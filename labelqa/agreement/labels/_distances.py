"""How far apart two labels are: levels of measurement, named weights, sets, and the caller's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from labelqa._options import check_choice
from labelqa.errors import OptionError, TableError, shown

Floats = NDArray[np.float64]
#: What `weights=` may be.
Weights = str | ArrayLike | pd.DataFrame | Callable[[Any, Any], float]

LEVELS = ("nominal", "ordinal", "ordinal_gwet", "interval", "ratio", "masi", "jaccard")
NAMED = ("linear", "quadratic", "radical")
SETS = ("masi", "jaccard")
#: Levels whose distances follow the order of the classes.
ORDERED = ("ordinal", "ordinal_gwet")


@dataclass(frozen=True, eq=False)
class Scale:
    """Agreement weights of all pairs of classes.

    Attributes
    ----------
    name
        The level, the name of the weights, or "custom".
    weights
        float64 (K, K), 1 on the diagonal, at most 1 elsewhere; (0, 0) where only equal labels agree.
    """

    name: str
    weights: Floats

    @property
    def is_nominal(self) -> bool:
        """Whether labels are either equal or not."""
        return len(self.weights) == 0

    def of_shares(self, shares: Floats) -> Floats:
        """Give the weight of two independent labels drawn from the class shares: (B, K) -> (B,)."""
        if self.is_nominal:
            return np.asarray((shares * shares).sum(axis=1))
        return np.asarray(((shares @ self.weights) * shares).sum(axis=1))

    def total(self, n_classes: int) -> float:
        """Sum all weights."""
        return float(n_classes if self.is_nominal else self.weights.sum())

    def times(self, shares: Floats) -> Floats:
        """Give each class's mean weight against labels drawn from `shares`: (K,) -> (K,)."""
        return shares if self.is_nominal else np.asarray(self.weights @ shares)


def scale_of(classes: NDArray[np.object_], counts: Floats, level: str, weights: Weights | None) -> Scale:
    """Make the weights for a level, or for the caller's `weights`, which come first.

    Parameters
    ----------
    classes
        Shape (K,).
    counts
        How often each class occurs among items with two labels or more, shape (K,); Krippendorff's ordinal distance
        depends on it.
    level
        One of `LEVELS`.
    weights
        A name, a (K, K) matrix of agreement with 1 on the diagonal, or a function of two labels that gives a distance.
    """
    check_choice("level", level, LEVELS)
    if weights is not None:
        return _custom(classes, weights)
    if level == "nominal":
        return Scale("nominal", np.empty((0, 0)))
    if level == "ordinal":
        rank = midranks(counts[None, :])[0]
        return Scale(level, _from_distance((rank[:, None] - rank[None, :]) ** 2))
    if level == "ordinal_gwet":
        return Scale(level, _gwet_ordinal(len(classes)))
    if level in SETS:
        return Scale(level, 1.0 - _set_distances([as_set(value) for value in classes], level))
    values = _numeric(classes, level)
    a, b = values[:, None], values[None, :]
    if level == "interval":
        return Scale(level, _from_distance((a - b) ** 2))
    if (values < 0).any():
        raise TableError(
            f"level='ratio' needs labels of 0 and above; found {shown(values[values < 0].tolist())}. Correct them or "
            "choose level='interval'."
        )
    total = np.where(a + b == 0, 1.0, a + b)
    return Scale(level, _from_distance(((a - b) / total) ** 2))


def ordered_by(level: str, weights: Weights | None) -> str | None:
    """Name the option whose distances follow the order of the classes; None where there is none."""
    if weights is None:
        return f"level={level!r}" if level in ORDERED else None
    if isinstance(weights, str):
        return f"weights={weights!r}" if weights in NAMED else None
    if callable(weights) or isinstance(weights, pd.DataFrame):
        return None
    matrix = np.asarray(weights, dtype=np.float64)
    is_square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1]
    apart = matrix[~np.eye(len(matrix), dtype=bool)] if is_square else matrix
    return "A matrix weights=" if is_square and len(np.unique(apart)) > 1 else None


def check_order(classes: NDArray[np.object_], level: str, weights: Weights | None) -> None:
    """Refuse classes that nobody put in order where the order counts: numbers have one, texts do not.

    Raises
    ------
    TableError
        With the texts found.
    """
    option = ordered_by(level, weights)
    if option is None:
        return
    texts = [
        value
        for value, number in zip(classes, _numbers(classes), strict=True)
        if not np.isfinite(number) and not isinstance(value, bool)
    ]
    if texts:
        raise TableError(
            f"{option} needs classes in order; found texts ({shown(texts)}), whose order nobody stated. List all of "
            "them in order with classes=, or make the column an ordered categorical."
        )


def midranks(counts: Floats) -> Floats:
    """Place classes by the labels below them, which makes Krippendorff's ordinal distance a squared difference.

    (B, K) -> (B, K).
    """
    return np.asarray(np.cumsum(counts, axis=1) - counts / 2)


def as_set(value: Any) -> frozenset[str]:
    """Read a label as a set: a collection as it is, a text split at ``|``; the empty text is the empty set."""
    if isinstance(value, set | frozenset | list | tuple | np.ndarray):
        return frozenset(str(part) for part in value)
    return frozenset(part.strip() for part in str(value).split("|") if part.strip())


def _from_distance(distance: Floats) -> Floats:
    top = float(distance.max()) if distance.size else 0.0
    return np.ones_like(distance) if top == 0 else 1.0 - distance / top


def _numeric(classes: NDArray[np.object_], level: str) -> Floats:
    values = _numbers(classes)
    bad = [value for value, number in zip(classes, values, strict=True) if not np.isfinite(number)]
    if bad:
        raise TableError(
            f"level={level!r} needs labels that are numbers; found {shown(bad)}. Correct them, or choose "
            "level='ordinal' with classes= in order."
        )
    return values


def _numbers(classes: NDArray[np.object_]) -> Floats:
    texts = pd.Series([str(value) for value in classes], dtype="str")
    return pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)


def _gwet_ordinal(n_classes: int) -> Floats:
    steps = np.abs(np.subtract.outer(np.arange(n_classes), np.arange(n_classes))).astype(np.float64)
    return _from_distance(steps * (steps + 1) / 2)


def _set_distances(sets: list[frozenset[str]], level: str) -> Floats:
    out = np.zeros((len(sets), len(sets)))
    for i, a in enumerate(sets):
        for j in range(i):
            out[i, j] = out[j, i] = _set_distance(a, sets[j], level)
    return out


def _set_distance(a: frozenset[str], b: frozenset[str], level: str) -> float:
    if a == b:
        return 0.0
    jaccard = len(a & b) / len(a | b)
    if level == "jaccard":
        return 1.0 - jaccard
    # Passonneau (2006): one within the other 2/3, overlapping 1/3, apart 0
    kinship = 2 / 3 if a <= b or b <= a else 1 / 3 if a & b else 0.0
    return 1.0 - jaccard * kinship


def _custom(classes: NDArray[np.object_], weights: Weights) -> Scale:
    if isinstance(weights, str):
        check_choice("weights", weights, NAMED)
        numbers = _numbers(classes)
        # text classes stand at 1, 2, 3...
        values = numbers if np.isfinite(numbers).all() else np.arange(1.0, len(classes) + 1)
        power = {"linear": 1.0, "quadratic": 2.0, "radical": 0.5}[weights]
        return Scale(weights, _from_distance(np.abs(values[:, None] - values[None, :]) ** power))
    if callable(weights):
        distance = np.array([[float(weights(a, b)) for b in classes] for a in classes]).reshape(len(classes), -1)
        _check_matrix(distance, len(classes), diagonal=0.0, found="The distance given as weights=")
        top = float(distance.max()) if distance.size else 0.0
        return Scale("custom", 1.0 - distance / max(top, 1.0))
    if isinstance(weights, pd.DataFrame):
        weights = _in_class_order(weights, classes)
    matrix = np.asarray(weights, dtype=np.float64)
    _check_matrix(matrix, len(classes), diagonal=1.0, found="The matrix weights=")
    return Scale("custom", matrix)


def _in_class_order(table: pd.DataFrame, classes: NDArray[np.object_]) -> pd.DataFrame:
    missing = [value for value in classes if value not in table.index or value not in table.columns]
    if missing:
        raise OptionError(f"The table weights= has no row or column for {shown(missing)}; name every class in both.")
    return table.loc[list(classes), list(classes)]


def _check_matrix(matrix: Floats, n_classes: int, *, diagonal: float, found: str) -> None:
    if matrix.shape != (n_classes, n_classes):
        raise OptionError(f"{found} has shape {matrix.shape}; needed is ({n_classes}, {n_classes}), one row per class.")
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
        raise OptionError(f"{found} must be finite and the same both ways; give a symmetric one.")
    if not np.allclose(np.diag(matrix), diagonal):
        raise OptionError(f"{found} must give {diagonal:g} for equal labels; correct its diagonal.")
    if (matrix < 0).any() or (diagonal == 1.0 and (matrix > 1).any()):
        raise OptionError(f"{found} has values outside 0 to 1; scale it, or give a distance as a function.")
