"""Everything that looks wrong, from all sides, in one ranked queue."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

import pandas as pd

from labelqa._labels import annotations_of, check_order, id_texts, one_each
from labelqa._options import check_jobs, check_seed
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.images import ImageSource, as_source
from labelqa.noise._finding import Finding
from labelqa.noise._joining import named_probabilities
from labelqa.noise._neighbours import as_features
from labelqa.noise.boxes._issues import box_issues
from labelqa.noise.labels._issues import label_issues
from labelqa.noise.pictures._duplicates import duplicates
from labelqa.noise.pictures._issues import image_issues
from labelqa.noise.pictures._outliers import outliers
from labelqa.noise.queue._merge import merged
from labelqa.noise.queue._queue import ReviewQueue, ranked

Table = TypeVar("Table", pd.DataFrame, pd.Series)

NO_EVIDENCE = "Without pictures, and with one label per item, nothing speaks for or against a label."
VOTES_ALONE = (
    "There are no pictures, so labels are judged by the other annotators alone: an item on which all err alike is not "
    "found."
)
NO_PEERS = "No item has boxes by two people, so boxes cannot be judged by one another."


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class _Known:
    """What is given about the items, each in one form."""

    annotations: Annotations
    images: ImageSource | None
    features: pd.DataFrame | None
    pred_probs: Any
    detections: Any
    given: pd.Series | None


@takes_tables(lists_kept=("detections",))
def find_issues(
    annotations: Any,
    *,
    images: Any = None,
    features: Any = None,
    pred_probs: Any = None,
    detections: Any = None,
    given: pd.DataFrame | pd.Series | None = None,
    split: str | pd.Series | Mapping[Any, Any] | None = None,
    method: str = "labelqa",
    n_jobs: int | None = None,
    seed: int = 0,
) -> ReviewQueue:
    """Look for everything that may be wrong, with whatever is there to judge by, and say what a reviewer does first.

    Pictures are checked for faults, copies and oddities (`image_issues`, `duplicates`, `outliers`); labels are judged
    by a model, by similar items and by the other annotators (`label_issues`), where any of these can speak; boxes by
    the boxes of the others, or a detector (`box_issues`). `review_queue` joins all of it. What could not be judged is
    said in `cannot_say`; it is no error.

    Parameters
    ----------
    annotations
        `Annotations`, a table of boxes, or labels in any form that `label_issues` takes.
    images
        Pictures in any form `labelqa.images.as_source` takes. With pictures, labels are judged on the items whose
        picture can be read.
    features
        DataFrame of numbers per item, joined by item id; by default the built-in ones, computed from `images`.
    pred_probs
        Out-of-sample probabilities of your own model, see `label_issues`.
    detections
        Boxes of a detector, see `box_issues`.
    given
        The labels to judge, one per item, for example a consensus; by default the annotators' majority.
    split
        Which part each item belongs to, to find copies on both sides; see `duplicates`.
    method
        How doubt about labels is measured, see `label_issues`.
    n_jobs
        Threads for looking at pictures; None or -1 for one per core.
    seed
        Same input and seed, same queue.

    Returns
    -------
    ReviewQueue
        With `is_flagged` in its table: what is more likely wrong than right, and conflicting duplicates. `findings`
        holds what it was made from. Without anything to judge by there are no rows, and `reason` says why.

    Raises
    ------
    TableError
        For ids or classes that do not match.
    OptionError
        For an unknown method.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.noise import find_issues
    >>> rows = [(k, who, "ok") for k in range(6) for who in ("ann", "bob", "cy")]
    >>> rows += [(9, "ann", "ok"), (9, "bob", "dent")]
    >>> used = pd.Series({**dict.fromkeys(range(6), "ok"), 9: "dent"})
    >>> queue = find_issues(pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"]), given=used)
    >>> queue.table.loc[0, ["item_id", "label", "proposal"]].tolist()
    ['9', 'dent', 'ok']
    >>> queue.n_flagged, list(queue.findings)
    (1, ['label_issues'])
    """
    check_seed(seed)
    check_jobs(n_jobs)
    data = annotations_of(annotations)
    source = None if images is None else as_source(images, data)
    check_order(annotations=annotations, images=source, features=features, pred_probs=pred_probs, given=given)
    known = _Known(
        annotations=data,
        images=source,
        features=_features(source, features, seed),
        pred_probs=named_probabilities(annotations, pred_probs, None).table,
        detections=detections,
        given=None if given is None else _by_text_id(pd.Series(one_each(given, "given").labels)),
    )
    findings: dict[str, Finding] = {}
    cannot_say: list[str] = []
    _look_at_pictures(known, findings, split=split, n_jobs=n_jobs)
    if split is not None and source is None:
        cannot_say.append("Copies on both sides of split= were not looked for: give the pictures, images=.")
    _judge_labels(known, findings, cannot_say, method=method, seed=seed)
    _judge_boxes(known, findings, cannot_say)
    queue = ranked(merged(findings.values()))
    reason = queue.reason if findings else " ".join(cannot_say) or "There are neither pictures nor labels nor boxes."
    return dataclasses.replace(queue, reason=reason, cannot_say=tuple(cannot_say), findings=findings)


def _features(source: ImageSource | None, features: Any, seed: int) -> pd.DataFrame | None:
    """Give features by item id as text, computed from the pictures where there are none."""
    if features is None and (source is None or not len(source)):
        return None
    return _by_text_id(as_features(features, source, seed))


def _by_text_id(table: Table) -> Table:
    return table.set_axis(pd.Index(id_texts(table.index), dtype="str", name="item_id"))


def _look_at_pictures(known: _Known, findings: dict[str, Finding], *, split: Any, n_jobs: int | None) -> None:
    """Look for faults, copies and items unlike all others."""
    if known.images is not None:
        labels = known.given if known.given is not None else known.annotations
        faults = image_issues(known.images, n_jobs=n_jobs)
        findings["image_issues"] = faults
        findings["duplicates"] = duplicates(
            known.images, labels=labels, items=known.annotations, split=split, measured=faults
        )
    if known.features is not None:
        findings["outliers"] = outliers(known.features)


def _judge_labels(
    known: _Known, findings: dict[str, Finding], cannot_say: list[str], *, method: str, seed: int
) -> None:
    """Judge the labels by a model, by similar items, and by the other annotators."""
    annotations, given = known.annotations, known.given
    if not len(annotations.labels):
        return
    if known.features is None and known.pred_probs is None:
        if not annotations.labels["item_id"].duplicated().any():
            cannot_say.append(NO_EVIDENCE)
            return
        cannot_say.append(VOTES_ALONE)
    if known.images is not None and known.features is not None:
        items = known.features.index
        if given is not None:
            items = items[items.isin(given.index)]
            given = given[given.index.isin(items)]
        annotations = annotations.select(items=items)
    findings["label_issues"] = label_issues(
        annotations, features=known.features, pred_probs=known.pred_probs, given=given, method=method, seed=seed
    )


def _judge_boxes(known: _Known, findings: dict[str, Finding], cannot_say: list[str]) -> None:
    """Judge each box by the boxes of the others, or by a detector."""
    annotations = known.annotations
    if not len(annotations.boxes):
        return
    if known.detections is None and annotations.views.groupby("item_id").size().max() < 2:
        cannot_say.append(NO_PEERS)
        return
    findings["box_issues"] = box_issues(annotations, detections=known.detections)
