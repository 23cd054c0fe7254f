"""What `box_agreement` gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from labelqa._result import Result
from labelqa.agreement.boxes._plots import plot_decomposition, plot_ranking, plot_sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BoxAgreement(Result):
    """How far annotators draw the same boxes.

    Every number has its percentile bootstrap interval over images beside it, as `_low` and `_high`; an end that leaves
    the number out moves to it, and where all resamples are alike, as from one image, there is none (nan).

    Attributes
    ----------
    f1
        Share of boxes that have a partner in the other annotator's view: 2 x matches / boxes of both, over all pairs.
    mean_iou
        Mean overlap of matched boxes.
    pq
        Panoptic quality, F1 x mean IoU: found and well drawn.
    f1_image, f1_image_nonempty
        F1 per pair of views, averaged over the pairs of an image, then over images: all (two empty views agree, 1), and
        those on which anyone drew a box.
    alpha, alpha_pq
        Agreement beyond chance, 1 - observed / expected distance of two views: distance 1 - F1, and 1 - PQ of boxes
        matched at IoU 0.1, which grades looseness instead of cutting it off. 0: no more alike than views of different
        images; 1: identical.
    alpha_kalos, alpha_kalos_matched
        Nominal Krippendorff's alpha over objects, with a miss as a class of its own, and with misses left out: for
        comparison with published figures.
    alpha_kalos_warning
        When these two mislead, in words; None where they do not.
    class_agreement, class_alpha
        Share of matched boxes (class ignored in the matching) with the same class, and beyond chance (nominal
        Krippendorff's alpha).
    n_images, n_annotators, n_pairs, n_matches
        Images with at least two views, the annotators who made them, pairs of views, matched pairs of boxes.
    iou_threshold, match, n_resamples, n_permutations, confidence
        As asked for.
    reason
        Why a number is undefined (nan), or None.
    notes
        What else a reader must know, in sentences; such as the share of the resamples in which a number is undefined.
    sweep
        The scores at IoU thresholds 0.25, 0.5 and 0.75.
    class_confusion
        Pairs of classes that matched boxes carry, the most frequent first.
    per_class, per_annotator, per_pair, per_size, over_time
        The scores by class, annotator, two annotators, size of box, and period.
    per_item
        The scores of every image, the worst first.
    decomposition
        What is lost to each part, which add up to 1 - PQ: boxes that nobody matched (`missed_extra`; per annotator
        `missed` and `extra`), loose edges (`location`: what matches lack to IoU 1,
        and boxes that overlap too little to match), a different class (`class`; only with ``match="aware"``), an
        object drawn twice (`duplicate`), one box round several of the other's (`split_merge`). Columns: scope ("all",
        "annotator", "class"), id, part, share, share_low, share_high.
    annotator_ranking
        Annotators by F1 with their peers, which ranks them much as F1 with experts would.
    """

    f1: float
    f1_low: float
    f1_high: float
    mean_iou: float
    mean_iou_low: float
    mean_iou_high: float
    pq: float
    pq_low: float
    pq_high: float
    f1_image: float
    f1_image_low: float
    f1_image_high: float
    f1_image_nonempty: float
    f1_image_nonempty_low: float
    f1_image_nonempty_high: float
    alpha: float
    alpha_low: float
    alpha_high: float
    alpha_pq: float
    alpha_pq_low: float
    alpha_pq_high: float
    alpha_kalos: float
    alpha_kalos_low: float
    alpha_kalos_high: float
    alpha_kalos_matched: float
    alpha_kalos_matched_low: float
    alpha_kalos_matched_high: float
    alpha_kalos_warning: str | None
    class_agreement: float
    class_agreement_low: float
    class_agreement_high: float
    class_alpha: float
    class_alpha_low: float
    class_alpha_high: float
    n_images: int
    n_annotators: int
    n_pairs: int
    n_matches: int
    iou_threshold: float
    match: str
    n_resamples: int
    n_permutations: int
    confidence: float
    reason: str | None
    notes: tuple[str, ...]
    sweep: pd.DataFrame
    class_confusion: pd.DataFrame
    per_class: pd.DataFrame
    per_annotator: pd.DataFrame
    per_pair: pd.DataFrame
    per_item: pd.DataFrame
    per_size: pd.DataFrame
    over_time: pd.DataFrame
    decomposition: pd.DataFrame
    annotator_ranking: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw what each annotator's agreement with the others loses to what, the worst on top."""
        return plot_decomposition(self.decomposition, ax)

    def plot_ranking(self, ax: Axes | None = None) -> Axes:
        """Draw the annotators by F1 with the others, with intervals."""
        return plot_ranking(self.annotator_ranking, ax)

    def plot_sweep(self, ax: Axes | None = None) -> Axes:
        """Draw F1, mean IoU and PQ at each IoU threshold, with intervals."""
        return plot_sweep(self.sweep, ax)
