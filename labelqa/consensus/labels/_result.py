"""One class for what every consensus method finds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.intervals import jeffreys
from labelqa._labels import Winners, values_of, winners
from labelqa._result import Result, unstored
from labelqa.consensus.labels._crowd import Crowd, CrowdFit, Method, WarmStart
from labelqa.consensus.labels._plots import plot_quality

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
    models
        One row per model that had a say: `model`, `weight` (they sum to 1), `n_iterations`, `is_converged`. More than
        one only of `consensus_labels`, whose probabilities are half theirs and half the votes'.
    log_likelihood
        Of all labels under the method's model; nan where it has none.
    prior_power
        Of `consensus_labels` with `pred_probs`: the power to which the classifier's probabilities were raised; below 1
        it was too sure of itself. Otherwise nan.
    n_iterations, is_converged
        How long the method worked and whether it, or each of its models, came to rest by its stated rule.
    reason
        Why something is undefined or did not converge; otherwise ``None``.
    crowd, fit, refit
        What it was computed from, the arrays, and the method with its options: `update` goes on from these.
    """

    method: str
    table: pd.DataFrame
    annotators: pd.DataFrame
    classes: pd.DataFrame
    models: pd.DataFrame
    log_likelihood: float
    prior_power: float
    n_iterations: int
    is_converged: bool
    reason: str | None
    crowd: Crowd = unstored()
    fit: CrowdFit = unstored()
    refit: Method = unstored()

    @cached_property
    def probabilities(self) -> pd.DataFrame:
        """One row per item and class: `item_id`, `label`, `probability`. Made when asked for."""
        codes = self.crowd.codes
        return pd.DataFrame(
            {
                "item_id": _texts(np.repeat(codes.items, codes.n_classes)),
                "label": values_of(codes.classes, np.tile(np.arange(codes.n_classes), codes.n_items)),
                "probability": self.fit.posteriors.ravel(),
            }
        )

    @cached_property
    def confusion(self) -> pd.DataFrame:
        """What each annotator says where the truth is known or likely. Made when asked for.

        One row per annotator, true label and said label: `annotator_id`, `true_label`, `label`, `n_labels` (expected
        number), `share` of the annotator's labels on that true label, with the ends `low` and `high` of its 95 %
        interval (Jeffreys; never without the share), and `rate`, what the model reckons with: the share pulled towards
        what is known of the annotator otherwise and of everybody, or all that a simple model can say. A true label that
        the annotator never met has nan.
        """
        codes = self.crowd.codes
        counts, rates = (np.swapaxes(array, 1, 2) for array in (self.fit.counts, self.fit.rates))
        met = counts.sum(axis=2, keepdims=True) + np.zeros_like(counts)
        share = np.divide(counts, met, out=np.full_like(counts, np.nan), where=met > 0)
        low, high = jeffreys(counts, met, CONFIDENCE)
        of_class = np.arange(codes.n_classes)
        return pd.DataFrame(
            {
                "annotator_id": _texts(np.repeat(codes.annotators, codes.n_classes**2)),
                "true_label": values_of(
                    codes.classes, np.tile(np.repeat(of_class, codes.n_classes), codes.n_annotators)
                ),
                "label": values_of(codes.classes, np.tile(of_class, codes.n_annotators * codes.n_classes)),
                "n_labels": counts.ravel(),
                "share": share.ravel(),
                "low": low.ravel(),
                "high": high.ravel(),
                "rate": np.where(met > 0, rates, np.nan).ravel(),
            }
        )

    def wide(self) -> pd.DataFrame:
        """Give the probabilities with one row per item and one column per class, for use as a prior or in a model."""
        codes = self.crowd.codes
        return pd.DataFrame(
            self.fit.posteriors, index=pd.Index(_texts(codes.items), name="item_id"), columns=list(codes.classes)
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each annotator's quality with its interval, the lowest first."""
        return plot_quality(self.annotators, ax=ax)


def make_result(method: str, crowd: Crowd, refit: Method, start: WarmStart | None = None) -> LabelConsensus:
    """Fit, and turn posteriors and counts into tables."""
    fit = _known_only(crowd, refit(crowd, start)) if crowd.codes.n_classes else _nothing(crowd)
    chosen = choose_labels(fit)
    return LabelConsensus(
        method=method,
        table=_item_table(crowd, fit, chosen),
        annotators=_annotator_table(crowd, fit),
        classes=_class_table(crowd, fit, chosen),
        models=_model_table(method, fit),
        log_likelihood=float(fit.log_likelihood),
        prior_power=float(fit.prior_power),
        n_iterations=fit.n_iterations,
        is_converged=fit.is_converged,
        reason=fit.reason or _why_empty(crowd),
        crowd=crowd,
        fit=fit,
        refit=refit,
    )


def _model_table(method: str, fit: CrowdFit) -> pd.DataFrame:
    rows = fit.pooled or ((method, 1.0, fit.n_iterations, fit.is_converged),)
    return pd.DataFrame(list(rows), columns=["model", "weight", "n_iterations", "is_converged"])


def _known_only(crowd: Crowd, fit: CrowdFit) -> CrowdFit:
    """Say nothing of items that neither annotators nor gold nor a classifier labelled."""
    unknown = (np.diff(crowd.codes.offsets) == 0) & (crowd.gold < 0)
    if crowd.has_prior:
        unknown &= crowd.prior[:, 0] < 0
    return replace(fit, posteriors=np.where(unknown[:, None], np.nan, fit.posteriors)) if unknown.any() else fit


def _nothing(crowd: Crowd) -> CrowdFit:
    """Give the fit where there is no class to choose."""
    cells = np.zeros((crowd.codes.n_annotators, 0, 0))
    return CrowdFit(posteriors=np.zeros((crowd.codes.n_items, 0)), counts=cells, rates=cells, shares=np.zeros(0))


def choose_labels(fit: CrowdFit) -> Winners:
    """Pick the most probable class (-1 where nothing is known), of equals the more frequent one, then the first.

    Where the method has labels of its own, these count.
    """
    found = winners(fit.posteriors, ties="frequent", frequency=fit.shares, within=TIE)
    if fit.label is None:
        return found
    return replace(found, code=np.where(np.isfinite(fit.posteriors).all(axis=1), fit.label, -1))


def _texts(values: NDArray[np.object_]) -> pd.Series:
    return pd.Series(values, dtype="str")


def _item_table(crowd: Crowd, fit: CrowdFit, chosen: Winners) -> pd.DataFrame:
    codes, label = crowd.codes, chosen.code
    n_labels = np.diff(codes.offsets)
    known = label >= 0
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
            "label": values_of(codes.classes, label),
            "probability": probability,
            "is_tied": chosen.is_tied & known,
            "n_labels": n_labels,
            "agreement": agreement,
            "entropy": np.where(known, np.maximum(entropy, 0.0), np.nan),
            "is_gold": crowd.gold >= 0,
            **fit.per_item,
        }
    )


def _annotator_table(crowd: Crowd, fit: CrowdFit) -> pd.DataFrame:
    codes = crowd.codes
    n_labels = np.bincount(codes.annotator, minlength=codes.n_annotators)
    total: Floats = n_labels.astype(np.float64)
    right = np.einsum("ass->a", fit.counts)
    low, high = jeffreys(right, total, CONFIDENCE)
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


def _class_table(crowd: Crowd, fit: CrowdFit, chosen: Winners) -> pd.DataFrame:
    classes, label = crowd.codes.classes, chosen.code
    n_items = np.bincount(label[label >= 0], minlength=len(classes))
    return pd.DataFrame({"label": values_of(classes, np.arange(len(classes))), "share": fit.shares, "n_items": n_items})


def _why_empty(crowd: Crowd) -> str | None:
    codes = crowd.codes
    if codes.n_items == 0:
        return "There are no items."
    if len(codes.label) == 0:
        return "There are no labels."
    if codes.n_annotators == 1:
        return "There is one annotator, so the quality is that of a person agreeing with themselves."
    return None
