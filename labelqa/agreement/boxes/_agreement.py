"""Agreement on bounding boxes."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from labelqa._options import check_choice
from labelqa.agreement.boxes import _tables as tables
from labelqa.agreement.boxes._chance import default_permutations, expected_distances, sizes_known
from labelqa.agreement.boxes._classes import class_agreement, class_confusion
from labelqa.agreement.boxes._decomposition import decomposition
from labelqa.agreement.boxes._kalos import alpha_kalos, kalos_warning
from labelqa.agreement.boxes._result import BoxAgreement
from labelqa.agreement.boxes._sums import SCORES, Bootstrap, PairSums, pair_sums
from labelqa.annotations import Annotations, as_annotations
from labelqa.errors import OptionError

#: IoU thresholds that are always shown.
SWEEP = (0.25, 0.5, 0.75)
#: The PQ distance of `alpha_pq` matches from here on: low, because IoU itself is part of it.
PQ_THRESHOLD = 0.1


def box_agreement(
    annotations: Annotations | pd.DataFrame,
    *,
    iou_threshold: float = 0.5,
    match: str = "agnostic",
    n_resamples: int = 1000,
    n_permutations: int | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> BoxAgreement:
    """How far annotators draw the same boxes round the same objects, and where they do not.

    On every image each two views are matched one to one so that the total IoU is largest; boxes that overlap less than
    `iou_threshold` never match. Of equal totals the one with more pairs of the same class counts, then the one with the
    lowest boxes by (x_min, y_min, x_max, y_max), so that the order of rows changes nothing. Everything else counts
    these matches.

    Parameters
    ----------
    annotations
        `Annotations`, or a table of boxes (`item_id`, `annotator_id`, `x_min`, `y_min`, `x_max`, `y_max`, and `label`
        where there are classes). A table of boxes alone does not tell who looked and drew nothing.
    iou_threshold
        Smallest overlap of a match, in (0, 1].
    match
        "agnostic": the class of a box does not matter for a match; "aware": only boxes of one class match.
    n_resamples
        Bootstrap draws of whole images for the intervals; 0 leaves them nan.
    n_permutations
        How often views are dealt out to images at random for the chance level; None: as often as it takes for about
        4,000 images, which leaves an error far below the width of the interval.
    confidence
        Share of the bootstrap draws that an interval holds.
    seed
        Seed of bootstrap and permutations.

    Returns
    -------
    BoxAgreement
        nan with a `reason` where nothing can be compared.

    Raises
    ------
    TableError
        For tables that `Annotations` refuses.
    OptionError
        For an unknown `match`, an `iou_threshold` outside (0, 1], a `confidence` outside (0, 1), or negative counts.

    References
    ----------
    Kirillov et al., "Panoptic segmentation", CVPR 2019 (PQ). Braylan, Alonso and Lease, "Measuring annotator agreement
    generally across complex structured, multi-object, and free-text annotation tasks", WWW 2022 (alpha from distances
    of views).

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import box_agreement
    >>> edges = ["x_min", "y_min", "x_max", "y_max"]
    >>> boxes = pd.DataFrame(
    ...     [(1, "ann", 0, 0, 10, 10), (1, "bob", 0, 0, 10, 8), (2, "ann", 5, 5, 9, 9), (2, "bob", 40, 5, 44, 9)],
    ...     columns=["item_id", "annotator_id", *edges],
    ... )
    >>> result = box_agreement(boxes, n_resamples=0)
    >>> result.f1, result.mean_iou, result.pq
    (0.5, 0.8, 0.4)
    """
    _check(iou_threshold, match, n_resamples, n_permutations, confidence)
    data = as_annotations(annotations)
    aware = match == "aware"
    sums = pair_sums(data.box_codes, iou_threshold, aware=aware)
    bootstrap = Bootstrap.draw(sums.n_images, n_resamples, confidence, seed)
    if n_permutations is None:
        n_permutations = default_permutations(sums.n_images)
    annotators = tables.per_annotator(sums, bootstrap)
    sides = tables.Sides(sums)
    any_class = sums if not aware else pair_sums(data.box_codes, iou_threshold, aware=False)
    overall = _overall(
        sums, bootstrap, iou_threshold=iou_threshold, n_permutations=n_permutations, aware=aware, seed=seed
    )
    return BoxAgreement(
        **overall,
        **class_agreement(any_class, bootstrap),
        **alpha_kalos(sums, bootstrap, iou_threshold),
        alpha_kalos_warning=kalos_warning(sums),
        n_images=sums.n_images,
        n_annotators=int((annotators["n_images"] > 0).sum()),
        n_pairs=len(sums.item),
        n_matches=len(sums.matches.iou),
        iou_threshold=float(iou_threshold),
        match=match,
        n_resamples=n_resamples,
        n_permutations=n_permutations,
        confidence=confidence,
        reason=_reason(sums, overall["alpha"]),
        notes=_notes(data, sums),
        sweep=_sweep(sums, iou_threshold, bootstrap, aware=aware),
        class_confusion=class_confusion(any_class),
        per_class=tables.per_class(sums, sides, any_class, bootstrap),
        per_annotator=annotators,
        per_pair=tables.per_pair(sums, bootstrap),
        per_item=tables.per_item(sums),
        per_size=tables.per_size(sums, sides, bootstrap),
        over_time=tables.over_time(sums, bootstrap, data.views),
        decomposition=decomposition(sums, sides, bootstrap, iou_threshold, aware=aware),
        annotator_ranking=tables.ranking(annotators),
    )


def _check(iou_threshold: float, match: str, n_resamples: int, n_permutations: int | None, confidence: float) -> None:
    check_choice("match", match, ("agnostic", "aware"))
    if not 0 < iou_threshold <= 1:
        raise OptionError(f"iou_threshold={iou_threshold!r} is not above 0 and at most 1; 0.5 is usual.")
    if not 0 < confidence < 1:
        raise OptionError(f"confidence={confidence!r} is not between 0 and 1; 0.95 is usual.")
    if n_resamples < 0:
        raise OptionError(f"n_resamples={n_resamples!r} is below 0; give 1000, or 0 for no intervals.")
    if n_permutations is not None and n_permutations < 1:
        raise OptionError(f"n_permutations={n_permutations!r} is below 1; give a number, or None for the default.")


def _overall(
    sums: PairSums, bootstrap: Bootstrap, *, iou_threshold: float, n_permutations: int, aware: bool, seed: int
) -> dict[str, float]:
    """The scores of all pairs together, the means over images, and the agreement beyond chance."""
    n = sums.n_images
    everything = np.zeros(len(sums.item), np.int64)
    found = bootstrap.ratios(everything, 1, sums.item, sums.totals, SCORES).iloc[0].to_dict()
    loose = pair_sums(sums.codes, PQ_THRESHOLD, aware=aware)
    distance, distance_pq = sums.image_mean(sums.f1_distance()), loose.image_mean(loose.pq_distance())
    expected, _ = expected_distances(sums, iou_threshold, aware=aware, n_permutations=n_permutations, seed=seed)
    _, expected_pq = expected_distances(loose, PQ_THRESHOLD, aware=aware, n_permutations=n_permutations, seed=seed)
    is_drawn_on = np.bincount(sums.item, sums.n_boxes, n) > 0
    values = np.column_stack(
        [
            1 - distance,
            np.ones(n),
            (1 - distance) * is_drawn_on,
            is_drawn_on,
            distance,
            expected,
            distance_pq,
            expected_pq,
        ]
    )
    ratios = {"f1_image": (0, 1), "f1_image_nonempty": (2, 3), "alpha": (4, 5), "alpha_pq": (6, 7)}
    found |= bootstrap.ratios(np.zeros(n, np.int64), 1, np.arange(n), values, ratios).iloc[0].to_dict()
    for name in ("alpha", "alpha_pq"):
        # one image is its own chance level
        value, low, high = (1 - found[f"{name}{end}"] if n > 1 else math.nan for end in ("", "_low", "_high"))
        found |= {name: value, f"{name}_low": high, f"{name}_high": low}
    return {str(name): float(value) for name, value in found.items()}


def _sweep(sums: PairSums, iou_threshold: float, bootstrap: Bootstrap, *, aware: bool) -> pd.DataFrame:
    """The scores at each threshold of the sweep."""
    rows = []
    for threshold in SWEEP:
        at = sums if threshold == iou_threshold else pair_sums(sums.codes, threshold, aware=aware)
        scores = bootstrap.ratios(np.zeros(len(at.item), np.int64), 1, at.item, at.totals, SCORES)
        rows.append(scores.assign(iou_threshold=threshold, n_matches=len(at.matches.iou)))
    table = pd.concat(rows, ignore_index=True)
    return table[
        ["iou_threshold", "n_matches", *[name for name in table if name not in ("iou_threshold", "n_matches")]]
    ]


def _reason(sums: PairSums, alpha: float) -> str | None:
    if sums.n_images == 0:
        return "No image was viewed by two annotators, so there is nothing to compare."
    if not sums.n_boxes.any():
        return "Nobody drew a box on an image with two views: only F1 per image is defined."
    if sums.n_images == 1:
        return "Only one image has two views: agreement beyond chance needs more."
    if math.isnan(alpha):
        return "Views of different images are the same: agreement beyond chance is undefined."
    if len(sums.matches.iou) == 0:
        return "No two boxes overlap enough to match, so the mean IoU of matches and class agreement are undefined."
    return None


def _notes(data: Annotations, sums: PairSums) -> tuple[str, ...]:
    notes = []
    if data.views_derived:
        notes.append(
            "No table of views was given: who looked and drew nothing is unknown, so missed boxes on such images do "
            "not count."
        )
    if sums.n_images and not sizes_known(sums.codes):
        notes.append(
            "The size of some images is unknown: for the chance level their coordinates were divided by how far their "
            "boxes reach to the right and down."
        )
    if len(np.unique(sums.codes.label)) == 1:
        notes.append("All boxes have one class: class_alpha and alpha_kalos_matched are undefined.")
    return tuple(notes)
