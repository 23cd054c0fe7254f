"""Habits of drawing: questions for the guideline, each with the pictures that show it."""

from __future__ import annotations

from typing import Any

from labelqa.agreement import BoxConventions
from labelqa.audit.sections._rows import drawn
from labelqa.report import blocks
from labelqa.report.album import Album
from labelqa.report.charts import Charts
from labelqa.report.phrases import count, number, percent

#: Findings that get pictures; the others are listed below them.
_CARDS = 8
_PICTURES = 4
_TITLES = {
    "offset": "how pixels are counted",
    "size": "size of the boxes",
    "width": "width of the boxes",
    "height": "height of the boxes",
    "edge": "one edge of the boxes",
    "group": "one box round several objects",
    "split": "several boxes for one object",
    "small": "small objects missed",
    "class": "classes of the boxes",
}


def habit_blocks(conventions: BoxConventions, charts: Charts, album: Album) -> list[blocks.Block]:
    """Build what the section on disagreement says about drawing."""
    findings = conventions.findings
    content = [blocks.heading("Habits of drawing")]
    if conventions.reason is not None:
        content.append(blocks.note(f"To know: {conventions.reason.rstrip('.')}."))
    if not len(findings):
        content.append(blocks.text("No annotator draws differently from the others by habit; what differs is chance."))
        return content
    content += [blocks.text(*_introduction(conventions)), _chart_of_edges(conventions, charts)]
    shown = blocks.records(findings.head(_CARDS))
    content.append(blocks.cards([_card(row, album) for row in shown], wide=True))
    if len(findings) > _CARDS:
        rest = findings["sentence"].iloc[_CARDS:].astype(str).tolist()
        content += [blocks.heading("Further habits"), blocks.listing(rest)]
    return content


def _introduction(conventions: BoxConventions) -> list[str]:
    introduction = (
        f"{count(len(conventions.findings), 'habit')} beyond chance. A habit is a question for the guideline, not a "
        "mistake: everybody should answer it alike."
    )
    every = conventions.explained.loc[conventions.explained["kind"] == "all"]
    settled = [
        f"If all of them were settled, F1 would go from {number(row['f1'])} to {number(row['f1_settled'])} "
        f"and PQ from {number(row['pq'])} to {number(row['pq_settled'])}: {percent(row['pq_share'])} of the "
        "disagreement is habit, the rest is mistakes and chance."
        for row in blocks.records(every)
    ]
    return [introduction, *settled]


def _chart_of_edges(conventions: BoxConventions, charts: Charts) -> blocks.Block:
    n_annotators = conventions.sides["annotator_id"].nunique()
    return charts.draw(
        "box_conventions_edges",
        conventions.plot,
        height=drawn(n_annotators, inches=0.24, beside=1.3),
        alt="Length of each annotator's boxes against the others', with intervals",
        caption="How much longer or shorter each annotator's boxes are than the others'; findings are marked.",
    )


def _card(row: dict[str, Any], album: Album) -> blocks.Block:
    who = str(row["annotator_id"])
    items = [item for item in str(row["item_ids"] or "").split("; ") if item][:_PICTURES]
    drew = album.annotators_of(items)
    shown = [one for item in items for one in album.show(item, annotator=who, caption=item, annotators=drew)]
    title = f"{who}: {_TITLES.get(str(row['kind']), str(row['kind']))}"
    return blocks.card(title, [blocks.line(str(row["sentence"]))], shown, legend=album.legend(shown))
