"""The table of `label_agreement` on pairs of annotators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import LabelCodes
from labelqa._kernels.intervals import holding, student_reach, wilson_of_shares
from labelqa._kernels.labels.annotators import pair_slots, pair_squares, pair_tables
from labelqa.agreement.labels._counted import CountedLabels

Floats = NDArray[np.float64]

#: Numbers held at once for the classes of pairs of annotators.
PAIR_NUMBERS = 20_000_000


@dataclass(frozen=True, eq=False)
class _PairSums:
    """Sums over the items that pairs of annotators share, (P,) each."""

    n_items: Floats
    agreement: Floats
    expected: Floats
    kappa: Floats
    se: Floats


def per_pair(counted: CountedLabels, codes: LabelCodes, confidence: float = 0.95) -> pd.DataFrame:
    """Tabulate pairs of annotators over the items they share: agreement and Cohen's kappa, with intervals."""
    slots = pair_slots(codes.offsets, codes.annotator, codes.n_annotators)
    order = np.argsort(slots[1])
    low, high = slots[1][order] // max(codes.n_annotators, 1), slots[1][order] % max(codes.n_annotators, 1)
    size = max(1, PAIR_NUMBERS // max(4 * codes.n_classes, 1))
    blocks = [
        _sum_up(counted, codes, slots, (start, min(start + size, len(order)))) for start in range(0, len(order), size)
    ]
    found = {
        name: np.concatenate([np.empty(0), *(getattr(block, name) for block in blocks)])[order]
        for name in _PairSums.__dataclass_fields__
    }
    wilson = wilson_of_shares(found["agreement"], found["n_items"], confidence)
    agreement_low, agreement_high = holding(found["agreement"], *wilson)
    kappa, reach = found["kappa"], student_reach(found["se"], found["n_items"], confidence)
    kappa_low, kappa_high = holding(kappa, np.maximum(kappa - reach, -1.0), np.minimum(kappa + reach, 1.0))
    return pd.DataFrame(
        {
            "annotator_a": codes.annotators[low],
            "annotator_b": codes.annotators[high],
            "n_items": found["n_items"].astype(np.int64),
            "agreement": found["agreement"],
            "agreement_low": agreement_low,
            "agreement_high": agreement_high,
            "expected": found["expected"],
            "kappa": kappa,
            "kappa_low": kappa_low,
            "kappa_high": kappa_high,
        }
    )


def _sum_up(
    counted: CountedLabels,
    codes: LabelCodes,
    slots: tuple[NDArray[np.int64], NDArray[np.int64]],
    chosen: tuple[int, int],
) -> _PairSums:
    """Compute some of the pairs.

    The standard error is that of Fleiss, Cohen and Everitt (1969), with n - 1 for n as in `cohen_kappa`: an item's part
    in kappa is its agreement less what its two labels make likely, and the error is the spread of the parts.
    """
    weights, shape = counted.scale.weights, (codes.n_annotators, codes.n_classes)
    where = (codes.offsets, codes.annotator, codes.label, weights, slots, chosen, shape)
    n_items, agreement, said = pair_tables(*where)
    n = n_items.astype(np.float64)
    observed = agreement / n
    shares = said / n[:, None, None]
    usual = shares if counted.scale.is_nominal else shares @ weights
    expected = (usual[:, 0] * shares[:, 1]).sum(axis=1)
    is_defined = expected < 1 - 1e-12
    with np.errstate(divide="ignore", invalid="ignore"):
        kappa = np.where(is_defined, (observed - expected) / (1 - expected), np.nan)
        # a label of the one makes agreement likely as far as the other says the same, and the other way round
        chance = usual[:, ::-1] * (1 - kappa)[:, None, None]
        squares = pair_squares(*where, chance, observed - 2 * (1 - kappa) * expected)
        se = np.where(n > 1, np.sqrt(squares / (n * (n - 1))) / (1 - expected), np.nan)
    return _PairSums(n, observed, expected, kappa, se)


def pair_matrix(per_pair: pd.DataFrame, annotators: list[str], value: str) -> pd.DataFrame:
    """Give a column of the table as a symmetric matrix of annotators; nan where two share no item."""
    one = per_pair.pivot_table(index="annotator_a", columns="annotator_b", values=value)
    matrix = one.combine_first(one.T).reindex(index=annotators, columns=annotators)
    return matrix.rename_axis(index="annotator_id", columns="annotator_id")
