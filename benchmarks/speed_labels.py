"""Agreement on labels against the usual tools, and how its cost grows.

All start from encoded labels: five a item, ten classes, a pool of 100 annotators. Peers get the arrays they like best;
what a peer computes is named beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Case
from labelqa._codes import LabelCodes

N_CLASSES, POOL, PER_ITEM = 10, 100, 5
MILLION = 1_000_000
HERE = "benchmarks.speed_labels"

Call = Callable[[], Any]


def arrays(n_items: int) -> tuple[np.ndarray, np.ndarray]:
    """Annotators (I, 5), rising, and labels (I, 5), right three times in four."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, N_CLASSES, n_items)
    first, step = rng.integers(0, POOL, n_items), rng.integers(1, POOL // PER_ITEM, n_items)
    annotator = np.sort((first[:, None] + step[:, None] * np.arange(PER_ITEM)) % POOL, axis=1)
    right = rng.random((n_items, PER_ITEM)) < 0.75
    return annotator, np.where(right, truth[:, None], rng.integers(0, N_CLASSES, right.shape))


def codes(n_items: int) -> LabelCodes:
    annotator, label = arrays(n_items)
    return LabelCodes(
        np.arange(n_items).astype(object),
        np.arange(POOL).astype(object),
        np.arange(N_CLASSES).astype(object),
        np.repeat(np.arange(n_items, dtype=np.int32), PER_ITEM),
        annotator.ravel().astype(np.int32),
        label.ravel().astype(np.int32),
        np.arange(n_items * PER_ITEM),
    )


def strings(n_items: int) -> pd.DataFrame:
    annotator, label = arrays(n_items)
    return pd.DataFrame(
        {
            "item_id": [f"image_{item:07d}.jpg" for item in np.repeat(np.arange(n_items), PER_ITEM)],
            "annotator_id": [f"worker {code}" for code in annotator.ravel()],
            "label": [f"class {code}" for code in label.ravel()],
        }
    )


def five_coefficients(n_items: int, n_resamples: int = 0) -> Call:
    from labelqa._options import Resampling
    from labelqa.agreement.labels._catalogue import COUNT_FORMULAS
    from labelqa.agreement.labels._counted import CountedLabels
    from labelqa.agreement.labels._estimate import draw_together
    from labelqa.agreement.labels._statistics import statistics_of

    data = codes(n_items)
    data.offsets  # noqa: B018 - part of the encoding

    def call() -> Any:
        counted = CountedLabels(statistics_of(data), data)
        formulas = {name: formula.value for name, formula in COUNT_FORMULAS.items()}
        drawn = draw_together(formulas, counted, Resampling(n_resamples=n_resamples))
        return [formula.estimate(counted, drawn[name]) for name, formula in COUNT_FORMULAS.items()]

    return call


def resampled(n_items: int) -> Call:
    return five_coefficients(n_items, 1000)


def leave_one_out(n_items: int) -> Call:
    from labelqa.agreement.labels._counted import CountedLabels
    from labelqa.agreement.labels._statistics import statistics_of
    from labelqa.agreement.labels._tables import alpha_without

    data = codes(n_items)
    counted = CountedLabels(statistics_of(data), data)
    return lambda: alpha_without(counted, data)


def pairs(n_items: int) -> Call:
    from labelqa.agreement.labels._annotator_pairs import per_pair
    from labelqa.agreement.labels._counted import CountedLabels
    from labelqa.agreement.labels._statistics import statistics_of

    data = codes(n_items)
    counted = CountedLabels(statistics_of(data), data)
    return lambda: per_pair(counted, data)


def everything_from_strings(n_items: int) -> Call:
    from labelqa.agreement import label_agreement

    data = strings(n_items)
    return lambda: label_agreement(data)


def encode_strings(n_items: int) -> Call:
    from labelqa.annotations import as_label_codes

    data = strings(n_items)
    return lambda: as_label_codes(data)


def krippendorff_alpha(n_items: int) -> Call:
    """Five slots as raters, which is all that alpha needs."""
    import krippendorff

    slots = arrays(n_items)[1].T.astype(float)
    return lambda: krippendorff.alpha(slots, level_of_measurement="nominal")


def krippendorff_ten_resamples(n_items: int) -> Call:
    import krippendorff

    slots = arrays(n_items)[1].T.astype(float)
    rng = np.random.default_rng(0)
    return lambda: [
        krippendorff.alpha(slots[:, rng.integers(0, n_items, n_items)], level_of_measurement="nominal")
        for _ in range(10)
    ]


def krippendorff_leave_one_out(n_items: int) -> Call:
    """Ten of the hundred annotators."""
    import krippendorff

    annotator, label = arrays(n_items)
    return lambda: [
        krippendorff.alpha(np.where(annotator == who, np.nan, label).T, level_of_measurement="nominal")
        for who in range(10)
    ]


def statsmodels_fleiss(n_items: int) -> Call:
    from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

    label = arrays(n_items)[1]
    return lambda: fleiss_kappa(aggregate_raters(label, n_cat=N_CLASSES)[0])


def statsmodels_fleiss_of_counts(n_items: int) -> Call:
    from statsmodels.stats.inter_rater import fleiss_kappa

    label = arrays(n_items)[1]
    counts = np.zeros((n_items, N_CLASSES))
    np.add.at(counts, (np.repeat(np.arange(n_items), PER_ITEM), label.ravel()), 1)
    return lambda: fleiss_kappa(counts)


def crowdkit_alpha(n_items: int) -> Call:
    from crowdkit.metrics.data import alpha_krippendorff

    annotator, label = arrays(n_items)
    data = pd.DataFrame(
        {"task": np.repeat(np.arange(n_items), PER_ITEM), "worker": annotator.ravel(), "label": label.ravel()}
    )
    return lambda: alpha_krippendorff(data)


def sklearn_pairs(n_items: int) -> Call:
    """A hundred of the 4,950 pairs."""
    from sklearn.metrics import cohen_kappa_score

    annotator, label = arrays(n_items)
    wide = np.full((n_items, POOL), -1)
    np.put_along_axis(wide, annotator, label, axis=1)

    def call() -> Any:
        out = []
        for other in range(1, POOL):
            both = (wide[:, 0] >= 0) & (wide[:, other] >= 0)
            out.append(cohen_kappa_score(wide[both, 0], wide[both, other]) if both.any() else np.nan)
        return out

    return call


def cases() -> tuple[str, list[Case]]:
    ours = f"{HERE}:five_coefficients"
    growth = [Case(f"growth: {5 * n:,} labels", ours, {}, n) for n in (2_000, 20_000, 200_000, 2_000_000)]
    growth += [
        Case(f"growth: 1,000 resamples, {5 * n:,} labels", f"{HERE}:resampled", {}, n) for n in (2_000, 2_000_000)
    ]
    return "Agreement on labels", [
        Case(
            "alpha, Fleiss, AC1, Brennan-Prediger, percent, with errors and per class",
            ours,
            {
                "krippendorff (alpha only)": f"{HERE}:krippendorff_alpha",
                "statsmodels (Fleiss only, from labels)": f"{HERE}:statsmodels_fleiss",
                "statsmodels (Fleiss only, counts given)": f"{HERE}:statsmodels_fleiss_of_counts",
            },
            MILLION,
        ),
        Case("the same", ours, {"crowd-kit (alpha only)": f"{HERE}:crowdkit_alpha"}, 100_000, 1),
        Case(
            "the same with 1,000 resamples",
            f"{HERE}:resampled",
            {"krippendorff (alpha only, 10 resamples)": f"{HERE}:krippendorff_ten_resamples"},
            MILLION,
            1,
        ),
        Case(
            "alpha without each of 100 annotators",
            f"{HERE}:leave_one_out",
            {"krippendorff (10 annotators)": f"{HERE}:krippendorff_leave_one_out"},
            MILLION,
            1,
        ),
        Case(
            "agreement and kappa of 4,950 pairs",
            f"{HERE}:pairs",
            {"scikit-learn (99 pairs)": f"{HERE}:sklearn_pairs"},
            MILLION,
            1,
        ),
        Case("strings into codes", f"{HERE}:encode_strings", {}, MILLION, 1),
        Case("label_agreement from strings, 1,000 resamples", f"{HERE}:everything_from_strings", {}, 10_000),
        *growth,
    ]
