"""Consensus boxes of one item drawn over the boxes that were joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labelqa._checks import BOX_EDGES, id_text
from labelqa._plot import COLOURS, axes
from labelqa.errors import OptionError, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What is drawn, and how: thin grey, dashed, thick.
_STYLES: dict[str, dict[str, Any]] = {
    "boxes drawn": {"edgecolor": "0.45", "linewidth": 0.7},
    "rejected": {"edgecolor": COLOURS[1], "linewidth": 1.4, "linestyle": "--"},
    "consensus": {"edgecolor": COLOURS[0], "linewidth": 2.2},
}


def plot_item(
    objects: pd.DataFrame, rejected: pd.DataFrame, members: pd.DataFrame, ax: Axes | None, item_id: object
) -> Axes:
    """Draw one item in image coordinates; numbers say how many of the views have a box there.

    By default the item with the most boxes missed.

    Raises
    ------
    OptionError
        Where the item has no boxes.
    """
    ax = axes(ax, width=6.0, height=4.5)
    item = _most_missed(objects if len(objects) else rejected) if item_id is None else id_text(item_id)
    known = members["item_id"].unique()
    if item_id is not None and item not in known:
        raise OptionError(f"item_id={item_id!r} has no boxes; choose one of {len(known)} that have ({shown(known)}).")
    tables = dict(zip(_STYLES, (members, rejected, objects), strict=True))
    for name, table in tables.items():
        _draw(ax, name, table.loc[table["item_id"] == item])
    ax.autoscale_view()
    ax.set_aspect("equal", adjustable="datalim")
    ax.invert_yaxis()
    ax.set_title("Nobody drew a box" if item is None else f"{item}: drawn by how many of its views", loc="left")
    ax.set_xlabel("x (pixels)")
    ax.set_ylabel("y (pixels)")
    if item is not None:
        ax.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def _draw(ax: Axes, name: str, table: pd.DataFrame) -> None:
    from matplotlib.patches import Rectangle

    corners = table[list(BOX_EDGES)].to_numpy(np.float64)
    for k, (left, top, right, bottom) in enumerate(corners.tolist()):
        label = f"{name} ({len(table)})" if k == 0 else None
        ax.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, label=label, **_STYLES[name]))
    if "n_views" in table:
        votes = zip(table["n_boxes"].tolist(), table["n_views"].tolist(), corners.tolist(), strict=True)
        for n_boxes, n_views, (left, top, *_) in votes:
            ax.annotate(f"{n_boxes}/{n_views}", (left, top), fontsize=8, va="bottom")


def _most_missed(table: pd.DataFrame) -> str | None:
    """Give the item whose objects were missed most often."""
    if not len(table):
        return None
    missed = (table["n_views"] - table["n_boxes"]).groupby(table["item_id"], sort=False).sum()
    return str(missed.idxmax())
