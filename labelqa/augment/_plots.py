"""Pictures of augmentation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labelqa._plot import COLOURS, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_looseness(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Show, per transform, the mean and worst overlap of a moved box with the tight box of its object."""
    ax = axes(ax, height=0.8 + 0.34 * len(table))
    places = np.arange(len(table))
    ax.hlines(places, table["tightness_low"], table["tightness"], color=COLOURS[4], linewidth=3)
    ax.plot(table["tightness"], places, "o", color=COLOURS[0], label="mean")
    ax.plot(table["tightness_low"], places, "|", color=COLOURS[1], markersize=12, label="worst draw")
    ax.set_yticks(places, table["transform"])
    ax.invert_yaxis()
    ax.set_xlim(min(0.4, float(table["tightness_low"].fillna(1.0).min())) - 0.02, 1.02)
    ax.set_xlabel("overlap (IoU) of the moved box with the object's tight box")
    ax.legend(frameon=False)
    return ax


def plot_kept(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Show, per transform, the share of the accuracy that is left, without and with training on the copies."""
    ax = axes(ax, height=0.8 + 0.34 * len(table))
    places = np.arange(len(table))
    ax.axvline(1.0, color="#999999", linewidth=1)
    ax.hlines(places, table["kept_low"], table["kept_high"], color=COLOURS[0], linewidth=2)
    ax.plot(table["kept"], places, "o", color=COLOURS[0], label="trained without the copies")
    ax.plot(table["kept_retrained"], places, "D", color=COLOURS[1], fillstyle="none", label="trained with them")
    ax.set_yticks(places, [f"{name}: {said}" for name, said in zip(table["transform"], table["verdict"], strict=True)])
    ax.invert_yaxis()
    ax.set_xlim(0, max(1.08, float(table[["kept_high", "kept_retrained"]].max().max()) + 0.03) if len(table) else 1.08)
    ax.set_xlabel("accuracy on transformed images, as a share of the accuracy on untransformed ones")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, -0.18), ncols=2)
    return ax


def draw_sheet(
    table: pd.DataFrame, examples: pd.DataFrame, pair: Callable[[str, str], Iterable[Any]], n_images: int
) -> Figure:
    """Draw examples row by row: before above, after below, with what the model said where it differs."""
    import matplotlib.pyplot as plt

    n_rows = max(len(table), 1)
    figure, grid = plt.subplots(
        2 * n_rows, n_images, figsize=(1.15 * n_images + 2.2, 2.5 * n_rows), squeeze=False, layout="constrained"
    )
    for cell in grid.ravel():
        cell.set_axis_off()
    for place, row in enumerate(table.itertuples(index=False)):
        shown = examples.loc[examples["transform"] == row.transform].head(n_images)
        above, below = grid[2 * place], grid[2 * place + 1]
        above[0].text(
            -0.15,
            0,
            f"{row.transform}\n{row.verdict}",
            transform=above[0].transAxes,
            ha="right",
            va="center",
            fontsize=9,
        )
        for column, example in enumerate(shown.itertuples(index=False)):
            before, after = pair(str(row.transform), str(example.item_id))
            for cell, image, said in (
                (above[column], before, example.label),
                (below[column], after, example.predicted),
            ):
                cell.imshow(image, cmap="gray" if image.ndim == 2 else None, vmin=0, vmax=255)
                is_wrong = str(said) != str(example.label)
                cell.set_title(str(said), fontsize=8, pad=2, color=COLOURS[1] if is_wrong else "black",
                               fontweight="bold" if is_wrong else "normal")  # fmt: skip
    return figure
