"""One class for what every consensus method finds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._plot import COLOURS, axes
from labelqa._result import Result, unstored
from labelqa.consensus.labels._problem import Fit, Fitter, Problem, Start

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

#: Probabilities closer than this are one probability: a tie.
TIE = 1e-9
#: Two-sided confidence of all intervals.
CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LabelConsensus(Result):
    """One label per item with its probability, and how good each annotator is.

    Attributes
    ----------
    method
        Name of the function that made it.
    table
        One row per item: `item_id`, `label` (missing where nothing is known), `probability` of that label, `is_tied`
        (another label is as probable; the rule that chose is the method's), `n_labels`, `agreement` (share of the
        item's labels that equal `label`), `entropy` of the probabilities (0 certain, 1 all classes alike), `is_gold`.
    annotators
        One row per annotator: `annotator_id`, `n_labels`, `quality` (expected share of this annotator's labels that are
        right) with the ends `low` and `high` of its 95 % interval; then the method's own numbers.
    classes
        One row per class: `label`, `share` of the items, `n_items` with this consensus label.
    log_likelihood
        Of all labels under the method's model; nan where it has none.
    prior_power
        Of `consensus_labels` with `pred_probs`: the power to which the classifier's probabilities were raised; below 1
        it was too sure of itself. Otherwise nan.
    n_iterations, is_converged
        How long the method worked and whether it came to rest by its stated rule.
    reason
        Why something is undefined or did not converge; otherwise ``None``.
    """

    method: str
    table: pd.DataFrame
    annotators: pd.DataFrame
    classes: pd.DataFrame
    log_likelihood: float
    prior_power: float
    n_iterations: int
    is_converged: bool
    reason: str | None
    _problem: Problem = unstored()
    _fit: Fit = unstored()
    _fitter: Fitter = unstored()

    @cached_property
    def probabilities(self) -> pd.DataFrame:
        """One row per item and class: `item_id`, `label`, `probability`. Made when asked for."""
        codes = self._problem.codes
        return pd.DataFrame(
            {
                "item_id": _texts(np.repeat(codes.items, codes.n_classes)),
                "label": values_of(np.tile(codes.classes, codes.n_items)),
                "probability": self._fit.posteriors.ravel(),
            }
        )

    @cached_property
    def confusion(self) -> pd.DataFrame:
        """What each annotator says where the truth is known or likely. Made when asked for.

        One row per annotator, true label and said label: `annotator_id`, `true_label`, `label`, `n` (expected number),
        `share` of the annotator's labels on that true label, with the ends `low` and `high` of its 95 % interval
        (Jeffreys; never without the share), and `rate`, what the model reckons with: the share pulled towards what is
        known of the annotator otherwise and of everybody, or all that a simple model can say. A true label that the
        annotator never met has nan.
        """
        codes = self._problem.codes
        counts, rates = (np.swapaxes(array, 1, 2) for array in (self._fit.counts, self._fit.rates))
        met = counts.sum(axis=2, keepdims=True) + np.zeros_like(counts)
        share = np.divide(counts, met, out=np.full_like(counts, np.nan), where=met > 0)
        low, high = share_interval(counts, met)
        n_cells = codes.n_classes**2
        return pd.DataFrame(
            {
                "annotator_id": _texts(np.repeat(codes.annotators, n_cells)),
                "true_label": values_of(np.tile(np.repeat(codes.classes, codes.n_classes), codes.n_annotators)),
                "label": values_of(np.tile(codes.classes, codes.n_annotators * codes.n_classes)),
                "n": counts.ravel(),
                "share": share.ravel(),
                "low": low.ravel(),
                "high": high.ravel(),
                "rate": np.where(met > 0, rates, np.nan).ravel(),
            }
        )

    def wide(self) -> pd.DataFrame:
        """Give the probabilities with one row per item and one column per class, for use as a prior or in a model."""
        codes = self._problem.codes
        return pd.DataFrame(
            self._fit.posteriors, index=pd.Index(_texts(codes.items), name="item_id"), columns=list(codes.classes)
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each annotator's quality with its interval, the lowest first."""
        worst = self.annotators.sort_values("quality", kind="stable").head(40).iloc[::-1]
        ax = axes(ax, height=max(2.0, 0.22 * len(worst) + 1.0))
        place = np.arange(len(worst))
        spread = np.abs(worst[["low", "high"]].to_numpy(np.float64).T - worst["quality"].to_numpy(np.float64))
        ax.errorbar(worst["quality"], place, xerr=spread, fmt="o", color=COLOURS[0], ecolor="0.7", capsize=0)
        ax.set_yticks(
            place, [f"{name} ({n})" for name, n in zip(worst["annotator_id"], worst["n_labels"], strict=True)]
        )
        ax.set_xlabel("expected share of right labels (95 % interval)")
        return ax


def make_result(method: str, problem: Problem, fitter: Fitter, start: Start | None = None) -> LabelConsensus:
    """Fit, and turn posteriors and counts into tables."""
    fit = fitter(problem, start) if problem.codes.n_classes else _nothing(problem)
    return LabelConsensus(
        method=method,
        table=_item_table(problem, fit),
        annotators=_annotator_table(problem, fit),
        classes=_class_table(problem, fit),
        log_likelihood=float(fit.log_likelihood),
        prior_power=float(fit.prior_power),
        n_iterations=fit.n_iterations,
        is_converged=fit.is_converged,
        reason=fit.reason or _why_empty(problem),
        _problem=problem,
        _fit=fit,
        _fitter=fitter,
    )


def _nothing(problem: Problem) -> Fit:
    """Give the fit where there is no class to choose."""
    cells = np.zeros((problem.codes.n_annotators, 0, 0))
    return Fit(posteriors=np.zeros((problem.codes.n_items, 0)), counts=cells, rates=cells, shares=np.zeros(0))


def chosen(fit: Fit) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Pick the most probable class (-1 where nothing is known), of equals the more frequent one, then the first.

    Returns
    -------
    tuple of arrays of shape (I,)
        Class codes, and whether another class was as probable.
    """
    posteriors = fit.posteriors
    if posteriors.shape[1] == 0:
        return np.full(len(posteriors), -1), np.zeros(len(posteriors), bool)
    top = posteriors.max(axis=1, keepdims=True)
    equal = posteriors >= top - TIE
    label = np.where(equal, fit.shares, -1.0).argmax(axis=1) if fit.label is None else fit.label.copy()
    label[~np.isfinite(top[:, 0])] = -1
    return label, equal.sum(axis=1) > 1


def share_interval(count: Floats, total: Floats) -> tuple[Floats, Floats]:
    """Give the Jeffreys interval of count / total (expected counts may be fractions); nan where the total is 0."""
    from scipy.special import betaincinv

    tail = (1 - CONFIDENCE) / 2
    count = np.clip(count, 0.0, total)
    low, high = (betaincinv(count + 0.5, total - count + 0.5, share) for share in (tail, 1 - tail))
    with np.errstate(invalid="ignore"):
        estimate = count / total
    # next to 0 and 1 the interval of a fraction of a label would leave its estimate out
    low, high = (
        np.where(count > 0, np.minimum(low, estimate), 0.0),
        np.where(count < total, np.maximum(high, estimate), 1.0),
    )
    return np.where(total > 0, low, np.nan), np.where(total > 0, high, np.nan)


def values_of(values: NDArray[np.object_]) -> pd.Series:
    """Give label values with the type they came with."""
    return pd.Series(values, dtype=object).infer_objects()


def _texts(values: NDArray[np.object_]) -> pd.Series:
    return pd.Series(values, dtype="str")


def _item_table(problem: Problem, fit: Fit) -> pd.DataFrame:
    codes = problem.codes
    label, is_tied = chosen(fit)
    n_labels = np.diff(codes.offsets)
    known = label >= 0
    values = np.full(codes.n_items, None, dtype=object)
    values[known] = codes.classes[label[known]]
    agreeing = np.bincount(codes.item[codes.label == label[codes.item]], minlength=codes.n_items)
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.where(fit.posteriors > 0, np.log(fit.posteriors), 0.0)
        agreement = np.where(n_labels > 0, agreeing / n_labels, np.nan)
    entropy = -(fit.posteriors * logs).sum(axis=1) / np.log(max(codes.n_classes, 2))
    probability = np.full(codes.n_items, np.nan)
    probability[known] = fit.posteriors[np.flatnonzero(known), label[known]]
    return pd.DataFrame(
        {
            "item_id": _texts(codes.items),
            "label": values_of(values),
            "probability": probability,
            "is_tied": is_tied & known,
            "n_labels": n_labels,
            "agreement": agreement,
            "entropy": np.where(known, np.maximum(entropy, 0.0), np.nan),
            "is_gold": problem.gold >= 0,
            **fit.per_item,
        }
    )


def _annotator_table(problem: Problem, fit: Fit) -> pd.DataFrame:
    codes = problem.codes
    n_labels = np.bincount(codes.annotator, minlength=codes.n_annotators)
    total: Floats = n_labels.astype(np.float64)
    right = np.einsum("ass->a", fit.counts)
    low, high = share_interval(right, total)
    with np.errstate(invalid="ignore"):
        quality = right / total
    return pd.DataFrame(
        {
            "annotator_id": _texts(codes.annotators),
            "n_labels": n_labels,
            "quality": quality,
            "low": low,
            "high": high,
            **fit.per_annotator,
        }
    )


def _class_table(problem: Problem, fit: Fit) -> pd.DataFrame:
    label, _ = chosen(fit)
    n_items = np.bincount(label[label >= 0], minlength=problem.codes.n_classes)
    return pd.DataFrame({"label": values_of(problem.codes.classes), "share": fit.shares, "n_items": n_items})


def _why_empty(problem: Problem) -> str | None:
    codes = problem.codes
    if codes.n_items == 0:
        return "there are no items"
    if len(codes.label) == 0:
        return "there are no labels"
    if codes.n_annotators == 1:
        return "there is one annotator: nobody to compare with, so the quality is that of a person agreeing with itself"
    return None
