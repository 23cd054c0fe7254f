"""Agreement on bounding boxes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from labelqa._options import Resampling, check_choice, check_iou_threshold, check_whole
from labelqa._tables import takes_tables
from labelqa.agreement.boxes import _tables as tables
from labelqa.agreement.boxes._chance import default_permutations, expected_distances, sizes_known
from labelqa.agreement.boxes._classes import class_agreement, class_confusion
from labelqa.agreement.boxes._decomposition import decomposition
from labelqa.agreement.boxes._kalos import alpha_kalos, kalos_warning
from labelqa.agreement.boxes._result import BoxAgreement
from labelqa.agreement.boxes._sums import SCORES, Bootstrap, PairSums, pair_sums
from labelqa.annotations import Annotations, as_annotations

#: What `match=` may be.
MATCHES = ("agnostic", "aware")
#: IoU thresholds that are always shown.
SWEEP = (0.25, 0.5, 0.75)
#: The PQ distance of `alpha_pq` matches from here on: low, because IoU itself is part of it.
PQ_THRESHOLD = 0.1


@takes_tables()
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
        For an unknown `match`, an `iou_threshold` outside (0, 1], a `confidence` outside (0, 1), or counts that are no
        whole numbers or too low.

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
    check_choice("match", match, MATCHES)
    sampling = Resampling(n_resamples=n_resamples, confidence=confidence, seed=seed)
    if n_permutations is not None:
        n_permutations = check_whole("n_permutations", n_permutations, 1, hint="1 or more, or None for the default")
    data = as_annotations(annotations)
    sums = pair_sums(data.box_codes, check_iou_threshold(iou_threshold), aware=match == "aware")
    bootstrap = Bootstrap.draw(sums.n_images, sampling)
    n_permutations = n_permutations or default_permutations(sums.n_images)
    overall, undefined = _overall(sums, bootstrap, n_permutations=n_permutations, seed=sampling.seed)
    any_class = sums.at(sums.iou_threshold, aware=False)
    of_classes, undefined_classes = class_agreement(any_class, bootstrap)
    scalars = {**overall, **of_classes, **alpha_kalos(sums, bootstrap)}
    notes = _notes(data, sums) + _notes_on_intervals(scalars, undefined | undefined_classes, sampling.n_resamples)
    found: dict[str, Any] = {**scalars, **_counts(sums), **_tables(sums, any_class, bootstrap, data.views)}
    return BoxAgreement(
        **found,
        alpha_kalos_warning=kalos_warning(sums),
        iou_threshold=sums.iou_threshold,
        match=match,
        n_resamples=sampling.n_resamples,
        n_permutations=n_permutations,
        confidence=sampling.confidence,
        reason=_reason(sums, overall["alpha"]),
        notes=notes,
    )


def _overall(
    sums: PairSums, bootstrap: Bootstrap, *, n_permutations: int, seed: int
) -> tuple[dict[str, float], dict[str, float]]:
    """The scores of all pairs together, the means over images, and the agreement beyond chance.

    First with their intervals, then the share of the resamples in which each is undefined.
    """
    n = sums.n_images
    everything = np.zeros(len(sums.item), np.int64)
    found = bootstrap.ratios(everything, 1, sums.item, sums.totals, SCORES).iloc[0].to_dict()
    loose = sums.at(PQ_THRESHOLD, aware=sums.is_aware)
    distance = sums.image_mean(sums.f1_distance())
    is_drawn_on = np.bincount(sums.item, sums.n_boxes, n) > 0
    columns = [
        1 - distance,
        np.ones(n),
        (1 - distance) * is_drawn_on,
        is_drawn_on,
        distance,
        expected_distances(sums, n_permutations=n_permutations, seed=seed).f1,
        loose.image_mean(loose.pq_distance()),
        expected_distances(loose, n_permutations=n_permutations, seed=seed).pq,
    ]
    ratios = {"f1_image": (0, 1), "f1_image_nonempty": (2, 3), "alpha": (4, 5), "alpha_pq": (6, 7)}
    values = np.column_stack(columns)
    found |= bootstrap.ratios(np.zeros(n, np.int64), 1, np.arange(n), values, ratios).iloc[0].to_dict()
    undefined = bootstrap.shares_undefined(sums.item, sums.totals, SCORES)
    undefined |= bootstrap.shares_undefined(np.arange(n), values, ratios)
    for name in ("alpha", "alpha_pq"):
        # one image is its own chance level
        value, low, high = (1 - found[f"{name}{end}"] if n > 1 else math.nan for end in ("", "_low", "_high"))
        found |= {name: value, f"{name}_low": high, f"{name}_high": low}
    return {str(name): float(value) for name, value in found.items()}, undefined


def _counts(sums: PairSums) -> dict[str, int]:
    return {
        "n_images": sums.n_images,
        "n_annotators": sums.n_annotators,
        "n_pairs": len(sums.item),
        "n_matches": len(sums.matches.iou),
    }


def _tables(sums: PairSums, any_class: PairSums, bootstrap: Bootstrap, views: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Every table of the result by its name; `any_class` holds the matches that ignore classes."""
    sides = tables.Sides(sums)
    annotators = tables.per_annotator(sums, bootstrap)
    return {
        "sweep": _sweep(sums, bootstrap),
        "class_confusion": class_confusion(any_class),
        "per_class": tables.per_class(sums, sides, any_class, bootstrap),
        "per_annotator": annotators,
        "per_pair": tables.per_pair(sums, bootstrap),
        "per_item": tables.per_item(sums),
        "per_size": tables.per_size(sums, sides, bootstrap),
        "over_time": tables.over_time(sums, bootstrap, views),
        "decomposition": decomposition(sums, sides, bootstrap),
        "annotator_ranking": tables.ranking(annotators),
    }


def _sweep(sums: PairSums, bootstrap: Bootstrap) -> pd.DataFrame:
    """The scores at each threshold of the sweep."""
    rows = []
    for threshold in SWEEP:
        at = sums.at(threshold, aware=sums.is_aware)
        scores = bootstrap.ratios(np.zeros(len(at.item), np.int64), 1, at.item, at.totals, SCORES)
        scores.insert(0, "iou_threshold", threshold)
        scores.insert(1, "n_matches", len(at.matches.iou))
        rows.append(scores)
    return pd.concat(rows, ignore_index=True)


def _reason(sums: PairSums, alpha: float) -> str | None:
    if sums.n_images == 0:
        return "No image was viewed by two annotators, so there is nothing to compare."
    if not sums.n_boxes.any():
        return "Nobody drew a box on an image with two views: only F1 per image is defined."
    if sums.n_images == 1:
        return "Only one image has two views: agreement beyond chance and intervals need more."
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
            "The size of some images is unknown: for the chance level it is guessed from how far boxes reach to the "
            "right and down. Give width and height of the items."
        )
    if len(np.unique(sums.codes.label)) == 1:
        notes.append("All boxes have one class: class_alpha and alpha_kalos_matched are undefined.")
    return tuple(notes)


def _notes_on_intervals(scalars: dict[str, float], undefined: dict[str, float], n_resamples: int) -> tuple[str, ...]:
    """Say which numbers have no interval though they were resampled, and which are undefined in some resamples."""
    if not n_resamples:
        return ()
    names = [name for name in scalars if f"{name}_low" in scalars]
    points = [name for name in names if math.isfinite(scalars[name]) and math.isnan(scalars[f"{name}_low"])]
    notes = []
    if points:
        notes.append(
            f"All resamples of the images give the same {_listed(points)}, which says nothing of how far other images "
            "would differ: no interval."
        )
    some = [
        name for name in names if undefined.get(name, 0) > 0 and name not in points and math.isfinite(scalars[name])
    ]
    notes += [
        f"In {undefined[name]:.1%} of the resamples {name} is undefined; its interval rests on the others."
        for name in some
    ]
    return tuple(notes)


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
