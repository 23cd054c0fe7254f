"""The result of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from labelqa._result import Result
from labelqa.compare._plots import plot_arms, plot_reviews

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Comparison(Result):
    """What the fixes changed on the trusted test set; differences are shares of the test items, -1 to 1.

    Attributes
    ----------
    verdict
        "helps", "hurts", "equivalent" (surely within the margin) or "inconclusive".
    accuracy_before, accuracy_after
        Shares, 0 to 1.
    difference, low, high
        After minus before, with the paired bootstrap interval over test items.
    p_value
        McNemar's mid-p.
    margin, confidence
        The smallest difference that matters, and the confidence of the intervals.
    n_test, n_needed
        Test items there are, and test items that would find a difference as large as the margin in 4 of 5 tests.
    n_fixes, n_reviews
        Training items that differ, and reviews made (nan where not known).
    cost_per_point, cost_per_point_low, cost_per_point_high
        Price of all reviews over the gain in points (hundredths of accuracy); nan where no price is known or nothing
        was gained, and infinite at the end of the interval where the gain may be 0.
    equivalent_new_labels, equivalent_new_labels_low, equivalent_new_labels_high
        Unfixed labels that would gain as much as the fixes did.
    arms
        One row per arm: `arm`, `n_train`, `accuracy`, `balanced_accuracy`, `log_loss`, and against "before":
        `difference`, `low`, `high`, `p_value`, `verdict`, `n_needed`. Arms are "before", "after", each kind of fix
        alone where there are several, and the controls.
    controls
        Each kind of fix alone against its control of the same size: `kind`, `control`, `n_fixes`, `difference`, `low`,
        `high`, `p_value`, `verdict`.
    per_class, per_slice
        Within classes (`label`) and slices (`slice`, `value`): `n_test`, `accuracy_before`, `accuracy_after`,
        `difference`, `low`, `high`, `p_value`, and `p_holm`, adjusted for their number.
    attribution
        Per `kind`: `n_fixes`, and with intervals `shapley` (adds up to the whole), `add_one`, `leave_one_out`.
    curve
        Gain by number of reviews: `order` ("ranked", "random"), `n_reviews`, `n_fixes`, `difference`, `low`, `high`.
    data_size
        `arm`, `n_train`, `accuracy`: how far more unfixed data would help.
    items
        One row per test item: `item_id`, `label`, `is_correct_before`, `is_correct_after`.
    reason
        What to know before quoting the numbers; None if nothing.
    """

    verdict: str
    accuracy_before: float
    accuracy_after: float
    difference: float
    low: float
    high: float
    p_value: float
    margin: float
    confidence: float
    n_test: int
    n_needed: float
    n_fixes: int
    n_reviews: float
    cost_per_point: float
    cost_per_point_low: float
    cost_per_point_high: float
    equivalent_new_labels: float
    equivalent_new_labels_low: float
    equivalent_new_labels_high: float
    arms: pd.DataFrame
    controls: pd.DataFrame
    per_class: pd.DataFrame
    per_slice: pd.DataFrame
    attribution: pd.DataFrame
    curve: pd.DataFrame
    data_size: pd.DataFrame
    items: pd.DataFrame
    reason: str | None = None

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw every arm's difference from "before" with its interval in points, and the margin as a band."""
        return plot_arms(self.arms, margin=self.margin, n_test=self.n_test, ax=ax)

    def plot_curve(self, ax: Axes | None = None) -> Axes:
        """Draw the gain in points against the number of reviews, ranked and in random order."""
        return plot_reviews(self.curve, ax=ax)
