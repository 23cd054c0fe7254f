"""Conger's kappa: Cohen's kappa for any number of annotators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelqa._codes import LabelCodes
from labelqa._kernels.labels.annotators import conger_expected
from labelqa._kernels.labels.resampling import resampled_counts, resampled_times
from labelqa._kernels.labels.rows import item_agreement
from labelqa._options import Resampling
from labelqa.agreement.labels._counted import CountedLabels
from labelqa.agreement.labels._distances import Scale
from labelqa.agreement.labels._estimate import Estimate
from labelqa.agreement.labels._statistics import CountRows
from labelqa.agreement.labels._sums import ScaledRows, Values, divide, spread

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class CongerFormula:
    """Conger's kappa, from who said what.

    Attributes
    ----------
    seen_per_class
        The agreement seen on each class against all others, (K,).
    """

    seen_per_class: Callable[[ScaledRows], Floats]

    def draw(self, counted: CountedLabels, resampling: Resampling) -> Floats:
        """Resample items by their distinct patterns of (annotator, class); nothing without labels one by one."""
        codes, scale = counted.codes, counted.scale
        if codes is None or not resampling.n_resamples:
            return np.empty(0)
        shape = (codes.n_annotators, codes.n_classes)
        width = shape[0] * shape[1]
        who_what = (codes.annotator.astype(np.int64) * codes.n_classes + codes.label).astype(np.int32)
        patterns = CountRows.collect(codes.offsets, who_what, width)
        label = np.repeat(patterns.code % codes.n_classes, patterns.count)
        offsets = np.concatenate([[0], np.cumsum(patterns.n)])
        agreement = np.nan_to_num(item_agreement(offsets, label, scale.weights, codes.n_classes))
        out = []
        for times in resampled_times(patterns.times, resampling.n_resamples, resampling.generator(), width):
            with np.errstate(divide="ignore", invalid="ignore"):
                observed = (times @ agreement) / (times @ (patterns.n >= 2).astype(np.float64))
            said = resampled_counts(patterns.starts, patterns.code, patterns.count, times, width)
            out.append(_values(observed, said.reshape(len(times), *shape), scale).value)
        return np.concatenate(out)

    def estimate(self, counted: CountedLabels, drawn: Floats) -> Estimate:
        """Compute value, standard error and classes; no standard error without labels one by one."""
        said = np.asarray(counted.statistics.said, np.float64)
        totals = counted.rows.totals
        values = _values(totals.agreement / totals.n_paired, said[None], counted.scale)
        se, n = np.nan, counted.statistics.n_items
        if counted.codes is not None and np.isfinite(values.value[0]):
            se, n = _standard_error(counted.codes, counted.scale, values, said)
        per_class = _per_class(self.seen_per_class(counted.rows), said)
        return Estimate(point=values, se=se, n=n, drawn=drawn, per_class=per_class)


def _values(observed: Floats, said: Floats, scale: Scale) -> Values:
    """Compute kappa from observed agreement (B,) and who said what (B, A, K)."""
    n = said.sum(axis=2)
    shares = said / np.maximum(n, 1)[:, :, None]
    among = shares.sum(axis=1)
    own = (
        (shares * shares).sum(axis=(1, 2)) if scale.is_nominal else ((shares @ scale.weights) * shares).sum(axis=(1, 2))
    )
    n_annotators = (n > 0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = (scale.of_shares(among) - own) / (n_annotators * (n_annotators - 1))
        value = np.where(1 - expected > 1e-12, (observed - expected) / (1 - expected), np.nan)
    return Values(value, observed, expected)


def _standard_error(codes: LabelCodes, scale: Scale, values: Values, said: Floats) -> tuple[float, int]:
    """Linearise over items; an annotator's class shares move with each label they give."""
    value, chance = float(values.value[0]), float(values.expected[0])
    n_labels = said.sum(axis=1)
    shares = said / np.maximum(n_labels, 1)[:, None]
    others = shares.sum(axis=0)[None, :] - shares
    scores = others if scale.is_nominal else others @ scale.weights
    level = (shares * scores).sum(axis=1)
    n_annotators = int((n_labels > 0).sum())
    size = np.diff(codes.offsets)
    n_items, n_paired = int((size > 0).sum()), int((size > 1).sum())
    moved = conger_expected(
        codes.offsets, codes.annotator, codes.label, scores, level, n_items / np.maximum(n_labels, 1)
    ) / (n_annotators * (n_annotators - 1))
    agreement = item_agreement(codes.offsets, codes.label, scale.weights, codes.n_classes)
    seen = np.where(size > 1, (agreement - chance) * n_items / n_paired, 0.0)
    parts = (seen - 2 * (1 - value) * moved) / (1 - chance)
    return spread(parts, (size > 0).astype(np.float64), value)


def _per_class(seen: Floats, said: Floats) -> Floats:
    """Compute the kappa of each class against all others from the agreement seen on it, (K,)."""
    n = said.sum(axis=1)[:, None]
    share, used = said / np.maximum(n, 1), (n > 0).astype(np.float64)
    n_annotators = int(used.sum())
    pairs = sum(part.sum(axis=0) ** 2 - (part * part).sum(axis=0) for part in (share, used - share))
    expected = divide(np.asarray(pairs, np.float64), np.full(seen.shape, n_annotators * (n_annotators - 1.0)))
    return divide(seen - expected, 1 - expected)
