"""The EM of models whose rates stay tied to the names of the classes, and what they make of held-out labels.

Shapes as in `labelqa._kernels.labels.consensus`: counts and rates have a row (R, C) for each pair of an annotator and a
label that matters; `annotator` and `said` (R,) say which, sorted by annotator. Component c belongs to the true class
``c // (C // K)``.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from labelqa._kernels.labels.consensus import collect

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Nobody is taken for always right, or always wrong.
_LEAST, _MOST = 0.001, 0.999
#: Items added per class, and spread over the types of each class.
_OF_CLASS, _OF_TYPES = 0.5, 0.1


@njit(cache=True)
def fit_rows(
    offsets: Longs,
    row: Longs,
    gold: Ints,
    prior: Floats,
    annotator: Longs,
    said: Longs,
    found: Floats,
    sums: Floats,
    plain: Floats,
    plain_sums: Floats,
    of_plain: float,
    pull: float,
    strength: float,
    n_iterations: int,
    tolerance: float,
) -> tuple[Floats, Floats, Floats, int, bool]:
    """Repeat steps until no posterior moves by more than `tolerance`.

    offsets, row, gold and prior as in `collect`. found (R, C) and sums (C,) are the statistics to begin with, and end
    as those of the last step; before each step they are mixed with `plain` ones of weight `of_plain`. Gives posteriors
    (I, C), the counts (R, C) and sums (C,) that the last rates and shares were learned from, steps, and whether it
    came to rest.
    """
    n_classes = prior.shape[1]
    posteriors = np.empty((offsets.shape[0] - 1, sums.shape[0]))
    before = np.empty_like(posteriors)
    learned, learned_sums, rates = np.empty_like(found), np.empty_like(sums), np.empty_like(found)
    is_converged, done = row.shape[0] == 0, 0
    while done < n_iterations and not (is_converged and done > 0):
        _mix(found, plain, of_plain, learned)
        learned_sums[:] = sums if of_plain == 0.0 else (1.0 - of_plain) * sums + of_plain * plain_sums
        fill_rates(learned, annotator, said, n_classes, pull, strength, rates)
        posteriors, before = before, posteriors
        found[:] = 0.0
        sums[:] = 0.0
        collect(offsets, row, gold, prior, component_shares(learned_sums, n_classes), rates, found, sums, posteriors)
        done += 1
        is_converged = is_converged or (done > 1 and not _moves(posteriors, before, tolerance))
    return posteriors, learned, learned_sums, done, is_converged


@njit(cache=True)
def component_shares(sums: Floats, n_classes: int) -> Floats:
    """Give the share of each component (C,): of its class, and of its type within the class."""
    out = np.empty_like(sums)
    n_types = sums.shape[0] // max(n_classes, 1)
    of_all = sums.sum() + _OF_CLASS * n_classes
    for t in range(n_classes):
        of_class = sums[t * n_types : (t + 1) * n_types].sum()
        for c in range(t * n_types, (t + 1) * n_types):
            of_type = (sums[c] + _OF_TYPES / n_types) / (of_class + _OF_TYPES)
            out[c] = (of_class + _OF_CLASS) / of_all * of_type
    return out


@njit(cache=True)
def fill_rates(
    counts: Floats, annotator: Longs, said: Longs, n_classes: int, pull: float, strength: float, rates: Floats
) -> None:
    """Fill rates (R, C) from counts (R, C).

    What is expected of an annotator: right as often as they are, whatever the class (with `pull` labels of the average
    added; infinity for one accuracy for all), wrong like everybody's wrong labels on that class. To the annotator's own
    counts `strength` labels per component as expected are added; infinity: as expected.
    """
    accuracy, wrong = _expected(counts, annotator, said, n_classes, pull)
    n_types = counts.shape[1] // max(n_classes, 1)
    scale, spread = np.empty(counts.shape[1]), np.empty((n_classes, counts.shape[1]))
    is_expected = np.isinf(strength)
    for c in range(counts.shape[1]):
        spread[:, c] = wrong[:, c // n_types]
    for r in range(counts.shape[0]):
        a, s = annotator[r], said[r]
        if not is_expected and (r == 0 or annotator[r - 1] != a):
            scale[:] = strength
            last = r
            while last < counts.shape[0] and annotator[last] == a:
                scale += counts[last]
                last += 1
            scale[:] = 1.0 / scale
        for c in range(counts.shape[1]):
            rates[r, c] = (1.0 - accuracy[a]) * spread[s, c]
        for c in range(s * n_types, (s + 1) * n_types):
            rates[r, c] = accuracy[a]
        if not is_expected:
            for c in range(counts.shape[1]):
                rates[r, c] = (counts[r, c] + strength * rates[r, c]) * scale[c]


@njit(cache=True)
def _expected(counts: Floats, annotator: Longs, said: Longs, n_classes: int, pull: float) -> tuple[Floats, Floats]:
    """Give accuracies (A,) and how wrong labels are spread (K said, K true), one label more spread evenly."""
    n_types = counts.shape[1] // max(n_classes, 1)
    n_annotators = annotator[-1] + 1 if annotator.shape[0] else 0
    right, total = np.zeros(n_annotators), np.zeros(n_annotators)
    wrong = np.full((n_classes, n_classes), 1.0 / max(n_classes - 1, 1))
    for r in range(counts.shape[0]):
        a, s = annotator[r], said[r]
        for t in range(n_classes):
            n = 0.0
            for c in range(t * n_types, (t + 1) * n_types):
                n += counts[r, c]
            wrong[s, t] += n
            total[a] += n
            if s == t:
                right[a] += n
    average = right.sum() / max(total.sum(), 1e-300)
    for t in range(n_classes):
        wrong[t, t] = 0.0
        wrong[:, t] /= max(wrong[:, t].sum(), 1e-300)
    for a in range(n_annotators):
        share = average if np.isinf(pull) else (right[a] + pull * average) / max(total[a] + pull, 1e-300)
        right[a] = min(max(share, _LEAST), _MOST) if n_classes > 1 else 1.0
    return right, wrong


@njit(cache=True)
def predicted(item: Ints, row: Longs, posteriors: Floats, rates: Floats) -> Floats:
    """Give the log-probability of each label (n,) from posteriors (I, C) and rates (R, C)."""
    out = np.empty(row.shape[0])
    for j in range(row.shape[0]):
        p = 0.0
        for c in range(rates.shape[1]):
            p += posteriors[item[j], c] * rates[row[j], c]
        out[j] = np.log(max(p, 1e-300))
    return out


@njit(cache=True)
def _mix(one: Floats, two: Floats, weight: float, out: Floats) -> None:
    for r in range(one.shape[0]):
        for c in range(one.shape[1]):
            out[r, c] = one[r, c] if weight == 0.0 else (1.0 - weight) * one[r, c] + weight * two[r, c]


@njit(cache=True)
def _moves(one: Floats, two: Floats, tolerance: float) -> bool:
    """Say whether any entry of two arrays (I, C) differs by more than `tolerance`; the first that does is enough."""
    for i in range(one.shape[0]):
        for c in range(one.shape[1]):
            if abs(one[i, c] - two[i, c]) > tolerance:
                return True
    return False
