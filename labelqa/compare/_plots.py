"""The pictures of a comparison and of a scope, drawn from their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from labelqa._plot import COLOURS, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOUR_OF = {"helps": COLOURS[2], "hurts": COLOURS[1], "equivalent": COLOURS[0], "inconclusive": "0.45"}


def plot_arms(arms: pd.DataFrame, *, margin: float, n_test: int, ax: Axes | None = None) -> Axes:
    """Draw every arm's difference from "before" in points with its interval, and the margin as a band."""
    shown = arms.loc[arms["arm"] != "before"].reset_index(drop=True)
    ax = axes(ax, width=7.0, height=0.9 + 0.45 * len(shown))
    ax.axvspan(-100 * margin, 100 * margin, color="0.92", zorder=0)
    ax.axvline(0, color="0.3", linewidth=1)
    points = 100 * shown[["difference", "low", "high"]].to_numpy(float)
    for place, ((value, low, high), verdict) in enumerate(zip(points, shown["verdict"], strict=True)):
        colour = _COLOUR_OF[str(verdict)]
        ax.plot([low, high], [place, place], color=colour, linewidth=2)
        ax.plot(value, place, "o", color=colour)
        ax.annotate(f"{value:+.1f} {verdict}", (high, place), xytext=(6, 0), textcoords="offset points", va="center")
    ax.set(yticks=range(len(shown)), yticklabels=shown["arm"].str.replace("_", " "))
    ax.set_xlabel(f"points against before ({n_test:,} test items; grey: margin)")
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.margins(x=0.3)
    return ax


def plot_reviews(curve: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the gain in points against the number of reviews, a line per order."""
    ax = axes(ax)
    ax.axhline(0, color="0.3", linewidth=1)
    for colour, style, (order, part) in zip(COLOURS, ("-", "--"), curve.groupby("order", sort=False), strict=False):
        n = part["n_reviews"].to_numpy(float)
        gain, low, high = 100 * part[["difference", "low", "high"]].to_numpy(float).T
        ax.fill_between(n, low, high, color=colour, alpha=0.15)
        ax.plot(n, gain, style, marker="o", color=colour, label=f"{order} order")
    ax.set(xlabel="reviews made", ylabel="points of accuracy gained")
    if len(curve):
        ax.legend(frameon=False)
    return ax


def plot_ceilings(ceilings: pd.DataFrame, *, human: float, ax: Axes | None = None) -> Axes:
    """Draw the ceiling by the number of labels per item, beside human level."""
    ax = axes(ax)
    n, ceiling, low, high = ceilings[["n_labels", "ceiling", "low", "high"]].to_numpy(float).T
    ax.fill_between(n, low, high, color=COLOURS[0], alpha=0.2)
    ax.plot(n, ceiling, "o-", color=COLOURS[0], label="perfect model")
    ax.axhline(human, color=COLOURS[1], linestyle="--", label="one person against the others")
    ax.set(xlabel="labels per test item (majority counts)", ylabel="accuracy it can show", xticks=n)
    ax.legend(frameon=False)
    return ax
