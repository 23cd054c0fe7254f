"""Which boxes show one object, how much each annotator's vote counts, and which clusters are objects: arrays only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Floats, Longs
from labelqa._kernels.boxes.clustering import greedy_clusters, members_of, views_of_boxes
from labelqa._kernels.boxes.votes import STEPS, held_out_votes, peer_overlap, peer_pq

#: Votes count with this power of the peer PQ.
VOTE_POWER = 2.0
#: The quorum where no data can tell: a half, itself included.
MAJORITY = 0.5
#: A chosen quorum never leaves this range.
QUORUM_RANGE = (0.25, MAJORITY)


@dataclass(frozen=True, eq=False)
class Clusters:
    """Boxes of one object each; see `labelqa._kernels.boxes.clustering` for the arrays.

    Attributes
    ----------
    cluster, box_view
        int64 (B,).
    item
        int64 (n,).
    offsets, members
        int64 (n + 1,) and (B,).
    """

    codes: BoxCodes
    cluster: Longs
    item: Longs
    offsets: Longs
    members: Longs
    box_view: Longs

    @property
    def size(self) -> Longs:
        """Number of boxes of each cluster: shape (n,)."""
        return np.diff(self.offsets)


def find_clusters(codes: BoxCodes, iou_threshold: float) -> Clusters:
    """Cluster the boxes of every item."""
    cluster, cluster_offsets = greedy_clusters(
        codes.xyxy, codes.label, codes.view_offsets, codes.item_offsets, iou_threshold
    )
    n_clusters = int(cluster_offsets[-1])
    offsets, members = members_of(cluster, n_clusters)
    item = np.repeat(np.arange(len(codes.items)), np.diff(cluster_offsets))
    return Clusters(codes, cluster, item, offsets, members, views_of_boxes(codes.view_offsets))


@dataclass(frozen=True, eq=False)
class PeerQuality:
    """Each annotator's panoptic quality against all others (A,), and the same drawn towards the mean.

    nan and the mean where an annotator shares no item with boxes with anybody.
    """

    pq: Floats
    shrunk: Floats


def peer_quality(clusters: Clusters) -> PeerQuality:
    """Compare every annotator with all others who saw the same items, without a consensus."""
    codes = clusters.codes
    overlap = peer_overlap(codes.xyxy, clusters.offsets, clusters.members)
    return PeerQuality(
        *peer_pq(
            overlap, codes.view_offsets, codes.item_offsets, codes.view_item, codes.view_annotator,
            len(codes.annotators),
        )
    )  # fmt: skip


def support_of(clusters: Clusters, weight: Floats) -> Floats:
    """Give the share of the weight of an item's views that has a box in each cluster: shape (n,)."""
    codes = clusters.codes
    votes = np.bincount(clusters.cluster, weight[codes.view_annotator[clusters.box_view]], len(clusters.item))
    total = np.bincount(codes.view_item, weight[codes.view_annotator], len(codes.items))
    return np.asarray(votes / total[clusters.item])


def choose_quorum(clusters: Clusters, weight: Floats) -> float:
    """Find the support from which keeping a cluster raises the expected F1.

    F1 is largest where every box more probable than F1 / 2 is kept (Lipton, Elkan and Naryanaswamy, 2014). A real
    object is drawn only by a share r of the views, so that support s speaks for a probability of about s / r, and the
    quorum is r F1 / 2. Both are measured on views held out in turn.

    Returns
    -------
    float
        nan where no item has two views.
    """
    codes = clusters.codes
    hits, trials = held_out_votes(
        clusters.item,
        clusters.offsets,
        clusters.members,
        clusters.box_view,
        weight[codes.view_annotator],
        codes.item_offsets,
    )
    if not trials.sum():
        return float("nan")
    found, kept = np.cumsum(hits[::-1])[::-1], np.cumsum(trials[::-1])[::-1]
    f1 = 2.0 * found / (kept + hits.sum())
    best = STEPS - int(np.argmax(f1[::-1]))
    recall = found[best] / max(kept[best], 1)
    return float(np.clip(0.5 * recall * f1[best], *QUORUM_RANGE))
