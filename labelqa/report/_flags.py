"""The section of flagged items: worst first, each with its picture, its reason and its proposal."""

from __future__ import annotations

from typing import Any

import pandas as pd

from labelqa.report import _blocks as blocks
from labelqa.report._album import Pictures
from labelqa.report._part import Part
from labelqa.report._words import count, percent

#: How many flags the page shows; the queue has all.
LIMIT = 200
#: Above this many labels of one item they are counted, not listed by name.
_NAMED = 5


#: Kinds of the queue, in words; all others are faults of boxes and speak for themselves.
_KINDS = {"duplicate": "Conflicting duplicate", "label": "Label", "image": "Picture", "outlier": "Unlike all others"}


def _in_words(kind: str, box_id: Any = None) -> str:
    """Say what a flag is about; one with a box is never about the whole item."""
    kind = kind.removeprefix("box: ") if (is_box := kind.startswith("box: ")) else kind
    if not is_box and pd.isna(box_id) and kind in _KINDS:
        return _KINDS[kind]
    return f"Box: {kind.replace('_', ' ')}"


def flags_section(part: Part, labels: pd.DataFrame, pictures: Pictures) -> blocks.Block:
    """Build the section."""
    content: list[blocks.Block] = []
    if part.reason is not None:
        content.append(blocks.note(f"Nothing is flagged: {part.reason}."))
        return {"id": "flags", "title": "Flagged items", "blocks": content}
    queue = flagged(part)
    content.append(blocks.text(*_introduction(part, queue)))
    content += [blocks.note(words) for words in part.facts["cannot_say"]]
    content += _kinds(part)
    shown = queue.head(LIMIT)
    if not len(shown):
        pass
    elif pictures.album.has_pictures:
        legend = pictures.common_legend()
        if legend:
            content.append({"kind": "legend", "entries": legend})
        said = _said(labels, set(shown["item_id"]))
        content.append(blocks.cards([_card(row, said, pictures) for row in blocks.records(shown)]))
    else:
        content.append(_table(shown))
    return {"id": "flags", "title": "Flagged items", "blocks": content}


def flagged(part: Part) -> pd.DataFrame:
    """Give the rows of the queue that are more likely wrong than right; the others are in order behind them."""
    queue = part.tables["queue"]
    return queue.loc[queue["is_flagged"].astype(bool)] if len(queue) else queue


def _introduction(part: Part, queue: pd.DataFrame) -> list[str]:
    n_items = queue["item_id"].nunique()
    shown = f"the first {LIMIT} are shown, and" if len(queue) > LIMIT else "all are shown;"
    words = [
        f"{count(len(queue), 'flag')} on {count(n_items, 'item')}, the most doubtful first; {shown} "
        "queue.csv lists every item and box in order."
    ]
    if len(queue) and not bool(queue["is_calibrated"].all()):
        words.append(
            "The chances of being wrong are uncalibrated: they order the items well, but are no frequencies. "
            "After about 100 reviewed items labelqa can calibrate them and say how many errors are left."
        )
    return words


def _kinds(part: Part) -> list[blocks.Block]:
    kinds = part.tables.get("kinds")
    if kinds is None or not len(kinds):
        return []
    columns = [blocks.column("kind", "What is doubtful"), blocks.column("n", "Flags", "count")]
    rows = kinds.assign(kind=[_in_words(kind) for kind in kinds["kind"]])
    return [blocks.table(rows, columns, caption="How many flags of each kind.", label="Flags by kind")]


def _said(labels: pd.DataFrame, items: set[str]) -> dict[str, str]:
    """Who said what of an item, in words."""
    out = {}
    for item, rows in labels.loc[labels["item_id"].isin(items)].groupby("item_id", sort=True):
        if len(rows) > _NAMED:
            counts = rows["label"].astype(str).value_counts()
            out[str(item)] = ", ".join(f"{label} × {n}" for label, n in counts.items())
        elif len(rows) > 1:
            pairs = zip(rows["annotator_id"], rows["label"], strict=True)
            out[str(item)] = ", ".join(f"{who}: {label}" for who, label in pairs)
    return out


def _card(row: dict[str, Any], said: dict[str, str], pictures: Pictures) -> blocks.Block:
    box = row.get("box_id")
    shown = pictures.show(row["item_id"], focus=None if pd.isna(box) else str(box))
    lines = [blocks.line(_change(row))]
    if row.get("reasons") and not pd.isna(row["reasons"]):
        lines.append(blocks.line(str(row["reasons"])))
    if row["item_id"] in said:
        lines.append(blocks.line(said[row["item_id"]], "Said:"))
    if not pd.isna(row["p_wrong"]):
        chance = percent(row["p_wrong"]) if row["p_wrong"] < 0.995 else f"over {percent(0.99)}"
        lines.append(blocks.line(chance, "Chance of being wrong:"))
    return {
        "rank": int(row["rank"]),
        "title": str(row["item_id"]),
        "pictures": shown,
        "lines": lines,
        "legend": pictures.legend(shown),
    }


def _change(row: dict[str, Any]) -> str:
    kind = _in_words(str(row["kind"]), row["box_id"])
    label, proposal = (None if pd.isna(row[key]) else str(row[key]) for key in ("label", "proposal"))
    if kind == _KINDS["duplicate"] and row["p_wrong"] < 0.5:
        return f"{kind}: {label}, probably the right one"
    if label is not None and proposal is not None and label != proposal:
        return f"{kind}: {label} → {proposal}"
    return f"{kind}: {proposal or label}" if proposal or label else kind


def _table(queue: pd.DataFrame) -> blocks.Block:
    columns = [
        blocks.column("item_id", "Item"),
        blocks.column("kind", "Kind"),
        blocks.column("label", "Label"),
        blocks.column("proposal", "Proposal"),
        blocks.column("p_wrong", "Chance of being wrong", "percent"),
        blocks.column("reasons", "Why"),
    ]
    rows = queue.assign(kind=[_in_words(*pair) for pair in zip(queue["kind"], queue["box_id"], strict=True)])
    return blocks.table(rows, columns, caption="Flagged items, worst first.", label="Flagged items", file="queue.csv")
