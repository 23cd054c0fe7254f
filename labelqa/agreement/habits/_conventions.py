"""Guideline or mistake: what annotators do differently by habit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Counts, Flags, Floats, Longs
from labelqa._kernels.boxes.image_bootstrap import draw_counts
from labelqa._result import Result
from labelqa.agreement.habits import _findings as findings_of
from labelqa.agreement.habits import _rates as rate
from labelqa.agreement.habits._edges import edge_habits, edge_table, side_table
from labelqa.agreement.habits._findings import Finding, HabitTests
from labelqa.agreement.habits._rates import Rates
from labelqa.agreement.habits._settled import Evidence, drawing_of, scores, settled
from labelqa.annotations import Annotations, as_annotations
from labelqa.errors import OptionError

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
        One row per habit: `annotator_id`; `kind` ("size", "width", "height", "edge", "group", "split", "small",
        "class"); `what` (the edge, the size limit, the two classes); `effect` with `low` and `high` and `others`, all
        in % (of the others' side length for "size", "width" and "height"; of the side for "edge", above 0 is outwards;
        of the opportunities for the rest, where `others` is the others' rate); `n` matches or events; `p_value` before
        correction; `sentence`; `item_ids` of examples, joined by "; ".
    explained
        What agreement would be if habits were settled, one row per finding and one for all ("all"): `annotator_id`,
        `kind`, `what`, then `f1`, `mean_iou`, `pq` and `class_agreement` now, each with its `*_settled` value; and
        `pq_share`, the share of the disagreement 1 - PQ that goes away. What stays is mistakes and chance.
    sides, edges
        One row per annotator and side or edge: `percent` against the mean of the others with `low` and `high` (edges:
        `percent_low`, `percent_high`, and the same in `pixels`; above 0 is outwards), and `n_matches`.
    rates
        One row per annotator and kind of event ("group", "split", "small", "class"): `what`, `n` events among
        `n_opportunities`, `percent` with `low` and `high`, `others`, `p_value`.
    overdispersion
        One row per kind of event: whether annotators differ more than chance would (`chi2_ratio` about 1 if not),
        `degrees_of_freedom`, `p_value`.
    reason
        Why something could not be looked at; otherwise ``None``.
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
    _min_effect: float = field(repr=False)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the length of each annotator's boxes against the others', with intervals; findings are marked."""
        from labelqa.agreement.habits._plots import plot_sides

        return plot_sides(self, ax)


def box_conventions(
    annotations: Annotations | pd.DataFrame,
    *,
    iou_threshold: float = 0.5,
    min_effect: float = 0.1,
    n_resamples: int = 300,
    confidence: float = 0.95,
    seed: int = 0,
) -> BoxConventions:
    """Tell habits of single annotators, which a guideline can settle, from mistakes.

    Looked for are boxes longer or shorter than the others', one edge drawn elsewhere (truncation), one box round
    several objects and several boxes for one, small objects missed, and classes swapped. A finding is beyond chance
    (Holm's correction over everything tested, so that any false finding is rarer than 1 - confidence) and large
    (`min_effect` for edges; 10 points and twice the others' rate for misses and classes, twice for the rest).

    Parameters
    ----------
    annotations
        `Annotations`, or a table of boxes. Views without boxes count, where the views table lists them.
    iou_threshold
        Overlap of a match in the agreement that `explained` recomputes.
    min_effect
        Smallest share of a side worth a finding.
    n_resamples, confidence, seed
        Bootstrap over items for all intervals.

    Raises
    ------
    OptionError
        For an option outside its range.

    Notes
    -----
    Boxes of one object are compared in pairs (IoU at least 0.3): differences of log size and of edges, clipped to
    +-0.7, are explained by one effect per annotator (least squares). Whether one box holds several objects, or an
    object is split, is settled by the majority of the views of the item, which therefore needs three.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import box_conventions
    >>> drawn = [
    ...     (item, who, "dent", 20 + item, 20, 60 + 2 * item + (12 if who == "bob" else item % 3), 50 + item)
    ...     for item in range(30)
    ...     for who in ("ann", "bob", "cy")
    ... ]
    >>> columns = ["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"]
    >>> found = box_conventions(pd.DataFrame(drawn, columns=columns))
    >>> found.findings[["annotator_id", "kind", "what"]]
      annotator_id  kind   what
    0          bob  edge  x_max
    """
    _check(iou_threshold, min_effect, n_resamples, confidence)
    codes = as_annotations(annotations).box_codes
    counts = draw_counts(len(codes.items), n_resamples, np.random.default_rng(seed))
    owner = codes.view_annotator[drawing_of(codes).view]
    is_group, is_part, views = rate.groups_and_splits(codes)
    groups = {
        kind: _view_rates(codes, flags, views, counts, confidence)
        for kind, flags in (("group", is_group), ("split", is_part))
    }
    # what a habit of grouping or splitting explains says nothing about edges
    who = {kind: findings_of.with_habit(rates, 1.0 - confidence)[owner] for kind, rates in groups.items()}
    edges = edge_habits(codes, counts, (is_group & who["group"]) | (is_part & who["split"]))
    objects = rate.objects_of_others(codes)
    tests = HabitTests()
    findings_of.add_edges(tests, codes, edges, min_effect, confidence)
    findings_of.add_groups(tests, codes, groups)
    small = findings_of.add_small(tests, codes, objects, counts, confidence)
    box, _, _, theirs, _ = rate.class_entries(codes)
    classes = findings_of.add_classes(tests, codes, counts, confidence)
    found = sorted(tests.significant(1.0 - confidence), key=lambda one: one.annotator)
    events = [(kind, "", rates) for kind, rates in groups.items()]
    events += [("small", f"under {limit:.0f} px", rates) for limit, rates in small]
    events += [("class", f"{codes.classes[a]} -> {codes.classes[b]}", rates) for a, b, rates in classes]
    return BoxConventions(
        n_findings=len(found),
        variance_explained=edges.explained,
        findings=findings_of.finding_table(codes, found),
        explained=_explained(codes, found, Evidence(edges, objects, is_group, box, theirs), iou_threshold),
        sides=side_table(codes, edges, confidence),
        edges=edge_table(codes, edges, confidence),
        rates=_rate_table(codes, events),
        overdispersion=_overdispersion_table(events),
        reason=_why_undefined(codes),
        _min_effect=min_effect,
    )


def _check(iou_threshold: float, min_effect: float, n_resamples: int, confidence: float) -> None:
    for name, value, fits, needed in (
        ("iou_threshold", iou_threshold, 0 < iou_threshold <= 1, "above 0 and at most 1"),
        ("min_effect", min_effect, 0 <= min_effect < 1, "from 0 to below 1"),
        ("n_resamples", n_resamples, n_resamples >= 20, "a whole number from 20"),
        ("confidence", confidence, 0 < confidence < 1, "between 0 and 1"),
    ):
        if not fits:
            raise OptionError(f"{name}={value!r} is outside its range; give {needed}.")


def _view_rates(
    codes: BoxCodes,
    flags: Flags,
    views: tuple[Longs, Longs, Floats],
    counts: Counts,
    confidence: float,
) -> Rates:
    """Count views with at least one event among views with an opportunity."""
    item, annotator, chance = views
    box_view = drawing_of(codes).view
    has_event = np.bincount(box_view, flags, len(item)) > 0
    entries = (item, annotator, has_event * chance, chance)
    return rate.rates(entries, len(codes.annotators), counts, is_within_item=True, confidence=confidence)


def _explained(codes: BoxCodes, found: list[Finding], evidence: Evidence, iou_threshold: float) -> pd.DataFrame:
    drawn = drawing_of(codes)
    now = scores(drawn, codes, iou_threshold)
    rows = []
    for part in [[one] for one in found] + ([found] if found else []):
        after = scores(settled(drawn, codes, part, evidence), codes, iou_threshold)
        one = part[0] if part is not found else None
        row = {
            "annotator_id": codes.annotators[one.annotator] if one else "all",
            "kind": one.kind if one else "all",
            "what": one.what if one else "",
        }
        for name, value in now.items():
            row |= {name: value, f"{name}_settled": after[name]}
        gap = 1.0 - now["pq"]
        rows.append(row | {"pq_share": (after["pq"] - now["pq"]) / gap if gap > 0 else np.nan})
    columns = [
        "annotator_id",
        "kind",
        "what",
        *[f"{name}{end}" for name in now for end in ("", "_settled")],
        "pq_share",
    ]
    texts = dict.fromkeys(columns[:3], "str")
    return pd.DataFrame(rows, columns=columns).astype(texts | dict.fromkeys(columns[3:], np.float64))


def _rate_table(codes: BoxCodes, events: list[tuple[str, str, Rates]]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "annotator_id": codes.annotators,
                "kind": kind,
                "what": what,
                "n": rates.n.astype(np.int64),
                "n_opportunities": rates.n_opportunities.astype(np.int64),
                "percent": 100.0 * rates.rate,
                "low": 100.0 * rates.low,
                "high": 100.0 * rates.high,
                "others": 100.0 * rates.others,
                "p_value": rates.p,
            }
        )
        for kind, what, rates in events
    ]
    return pd.concat(parts, ignore_index=True).astype(dict.fromkeys(("annotator_id", "kind", "what"), "str"))


def _overdispersion_table(events: list[tuple[str, str, Rates]]) -> pd.DataFrame:
    rows = [(kind, what, *rate.overdispersion(rates)) for kind, what, rates in events]
    columns = ["kind", "what", "chi2_ratio", "degrees_of_freedom", "p_value"]
    return pd.DataFrame(rows, columns=columns).astype({"kind": "str", "what": "str"})


def _why_undefined(codes: BoxCodes) -> str | None:
    if not len(codes.xyxy):
        return "Nobody drew a box."
    most = int(np.diff(codes.item_offsets).max())
    if most < 2:
        return "No item has two views: nobody can be compared."
    if most < 3:
        return "No item has three views: only sides and edges can be compared, nobody can say who is the exception."
    return None
