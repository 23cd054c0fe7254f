"""Krippendorff's alpha on boxes as KALOS computes it, for comparison with published figures."""

from __future__ import annotations

import numpy as np

from labelqa._kernels.arrays import Floats, Longs
from labelqa._kernels.boxes.clustering import greedy_clusters
from labelqa._kernels.boxes.image_bootstrap import resampled_cells
from labelqa.agreement.boxes._sums import Bootstrap, PairSums


def alpha_kalos(sums: PairSums, bootstrap: Bootstrap) -> dict[str, float]:
    """Nominal alpha over objects, with "did not draw it" as a class of its own, and with misses left out.

    An object is a greedy cluster of overlapping boxes; an image on which nobody drew anything is one object that
    everybody missed. Interval bounds come with both numbers.

    References
    ----------
    Tschirschwitz, Klemstein, Stein and Rodehorst, "A dataset for analysing complex document layouts in the digital
    humanities and its evaluation with Krippendorff's alpha", GCPR 2022. Tschirschwitz and Rodehorst, "KALOS finds
    consensus", CVPR 2026.
    """
    votes, n_views, image = _objects(sums)
    missed = n_views - votes.sum(axis=1)
    out: dict[str, float] = {}
    for name, values in (
        ("alpha_kalos", np.column_stack([votes, missed])),
        ("alpha_kalos_matched", votes),
    ):
        cells = _cells(values, image)
        drawn = resampled_cells(bootstrap.counts, *cells, values.shape[1] + 1)
        totals = np.bincount(cells[1], cells[2], values.shape[1] + 1).astype(np.float64)
        value = float(_alpha(totals[:, None])[0])
        low, high = bootstrap.ends(value, _alpha(drawn))
        out |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return out


def kalos_warning(sums: PairSums) -> str | None:
    """Why `alpha_kalos` misleads on these data, in words; None where it does not."""
    n_classes = len(np.unique(sums.codes.label))
    n_drawn_on = int((np.bincount(sums.item, sums.n_boxes, sums.n_images) > 0).sum())
    reasons = []
    if n_classes == 1:
        reasons.append("there is only one class, so nearly all its chance agreement is agreement on that class")
    if 2 * n_drawn_on < sums.n_images:
        reasons.append("more than half of the images are empty, and each counts as an object all agree to have missed")
    if not reasons:
        return None
    return (
        "alpha_kalos codes a missed box as a class, and " + "; ".join(reasons) + ": compare it with published figures "
        "only, and judge these labels by alpha."
    )


def _objects(sums: PairSums) -> tuple[Floats, Floats, Longs]:
    """Votes per object and class (U, K), views of its image (U,), its image among those with two views (U,)."""
    codes = sums.codes
    cluster, offsets = greedy_clusters(
        codes.xyxy, codes.label, codes.view_offsets, codes.item_offsets, sums.iou_threshold
    )
    n_clusters, n_classes = int(offsets[-1]), len(codes.classes)
    votes = np.bincount(cluster * max(n_classes, 1) + codes.label, minlength=n_clusters * n_classes)
    of_cluster = np.repeat(np.arange(len(codes.items)), np.diff(offsets))
    n_views = np.diff(codes.item_offsets)
    empty = sums.items[np.diff(offsets)[sums.items] == 0]
    item = np.concatenate([of_cluster, empty])
    votes = np.vstack([votes.reshape(n_clusters, n_classes), np.zeros((len(empty), n_classes), np.int64)])
    kept = n_views[item] >= 2
    image = np.searchsorted(sums.items, item[kept])
    return votes[kept].astype(np.float64), n_views[item[kept]].astype(np.float64), image


def _cells(values: Floats, image: Longs) -> tuple[Longs, Longs, Floats]:
    """Sums per image and value, and of disagreement in the last column, as (image, column, amount)."""
    n = values.sum(axis=1)
    kept = n >= 2
    values, image, n = values[kept], image[kept], n[kept]
    disagreement = (n**2 - (values**2).sum(axis=1)) / (n - 1)
    width = values.shape[1] + 1
    rows, columns = np.nonzero(values)
    keys = np.concatenate([image[rows] * width + columns, image * width + width - 1])
    keys, place = np.unique(keys, return_inverse=True)
    amount = np.bincount(place, np.concatenate([values[rows, columns], disagreement]), len(keys))
    return keys // width, keys % width, amount.astype(np.float64)


def _alpha(totals: Floats) -> Floats:
    """Alpha from value counts and, in the last row, disagreement: (K + 1, R) -> (R,); nan with one value only."""
    counts, disagreement = totals[:-1], totals[-1]
    n = counts.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = (n**2 - (counts**2).sum(axis=0)) / (n - 1)
        return np.where(expected > 0, 1 - disagreement / expected, np.nan)
