"""How much each anchored model counts: by the labels it predicts without having seen them, and by agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from labelqa._codes import LabelCodes
from labelqa.consensus.labels._anchored import AnchoredModel, Rows, fit_anchored
from labelqa.consensus.labels._crowd import Crowd, StoppingRule

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

_N_FOLDS = 5
#: Draws from the bootstrap of items.
_N_DRAWS = 400
#: Labels that decide: more would cost time and not change the weights.
_MOST_LABELS = 100_000
#: Rounds of weights by agreement, each halfway to the next, and the power of the disagreement.
_N_ROUNDS, _POWER = 20, -2.0


def weights_by_prediction(crowd: Crowd, models: Sequence[AnchoredModel], until: StoppingRule, *, seed: int) -> Floats:
    """Give each model's weight (M,) by its predictions of held-out labels; all on the first where there are none.

    Pseudo-BMA+ (Yao et al. 2018): the labels of an item are not independent, so items are what the bootstrap draws, and
    a model that wins by a few items only does not take all.
    """
    only: Floats = np.eye(len(models))[0]
    # folds and draws go by the number of an item: one that nobody labelled must not move the others
    labelled = _of_items(crowd, np.diff(crowd.codes.offsets) > 0)
    sample = some_items(labelled, _MOST_LABELS, np.random.default_rng(seed))
    codes = sample.codes
    several = np.diff(codes.offsets) > 1
    if codes.n_classes < 2 or not several.any():
        return only
    gains = np.zeros((len(models), len(codes.label)))
    fold, rows = deal(codes, seed), Rows.of(codes)
    for k in np.unique(fold):
        hidden = fold == k
        seen = replace(sample, codes=codes.of_labels(~hidden))
        said = codes.item[hidden], rows.of_label[hidden]
        for gain, model in zip(gains, models, strict=True):
            gain[hidden] = fit_anchored(seen, model, until, rows.of_labels(~hidden)).log_predicted(*said)
    of_item: Floats = np.stack(
        [np.bincount(codes.item, weights=row, minlength=codes.n_items)[several] for row in gains]
    )
    return pseudo_bma(of_item, np.random.default_rng(seed))


def some_items(crowd: Crowd, most_labels: int, generator: np.random.Generator) -> Crowd:
    """Keep whole items, drawn at random, until there would be more than `most_labels` labels."""
    codes = crowd.codes
    if len(codes.label) <= most_labels:
        return crowd
    order = generator.permutation(codes.n_items)
    kept = np.zeros(codes.n_items, bool)
    kept[order[np.cumsum(np.diff(codes.offsets)[order]) <= most_labels]] = True
    return _of_items(crowd, kept)


def _of_items(crowd: Crowd, kept: NDArray[np.bool_]) -> Crowd:
    if kept.all():
        return crowd
    prior = crowd.prior[kept] if crowd.has_prior else crowd.prior
    return replace(crowd, codes=crowd.codes.of_items(kept), gold=crowd.gold[kept], prior=prior)


def deal(codes: LabelCodes, seed: int) -> Longs:
    """Give a fold to each label (n,): those of an item are dealt round, in an order that only item and seed decide."""
    n = len(codes.label)
    position = np.arange(n) - codes.offsets[codes.item]
    mixed = _scrambled(codes.item.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed))
    order = np.lexsort((_scrambled(mixed + codes.annotator.astype(np.uint64)), codes.item))
    fold = np.empty(n, np.int64)
    fold[order] = (position + (mixed[order] % np.uint64(_N_FOLDS)).astype(np.int64)) % _N_FOLDS
    return fold


def _scrambled(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Turn numbers into others that look random: the finaliser of SplitMix64."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def pseudo_bma(of_item: Floats, generator: np.random.Generator) -> Floats:
    """Give weights (M,) from log predictive densities per model and item (M, I): their softmax, averaged over draws.

    One draw more for each model, so that no weight is nothing and ties of the vote are settled by the models, not by
    the seed.
    """
    n_items = of_item.shape[1]
    total: Floats = np.empty((_N_DRAWS, len(of_item)))
    for draw in total:
        weights = np.asarray(generator.standard_exponential(n_items))
        draw[:] = of_item @ (weights * (n_items / weights.sum()))
    won: Floats = softmax(total, axis=1).sum(axis=0)
    return (won + 1.0) / (_N_DRAWS + len(of_item))


def weights_by_agreement(posteriors: Sequence[Floats]) -> Floats:
    """Give each model's weight (M,) by how far its posteriors (I, K) agree with those of the others.

    A model that turned the classes round disagrees with the rest, and its weight goes to nothing.
    """
    n_models = len(posteriors)
    overlap = np.array([[np.einsum("ik,ik->", one, two) for two in posteriors] for one in posteriors])
    overlap /= max(len(posteriors[0]), 1)
    np.fill_diagonal(overlap, 0.0)
    weights: Floats = np.full(n_models, 1.0 / n_models)
    for _ in range(_N_ROUNDS):
        wrong = 1.0 - overlap @ weights / np.maximum(1.0 - weights, 1e-12)
        trust: Floats = np.power(np.maximum(wrong, 1e-6), _POWER)
        weights = 0.5 * (weights + trust / np.sum(trust))
    return weights
