"""The charts of agreement on labels: each takes tables and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from labelqa._plot import COLOURS, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The bands of Landis and Koch (1977).
BANDS = ((0.0, "slight"), (0.2, "fair"), (0.4, "moderate"), (0.6, "substantial"), (0.8, "almost perfect"))
#: Rows and columns a matrix or a list of bars can show and still be read.
LIMIT = 30
#: Items that two annotators must share before their kappa is drawn.
FEW = 5


def coefficients(table: pd.DataFrame, ax: Axes | None, *, confidence: float) -> Axes:
    """Draw coefficients with their intervals; `table` has `title`, `value`, `low`, `high`."""
    table = table.iloc[::-1].reset_index(drop=True)
    ax = axes(ax, height=1.4 + 0.34 * len(table))
    left = min(0.0, float(np.nan_to_num(table["low"].min())))
    for number, (start, name) in enumerate(BANDS):
        if number % 2 == 0:
            ax.axvspan(start, start + 0.2, color="#f1f1f1", zorder=0)
        ax.text(start + 0.1, len(table) - 0.35, name, ha="center", va="bottom", fontsize=7, color="#555555")
    where = np.arange(len(table))
    ax.hlines(where, table["low"], table["high"], color=COLOURS[0], linewidth=2)
    ax.plot(table["value"], where, "o", color=COLOURS[0])
    ax.set_yticks(where, list(table["title"]))
    ax.set_xlim(left - 0.02, 1.02)
    ax.set_ylim(-0.6, len(table) + 0.1)
    ax.set_xlabel(f"Agreement, {confidence:.0%} intervals; bands by Landis and Koch")
    return ax


def classes(per_class: pd.DataFrame, class_pairs: pd.DataFrame, ax: Axes | None) -> Axes:
    """Draw the share of all disagreement of each pair of the most frequent classes."""
    used = per_class.sort_values("n_labels", ascending=False, kind="stable").head(LIMIT)
    names = [str(label) for label in per_class["label"] if label in set(used["label"])]
    place = {name: position for position, name in enumerate(names)}
    matrix = np.zeros((len(names), len(names)))
    shares = class_pairs["share"].to_numpy(np.float64)
    for one, two, share in zip(class_pairs["label_a"], class_pairs["label_b"], shares, strict=True):
        a, b = place.get(str(one)), place.get(str(two))
        if a is not None and b is not None:
            matrix[max(a, b), min(a, b)] = share
    matrix[np.triu_indices(len(names))] = np.nan
    ax = _matrix(ax, matrix * 100, names, names, low=0.0, form="{:.0f}")
    ax.set_title(_cut("Share of all disagreement, %", len(names), len(per_class), "classes"), fontsize=10)
    return ax


def pairs(per_annotator: pd.DataFrame, kappa: pd.DataFrame, n_items: pd.DataFrame, ax: Axes | None) -> Axes:
    """Draw Cohen's kappa of the busiest annotators; the two matrices have their ids as rows and columns."""
    busiest = per_annotator.sort_values("n_compared", ascending=False, kind="stable").head(LIMIT)
    ids = [one for one in per_annotator["annotator_id"] if one in set(busiest["annotator_id"])]
    matrix = kappa.loc[ids, ids].where(n_items.loc[ids, ids] >= FEW).to_numpy(np.float64)
    ax = _matrix(ax, matrix, ids, ids, low=min(0.0, float(np.nanmin(matrix, initial=0.0))), form="{:.2f}")
    title = f"Cohen's kappa of pairs with {FEW} items or more"
    ax.set_title(_cut(title, len(ids), len(per_annotator), "annotators"), fontsize=10)
    return ax


def _matrix(ax: Axes | None, values: np.ndarray, rows: list[str], columns: list[str], *, low: float, form: str) -> Axes:
    side = 2.0 + 0.34 * max(len(rows), 3)
    ax = axes(ax, width=side + 0.8, height=side)
    if not values.size:
        ax.text(0.5, 0.5, "No labels", ha="center", transform=ax.transAxes)
        return ax
    high = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    ax.set_facecolor("#f3f3f3")
    ax.imshow(values, cmap="Blues", vmin=low, vmax=high if high > low else low + 1)
    names = [_short(name) for name in columns]
    ax.set_xticks(range(len(columns)), names, rotation=60, ha="right", rotation_mode="anchor", fontsize=8)
    ax.set_yticks(range(len(rows)), [_short(name) for name in rows], fontsize=8)
    if len(rows) <= 16:
        for i, j in zip(*np.nonzero(np.isfinite(values)), strict=True):
            dark = values[i, j] - low > 0.6 * (high - low)
            ax.text(j, i, form.format(values[i, j]), ha="center", va="center", fontsize=7, color="w" if dark else "k")
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    return ax


def items(per_item: pd.DataFrame, ax: Axes | None) -> Axes:
    """Draw how many items have which agreement."""
    ax = axes(ax)
    ax.hist(per_item["agreement"].dropna(), bins=np.linspace(0, 1, 21).tolist(), color=COLOURS[0], edgecolor="white")
    ax.set_xlabel("Agreement within an item (share of agreeing pairs of labels)")
    ax.set_ylabel("Items")
    return ax


def annotators(per_annotator: pd.DataFrame, ax: Axes | None) -> Axes:
    """Draw the agreement of the busiest annotators with the others."""
    table = per_annotator.dropna(subset=["agreement"])
    shown = table.sort_values("n_compared", ascending=False, kind="stable").head(LIMIT)
    shown = shown.sort_values("agreement", kind="stable", ascending=False).iloc[::-1].reset_index(drop=True)
    ax = axes(ax, height=1.3 + 0.24 * len(shown))
    where = np.arange(len(shown))
    helps = (shown["alpha_change"] <= 0).to_numpy()
    for mask, colour, marker, word in (
        (helps, COLOURS[0], "o", "alpha falls without them"),
        (~helps, COLOURS[1], "D", "alpha rises without them"),
    ):
        part: pd.DataFrame = shown[mask]
        ax.hlines(where[mask], part["low"], part["high"], color=colour, linewidth=1.5)
        ax.plot(part["agreement"], where[mask], marker, color=colour, label=word, markersize=5)
    ax.set_yticks(where, [_short(name) for name in shown["annotator_id"]], fontsize=8)
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.7, max(len(shown), 1) - 0.3)
    ax.set_xlabel(_cut("Agreement with the others", len(shown), len(table), "annotators"))
    if len(shown):
        ax.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return ax


def weeks(over_time: pd.DataFrame, ax: Axes | None) -> Axes:
    """Draw alpha by week."""
    ax = axes(ax)
    if len(over_time):
        ax.fill_between(over_time["week"], over_time["low"], over_time["high"], color=COLOURS[0], alpha=0.18, lw=0)
        ax.plot(over_time["week"], over_time["alpha"], "o-", color=COLOURS[0])
        ax.tick_params(axis="x", rotation=30)
    ax.set_ylabel("Krippendorff's alpha")
    ax.set_xlabel("Week of an item's last label" if len(over_time) else "No times are known")
    return ax


def classes_of_coefficient(table: pd.DataFrame, ax: Axes | None, *, value: float, title: str) -> Axes:
    """Draw the `value` of each `label`, and the value over all as a line."""
    ax = axes(ax, height=max(1.6, 0.8 + 0.28 * len(table)))
    shown = table.iloc[::-1]
    ax.barh(shown["label"].astype(str), shown["value"], color=COLOURS[0], height=0.6)
    ax.axvline(value, color=COLOURS[1], linewidth=1.5)
    ax.set_xlabel(f"{title}: each class against the others (line: all, {value:.3f})")
    return ax


def difference(
    ends: tuple[float, float], ax: Axes | None, *, before: float, after: float, confidence: float, title: str
) -> Axes:
    """Draw the difference of two values with its interval, against no difference."""
    ax = axes(ax, height=1.6)
    ax.axvline(0, color="#999999", linewidth=1)
    ax.hlines(0, *ends, color=COLOURS[0], linewidth=2)
    ax.plot([after - before], [0], "o", color=COLOURS[0])
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(f"{title}: {before:.3f} before, {after:.3f} after (difference with {confidence:.0%} interval)")
    return ax


def shuffles(table: pd.DataFrame, ax: Axes | None, *, value: float, p_value: float, title: str) -> Axes:
    """Draw the `value` of each shuffle as a histogram, and that of the data as a line."""
    ax = axes(ax)
    ax.hist(table["value"].dropna(), bins=30, color=COLOURS[4])
    ax.axvline(value, color=COLOURS[1], linewidth=2)
    ax.set_xlabel(f"{title} of shuffled labels (line: the data, p = {p_value:.2g})")
    ax.set_ylabel("Shuffles")
    return ax


def widths(table: pd.DataFrame, ax: Axes | None, *, width: float, n_items: int, confidence: float, title: str) -> Axes:
    """Draw the `width` of the interval against `n_items`, and the wanted width as a line."""
    ax = axes(ax)
    ax.plot(table["n_items"], table["width"], color=COLOURS[0])
    ax.axhline(width, color=COLOURS[1], linewidth=1)
    ax.set_xscale("log")
    ax.set_ylim(bottom=0)
    ax.set_xlabel("Items with two labels or more")
    ax.set_ylabel(f"Width of the {confidence:.0%} interval")
    ax.set_title(f"{title}: {n_items:,} items for a width of {width:g}", fontsize=10)
    return ax


def words(table: pd.DataFrame, ax: Axes | None, *, verdict: str, confidence: float) -> Axes:
    """Draw the `probability` of each `word`; the verdict is dark."""
    ax = axes(ax, height=0.9 + 0.32 * len(table))
    shown = table.iloc[::-1]
    colours = [COLOURS[0] if word == verdict else COLOURS[4] for word in shown["word"]]
    ax.barh(shown["word"], shown["probability"], color=colours, height=0.6)
    ax.set_xlim(0, 1)
    ax.set_xlabel(f"Probability; at least {verdict!r} with {confidence:.0%} confidence")
    return ax


def _short(name: str) -> str:
    return name if len(name) <= 18 else name[:17] + "…"


def _cut(text: str, n_shown: int, n_all: int, what: str) -> str:
    return text if n_shown == n_all else f"{text} ({n_shown} most frequent of {n_all} {what})"
