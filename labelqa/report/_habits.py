"""Habits of drawing: questions for the guideline, each with the pictures that show it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from labelqa.report import _blocks as blocks
from labelqa.report._album import Pictures
from labelqa.report._part import Part
from labelqa.report._words import count, number, percent

#: Findings that get pictures; the others are listed below them.
_CARDS = 8
_PICTURES = 4
_TITLES = {
    "size": "size of the boxes",
    "width": "width of the boxes",
    "height": "height of the boxes",
    "edge": "one edge of the boxes",
    "group": "one box round several objects",
    "split": "several boxes for one object",
    "small": "small objects missed",
    "class": "classes of the boxes",
}


def habit_blocks(part: Part, pictures: Pictures) -> list[blocks.Block]:
    """Build what the section on disagreement says about drawing."""
    findings = part.tables["findings"]
    content = [blocks.heading("Habits of drawing")]
    if part.facts.get("warning"):
        content.append(blocks.note(f"To know: {part.facts['warning']}."))
    if not len(findings):
        content.append(blocks.text("No annotator draws differently from the others by habit; what differs is chance."))
        return content
    content.append(blocks.text(*_introduction(part)))
    content.append(
        blocks.chart(
            "box_conventions_edges",
            alt="Length of each annotator's boxes against the others', with intervals",
            caption="How much longer or shorter each annotator's boxes are than the others'; findings are marked.",
        )
    )
    shown = findings.head(_CARDS)
    content.append(blocks.cards([_card(row, pictures) for row in blocks.records(shown)], wide=True))
    if len(findings) > _CARDS:
        rest = findings["sentence"].iloc[_CARDS:].astype(str).tolist()
        content += [blocks.heading("Further habits"), blocks.listing(rest)]
    return content


def _introduction(part: Part) -> list[str]:
    findings = part.tables["findings"]
    words = [
        f"{count(len(findings), 'habit')} beyond chance. A habit is a question for the guideline, not a mistake: "
        "everybody "
        "should answer it alike."
    ]
    explained = part.tables["explained"]
    every = explained.loc[explained["kind"] == "all"]
    if len(every):
        row = every.iloc[0]
        words.append(
            f"If all of them were settled, F1 would go from {number(row['f1'])} to {number(row['f1_settled'])} "
            "and PQ from "
            f"{number(row['pq'])} to {number(row['pq_settled'])}: {percent(row['pq_share'])} of the disagreement "
            "is habit, "
            "the rest is mistakes and chance."
        )
    return words


def _card(row: dict[str, Any], pictures: Pictures) -> blocks.Block:
    who = str(row["annotator_id"])
    items = [item for item in str(row["item_ids"] or "").split("; ") if item][:_PICTURES]
    order = pictures.annotators_of(items)
    shown = [one for item in items for one in pictures.show(item, who=who, caption=item, order=order)]
    return {
        "rank": None,
        "title": f"{who}: {_TITLES.get(str(row['kind']), str(row['kind']))}",
        "pictures": shown,
        "lines": [blocks.line(str(row["sentence"]))],
        "legend": pictures.legend(shown),
    }


def parts_of_disagreement(decomposition: pd.DataFrame) -> blocks.Block:
    """Say what the disagreement on boxes is made of."""
    names = {
        "missed_extra": "Boxes that the other person does not have",
        "location": "Edges drawn elsewhere",
        "class": "Another class",
        "duplicate": "An object drawn twice",
        "split_merge": "One box where the other person has several",
    }
    rows = decomposition.loc[(decomposition["scope"] == "all") & (decomposition["share"] > 0)]
    rows = rows.assign(name=rows["part"].map(lambda part: names.get(part, part))).sort_values(
        "share", ascending=False, kind="stable"
    )
    columns = [
        blocks.column("name", "What differs"),
        blocks.column("share", "Share lost [95 %]", "percent", between=("share_low", "share_high")),
    ]
    caption = "What the disagreement on boxes is made of: the shares add up to 1 - PQ."
    return blocks.table(rows, columns, caption=caption, label="Parts of the disagreement on boxes")
