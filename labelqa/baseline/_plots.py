"""The picture of a cross-validation, drawn from its table of scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from labelqa._plot import COLOURS, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_scores(scores: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the accuracy of every predictor with its interval, the model first."""
    ax = axes(ax, height=0.5 + 0.5 * len(scores))
    for place, (value, low, high) in enumerate(scores[["accuracy", "low", "high"]].to_numpy(np.float64)):
        colour = COLOURS[0] if place == 0 else "0.4"
        ax.plot([low, high], [place, place], color=colour, linewidth=2)
        ax.plot(value, place, "o", color=colour)
        ax.annotate(f"{value:.1%}", (value, place), xytext=(0, 6), textcoords="offset points", ha="center")
    ax.set(yticks=range(len(scores)), yticklabels=scores["who"], xlabel="accuracy (share of items)")
    ax.set_xlim(0, 1)
    ax.set_ylim(len(scores) - 0.5, -0.7)
    return ax
