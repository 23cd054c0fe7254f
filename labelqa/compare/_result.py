"""The result of a comparison, and its picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from labelqa._plot import COLOURS, axes
from labelqa._result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOUR_OF = {"helps": COLOURS[2], "hurts": COLOURS[1], "equivalent": COLOURS[0], "inconclusive": "0.45"}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Comparison(Result):
    """What the fixes changed on the trusted test set; differences are in points (hundredths of accuracy).

    Attributes
    ----------
    verdict
        "helps", "hurts", "equivalent" (surely within the margin) or "inconclusive".
    accuracy_before, accuracy_after
        Shares, 0 to 1.
    difference, low, high
        After minus before, points, with the paired bootstrap interval over test items.
    p_value
        McNemar's mid-p.
    margin, confidence
        The practical margin in points, and the confidence of the intervals.
    n_test, n_needed
        Test items there are, and test items that would find a difference as large as the margin in 4 of 5 tests.
    n_fixes, n_reviews
        Training items that differ, and reviews made (nan where not known).
    cost_per_point, cost_per_point_low, cost_per_point_high
        Price of all reviews over the gain in points; nan where no price is known or nothing was gained, and infinite
        at the end of the interval where the gain may be 0.
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
        Per `kind`: `n_fixes`, and in points with intervals `shapley` (adds up to the whole), `add_one`,
        `leave_one_out`.
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
        """Draw every arm's difference from "before" with its interval, and the margin as a band."""
        shown = self.arms.loc[self.arms["arm"] != "before"].reset_index(drop=True)
        ax = axes(ax, width=7.0, height=0.9 + 0.45 * len(shown))
        ax.axvspan(-self.margin, self.margin, color="0.92", zorder=0)
        ax.axvline(0, color="0.3", linewidth=1)
        numbers = shown[["difference", "low", "high"]].to_numpy(float)
        for place, ((value, low, high), verdict) in enumerate(zip(numbers, shown["verdict"], strict=True)):
            colour = _COLOUR_OF[str(verdict)]
            ax.plot([low, high], [place, place], color=colour, linewidth=2)
            ax.plot(value, place, "o", color=colour)
            ax.annotate(
                f"{value:+.1f} {verdict}", (high, place), xytext=(6, 0), textcoords="offset points", va="center"
            )
        ax.set(yticks=range(len(shown)), yticklabels=shown["arm"].str.replace("_", " "))
        ax.set_xlabel(f"points against before ({self.n_test:,} test items; grey: margin)")
        ax.set_ylim(len(shown) - 0.4, -0.6)
        ax.margins(x=0.3)
        return ax

    def plot_curve(self, ax: Axes | None = None) -> Axes:
        """Draw the gain against the number of reviews, ranked and in random order."""
        ax = axes(ax)
        ax.axhline(0, color="0.3", linewidth=1)
        for colour, style, (order, part) in zip(
            COLOURS, ("-", "--"), self.curve.groupby("order", sort=False), strict=False
        ):
            n = part["n_reviews"].to_numpy(float)
            ax.fill_between(n, part["low"].to_numpy(float), part["high"].to_numpy(float), color=colour, alpha=0.15)
            ax.plot(n, part["difference"].to_numpy(float), style, marker="o", color=colour, label=f"{order} order")
        ax.set(xlabel="reviews made", ylabel="points of accuracy gained")
        if len(self.curve):
            ax.legend(frameon=False)
        return ax
