"""Confident learning: the items whose label the model confidently contradicts, and how classes are mixed up."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.labels import confident
from labelqa._kernels.sorting import offsets_of, stable_order
from labelqa._labels import values_of
from labelqa._options import check_choice
from labelqa._plot import axes
from labelqa._renamed import renamed
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.noise import _cleanlab
from labelqa.noise._joining import Probabilities, join_probabilities, named_probabilities
from labelqa.noise._judged_labels import judged_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: The filters of cleanlab's `find_label_issues`, under its names.
FILTERS = (
    "prune_by_noise_rate",
    "prune_by_class",
    "both",
    "confident_learning",
    "predicted_neq_given",
    "low_normalized_margin",
    "low_self_confidence",
)
ENGINES = ("labelqa", "cleanlab")
NO_LABELS = "There are no labelled items."
ONE_CLASS = "There is only one class, so no label can be another."
#: Shares from which a cell of the plot carries its number.
_SHOWN = 0.005


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ConfidentLearning(Result):
    """Items whose given label the model's probabilities contradict.

    Attributes
    ----------
    n_items, n_flagged
        Items, and how many of them are flagged.
    filter_by
        The rule that flagged them.
    reason
        Why nothing could be flagged, where that is so.
    table
        One row per item: `item_id`, `label`, `proposal` (the most probable other class), `self_confidence`
        (probability of the given label), `normalized_margin` (0 to 1; below .5 another class is more probable),
        `is_flagged`.
    joint
        Estimated number of items by given and true class, in long form: `given`, `true`, `n`.
    """

    n_items: int
    n_flagged: int
    filter_by: str
    reason: str | None
    table: pd.DataFrame
    joint: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how many items of each given class are estimated to belong to each true class."""
        return draw_joint(self.joint, ax)


@takes_tables()
@renamed(labels="annotations")
def confident_learning(
    annotations: Any,
    *,
    pred_probs: Any,
    classes: Sequence[Hashable] | None = None,
    filter_by: str = "prune_by_noise_rate",
    engine: str = "labelqa",
) -> ConfidentLearning:
    """Flag labels that the model's probabilities confidently contradict.

    The number of flags comes from counting, per given class, the items whose probability for another class exceeds
    what is usual for items labelled with that class; so classes the model is generally unsure of are not flagged
    wholesale. The probabilities must be out of sample (cross-validated), otherwise a model defends what it learned.

    Parameters
    ----------
    annotations
        `Annotations`, a table with `item_id` and `label` (with several annotators the majority counts, ties as in
        `label_issues`), a Series by item id, or an array or list.
    pred_probs
        DataFrame with a column per class, joined by item id (index or column `item_id`). An array goes with labels that
        have no ids either, or are numbered 0, 1, 2..., in the same order and of the same length.
    classes
        The list of classes in order; with an array of probabilities by default 0, 1, 2... As in cleanlab, where counts
        are rounded and two classes have equal remainders, the order decides.
    filter_by
        "prune_by_noise_rate" (cleanlab's default), "prune_by_class", "both", "confident_learning",
        "predicted_neq_given", "low_normalized_margin" or "low_self_confidence".
    engine
        "labelqa": compiled, the same flags. "cleanlab": calls the package, for comparison.

    Raises
    ------
    TableError
        For ids or classes that do not match and rows that do not sum to one.
    OptionError
        For an unknown `filter_by` or `engine`.

    References
    ----------
    Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from labelqa.noise import confident_learning
    >>> sure = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]])
    >>> confident_learning([0, 0, 1, 1, 0], pred_probs=sure).table[["item_id", "label", "is_flagged"]].tail(2)
      item_id  label  is_flagged
    3       3      1       False
    4       4      0        True
    """
    check_choice("filter_by", filter_by, FILTERS)
    check_choice("engine", engine, ENGINES)
    named = named_probabilities(annotations, pred_probs, classes)
    judged = judged_labels(annotations, classes=named.classes)
    said = join_probabilities(named, judged)
    probs, names = said.shares, said.classes
    reason = _why_undefined(said)
    flagged = np.zeros(len(probs), bool)
    joint = np.diag(np.bincount(judged.given, minlength=probs.shape[1])).astype(np.int64)
    if reason is None:
        find = find_issues if engine == "labelqa" else _cleanlab.find_issues
        flagged = find(judged.given, probs, filter_by)
        joint = confident_joint(judged.given, probs)[0]
    margin, other = confident.margins(judged.given, probs)
    return ConfidentLearning(
        n_items=len(probs),
        n_flagged=int(flagged.sum()),
        filter_by=filter_by,
        reason=reason,
        table=pd.DataFrame(
            {
                "item_id": pd.Series(judged.codes.items, dtype="str"),
                "label": values_of(names, judged.given),
                "proposal": values_of(names, other),
                "self_confidence": probs[np.arange(len(probs)), judged.given],
                "normalized_margin": (margin + 1) / 2,
                "is_flagged": flagged,
            }
        ),
        joint=joint_table(joint, names),
    )


def _why_undefined(said: Probabilities) -> str | None:
    """Say why no label can be doubted, if so."""
    if len(said.shares) == 0:
        return NO_LABELS
    return ONE_CLASS if len(said.classes) < 2 else None


def joint_table(counts: Longs, names: Sequence[Any]) -> pd.DataFrame:
    """Put a (K given, K true) table into long form."""
    codes = np.arange(len(names), dtype=np.int32)
    return pd.DataFrame(
        {
            "given": values_of(names, np.repeat(codes, len(names))),
            "true": values_of(names, np.tile(codes, len(names))),
            "n": counts.ravel(),
        }
    )


def draw_joint(joint: pd.DataFrame, ax: Axes | None) -> Axes:
    """Draw which share of each given class belongs to which true class; what is off the diagonal is wrong."""
    ax = axes(ax, width=4.8, height=4.4)
    names = [str(label) for label in dict.fromkeys(joint["given"])]
    counts = joint["n"].to_numpy(np.float64).reshape(len(names), len(names))
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(share, vmin=0, vmax=1, cmap="Blues")
    for row, column in np.ndindex(*share.shape):
        if share[row, column] >= _SHOWN:
            colour = "white" if share[row, column] > 0.5 else "black"
            ax.text(column, row, f"{100 * share[row, column]:.0f}", ha="center", va="center", color=colour, fontsize=8)
    ax.set_xticks(range(len(names)), names, rotation=90)
    ax.set_yticks(range(len(names)), names)
    ax.set_xlabel("estimated true class")
    ax.set_ylabel("given class")
    ax.set_title("Of 100 labels of a class, how many belong where")
    return ax


def confident_joint(given: Ints, probs: Floats) -> tuple[Longs, Bools, Bools]:
    """Estimate how many items of each given class truly are of each class.

    Returns
    -------
    int64 (K given, K true), rows adding up to the number of items given that class; bool (n,) items off the diagonal
    whose confident class is another; bool (n,) items whose most probable class is the given one.
    """
    counts, is_off, is_predicted = confident.confident_counts(given, probs, confident.thresholds(given, probs))
    # stored by columns as in cleanlab: the order of summing decides which of equal remainders is rounded up
    counts = np.asfortranarray(counts)
    np.fill_diagonal(counts, counts.diagonal().clip(min=1))
    sizes = np.bincount(given, minlength=probs.shape[1])
    scaled = (counts.T / np.maximum(counts.sum(axis=1), 1e-100) * sizes).T
    scaled = scaled / max(scaled.sum(), 1e-100) * sizes.sum()
    return _round_rows(scaled), is_off, is_predicted


def _round_rows(values: Floats) -> Longs:
    """Round to whole numbers so that each row keeps its rounded sum; the entries nearest to the next number give."""
    out = np.rint(values)
    for row, target in zip(range(len(values)), np.rint(values.sum(axis=1)), strict=True):
        while (missing := round(target - out[row].sum())) != 0:
            step = 1 if missing > 0 else -1
            by_need = np.argsort(values[row] - out[row])[::-step]
            out[row, by_need[: abs(missing)]] += step
    return out.astype(np.int64)


def _prune_counts(joint: Longs) -> Longs:
    """Give how many to prune, (K true, K given), so that at least one item of each class stays."""
    right = joint.diagonal()
    # a share of the one item that stays is taken from all its wrong ones, and what is no longer whole is not pruned
    out = np.maximum(joint.T - (right < 1), 0)
    np.fill_diagonal(out, np.maximum(right, 1))
    return out


def find_issues(given: Ints, probs: Floats, filter_by: str) -> Bools:
    """Flag items: given (n,), probs (n, K) -> mask (n,), the same as cleanlab's."""
    probs = np.ascontiguousarray(probs)
    if filter_by == "predicted_neq_given":
        return np.asarray(~confident.confident_counts(given, probs, np.ones(probs.shape[1]))[2])
    joint, is_off, is_predicted = confident_joint(given, probs)
    if filter_by == "confident_learning":
        return is_off & ~is_predicted
    if filter_by in ("low_normalized_margin", "low_self_confidence"):
        n_issues = int((is_off & ~is_predicted).sum())
        own = probs[np.arange(len(probs)), given]
        score = own if filter_by == "low_self_confidence" else confident.margins(given, probs)[0]
        out = np.zeros(len(probs), bool)
        out[np.argsort(score, kind="stable")[:n_issues]] = True
        return out
    n_classes = probs.shape[1]
    order = stable_order(given, n_classes, np.arange(len(given), dtype=np.int64))
    offsets, prune = offsets_of(given, n_classes), _prune_counts(joint)
    mask = np.ones(len(probs), bool)
    if filter_by in ("prune_by_noise_rate", "both"):
        mask &= confident.prune_by_noise_rate(order, offsets, probs, prune)
    if filter_by in ("prune_by_class", "both"):
        mask &= confident.prune_by_class(order, offsets, probs, prune)
    return mask & ~is_predicted
