"""What looks wrong, from all sides, in one ranked queue."""

from __future__ import annotations

from typing import TypeVar

import pandas as pd

from labelqa.audit._found import MISSING_BOX, Case, Flags, Found
from labelqa.noise import (
    BoxIssues,
    Duplicates,
    Finding,
    ImageIssues,
    LabelIssues,
    Outliers,
    ReviewQueue,
    find_issues,
)

OneFinding = TypeVar("OneFinding", bound=Finding)


def flags(case: Case, found: Found) -> Flags:
    """All of `labelqa.noise.find_issues`, about the consensus labels."""
    consensus = found.label_consensus
    queue = find_issues(
        case.material.annotations,
        images=case.images,
        features=None if found.features is None else found.features.features,
        given=None if consensus is None else consensus.consensus.table.set_index("item_id")["label"].dropna(),
        seed=case.seed,
    )
    return Flags(
        queue=queue,
        label_issues=_finding(queue, LabelIssues),
        image_issues=_finding(queue, ImageIssues),
        duplicates=_finding(queue, Duplicates),
        outliers=_finding(queue, Outliers),
        box_issues=_finding(queue, BoxIssues),
    )


def _finding(queue: ReviewQueue, kind: type[OneFinding]) -> OneFinding | None:
    return next((one for one in queue.findings.values() if isinstance(one, kind)), None)


def copies(found: Found) -> pd.DataFrame:
    """Give the groups of pictures that show the same: `group`, `item_id`."""
    if found.flags is None or found.flags.duplicates is None:
        return pd.DataFrame({"group": pd.Series([], dtype="int64"), "item_id": pd.Series([], dtype="str")})
    return found.flags.duplicates.table


def about_items(found: Found) -> pd.DataFrame:
    """Give the first row of the queue of each item that is not about one of its boxes."""
    if found.flags is None:
        return pd.DataFrame(columns=["item_id", "proposal", "is_flagged"])
    queue = found.flags.queue.table
    return queue.loc[queue["box_id"].isna() & (queue["kind"] != MISSING_BOX)].drop_duplicates("item_id")
