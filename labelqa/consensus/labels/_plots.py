"""The picture of a consensus, drawn from its table of annotators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from labelqa._plot import COLOURS, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Annotators shown, the worst.
_MOST = 40


def plot_quality(annotators: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw each annotator's quality with its interval, the lowest first."""
    worst = annotators.sort_values("quality", kind="stable").head(_MOST).iloc[::-1]
    ax = axes(ax, height=max(2.0, 0.22 * len(worst) + 1.0))
    place = np.arange(len(worst))
    spread = np.abs(worst[["low", "high"]].to_numpy(np.float64).T - worst["quality"].to_numpy(np.float64))
    ax.errorbar(worst["quality"], place, xerr=spread, fmt="o", color=COLOURS[0], ecolor="0.7", capsize=0)
    ax.set_yticks(place, [f"{name} ({n})" for name, n in zip(worst["annotator_id"], worst["n_labels"], strict=True)])
    ax.set_xlabel("expected share of right labels (95 % interval)")
    return ax
