"""All findings about an item joined into one row of the queue; rows about boxes stay as they are."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from labelqa.noise._finding import MISSING_BOX, Finding, as_finding, checked_rows, queue_rows

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

#: What speaks first where several findings speak of an item; other kinds come after pictures, duplicates last.
_ORDER = {"label": 0, "image": 1, "outlier": 2, "duplicate": 4}
_OTHERS = 3
#: Doubt about an item that nothing speaks against and nothing was computed for.
SILENT = -8.0
#: A conflict never makes a label wrong or right for sure.
_SURE = 1e-6


def merged(findings: Iterable[Finding]) -> pd.DataFrame:
    """Give one row per item or box, items in the order they were found in: `p_fault` is part of `doubt` then."""
    tables: list[pd.DataFrame] = []
    n_groups = 0.0
    for finding in findings:
        rows = checked_rows(finding)
        # two findings may both have a group 1
        rows["group"] += n_groups
        n_groups = max(n_groups, float(np.nan_to_num(rows["group"].max())))
        tables.append(rows)
    filled = [table for table in tables if len(table)]
    rows = pd.concat(filled, ignore_index=True) if filled else checked_rows(as_finding(queue_rows(item_id=[], kind=[])))
    is_box = rows["box_id"].notna() | (rows["kind"] == MISSING_BOX)
    boxes = rows.loc[is_box]
    boxes = boxes.assign(doubt=combined(boxes["doubt"], np.arange(len(boxes)), boxes["p_fault"]), group=np.nan)
    parts = [part for part in (_by_item(rows.loc[~is_box]), boxes) if len(part)]
    out = pd.concat(parts, ignore_index=True) if parts else boxes
    return out.assign(reason=out["reason"].astype(object).where(out["reason"].notna(), ""))


def combined(doubt: pd.Series | Floats, of: Longs, p_fault: pd.Series | Floats) -> Floats:
    """Give the log-odds that the label is wrong or a fault matters, as if these were independent.

    doubt (I,), nan for none; of and p_fault (n,): the row of `doubt` that each fault is of, and its probability, nan
    for none -> (I,).
    """
    spoken = np.nan_to_num(np.asarray(doubt, np.float64), nan=SILENT)
    p = np.asarray(p_fault, np.float64)
    is_fault = ~np.isnan(p)
    log_fine = -np.logaddexp(0.0, spoken) + np.bincount(of[is_fault], np.log1p(-p[is_fault]), len(spoken))
    has_fault = np.bincount(of[is_fault], minlength=len(spoken)) > 0
    with np.errstate(divide="ignore"):
        return np.where(has_fault, np.log(-np.expm1(log_fine)) - log_fine, spoken)


def _by_item(rows: pd.DataFrame) -> pd.DataFrame:
    """Join the rows of each item: the most doubtful one says what label it has and what it should be."""
    rows = rows.iloc[np.argsort(rows["kind"].map(_ORDER).fillna(_OTHERS).to_numpy(), kind="stable")]
    of, ids = pd.factorize(rows["item_id"])
    by_doubt = rows.assign(of=of).sort_values("doubt", ascending=False, kind="stable", na_position="last")
    table = by_doubt.groupby("of")[["annotator_id", "label", "proposal", "doubt"]].first()
    # what one finding calls wrong, another may propose: that is no change
    table["proposal"] = table["proposal"].where(table["proposal"] != table["label"], None)
    table = table.assign(item_id=pd.Series(ids, dtype="str"), box_id=None, p_fault=np.nan, group=np.nan)
    label_kind = by_doubt.loc[by_doubt["doubt"].notna()].groupby("of")["kind"].first().reindex(table.index)
    is_fault = rows["p_fault"].notna().to_numpy()
    fault_kind = rows.loc[is_fault, "kind"].groupby(of[is_fault]).first().reindex(table.index)
    conflicts = rows.assign(of=of).loc[rows["group"].notna().to_numpy()]
    table = _share_blame(table, conflicts)
    own = table["doubt"].fillna(SILENT)
    table["doubt"] = combined(own, of, rows["p_fault"])
    is_label = fault_kind.isna() | (own >= table["doubt"] - np.log(2))
    kind = label_kind.fillna("label").where(is_label, fault_kind)
    said = rows.assign(of=of, later=rows["group"].isna()).loc[rows["reason"].notna().to_numpy()]
    reasons = said.sort_values("later", kind="stable").groupby("of")["reason"].agg("; ".join)
    kind = kind.where(table["group"].isna(), conflicts.groupby("of")["kind"].first())
    return table.assign(kind=kind, reason=reasons.reindex(table.index))[list(rows.columns)]


def _share_blame(table: pd.DataFrame, conflicts: pd.DataFrame) -> pd.DataFrame:
    """Share out the certainty that at least one label of each group is wrong; `of` is the row of `table`."""
    own = table["doubt"].to_numpy(np.float64)
    doubt, group = own.copy(), np.full(len(table), np.nan)
    label, proposal = table["label"].tolist(), table["proposal"].tolist()
    for number, members in conflicts.groupby("group"):
        at, said = members["of"].tolist(), members["label"].tolist()
        p = np.where(np.isnan(own[at]), 0.5, expit(own[at]))
        at_least_one = -np.expm1(np.log1p(-np.minimum(p, 1 - 1e-9)).sum())
        group[at] = number
        doubt[at] = logit(np.clip(p / max(at_least_one, 1e-12), _SURE, 1 - _SURE))
        support = {one: sum(1 - q for q, other in zip(p, said, strict=True) if other == one) for one in said}
        for row, mine in zip(at, said, strict=True):
            others = {one: support[one] for one in support if one != mine and not pd.isna(one)}
            label[row] = mine
            proposal[row] = max(others, key=others.__getitem__) if others else proposal[row]
    texts = {"label": label, "proposal": proposal}
    return table.assign(
        doubt=doubt,
        group=group,
        **{name: pd.Series(values, index=table.index, dtype=object) for name, values in texts.items()},
    )
