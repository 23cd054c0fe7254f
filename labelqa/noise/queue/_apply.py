"""Carrying out reviewers' decisions: new annotations and a log of every fix, the old ones untouched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from labelqa._checks import BOX_EDGES
from labelqa._codes import id_text
from labelqa._labels import annotations_of
from labelqa._result import Result, unstored
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.errors import TableError, shown
from labelqa.noise.queue._decisions import as_decisions

#: Who is named where a decision does not say who took it.
SOMEBODY = "reviewer"
LOG = ("item_id", "box_id", "kind", "old", "new", "by", "at", "suggestion")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AppliedDecisions(Result):
    """What reviewers' decisions made of the annotations.

    It can be unpacked, ``fixed, log = apply_decisions(...)``: annotations and table.

    Attributes
    ----------
    n_fixes
        Number of rows of `table`.
    table
        One row per fix: `item_id`, `box_id`, `kind` ("relabel", "drop", "move box", "relabel box", "drop box", "add
        box"), `old`, `new`, `by`, `at`, `suggestion`.
    annotations
        New `Annotations` with the fixes; not stored.
    """

    n_fixes: int
    table: pd.DataFrame
    annotations: Annotations = unstored()

    def __iter__(self) -> Iterator[Any]:
        yield from (self.annotations, self.table)

    def __getitem__(self, place: int) -> Any:
        return (self.annotations, self.table)[place]


@takes_tables(lists_kept=("decisions",))
def apply_decisions(annotations: Any, decisions: Any) -> AppliedDecisions:
    """Carry out reviewers' decisions; what was given stays as it is.

    - "relabel" with a label: the item's labels give way to one label by the reviewer; with a `box_id` the box gets
      the label. With `box`: that box gets new corners, or, without a `box_id`, a new box by the reviewer is added.
    - "drop": the item leaves all tables; with a `box_id` only the box goes.
    - "keep" and "unsure" change nothing.

    Where one reviewer decided twice about the same item or box, the later `at` counts. Decisions by several reviewers
    must agree.

    Parameters
    ----------
    annotations
        `Annotations`, a table of boxes, or labels in any form that `label_issues` takes: a table with `item_id` and
        `label` (and `annotator_id`, where several people labelled; otherwise the labels are by "given"), a Series by
        item id, or an array or list, whose items are called "0", "1"...
    decisions
        A path of a decisions file, a table or a list of dicts, see `read_decisions`.

    Returns
    -------
    AppliedDecisions
        New annotations, and a table with one row per fix.

    Raises
    ------
    TableError
        For decisions about unknown items or boxes, and decisions that contradict each other; all are listed.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.noise import apply_decisions
    >>> said = pd.DataFrame({"item_id": [1, 2], "annotator_id": ["ann", "ann"], "label": ["ok", "ok"]})
    >>> done = apply_decisions(said, [{"item_id": 2, "action": "relabel", "label": "dent", "reviewer": "bo"}])
    >>> done.annotations.labels
      item_id annotator_id label
    0       1          ann    ok
    1       2           bo  dent
    >>> done.table[["item_id", "kind", "old", "new", "by"]]
      item_id     kind old   new  by
    0       2  relabel  ok  dent  bo
    """
    given = annotations_of(annotations)
    table = settled(as_decisions(decisions))
    _refuse_unknown(table, given)
    tables = {name: getattr(given, name) for name in ("items", "views", "labels", "boxes")}
    log: list[dict[str, Any]] = []
    _drop_items(table, tables, log)
    gone = set(table.loc[(table["action"] == "drop") & table["box_id"].isna(), "item_id"])
    left = table.loc[~table["item_id"].isin(gone)]
    _relabel_items(left, tables, log)
    _change_boxes(left, tables, log)
    fixes = pd.DataFrame(log, columns=list(LOG), dtype=object)
    fixed = Annotations.from_frames(
        labels=tables["labels"],
        boxes=tables["boxes"] if len(tables["boxes"]) else None,
        views=_views(tables, given),
        items=tables["items"],
        repeats="keep",
        faulty_boxes="keep",
    )
    return AppliedDecisions(n_fixes=len(fixes), table=fixes, annotations=fixed)


def settled(table: pd.DataFrame) -> pd.DataFrame:
    """Keep one decision per item or box.

    Raises
    ------
    TableError
        Where decisions about one item or box contradict each other, with the list.
    """
    target = table["item_id"].astype(str) + "\0" + table["box_id"].where(table["box_id"].notna(), "").astype(str)
    # boxes that are added have no id yet: each is a target of its own
    added = (table["action"] == "relabel") & table["box_id"].isna() & table["box"].notna()
    target = target.where(~added, target + "\0" + table["box"].map(str))
    what = [
        (row.action, id_text(row.label) if row.action == "relabel" and row.label is not None else "",
         str(list(row.box)) if row.action == "relabel" and row.box is not None else "")
        for row in _each_row(table)
    ]  # fmt: skip
    keyed = table.assign(
        target=target,
        what=pd.Series(what, index=table.index, dtype=object),
        who=table["reviewer"].map(lambda v: "" if v is None else str(v)),
        moment=pd.to_datetime(table["at"], errors="coerce", utc=True, format="ISO8601"),
    )
    last = keyed.groupby(["target", "who"])["moment"].transform("max")
    # a decision without a time cannot be known to be older
    current = keyed.loc[keyed["moment"].isna() | (keyed["moment"] == last)]
    contradicting = current.groupby("target")["what"].nunique()
    bad = contradicting.index[contradicting > 1]
    if len(bad):
        rows = current.loc[current["target"].isin(bad)]
        listed = [
            f"{row.item_id}{'' if row.box_id is None else ' box ' + row.box_id}: {' '.join(row.what).strip()}"
            f" by {row.who or 'nobody named'}"
            for row in _each_row(rows)
        ]
        raise TableError(
            f"{len(bad):,} items or boxes have decisions that contradict each other ({shown(listed, 10)}); let one "
            "person settle each of them and remove the other lines."
        )
    return current.drop_duplicates("target", keep="last")[list(table.columns)].reset_index(drop=True)


def _each_row(table: pd.DataFrame) -> Iterator[Any]:
    """Give the rows one after the other, columns as attributes."""
    yield from table.itertuples(index=False)


def _refuse_unknown(table: pd.DataFrame, given: Annotations) -> None:
    unknown = table.loc[~table["item_id"].isin(given.items["item_id"]), "item_id"].unique()
    if len(unknown):
        raise TableError(
            f"{len(unknown):,} decisions are about items that the annotations do not have ({shown(unknown, 10)}); were "
            "they made for another data set?"
        )
    named = table.loc[table["box_id"].notna(), ["item_id", "box_id"]].astype(str)
    known = set(zip(given.boxes["item_id"], given.boxes["box_id"], strict=True))
    lost = [f"{box} of item {item}" for item, box in _each_row(named) if (item, box) not in known]
    if lost:
        raise TableError(
            f"{len(lost):,} decisions are about boxes that the annotations do not have ({shown(lost, 10)}); were they "
            "made for another data set, or applied already?"
        )


def _entry(row: Any, kind: str, old: Any, new: Any) -> dict[str, Any]:
    return {
        "item_id": row.item_id,
        "box_id": row.box_id,
        "kind": kind,
        "old": old,
        "new": new,
        "by": SOMEBODY if row.reviewer is None else str(row.reviewer),
        "at": row.at,
        "suggestion": row.suggestion,
    }


def _said(labels: pd.DataFrame, item_id: str) -> Any:
    """Give the label of an item, or in words all that were said of it, the most frequent first."""
    counts = labels.loc[labels["item_id"] == item_id, "label"].value_counts()
    ordered = sorted(counts.index, key=lambda label: (-counts[label], id_text(label)))
    return None if not ordered else ordered[0] if len(ordered) == 1 else ", ".join(map(id_text, ordered))


def _drop_items(table: pd.DataFrame, tables: dict[str, pd.DataFrame], log: list[dict[str, Any]]) -> None:
    dropped = table.loc[(table["action"] == "drop") & table["box_id"].isna()]
    log += [_entry(row, "drop", _said(tables["labels"], row.item_id), None) for row in _each_row(dropped)]
    for name, one in tables.items():
        tables[name] = one.loc[~one["item_id"].isin(dropped["item_id"])].reset_index(drop=True)


def _relabel_items(table: pd.DataFrame, tables: dict[str, pd.DataFrame], log: list[dict[str, Any]]) -> None:
    rows = table.loc[
        (table["action"] == "relabel") & table["box_id"].isna() & table["label"].notna() & table["box"].isna()
    ]
    labels = tables["labels"]
    values = {id_text(value): value for value in labels["label"].unique()}
    new = []
    for row in _each_row(rows):
        # JSON knows text and numbers only: the label is the class that reads the same
        label = values.get(id_text(row.label), row.label)
        entry = _entry(row, "relabel", _said(labels, row.item_id), label)
        log.append(entry)
        new.append({"item_id": row.item_id, "annotator_id": entry["by"], "label": label})
    if new:
        kept = labels.loc[~labels["item_id"].isin(rows["item_id"])]
        added = pd.DataFrame(new)
        added["label"] = added["label"].astype(object) if kept["label"].dtype == object else added["label"]
        tables["labels"] = pd.concat([kept, added], ignore_index=True) if len(kept) else added


def _change_boxes(table: pd.DataFrame, tables: dict[str, pd.DataFrame], log: list[dict[str, Any]]) -> None:
    boxes = tables["boxes"].copy()
    values = {id_text(value): value for value in boxes["label"].unique()}
    place = pd.Series(boxes.index, index=boxes["box_id"])
    gone: list[int] = []
    new: list[dict[str, Any]] = []
    for row in _each_row(table):
        label = None if row.label is None else values.get(id_text(row.label), row.label)
        if row.box_id is None:
            if row.action == "relabel" and row.box is not None:
                new.append(_added(row, label, boxes, len(new)))
                log.append(_entry(row, "add box", None, f"{new[-1]['label']} {[float(v) for v in row.box]}"))
        elif row.action == "drop":
            gone.append(place[row.box_id])
            log.append(_entry(row, "drop box", boxes.loc[gone[-1], "label"], None))
        elif row.action == "relabel":
            at = place[row.box_id]
            if label is not None and id_text(label) != id_text(boxes.loc[at, "label"]):
                log.append(_entry(row, "relabel box", boxes.loc[at, "label"], label))
                boxes["label"] = boxes["label"].where(boxes.index != at, label)
            if row.box is not None:
                old = boxes.loc[at, list(BOX_EDGES)].astype(float).tolist()
                log.append(_entry(row, "move box", str(old), str([float(v) for v in row.box])))
                boxes.loc[at, list(BOX_EDGES)] = np.asarray(row.box, dtype=np.float64)
    boxes = boxes.drop(index=gone)
    tables["boxes"] = pd.concat([boxes, pd.DataFrame(new)], ignore_index=True) if new else boxes.reset_index(drop=True)


def _added(row: Any, label: Any, boxes: pd.DataFrame, number: int) -> dict[str, Any]:
    by = SOMEBODY if row.reviewer is None else str(row.reviewer)
    names = boxes["label"].unique()
    if label is None and len(names) != 1:
        raise TableError(
            f"The box added to item {row.item_id} has no label and there are {len(names)} classes; name one."
        )
    corners = dict(zip(BOX_EDGES, (float(v) for v in row.box), strict=True))
    return {
        "box_id": f"{row.item_id}/{by}/added-{number + 1}",
        "item_id": row.item_id,
        "annotator_id": by,
        "label": names[0] if label is None else label,
        **corners,
    }


def _views(tables: dict[str, pd.DataFrame], given: Annotations) -> pd.DataFrame | None:
    """Give the views that still hold: those whose only content was a label that gave way did not end in this."""
    if given.views_derived:
        return None
    keys = ["item_id", "annotator_id"]
    views = tables["views"]
    pairs = pd.MultiIndex.from_frame(views[keys])
    had_label = pairs.isin(pd.MultiIndex.from_frame(given.labels[keys]))
    had_box = pairs.isin(pd.MultiIndex.from_frame(given.boxes[keys]))
    has_label = pairs.isin(pd.MultiIndex.from_frame(tables["labels"][keys]))
    kept = views.loc[~(had_label & ~has_label & ~had_box)]
    # whether a view is empty now is found anew from what is left
    return kept.assign(status=kept["status"].where(kept["status"] == "skipped", None))
