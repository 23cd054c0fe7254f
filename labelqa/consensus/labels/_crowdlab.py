"""CROWDLAB, through cleanlab: to compare with."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.labels.consensus import normalise
from labelqa._kernels.labels.glad import expected_counts
from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.consensus.labels._crowd import Crowd, CrowdFit, WarmStart, make_crowd
from labelqa.consensus.labels._error_models import shares_of
from labelqa.consensus.labels._result import LabelConsensus, make_result
from labelqa.errors import TableError, shown

Floats = NDArray[np.float64]


@takes_tables()
@renamed(data="annotations")
def crowdlab(
    annotations: Annotations | pd.DataFrame,
    pred_probs: pd.DataFrame,
    *,
    classes: Sequence[Hashable] | None = None,
) -> LabelConsensus:
    """What CROWDLAB makes of labels and a classifier: a weighted mean of both; here for comparison.

    `consensus_labels` with the same `pred_probs` models what each annotator mixes up; CROWDLAB weighs annotators and
    the classifier by how often they agree with the majority. cleanlab computes it from a wide table of items by
    annotators.

    Parameters
    ----------
    annotations
        `Annotations`, or a table with `item_id`, `annotator_id`, `label`, one label per item and annotator.
    pred_probs
        A table with `item_id` and one column of probabilities per class, for every item with a label.
    classes
        All classes in order.

    Returns
    -------
    LabelConsensus
        `probability` is the consensus quality score; the rest is spread over the other classes like `pred_probs`. Ties
        are settled by cleanlab. `annotators` has `crowdlab_quality`, its quality of each annotator. There is no
        likelihood.

    Raises
    ------
    TableError
        For missing columns, repeated labels, items with labels that `pred_probs` does not name, and fewer than two
        annotators or classes.

    References
    ----------
    H. W. Goh, U. Tkachenko, J. Mueller (2022). CROWDLAB: supervised learning to infer consensus labels and quality
    scores for data with multiple annotators. arXiv 2210.06812.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.consensus import crowdlab
    >>> said = pd.DataFrame(
    ...     [(i, who, "ok" if i % 2 else "dent") for i in range(8) for who in ("ann", "bob")],
    ...     columns=["item_id", "annotator_id", "label"],
    ... )
    >>> model = pd.DataFrame({"item_id": range(8), "dent": [0.8, 0.2] * 4, "ok": [0.2, 0.8] * 4})
    >>> crowdlab(said, model).table["label"].tolist()[:2]
    ['dent', 'ok']
    """
    crowd = make_crowd(annotations, classes=classes, gold=None, prior=pred_probs)
    _check(crowd)
    return make_result("crowdlab", crowd, fit_crowdlab)


def fit_crowdlab(crowd: Crowd, start: WarmStart | None) -> CrowdFit:
    """Hand the labelled items to cleanlab and take over labels and scores; there is nothing to go on from."""
    from cleanlab.multiannotator import get_label_quality_multiannotator

    codes = crowd.codes
    posteriors = np.where(crowd.prior[:, :1] >= 0, crowd.prior, np.nan)
    label = np.where(crowd.prior[:, 0] >= 0, crowd.prior.argmax(axis=1), -1)
    quality = np.full(codes.n_annotators, np.nan)
    labelled = np.flatnonzero(np.diff(codes.offsets) > 0)
    if len(labelled):
        wide = np.full((codes.n_items, codes.n_annotators), np.nan)
        wide[codes.item, codes.annotator] = codes.label
        with warnings.catch_warnings():
            # cleanlab warns of annotators without overlap; their quality comes out as that of the average
            warnings.simplefilter("ignore")
            found = get_label_quality_multiannotator(
                wide[labelled],
                crowd.prior[labelled],
                return_detailed_quality=False,
                return_annotator_stats=True,
                verbose=False,
            )
        items, stats = found["label_quality"], found["annotator_stats"]
        label[labelled] = items["consensus_label"].to_numpy(np.int64)
        score = items["consensus_quality_score"].to_numpy(np.float64)
        posteriors[labelled] = _spread(crowd.prior[labelled], label[labelled], score)
        quality[stats.index.to_numpy(np.int64)] = stats["annotator_quality"].to_numpy(np.float64)
    counts = expected_counts(codes.item, codes.annotator, codes.label, posteriors, codes.n_annotators)
    return CrowdFit(
        posteriors=posteriors,
        counts=counts,
        rates=normalise(counts, 0.0),
        shares=shares_of(posteriors[labelled].sum(axis=0)),
        label=label,
        per_annotator={"crowdlab_quality": quality},
    )


def _spread(prior: Floats, label: NDArray[np.int64], score: Floats) -> Floats:
    """Give each item's label its score and the other classes the rest, in proportion to the prior."""
    rows = np.arange(len(label))
    out = np.maximum(prior, 1e-12)
    out[rows, label] = 0.0
    out *= ((1.0 - score) / out.sum(axis=1))[:, None]
    out[rows, label] = score
    return out


def _check(crowd: Crowd) -> None:
    codes = crowd.codes
    labelled = np.diff(codes.offsets) > 0
    bare = labelled & (crowd.prior[:, 0] < 0)
    if bare.any():
        raise TableError(
            f"pred_probs does not name {int(bare.sum())} items with labels ({shown(codes.items[bare])}); CROWDLAB "
            "needs the classifier's probabilities of every labelled item."
        )
    again = (np.diff(codes.item) == 0) & (np.diff(codes.annotator) == 0)
    if again.any():
        raise TableError(
            f"{int(again.sum())} labels repeat one by the same annotator on the same item; CROWDLAB takes one each: "
            "read the labels with Annotations.from_frames(labels), which keeps the latest."
        )
    if labelled.any() and not (np.diff(codes.offsets) > 1).any():
        raise TableError(
            f"No item of {int(labelled.sum()):,} has labels by two annotators; CROWDLAB weighs annotators by how often "
            "they agree: use consensus_labels(annotations, pred_probs=...)."
        )
    if labelled.any() and min(codes.n_annotators, codes.n_classes) < 2:
        raise TableError(
            f"Found {codes.n_annotators} annotators and {codes.n_classes} classes; CROWDLAB needs at least two of each."
        )
