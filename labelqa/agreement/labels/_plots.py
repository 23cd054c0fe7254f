"""The charts of `LabelAgreement`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labelqa._options import check_choice
from labelqa._plot import COLOURS, axes
from labelqa.agreement.labels._coefficient import words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from labelqa.agreement.labels._agreement import LabelAgreement

#: The bands of Landis and Koch (1977).
BANDS = ((0.0, "slight"), (0.2, "fair"), (0.4, "moderate"), (0.6, "substantial"), (0.8, "almost perfect"))
#: Rows and columns a matrix or a list of bars can show and still be read.
LIMIT = 30
#: Items that two annotators must share before their kappa is drawn.
FEW = 5


def draw(result: LabelAgreement, ax: Axes | None, view: str) -> Axes:
    """Draw one view of the result."""
    views = {
        "coefficients": _coefficients,
        "classes": _classes,
        "items": _items,
        "annotators": _annotators,
        "pairs": _pairs,
        "time": _time,
    }
    check_choice("view", view, views)
    return views[view](result, ax)


def _coefficients(result: LabelAgreement, ax: Axes | None) -> Axes:
    table = result.coefficients.iloc[::-1].reset_index(drop=True)
    ax = axes(ax, height=1.4 + 0.34 * len(table))
    left = min(0.0, float(np.nan_to_num(table["low"].min())))
    for number, (start, name) in enumerate(BANDS):
        if number % 2 == 0:
            ax.axvspan(start, start + 0.2, color="#f1f1f1", zorder=0)
        ax.text(start + 0.1, len(table) - 0.35, name, ha="center", va="bottom", fontsize=7, color="#555555")
    where = np.arange(len(table))
    ax.hlines(where, table["low"], table["high"], color=COLOURS[0], linewidth=2)
    ax.plot(table["value"], where, "o", color=COLOURS[0])
    ax.set_yticks(where, [words(name) for name in table["coefficient"]])
    ax.set_xlim(left - 0.02, 1.02)
    ax.set_ylim(-0.6, len(table) + 0.1)
    ax.set_xlabel(f"Agreement, {result.confidence:.0%} intervals; bands by Landis and Koch")
    return ax


def _classes(result: LabelAgreement, ax: Axes | None) -> Axes:
    used = result.per_class.sort_values("n_labels", ascending=False, kind="stable").head(LIMIT)
    names = [str(label) for label in result.per_class["label"] if label in set(used["label"])]
    place = {name: position for position, name in enumerate(names)}
    matrix = np.zeros((len(names), len(names)))
    pairs = result.class_pairs
    for one, two, share in zip(pairs["label_a"], pairs["label_b"], pairs["share"].to_numpy(np.float64), strict=True):
        a, b = place.get(str(one)), place.get(str(two))
        if a is not None and b is not None:
            matrix[max(a, b), min(a, b)] = share
    matrix[np.triu_indices(len(names))] = np.nan
    ax = _matrix(ax, matrix * 100, names, names, low=0.0, form="{:.0f}")
    ax.set_title(_cut("Share of all disagreement, %", len(names), len(result.per_class), "classes"), fontsize=10)
    return ax


def _pairs(result: LabelAgreement, ax: Axes | None) -> Axes:
    busiest = result.per_annotator.sort_values("n_compared", ascending=False, kind="stable").head(LIMIT)
    ids = [one for one in result.per_annotator["annotator_id"] if one in set(busiest["annotator_id"])]
    n_items = result.pair_matrix("n_items").loc[ids, ids]
    matrix = result.pair_matrix().loc[ids, ids].where(n_items >= FEW).to_numpy(np.float64)
    ax = _matrix(ax, matrix, ids, ids, low=min(0.0, float(np.nanmin(matrix, initial=0.0))), form="{:.2f}")
    title = f"Cohen's kappa of pairs with {FEW} items or more"
    ax.set_title(_cut(title, len(ids), len(result.per_annotator), "annotators"), fontsize=10)
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


def _items(result: LabelAgreement, ax: Axes | None) -> Axes:
    ax = axes(ax)
    agreement = result.per_item["agreement"].dropna()
    ax.hist(agreement, bins=np.linspace(0, 1, 21).tolist(), color=COLOURS[0], edgecolor="white")
    ax.set_xlabel("Agreement within an item (share of agreeing pairs of labels)")
    ax.set_ylabel("Items")
    return ax


def _annotators(result: LabelAgreement, ax: Axes | None) -> Axes:
    table = result.per_annotator.dropna(subset=["agreement"])
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


def _time(result: LabelAgreement, ax: Axes | None) -> Axes:
    ax = axes(ax)
    table = result.over_time
    if len(table):
        ax.fill_between(table["week"], table["low"], table["high"], color=COLOURS[0], alpha=0.18, linewidth=0)
        ax.plot(table["week"], table["alpha"], "o-", color=COLOURS[0])
        ax.tick_params(axis="x", rotation=30)
    ax.set_ylabel("Krippendorff's alpha")
    ax.set_xlabel("Week of an item's last label" if len(table) else "No times are known")
    return ax


def _short(name: str) -> str:
    return name if len(name) <= 18 else name[:17] + "…"


def _cut(text: str, n_shown: int, n_all: int, what: str) -> str:
    return text if n_shown == n_all else f"{text} ({n_shown} most frequent of {n_all} {what})"
