"""Forest plot of box sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from labelqa._plot import COLOURS, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More annotators than this make the names unreadable; the ones farthest from the others are shown.
_MOST = 40


def plot_sides(sides: pd.DataFrame, findings: pd.DataFrame, min_effect: float, ax: Axes | None) -> Axes:
    """Draw side length against the others' in % with intervals, the longest on top, findings filled."""
    sides = sides.loc[(sides["side"] == "size") & sides["effect"].notna()]
    shown = sides.loc[sides["effect"].abs().sort_values(ascending=False, kind="stable").index[:_MOST]]
    shown = shown.sort_values("effect", kind="stable")
    ax = axes(ax, height=max(2.0, 0.24 * len(shown) + 1.0))
    place = np.arange(len(shown))
    percent, low, high = (100.0 * shown[name].to_numpy(np.float64) for name in ("effect", "low", "high"))
    about_sides = findings["kind"].isin(["size", "width", "height", "edge"])
    found = shown["annotator_id"].isin(findings.loc[about_sides, "annotator_id"]).to_numpy()
    ax.axvline(0.0, color="0.6", linewidth=0.8)
    ax.axvspan(-100 * min_effect, 100 * min_effect, color="0.94", zorder=0)
    ax.hlines(place, low, high, color="0.6", linewidth=1.2)
    for mask, fill, name in ((found, COLOURS[1], "finding"), (~found, "white", "no finding")):
        ax.plot(percent[mask], place[mask], "o", color=COLOURS[1] if fill != "white" else "0.4", mfc=fill, label=name)
    names = [f"{who} ({n:,})" for who, n in zip(shown["annotator_id"], shown["n_matches"], strict=True)]
    ax.set_yticks(place, names, fontsize=8)
    ax.set_xlabel("length of sides against the others', %")
    ax.set_title("Annotator (matched boxes)", loc="left", fontsize=9)
    ax.legend(frameon=False, fontsize=8, loc="lower right")
    return ax
