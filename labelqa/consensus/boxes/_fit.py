"""All of a box consensus as arrays: clusters, votes, edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Flags, Floats
from labelqa.consensus.boxes import _voting as voting
from labelqa.consensus.boxes._placing import PlacedBoxes, place
from labelqa.consensus.boxes._voting import Clusters


@dataclass(frozen=True, eq=False)
class BoxFit:
    """What was found: clusters (n,), annotators (A,).

    Attributes
    ----------
    quorum
        The support from which a cluster counts as an object.
    vote, peer_pq
        float64 (A,): weight of a vote, and panoptic quality against the others (nan where nobody can be compared with).
    support, is_kept
        float64 and bool (n,).
    placed
        The box of each cluster, and each annotator's habits and deviation.
    """

    clusters: Clusters
    quorum: float
    vote: Floats
    peer_pq: Floats
    support: Floats
    is_kept: Flags
    placed: PlacedBoxes


def fit_boxes(
    codes: BoxCodes, iou_threshold: float, *, quorum: float | None, weights: Floats | None, remove_bias: bool
) -> BoxFit:
    """Join boxes, vote on the clusters and place their edges; quorum and weights (A,) from the data where None."""
    clusters = voting.find_clusters(codes, iou_threshold)
    quality = voting.peer_quality(clusters)
    vote = quality.shrunk**voting.VOTE_POWER if weights is None else weights
    support = voting.support_of(clusters, vote)
    chosen = voting.choose_quorum(clusters, vote) if quorum is None else quorum
    if np.isnan(chosen):
        chosen = voting.MAJORITY
    is_kept = support >= chosen - 1e-9
    placed = place(
        clusters,
        quality.shrunk if weights is None else weights,
        is_kept & (clusters.size >= 3),
        remove_bias=remove_bias,
        weigh_edges=weights is None,
    )
    # a click without area is no object, even where only one person looked
    is_kept &= (placed.xyxy[:, 2] > placed.xyxy[:, 0]) & (placed.xyxy[:, 3] > placed.xyxy[:, 1])
    return BoxFit(clusters, float(chosen), vote, quality.pq, support, is_kept, placed)
