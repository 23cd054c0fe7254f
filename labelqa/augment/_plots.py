"""Pictures of augmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from labelqa._plot import COLOURS, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_looseness(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Show, per transform, the mean and worst overlap of a moved box with the tight box of its object."""
    ax = axes(ax, height=0.8 + 0.34 * len(table))
    places = np.arange(len(table))
    ax.hlines(places, table["tightness_low"], table["tightness"], color=COLOURS[4], linewidth=3)
    ax.plot(table["tightness"], places, "o", color=COLOURS[0], label="mean")
    ax.plot(table["tightness_low"], places, "|", color=COLOURS[1], markersize=12, label="worst draw")
    ax.set_yticks(places, table["transform"])
    ax.invert_yaxis()
    ax.set_xlim(min(0.4, float(np.nanmin(table["tightness_low"], initial=1.0))) - 0.02, 1.02)
    ax.set_xlabel("overlap (IoU) of the moved box with the object's tight box")
    ax.legend(frameon=False)
    return ax
