"""What is within reach before anything is fixed: human level, ceilings, test sizes, prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, factorial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from labelqa._kernels.paired import items_needed
from labelqa._options import check_number
from labelqa._renamed import renamed
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations, as_label_codes
from labelqa.baseline import HumanBaseline, human_baseline
from labelqa.compare._plots import plot_ceilings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Differences in accuracy and shares of discordant items for which test sizes are listed.
EFFECTS = (0.005, 0.01, 0.02, 0.05)
DISCORDANT = (0.02, 0.05, 0.1, 0.2)
N_LABELS = (1, 3, 5, 7, 9)
PITFALL = (
    "Agreement is not accuracy: people who misread the guideline in the same way agree and are wrong together, and a "
    "model can exceed one person's agreement with others without being right more often. The label error below takes "
    "errors as independent and as likely on every item; errors that people share come on top. Only a set of items "
    "with carefully checked labels shows how many those are."
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Scope(Result):
    """How good a model can look on these labels, how large a test set must be, and what label accuracy costs.

    Attributes
    ----------
    n_items, n_repeated, n_classes
        Items with a label, items with two or more, and classes.
    pairwise, pairwise_low, pairwise_high
        Human level: the chance that two people agree on an item.
    leave_one_out, leave_one_out_low, leave_one_out_high
        Human level: the chance that one person says what most of the others say.
    label_error, label_error_low, label_error_high
        Share of single labels that are wrong: as given, or the share under which independent errors give `pairwise`.
    ceiling
        What a perfect model reaches when it is scored on single labels: 1 - `label_error`.
    pitfall
        What human level does not mean, in words.
    ceilings
        `n_labels`, `ceiling`, `low`, `high`: what a perfect model reaches when scored on the majority of that many
        labels.
    test_sizes
        `effect` (a share), `share_discordant`, `n_test`: items that find such a difference between two models in 4 of 5
        tests, where the models differ on that share of items.
    costs
        `order` ("random", "ranked"), `share_wrong` among those reviewed, `reviews_per_point`, `cost_per_point`: what
        one point of label accuracy takes.
    reason
        Why numbers are undefined; None if they are not.
    """

    n_items: int
    n_repeated: int
    n_classes: int
    pairwise: float
    pairwise_low: float
    pairwise_high: float
    leave_one_out: float
    leave_one_out_low: float
    leave_one_out_high: float
    label_error: float
    label_error_low: float
    label_error_high: float
    ceiling: float
    pitfall: str
    ceilings: pd.DataFrame
    test_sizes: pd.DataFrame
    costs: pd.DataFrame
    reason: str | None = None

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the ceiling by the number of labels per item, beside human level."""
        return plot_ceilings(self.ceilings, human=self.leave_one_out, ax=ax)


@takes_tables()
@renamed(data="annotations")
def scope(
    annotations: Annotations | pd.DataFrame,
    *,
    label_error: float | None = None,
    effects: Sequence[float] = EFFECTS,
    share_discordant: float | Sequence[float] = DISCORDANT,
    price_per_review: float | None = None,
    ranked_precision: float | None = None,
    n_resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Scope:
    """Say what is within reach on labels this noisy, before money is spent.

    Parameters
    ----------
    annotations
        `Annotations`, or a table with `item_id`, `annotator_id` and `label`.
    label_error
        Share of single labels that are wrong, where it is known (from an audit); by default it follows from how often
        people agree, taking errors as independent and spread evenly over the other classes.
    effects
        Differences in accuracy between two models worth finding, as shares: 0.01 is a point.
    share_discordant
        Share of test items on which exactly one of two models is right; retraining on a few per cent of changed labels
        typically gives .05.
    price_per_review, ranked_precision
        Price of a review, and the share of wrong labels among items reviewed by rank (see `labelqa.noise`).
    n_resamples, confidence, seed
        Intervals are percentile bootstraps over items.

    Raises
    ------
    OptionError
        For shares outside 0 to 1, and effects that are not above 0 and below 0.5.

    References
    ----------
    The test size is that of McNemar's test: Connor, Biometrics 43 (1987).

    Examples
    --------
    >>> import pandas as pd
    >>> said = pd.DataFrame(
    ...     [(k, who, "ok" if (k, who) != (3, "bob") else "dent") for k in range(10) for who in ("ann", "bob")],
    ...     columns=["item_id", "annotator_id", "label"],
    ... )
    >>> found = scope(said, effects=[0.01], share_discordant=0.05)
    >>> found.pairwise, round(found.label_error, 3), int(found.test_sizes["n_test"].iloc[0])
    (0.9, 0.053, 3920)
    """
    shares = [share_discordant] if isinstance(share_discordant, int | float) else list(share_discordant)
    _check_shares({"label_error": label_error, "ranked_precision": ranked_precision}, shares, effects)
    codes = as_label_codes(annotations)
    human = human_baseline(annotations, n_resamples=n_resamples, confidence=confidence, seed=seed)
    n_classes, n_items = len(np.unique(codes.label)), len(np.unique(codes.item))
    error, error_low, error_high = _label_error(label_error, human, n_classes)
    level = ("pairwise", "leave_one_out")
    return Scope(
        n_items=n_items,
        n_repeated=human.n_items,
        n_classes=n_classes,
        **{f"{name}{end}": getattr(human, f"{name}{end}") for name in level for end in ("", "_low", "_high")},
        label_error=error,
        label_error_low=error_low,
        label_error_high=error_high,
        ceiling=1 - error,
        pitfall=PITFALL,
        ceilings=_ceilings((error, error_high, error_low), n_classes),
        test_sizes=_test_sizes(effects, shares),
        costs=_costs(n_items, error, price_per_review, ranked_precision),
        reason=_reason(human.reason, n_classes, error),
    )


def _label_error(given: float | None, human: HumanBaseline, n_classes: int) -> tuple[float, float, float]:
    """Give the share of wrong labels and its ends: as given, or as agreement implies."""
    if given is not None:
        return float(given), float(given), float(given)
    # more agreement is less error: the ends change places
    low, high = implied_error(human.pairwise_high, n_classes), implied_error(human.pairwise_low, n_classes)
    return implied_error(human.pairwise, n_classes), low, high


def _check_shares(named: dict[str, float | None], shares: Sequence[float], effects: Sequence[float]) -> None:
    for name, value in (*named.items(), *(("share_discordant", share) for share in shares)):
        if value is not None:
            check_number(name, value, 0, 1)
    for effect in effects:
        hint = "differences as shares, each above 0 and below 0.5; 0.01 is a point"
        check_number("effects", effect, 0, 0.5, open_low=True, open_high=True, hint=hint)


def _reason(human: str | None, n_classes: int, error: float) -> str | None:
    if human is not None or not np.isnan(error):
        return human
    return "There is one class only." if n_classes < 2 else "People agree less than by chance, so no error rate fits."


def implied_error(pairwise: float, n_classes: int) -> float:
    """Find the error rate e at which independent labels agree with probability `pairwise`.

    Errors fall evenly on the other classes: pairwise = (1 - e)^2 + e^2 / (k - 1); the smaller root counts. nan where
    people agree less than by chance.
    """
    if n_classes < 2 or np.isnan(pairwise):
        return np.nan
    k = n_classes
    # k/(k-1) e^2 - 2 e + 1 - pairwise = 0; agreement 1/k is chance, where the root vanishes
    inside = 1 - k / (k - 1) * (1 - pairwise)
    return float((1 - np.sqrt(inside)) * (k - 1) / k) if inside >= 0 else np.nan


def majority_accuracy(error: float, n_labels: int, n_classes: int) -> float:
    """Give the chance that the majority of `n_labels` labels is right; ties are drawn fairly.

    Labels are independent, wrong with probability `error`, evenly over the other classes. Ways are counted by
    generating functions: `right` labels on the true class, `tied` other classes with as many, the rest fewer.
    """
    if np.isnan(error) or n_classes < 2:
        return np.nan
    others = n_classes - 1
    total = 0.0
    for right in range(n_labels + 1):
        wrong = n_labels - right
        fewer = np.array([1 / factorial(i) for i in range(right)] or [0.0])
        ways = 0.0
        for tied in range(others + 1):
            left = wrong - tied * right
            if left < 0:
                break
            power = _coefficient(fewer, others - tied, left)
            ways += comb(others, tied) * power / factorial(right) ** tied / (tied + 1)
        total += factorial(n_labels) / factorial(right) * (1 - error) ** right * (error / others) ** wrong * ways
    return float(total)


def _coefficient(series: np.ndarray[tuple[int], np.dtype[np.float64]], power: int, degree: int) -> float:
    """Give the coefficient of x^degree of a polynomial to a power."""
    out = np.array([1.0])
    for _ in range(power):
        out = np.convolve(out, series)[: degree + 1]
    return float(out[degree]) if degree < len(out) else 0.0


def _ceilings(errors: tuple[float, float, float], n_classes: int) -> pd.DataFrame:
    rows = [(n, *(majority_accuracy(error, n, n_classes) for error in errors)) for n in N_LABELS]
    return pd.DataFrame(rows, columns=["n_labels", "ceiling", "low", "high"])


def _test_sizes(effects: Sequence[float], shares: Sequence[float]) -> pd.DataFrame:
    # two models cannot differ by more than they are discordant
    rows = [(effect, share, items_needed(share, effect)) for effect in effects for share in shares if share >= effect]
    return pd.DataFrame(rows, columns=["effect", "share_discordant", "n_test"])


def _costs(n_items: int, error: float, price: float | None, ranked: float | None) -> pd.DataFrame:
    rows = []
    for order, share in (("random", error), ("ranked", ranked)):
        if share is None:
            continue
        # one point is a hundredth of the labels; the queue must hold that many wrong ones
        reviews = n_items / 100 / share if share > 0 and error >= 0.01 else np.nan
        rows.append((order, share, reviews, np.nan if price is None else reviews * price))
    return pd.DataFrame(rows, columns=["order", "share_wrong", "reviews_per_point", "cost_per_point"])
