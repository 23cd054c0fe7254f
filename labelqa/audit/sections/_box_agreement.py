"""Agreement on boxes: overall, what it loses to what, per class, annotator, pair and size."""

from __future__ import annotations

from math import isfinite

import pandas as pd

from labelqa.agreement import BoxAgreement
from labelqa.audit.sections._rows import ROWS, drawn, enough
from labelqa.report import blocks
from labelqa.report.charts import Charts
from labelqa.report.phrases import count, sentence

_SCORES = (
    blocks.column("f1", "F1 [95 %]", "number", between=("f1_low", "f1_high")),
    blocks.column("mean_iou", "Mean IoU [95 %]", "number", between=("mean_iou_low", "mean_iou_high")),
    blocks.column("pq", "PQ [95 %]", "number", between=("pq_low", "pq_high")),
)
_CAPTIONS = {
    "label": "Per class of box: how many find a partner, and how well it fits.",
    "annotator_id": "Per annotator, lowest F1 first: F1 with the others ranks people much as F1 with experts would.",
    "size": "By size of the box (the root of its area): small below 32 pixels, large from 96.",
}
_PARTS = {
    "missed_extra": "Boxes that the other person does not have",
    "location": "Edges drawn elsewhere",
    "class": "Another class",
    "duplicate": "An object drawn twice",
    "split_merge": "One box where the other person has several",
}


def box_blocks(boxes: BoxAgreement, charts: Charts) -> list[blocks.Block]:
    """Build what the section on agreement says about boxes."""
    words = (
        f"{count(boxes.n_images, 'image')} with views by two or more people give {count(boxes.n_pairs, 'pair')} of "
        f"views to compare, with {count(boxes.n_matches, 'match', 'matches')} of boxes."
    )
    content = [blocks.text(words), *([] if boxes.reason is None else [blocks.note(sentence(boxes.reason))])]
    if not boxes.n_pairs:
        return content
    per_annotator = boxes.per_annotator.sort_values("f1", kind="stable")
    return [
        *content,
        *(blocks.note(remark) for remark in boxes.notes),
        blocks.figures(_figures(boxes)),
        _chart_of_thresholds(boxes, charts),
        _parts(boxes.decomposition),
        _chart_of_parts(boxes, charts),
        *([_scores(boxes.per_class, "label", "Class", "boxes_per_class")] if len(boxes.per_class) > 1 else []),
        _scores(per_annotator, "annotator_id", "Annotator", "boxes_per_annotator"),
        _pairs(boxes.per_pair),
        _scores(boxes.per_size.loc[boxes.per_size["n_boxes"] > 0], "size", "Size", "boxes_per_size"),
    ]


def _figures(boxes: BoxAgreement) -> list[blocks.Block]:
    found = [
        _figure(boxes, "f1", "F1", "Share of boxes that have a partner in the other person's view."),
        _figure(boxes, "mean_iou", "Mean IoU", "Overlap of two matched boxes; 1 is identical."),
        _figure(boxes, "pq", "PQ", "F1 times mean IoU: found and well drawn."),
        _figure(boxes, "alpha", "Alpha of boxes", "Beyond chance; 0 is no more alike than views of different images."),
    ]
    if isfinite(boxes.class_agreement):
        meaning = "Of matched boxes, the share with the same class."
        found.append(_figure(boxes, "class_agreement", "Same class", meaning, form="percent"))
    return found


def _figure(boxes: BoxAgreement, key: str, name: str, meaning: str, form: str = "number") -> blocks.Block:
    value, low, high = (getattr(boxes, f"{key}{end}") for end in ("", "_low", "_high"))
    return blocks.figure(name, value, meaning, low=low, high=high, form=form)


def _chart_of_thresholds(boxes: BoxAgreement, charts: Charts) -> blocks.Block:
    return charts.draw(
        "box_agreement_sweep",
        boxes.plot_sweep,
        height=2.9,
        alt="F1, mean IoU and PQ at IoU 0.25, 0.5 and 0.75",
        caption="The stricter the overlap that counts as the same box, the lower the F1: a steep fall means "
        "that people find the same objects but draw them differently.",
    )


def _chart_of_parts(boxes: BoxAgreement, charts: Charts) -> blocks.Block:
    return charts.draw(
        "box_agreement_parts",
        boxes.plot,
        height=drawn(boxes.n_annotators, inches=0.26, beside=1.6),
        alt="What each annotator's agreement with the others loses to what",
        caption="The same per annotator: a long bar of one colour is a habit, a long bar of many is carelessness.",
    )


def _parts(decomposition: pd.DataFrame) -> blocks.Block:
    """Say what the disagreement on boxes is made of."""
    rows = decomposition.loc[(decomposition["scope"] == "all") & (decomposition["share"] > 0)]
    rows = rows.assign(name=rows["part"].map(lambda part: _PARTS.get(part, part)))
    rows = rows.sort_values("share", ascending=False, kind="stable")
    columns = [
        blocks.column("name", "What differs"),
        blocks.column("share", "Share lost [95 %]", "percent", between=("share_low", "share_high")),
    ]
    caption = "What the disagreement on boxes is made of: the shares add up to 1 - PQ."
    return blocks.table(rows, columns, caption=caption, label="Parts of the disagreement on boxes")


def _scores(table: pd.DataFrame, key: str, title: str, file: str) -> blocks.Block:
    columns = [blocks.column(key, title), blocks.column("n_boxes", "Boxes", "count"), *_SCORES]
    label, file = f"Boxes per {title.lower()}", f"agreement/{file}.csv"
    return blocks.table(table, columns, caption=_CAPTIONS[key], label=label, limit=ROWS, file=file)


def _pairs(table: pd.DataFrame) -> blocks.Block:
    rows = enough(table.assign(pair=table["annotator_a"] + " and " + table["annotator_b"]), "n_images")
    rows = rows.sort_values("f1", kind="stable")
    columns = [blocks.column("pair", "Two annotators"), blocks.column("n_images", "Images of both", "count"), *_SCORES]
    caption = "Per pair of annotators with at least 10 images in common (or the most there are), lowest F1 first."
    file = "agreement/boxes_per_pair.csv"
    return blocks.table(rows, columns, caption=caption, label="Boxes per pair", limit=ROWS, file=file)
