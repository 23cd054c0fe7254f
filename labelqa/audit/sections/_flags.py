"""The section of flagged items: worst first, each with its picture, its reason and its proposal."""

from __future__ import annotations

from typing import Any

import pandas as pd

from labelqa.audit._found import MISSING_BOX, Found
from labelqa.report import blocks
from labelqa.report.album import Album
from labelqa.report.phrases import clause, count, percent

#: How many flags the page shows; the queue has all.
LIMIT = 200
#: Above this many labels of one item they are counted, not listed by name.
_NAMED = 5
#: Kinds of flag about a whole item, in words; all others speak for themselves.
_KINDS = {"duplicate": "Conflicting duplicate", "label": "Label", "image": "Picture", "outlier": "Unlike all others"}


def flags_section(found: Found, labels: pd.DataFrame, album: Album) -> blocks.Block:
    """Build the section; `labels` says who said what of an item."""
    if found.flags is None or found.flags.is_empty:
        why = found.reasons["flags"] if found.flags is None else found.flags.queue.reason or ""
        note = blocks.note(f"Nothing is flagged: {clause(why)}.")
        return blocks.section("flags", "Flagged items", [note])
    table = found.flags.queue.table
    queue = table.loc[table["is_flagged"]]
    queue = queue.assign(about=[_about(*pair) for pair in zip(queue["kind"], queue["box_id"], strict=True)])
    content = [blocks.text(*_introduction(queue)), *(blocks.note(words) for words in found.flags.queue.cannot_say)]
    if len(queue):
        content.append(_kinds(queue))
        content += _shown(queue.head(LIMIT), labels, album)
    return blocks.section("flags", "Flagged items", content)


def _about(kind: str, box_id: Any) -> str:
    """Say what a flag is about; one with a box, and one of a box that is missing, is never about the whole item."""
    words = kind.replace("_", " ")
    if pd.isna(box_id) and kind != MISSING_BOX:
        return _KINDS.get(kind, words.capitalize())
    return f"Box: {words}"


def _introduction(queue: pd.DataFrame) -> list[str]:
    n_items = queue["item_id"].nunique()
    shown = f"the first {LIMIT} are shown, and" if len(queue) > LIMIT else "all are shown;"
    words = [
        f"{count(len(queue), 'flag')} on {count(n_items, 'item')}, the most doubtful first; {shown} "
        "queue.csv lists every item and box in order."
    ]
    if not bool(queue["is_calibrated"].all()):
        words.append(
            "The chances of being wrong are uncalibrated: they order the items well, but are no frequencies. "
            "After about 100 reviewed items labelqa can calibrate them and say how many errors are left."
        )
    return words


def _kinds(queue: pd.DataFrame) -> blocks.Block:
    columns = [blocks.column("about", "What is doubtful"), blocks.column("n", "Flags", "count")]
    rows = queue["about"].value_counts().rename_axis("about").rename("n").reset_index()
    return blocks.table(rows, columns, caption="How many flags of each kind.", label="Flags by kind")


def _shown(queue: pd.DataFrame, labels: pd.DataFrame, album: Album) -> list[blocks.Block]:
    if not album.has_pictures:
        return [_table(queue)]
    entries = album.common_legend()
    said = _said(labels, set(queue["item_id"]))
    cards = blocks.cards([_card(row, said, album) for row in blocks.records(queue)])
    return [blocks.legend(entries), cards] if entries else [cards]


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


def _card(row: dict[str, Any], said: dict[str, str], album: Album) -> blocks.Block:
    box = None if pd.isna(row["box_id"]) else str(row["box_id"])
    shown = album.show(row["item_id"], focus=box)
    lines = [blocks.line(_change(row))]
    if row["reasons"] and not pd.isna(row["reasons"]):
        lines.append(blocks.line(str(row["reasons"])))
    if row["item_id"] in said:
        lines.append(blocks.line(said[row["item_id"]], "Said:"))
    if not pd.isna(row["p_wrong"]):
        chance = percent(row["p_wrong"]) if row["p_wrong"] < 0.995 else f"over {percent(0.99)}"
        lines.append(blocks.line(chance, "Chance of being wrong:"))
    return blocks.card(str(row["item_id"]), lines, shown, legend=album.legend(shown), rank=int(row["rank"]))


def _change(row: dict[str, Any]) -> str:
    about = str(row["about"])
    label, proposal = (None if pd.isna(row[key]) else str(row[key]) for key in ("label", "proposal"))
    if about == _KINDS["duplicate"] and row["p_wrong"] < 0.5:
        return f"{about}: {label}, probably the right one"
    if label is not None and proposal is not None and label != proposal:
        return f"{about}: {label} → {proposal}"
    return f"{about}: {proposal or label}" if proposal or label else about


def _table(queue: pd.DataFrame) -> blocks.Block:
    columns = [
        blocks.column("item_id", "Item"),
        blocks.column("about", "Kind"),
        blocks.column("label", "Label"),
        blocks.column("proposal", "Proposal"),
        blocks.column("p_wrong", "Chance of being wrong", "percent"),
        blocks.column("reasons", "Why"),
    ]
    return blocks.table(queue, columns, caption="Flagged items, worst first.", label="Flagged items", file="queue.csv")
