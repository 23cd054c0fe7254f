"""From what became of each item to tables; source rows are joined back by id, so that only coordinates change."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from labelqa._checks import BOX_EDGES
from labelqa.annotations import Annotations
from labelqa.augment._albumentations import library
from labelqa.augment._copies import CopySettings, copy_id
from labelqa.augment._policy import Policy

_COPY = ["item_id", "source_item_id", "copy"]


def make_tables(
    facts: list[dict[str, Any]], given: Annotations, policy: Policy, settings: CopySettings
) -> dict[str, pd.DataFrame]:
    """Give the tables `items`, `boxes`, `labels`, `views`, `dropped` and `records` of all copies."""
    copies = [(fact["item_id"], copy) for fact in facts for copy in fact["copies"]]
    keys = _keys([(item, copy["copy"]) for item, copy in copies])
    items = keys.assign(
        width=np.asarray([copy["width"] for _, copy in copies], dtype=np.float64),
        height=np.asarray([copy["height"] for _, copy in copies], dtype=np.float64),
    )
    return {
        "items": items,
        "boxes": _boxes(copies, given),
        "labels": _copied(given.labels, keys),
        "views": _copied(given.views, keys),
        "dropped": _dropped(copies, given),
        "records": _records(keys, copies, policy, settings),
    }


def _keys(copies: list[tuple[str, int]]) -> pd.DataFrame:
    """Name copies, given as (source item, number)."""
    return pd.DataFrame(
        {
            "item_id": pd.Series([copy_id(item, number) for item, number in copies], dtype="str"),
            "source_item_id": pd.Series([item for item, _ in copies], dtype="str"),
            "copy": np.asarray([number for _, number in copies], dtype=np.int64),
        }
    )


def _boxes(copies: list[tuple[str, dict[str, Any]]], given: Annotations) -> pd.DataFrame:
    listed = [(item, copy["copy"], box) for item, copy in copies for box in copy["boxes"]]
    corners = np.asarray([box["xyxy"] for _, _, box in listed], dtype=np.float64).reshape(-1, 4)
    visible = np.asarray([box["visible"] for _, _, box in listed], dtype=np.float64)
    made = _keys([(item, number) for item, number, _ in listed]).assign(
        source_box_id=pd.Series([box["box_id"] for _, _, box in listed], dtype="str"),
        **dict(zip(BOX_EDGES, corners.T, strict=True)),
        visible=visible,
        is_clipped=visible < 1.0,
        tightness=np.asarray([box["tightness"] for _, _, box in listed], dtype=np.float64),
    )
    kept = [column for column in given.boxes if column not in {"item_id", *BOX_EDGES}]
    source = given.boxes[kept].rename(columns={"box_id": "source_box_id"})
    joined = made.merge(source, on="source_box_id", how="left", validate="many_to_one")
    # a border that mirrors makes two boxes of one
    again = joined.groupby(["item_id", "source_box_id"]).cumcount()
    number = "_aug" + joined["copy"].astype("str") + ("_" + again.astype("str")).where(again > 0, "")
    joined.insert(0, "box_id", joined["source_box_id"] + number)
    leading = ["box_id", "item_id", "annotator_id", "label", *BOX_EDGES]
    return joined[leading + [column for column in joined if column not in leading]]


def _dropped(copies: list[tuple[str, dict[str, Any]]], given: Annotations) -> pd.DataFrame:
    listed = [(item, copy["copy"], box) for item, copy in copies for box in copy["lost"]]
    made = _keys([(item, number) for item, number, _ in listed]).assign(
        box_id=pd.Series([box["box_id"] for _, _, box in listed], dtype="str"),
        visible=np.asarray([box["visible"] for _, _, box in listed], dtype=np.float64),
    )
    joined = made.merge(given.boxes[["box_id", "annotator_id", "label"]], on="box_id", how="left")
    return joined[[*_COPY, "box_id", "annotator_id", "label", "visible"]]


def _copied(table: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """Repeat the rows of an item for each of its copies."""
    renamed = table.rename(columns={"item_id": "source_item_id"})
    joined = keys.merge(renamed, on="source_item_id", how="inner")
    rest = [column for column in joined if column not in _COPY]
    return joined[["item_id", *rest, "source_item_id", "copy"]]


def _records(
    keys: pd.DataFrame, copies: list[tuple[str, dict[str, Any]]], policy: Policy, settings: CopySettings
) -> pd.DataFrame:
    records = keys.assign(
        seed=settings.seed,
        attempt=np.asarray([copy["attempt"] for _, copy in copies], dtype=np.int64),
        policy=policy.text,
        albumentations=str(library().__version__),
    )
    if policy.needs_boxes:
        records["source_boxes"] = pd.Series([json.dumps(copy["source_boxes"]) for _, copy in copies], dtype="str")
    return records
