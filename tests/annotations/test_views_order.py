"""Views that labels prove are added in their place, however many they are."""

from __future__ import annotations

import pandas as pd
import pytest

from labelqa import Annotations


@pytest.mark.parametrize("n_unlisted", [0, 1, 2, 5])
def test_views_that_nobody_listed_stand_in_order(n_unlisted: int) -> None:
    pairs = [(item, person) for item in ("a", "b", "c") for person in ("ann", "bob")]
    labels = pd.DataFrame(pairs, columns=["item_id", "annotator_id"]).assign(label="ok")
    views = labels[["item_id", "annotator_id"]].iloc[n_unlisted:]
    found = Annotations.from_frames(labels=labels.iloc[::-1], views=views).views
    assert list(zip(found["item_id"], found["annotator_id"], strict=True)) == pairs
    assert (found["status"] == "labelled").all()


def test_a_view_listed_twice_counts_by_its_latest_time_and_without_one_last() -> None:
    views = pd.DataFrame(
        [("a", "ann", "2024-01-02", 1.0), ("a", "ann", None, 2.0), ("a", "ann", "2024-01-01", 3.0)],
        columns=["item_id", "annotator_id", "created_at", "seconds"],
    )
    found = Annotations.from_frames(views=views)
    assert found.views["seconds"].tolist() == [1.0]
    assert found.checks.set_index("finding").loc["view listed more than once", "n"] == 2
