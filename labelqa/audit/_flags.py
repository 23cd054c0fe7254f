"""What looks wrong, from all sides, in one ranked queue."""

from __future__ import annotations

from typing import Any

import pandas as pd

from labelqa.audit._job import Job
from labelqa.report._part import Part

_NO_DUPLICATES = pd.DataFrame({"group": pd.Series([], dtype="int64"), "item_id": pd.Series([], dtype="str")})
#: Kinds of flag that are about an item; all others, and those with a box_id, are about a box.
WHOLE_ITEM = ("duplicate", "label", "image", "outlier")
#: A label or box is flagged where it is more likely wrong than right.
_EVENS = 0.5


def flags_part(job: Job) -> Part:
    """Merge label errors, image faults, duplicates, outliers and suspicious boxes."""
    findings: list[Any] = []
    facts: dict[str, Any] = {"cannot_say": [], "evidence": {}}
    tables = {"duplicates": _NO_DUPLICATES}
    _add_images(job, findings, tables)
    _add_labels(job, findings, facts)
    _add_boxes(job, findings, facts)
    if not findings:
        return Part(facts={"reason": "; ".join(facts["cannot_say"])}, tables={"queue": _empty_queue(), **tables})
    from labelqa.noise import review_queue

    found = review_queue(*findings)
    # boxes drawn twice are called so too, but they have a box_id
    is_conflict = (found.table["kind"] == "duplicate") & found.table["box_id"].isna()
    is_flagged = (found.table["p_wrong"] > _EVENS) | is_conflict
    queue = found.table.assign(is_flagged=is_flagged)
    flagged = queue.loc[is_flagged]
    about = flagged["kind"].where(
        flagged["kind"].isin(WHOLE_ITEM) & flagged["box_id"].isna(), "box: " + flagged["kind"]
    )
    kinds = about.value_counts().rename_axis("kind").rename("n").reset_index()
    facts |= {
        "n_rows": len(queue),
        "n_flagged": len(flagged),
        "n_conflicts": found.n_conflicts,
        "is_calibrated": found.is_calibrated,
        "remark": found.reason,
    }
    return Part(facts=facts, tables={"queue": queue, "kinds": kinds, **tables})


def _empty_queue() -> pd.DataFrame:
    from labelqa.noise.queue._queue import COLUMNS

    return pd.DataFrame({column: pd.Series([], dtype="str") for column in (*COLUMNS, "is_flagged")})


def _add_images(job: Job, findings: list[Any], tables: dict[str, pd.DataFrame]) -> None:
    """Look at the pictures themselves."""
    if job.images is None:
        return
    from labelqa.noise import duplicates, image_issues, outliers

    faults = image_issues(job.images)
    copies = duplicates(job.images, labels=_labels(job), measured=faults)
    findings += [faults, copies, outliers(_features(job))]
    tables["duplicates"] = copies.table
    tables["faults"] = faults.table


def _labels(job: Job) -> pd.Series | None:
    """One label per item: the consensus."""
    part = job.parts["label consensus"]
    if part.reason is not None:
        return None
    table = part.tables["labels"]
    return table.set_index("item_id")["label"].dropna()


def _features(job: Job) -> pd.DataFrame:
    return job.parts["features"].tables["features"].set_index("item_id")


def _add_labels(job: Job, findings: list[Any], facts: dict[str, Any]) -> None:
    """Judge the labels by a model, by similar items, and by the other annotators."""
    annotations = job.inputs.annotations
    given = _labels(job)
    if given is None:
        return
    is_shared = bool(annotations.labels["item_id"].duplicated().any())
    if job.images is None and not is_shared:
        facts["cannot_say"].append(
            "without pictures, and with one label per item, nothing speaks for or against a label"
        )
        return
    if job.images is None:
        facts["cannot_say"].append(
            "There are no pictures, so labels are judged by the other annotators alone: an item on which all err alike "
            "is not found."
        )
    from labelqa.noise import label_issues

    features = None
    if job.images is not None:
        features = _features(job)
        annotations = annotations.select(items=features.index[features.index.isin(given.index)])
        given = given[given.index.isin(features.index)]
    found = label_issues(annotations, features=features, given=given, seed=job.seed)
    findings.append(found)
    facts["evidence"] = {
        "accuracy": found.accuracy,
        "neighbour_accuracy": found.neighbour_accuracy,
        "majority_accuracy": found.majority_accuracy,
        "n_without_evidence": found.n_without_evidence,
        "n_ambiguous": found.n_ambiguous,
    }


def _add_boxes(job: Job, findings: list[Any], facts: dict[str, Any]) -> None:
    """Judge each box by the boxes of the others."""
    annotations = job.inputs.annotations
    if not len(annotations.boxes):
        return
    if annotations.views.groupby("item_id").size().max() < 2:
        facts["cannot_say"].append("no item has boxes by two people, so boxes cannot be judged by one another")
        return
    from labelqa.noise import box_issues

    findings.append(box_issues(annotations))
