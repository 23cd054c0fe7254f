"""How often each annotator does what the others do not: group boxes, split objects, small misses, swapped classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betainc, chdtrc

from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Counts, Flags, Floats, Ints, Longs
from labelqa._kernels.boxes.clustering import greedy_clusters, leave_one_out_boxes, members_of, views_of_boxes
from labelqa._kernels.boxes.grouping import grouped_and_split, is_covered
from labelqa._kernels.boxes.image_bootstrap import ratio_intervals
from labelqa._kernels.intervals import holding, wilson_of_shares

#: A box holds another where this share of the other's area lies within.
INSIDE = 0.7
#: Overlap from which a box may show the same object, and from which it does.
ELSEWHERE, SAME = 0.3, 0.5
#: Shares of all objects that may be called small; the share is chosen where an annotator stands out most.
CUTS = tuple(np.arange(0.05, 0.51, 0.05).round(2).tolist())


@dataclass(frozen=True, eq=False)
class Events:
    """What happened and what could have, in entries (E,) in any order: views, boxes or objects.

    Attributes
    ----------
    item, annotator
        int64 (E,).
    n, n_opportunities
        float64 (E,).
    """

    item: Longs
    annotator: Longs
    n: Floats
    n_opportunities: Floats


@dataclass(frozen=True, eq=False)
class Rates:
    """Events among opportunities of every annotator, for one kind of habit.

    Attributes
    ----------
    kind, what
        Of the habit, as in `BoxConventions.findings`.
    n, n_opportunities
        float64 (A,).
    rate, low, high, others
        float64 (A,): own rate with its interval, and the rate of all others.
    p
        float64 (A,): one-sided; nan where nothing can be tested.
    events
        Those entries that have any.
    """

    kind: str
    what: str
    n: Floats
    n_opportunities: Floats
    rate: Floats
    low: Floats
    high: Floats
    others: Floats
    p: Floats
    events: Events


def compared(
    kind: str,
    what: str,
    events: Events,
    *,
    n_annotators: int,
    counts: Counts,
    confidence: float,
    is_within_item: bool,
) -> Rates:
    """Compare events among opportunities between annotators.

    Parameters
    ----------
    counts, confidence
        Draws of items, and the share of them that an interval holds.
    is_within_item
        Whether the expected rate is that of all annotators of the same item (difficult items then do not count
        against those who happened to get them), or that of all others.

    Notes
    -----
    The test is conditional on the number of events: each could have been anyone's, in proportion to the opportunities
    (within its item, where `is_within_item`). Events that come together in one view count as one, on average.
    """
    item, annotator = events.item, events.annotator
    n, total = (np.bincount(annotator, values, n_annotators) for values in (events.n, events.n_opportunities))
    with np.errstate(invalid="ignore", divide="ignore"):
        rate, others = n / total, (n.sum() - n) / (total.sum() - total)
    order = np.argsort(annotator, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(annotator, minlength=n_annotators))])
    values = np.column_stack([events.n, events.n_opportunities]).astype(np.float64)[order]
    low, high = ratio_intervals(counts, offsets, item[order], values, np.array([0]), np.array([1]), confidence)
    low, high = _ends(rate, (low[:, 0], high[:, 0]), _n_items(events, n_annotators), confidence)
    hit = events.n > 0
    return Rates(
        kind=kind,
        what=what,
        n=np.asarray(n, np.float64),
        n_opportunities=np.asarray(total, np.float64),
        rate=rate,
        low=low,
        high=high,
        others=others,
        p=_conditional_p(events, n_annotators, is_within_item=is_within_item),
        events=Events(item[hit], annotator[hit], events.n[hit], events.n_opportunities[hit]),
    )


def _n_items(events: Events, n_annotators: int) -> Floats:
    """Count the items where each annotator had an opportunity: (A,)."""
    seen = pd.DataFrame({"annotator": events.annotator, "item": events.item})[events.n_opportunities > 0]
    return np.bincount(seen.drop_duplicates()["annotator"], minlength=n_annotators).astype(np.float64)


def _ends(rate: Floats, ends: tuple[Floats, Floats], n_items: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Make the intervals of rates (A,) hold them; where all draws are alike, Wilson's of so many items stands in."""
    low, high = holding(rate, *ends)
    likely_low, likely_high = wilson_of_shares(np.clip(rate, 0.0, 1.0), n_items, confidence)
    is_none = np.isnan(low)
    return np.where(is_none, np.minimum(likely_low, rate), low), np.where(is_none, np.maximum(likely_high, rate), high)


def _conditional_p(events: Events, n_annotators: int, *, is_within_item: bool) -> Floats:
    """Probability of at least so many events, given all events: a binomial tail at the mean of the strata's shares."""
    stratum = events.item if is_within_item else np.zeros_like(events.item)
    table = pd.DataFrame(
        {"annotator": events.annotator, "stratum": stratum, "n": events.n, "chances": events.n_opportunities}
    )
    table = table.groupby(["annotator", "stratum"], as_index=False).sum()
    of_all = table.groupby("stratum")[["n", "chances"]].transform("sum")
    # where nobody else had the opportunity an event says nothing
    table = table.assign(all=of_all["n"], share=table["chances"] / of_all["chances"].where(of_all["chances"] > 0))
    table = table.loc[(table["share"] > 0) & (table["share"] < 1)]
    table = table.assign(expected=table["all"] * table["share"])
    sums = table.groupby("annotator")[["n", "all", "expected"]].sum().reindex(range(n_annotators), fill_value=0.0)
    seen, possible, expected = sums.to_numpy(np.float64).T
    together = max(1.0, float(np.square(events.n).sum() / events.n.sum())) if events.n.any() else 1.0
    seen, possible = seen / together, possible / together
    with np.errstate(invalid="ignore", divide="ignore"):
        share = expected / together / possible
    tail = np.where(seen > 0, betainc(np.maximum(seen, 1e-9), possible - seen + 1.0, np.clip(share, 0.0, 1.0)), 1.0)
    return np.where(possible > 0, tail, np.nan)


def overdispersion(found: Rates) -> tuple[float, float, float]:
    """Test whether annotators differ more than chance: chi-square over degrees of freedom, those, and the p-value."""
    used = found.n_opportunities > 0
    share = found.n.sum() / max(found.n_opportunities.sum(), 1.0)
    free = float(used.sum() - 1)
    if free < 1 or not 0 < share < 1:
        return float("nan"), free, float("nan")
    expected = found.n_opportunities[used] * share
    statistic = float((np.square(found.n[used] - expected) / (expected * (1.0 - share))).sum())
    return statistic / free, free, float(chdtrc(free, statistic))


@dataclass(frozen=True, eq=False)
class GroupsAndSplits:
    """Boxes round several objects and boxes of parts of one (B,), and the views that could have either (V,).

    Attributes
    ----------
    is_group, is_part
        bool (B,).
    has_opportunity
        bool (V,): whether most of the others drew at least two boxes.
    """

    is_group: Flags
    is_part: Flags
    has_opportunity: Flags


def groups_and_splits(codes: BoxCodes) -> GroupsAndSplits:
    """Find boxes that hold what the others drew as several, and parts of what the others drew as one."""
    is_group, is_part = grouped_and_split(codes.xyxy, codes.view_offsets, codes.item_offsets, INSIDE, ELSEWHERE, SAME)
    has_two: Flags = np.diff(codes.view_offsets) >= 2
    n_views = np.diff(codes.item_offsets)[codes.view_item]
    others = np.bincount(codes.view_item, has_two, len(codes.items))[codes.view_item] - has_two
    return GroupsAndSplits(is_group, is_part, (n_views >= 3) & (2 * others >= n_views - 1))


def views_with(codes: BoxCodes, is_marked: Flags, has_opportunity: Flags) -> Events:
    """Count views with at least one marked box (B,) among views with an opportunity (V,)."""
    chance = has_opportunity.astype(np.float64)
    has_event = np.bincount(views_of_boxes(codes.view_offsets), is_marked, len(chance)) > 0
    return Events(codes.view_item.astype(np.int64), codes.view_annotator.astype(np.int64), has_event * chance, chance)


@dataclass(frozen=True, eq=False)
class Objects:
    """What at least half of the others drew, for every view with at least two others (N objects).

    Attributes
    ----------
    view, item, annotator
        int64 (N,).
    xyxy, label
        float64 (N, 4), int32 (N,).
    size
        float64 (N,): longer side, pixels.
    is_missed
        bool (N,): whether the view has no box that overlaps or holds it.
    """

    view: Longs
    item: Longs
    annotator: Longs
    xyxy: Floats
    label: Ints
    size: Floats
    is_missed: Flags

    def missed(self, chosen: Flags) -> Events:
        """Count the missed ones among the chosen objects (N,)."""
        missed = self.is_missed[chosen].astype(np.float64)
        return Events(self.item[chosen], self.annotator[chosen], missed, np.ones(len(missed)))


def objects_of_others(codes: BoxCodes) -> Objects:
    """Hold every view against the consensus of the others."""
    even = np.ones(len(codes.xyxy))
    offsets, boxes, label, share = leave_one_out_boxes(
        codes.xyxy, codes.label, even, codes.view_offsets, codes.item_offsets, SAME
    )
    view = np.repeat(np.arange(len(codes.view_item)), np.diff(offsets))
    n_views = np.diff(codes.item_offsets)[codes.view_item]
    kept = (share >= 0.5 - 1e-9) & (n_views[view] >= 3)
    view, boxes, label = view[kept], boxes[kept], label[kept]
    covered = is_covered(codes.xyxy, boxes, view, codes.view_offsets, INSIDE, ELSEWHERE)
    return Objects(
        view,
        codes.view_item[view].astype(np.int64),
        codes.view_annotator[view].astype(np.int64),
        boxes,
        label,
        (boxes[:, 2:] - boxes[:, :2]).max(axis=1) if len(boxes) else np.empty(0),
        ~covered,
    )


@dataclass(frozen=True, eq=False)
class SettledClasses:
    """Boxes whose object most of at least two others call by one class, int64 (n,) each.

    Attributes
    ----------
    box, item, annotator
        The box and whose it is.
    theirs, own
        The class of the others, and its own class.
    """

    box: Longs
    item: Longs
    annotator: Longs
    theirs: Longs
    own: Longs


def settled_classes(codes: BoxCodes) -> SettledClasses:
    """Find the boxes whose class the others agree on."""
    cluster, cluster_offsets = greedy_clusters(codes.xyxy, codes.label, codes.view_offsets, codes.item_offsets, SAME)
    n_clusters, n_classes = int(cluster_offsets[-1]), len(codes.classes)
    size = np.diff(members_of(cluster, n_clusters)[0])
    box = np.flatnonzero(size[cluster] >= 3)
    key = cluster[box] * max(n_classes, 1) + codes.label[box]
    keys, at, votes = np.unique(key, return_inverse=True, return_counts=True)
    of_cluster, of_class = np.divmod(keys, max(n_classes, 1))
    # the class with most votes without this box must have more than half of the others
    first = np.searchsorted(of_cluster, cluster[box])
    theirs = np.full(len(box), -1, np.int64)
    for step in range(n_classes):
        place = first + step
        valid = place < len(keys)
        place = np.minimum(place, max(len(keys) - 1, 0))
        valid &= of_cluster[place] == cluster[box]
        without = votes[place] - (place == at)
        theirs = np.where(valid & (2 * without > size[cluster[box]] - 1), of_class[place], theirs)
    known = theirs >= 0
    view = views_of_boxes(codes.view_offsets)[box[known]]
    return SettledClasses(
        box=box[known],
        item=codes.view_item[view].astype(np.int64),
        annotator=codes.view_annotator[view].astype(np.int64),
        theirs=theirs[known],
        own=codes.label[box[known]].astype(np.int64),
    )
