"""Charts of agreement on boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from labelqa._plot import COLOURS, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More annotators than this are unreadable in one chart: those that need attention first are shown.
MOST = 25
#: Part -> words, colour, hatch; hatches tell parts apart without colour.
_PARTS = {
    "missed": ("missed", COLOURS[1], ""),
    "extra": ("extra", COLOURS[5], "////"),
    "missed_extra": ("missed or extra", COLOURS[1], ""),
    "location": ("loose edges", COLOURS[0], "...."),
    "class": ("other class", COLOURS[3], "xxxx"),
    "duplicate": ("drawn twice", COLOURS[6], ""),
    "split_merge": ("one box for several", COLOURS[2], "\\\\\\\\"),
}


def plot_decomposition(table: pd.DataFrame, ax: Axes | None) -> Axes:
    """Stacked bars of what each annotator's agreement with the others loses to each part, the worst on top."""
    own = table.loc[table["scope"] == "annotator"]
    wide = own.pivot_table(index="id", columns="part", values="share", sort=False)
    wide = wide.loc[wide.sum(axis=1).sort_values(kind="stable").index[-MOST:]]
    ax = axes(ax, height=1.4 + 0.28 * max(len(wide), 1))
    left = np.zeros(len(wide))
    for part, (words, colour, hatch) in _PARTS.items():
        if part not in wide or not (wide[part] > 0).any():
            continue
        ax.barh(
            wide.index.astype(str), wide[part], left=left, label=words, color=colour, hatch=hatch, edgecolor="white",
            linewidth=0,
        )  # fmt: skip
        left += wide[part].to_numpy()
    ax.margins(y=0.01)
    hidden = own["id"].nunique() - len(wide)
    note = f" (the {len(wide)} lowest of {len(wide) + hidden} annotators)" if hidden else ""
    ax.set(xlabel=f"share of boxes lost: 1 - PQ{note}", xlim=(0, max(0.05, 1.02 * left.max(initial=0))))
    if len(wide):
        ax.legend(frameon=False, fontsize="small", ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return ax


def plot_ranking(table: pd.DataFrame, ax: Axes | None) -> Axes:
    """F1 of each annotator with the others, with its interval; the best on top."""
    shown = table.iloc[-MOST:][::-1]
    ax = axes(ax, height=1.2 + 0.26 * max(len(shown), 1))
    error = [shown["f1"] - shown["f1_low"], shown["f1_high"] - shown["f1"]]
    ax.errorbar(
        shown["f1"], shown["annotator_id"], xerr=np.clip(error, 0, None), fmt="o", color=COLOURS[0], capsize=2
    )  # fmt: skip
    hidden = len(table) - len(shown)
    note = f" (the {len(shown)} lowest of {len(table)} annotators)" if hidden else ""
    ax.set(xlabel=f"F1 with the other annotators{note}", xlim=(None, 1.01))
    ax.grid(axis="x", color="#dddddd")
    return ax


def plot_sweep(table: pd.DataFrame, ax: Axes | None) -> Axes:
    """F1, mean IoU and PQ at each IoU threshold, with their intervals."""
    ax = axes(ax)
    threshold = table["iou_threshold"]
    for name, words, colour, marker in (
        ("f1", "F1", COLOURS[0], "o"),
        ("mean_iou", "mean IoU of matches", COLOURS[1], "s"),
        ("pq", "PQ", COLOURS[2], "^"),
    ):
        error = [table[name] - table[f"{name}_low"], table[f"{name}_high"] - table[name]]
        ax.errorbar(
            threshold, table[name], yerr=np.clip(error, 0, None), label=words, color=colour, marker=marker, capsize=3
        )
    ax.set(xlabel="IoU from which two boxes match", ylabel="agreement", ylim=(0, 1), xticks=threshold)
    ax.legend(frameon=False)
    return ax


def plot_ceiling(table: pd.DataFrame, ax: Axes | None) -> Axes:
    """Average precision against the IoU threshold, with its interval."""
    ax = axes(ax)
    ax.fill_between(table["iou_threshold"], table["ap_low"], table["ap_high"], color="#dddddd")
    ax.plot(table["iou_threshold"], table["ap"], color=COLOURS[0], marker="o")
    ax.set(xlabel="IoU threshold", ylabel="highest honest average precision", ylim=(0, 1))
    return ax
