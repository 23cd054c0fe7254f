"""What `box_conventions` gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from labelqa._result import Result
from labelqa.agreement.habits._plots import plot_sides

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BoxConventions(Result):
    """What annotators do differently by habit, as questions for the guideline, and what remains as mistakes.

    Attributes
    ----------
    n_findings
        Number of rows of `findings`.
    variance_explained
        Share of the variance of box size (log, around each object) that the annotator explains, beyond chance.
    findings
        One row per habit: `annotator_id`; `kind` ("offset", "size", "width", "height", "edge", "group", "split",
        "small", "class"); `what` (the edges, the size limit, the two classes); `effect` with `low` and `high` and
        `others`, for "offset" in pixels (of the first edge, above 0 is outwards), otherwise shares (of the others' side
        length for "size", "width" and "height"; of the side for "edge", above 0 is outwards; of the opportunities for
        the rest, where `others` is the others' rate); `n` matches or events;
        `p_value` before correction; `sentence`; `item_ids` of examples, joined by "; ".
    explained
        What agreement would be if habits were settled, one row per finding and one for all ("all"): `annotator_id`,
        `kind`, `what`, then `f1`, `mean_iou`, `pq` and `class_agreement` now, each with its `*_settled` value; and
        `pq_share`, the share of the disagreement 1 - PQ that goes away. What stays is mistakes and chance.
    sides, edges
        One row per annotator and side or edge: `effect`, how much longer or farther out than the mean of the others as
        a share of the side, with `low` and `high` (edges: `effect_low`, `effect_high`, and the same in `pixels`), and
        `n_matches`.
    rates
        One row per annotator and kind of event ("group", "split", "small", "class"): `what`, `n` events among
        `n_opportunities`, `rate` with `low` and `high`, `others`, `p_value`.
    overdispersion
        One row per kind of event: whether annotators differ more than chance would (`chi2_ratio` about 1 if not),
        `degrees_of_freedom`, `p_value`.
    reason
        Why something could not be looked at; otherwise ``None``.
    min_effect
        As asked for.
    """

    n_findings: int
    variance_explained: float
    findings: pd.DataFrame
    explained: pd.DataFrame
    sides: pd.DataFrame
    edges: pd.DataFrame
    rates: pd.DataFrame
    overdispersion: pd.DataFrame
    reason: str | None
    min_effect: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the length of each annotator's boxes against the others', with intervals; findings are marked."""
        return plot_sides(self.sides, self.findings, self.min_effect, ax)
