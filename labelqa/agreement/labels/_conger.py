"""Conger's kappa: Cohen's kappa for any number of annotators."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from labelqa._codes import LabelCodes
from labelqa._kernels.labels.annotators import conger_expected
from labelqa._kernels.labels.resampling import resampled_counts, resampled_times
from labelqa._kernels.labels.rows import item_agreement
from labelqa.agreement.labels._coefficient import Coefficient, Estimate, class_values, wrap
from labelqa.agreement.labels._distances import Scale, Weights
from labelqa.agreement.labels._formulas import Values
from labelqa.agreement.labels._source import Labels, Options, Source, as_source
from labelqa.agreement.labels._standard_errors import spread
from labelqa.agreement.labels._statistics import CountRows

Floats = NDArray[np.float64]


def conger_kappa(
    data: Labels,
    *,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How much annotators agree beyond what each one's own class shares would give: 1 is perfect, 0 is chance.

    For two annotators it is Cohen's kappa. It needs to know who gave which label.

    Parameters
    ----------
    data
        As in `krippendorff_alpha`; statistics give no interval, counts no value.
    level, weights, classes, n_resamples, confidence, seed
        As in `krippendorff_alpha`.

    Raises
    ------
    TableError, OptionError
        As `krippendorff_alpha`.

    References
    ----------
    Conger (1980), Psychological Bulletin 88; Gwet (2021), Handbook of inter-rater reliability.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import conger_kappa
    >>> rows = [(1, "ann", "a"), (1, "bob", "a"), (2, "ann", "b"), (2, "bob", "b"), (3, "ann", "a"), (3, "bob", "b")]
    >>> table = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    >>> round(conger_kappa(table).value, 4)
    0.4
    """
    options = Options(
        level=level, weights=weights, classes=classes, n_resamples=n_resamples, confidence=confidence, seed=seed
    )
    return conger("conger_kappa", as_source(data, options), options)


NOBODY = "Counts do not say who gave which label, which this coefficient needs."


def conger(name: str, source: Source, options: Options, reason: str | None = None) -> Coefficient:
    """Compute and wrap; also for Cohen's kappa, its case of two annotators."""
    if source.statistics.said is None:
        reason = reason or NOBODY
    found = None if reason or not source.statistics.n_paired else conger_estimate(source, options)
    return wrap(name, source, options, found, reason)


def conger_estimate(source: Source, options: Options) -> Estimate:
    """Compute value, standard error and resamples."""
    said = np.asarray(source.statistics.said, np.float64)
    sums = source.rows.sums(source.rows.times[None, :])
    observed = sums.agreement / sums.n_paired
    values = _values(observed, said[None], source.scale)
    se, n = float("nan"), source.statistics.n_items
    drawn = np.empty(0)
    if source.codes is not None:
        if np.isfinite(values.value[0]):
            se, n = _standard_error(source.codes, source.scale, values, said)
        if options.n_resamples:
            drawn = _bootstrap(source.codes, source.scale, options)
    return Estimate(numbers=values, se=se, n=n, resampled=drawn, per_class=_per_class(source, said))


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


def _bootstrap(codes: LabelCodes, scale: Scale, options: Options) -> Floats:
    """Resample items by their distinct patterns of (annotator, class)."""
    shape = (codes.n_annotators, codes.n_classes)
    who_what = (codes.annotator.astype(np.int64) * codes.n_classes + codes.label).astype(np.int32)
    patterns = CountRows.collect(codes.offsets, who_what, shape[0] * shape[1])
    width = shape[0] * shape[1]
    label = np.repeat(patterns.code % codes.n_classes, patterns.count)
    offsets = np.concatenate([[0], np.cumsum(patterns.n)])
    agreement = np.nan_to_num(item_agreement(offsets, label, scale.weights, codes.n_classes))
    out = []
    for times in resampled_times(patterns.times, options.n_resamples, np.random.default_rng(options.seed), width):
        with np.errstate(divide="ignore", invalid="ignore"):
            observed = (times @ agreement) / (times @ (patterns.n >= 2).astype(np.float64))
        said = resampled_counts(patterns.starts, patterns.code, patterns.count, times, width)
        out.append(_values(observed, said.reshape(len(times), *shape), scale).value)
    return np.concatenate(out)


def _per_class(source: Source, said: Floats) -> Floats:
    seen = class_values("percent_agreement", source)
    n = np.maximum(said.sum(axis=1), 1)[:, None]
    share, n_annotators = said / n, int((said.sum(axis=1) > 0).sum())
    used = (said.sum(axis=1) > 0).astype(np.float64)[:, None]
    out = np.zeros(source.n_classes)
    for part in (share, used - share):
        out += part.sum(axis=0) ** 2 - (part * part).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = out / (n_annotators * (n_annotators - 1))
        return np.where(expected < 1 - 1e-12, (seen - expected) / (1 - expected), np.nan)
