"""The section on agreement: labels and boxes, overall, per class, per annotator, per pair, all with intervals."""

from __future__ import annotations

from typing import Any

import pandas as pd

from labelqa.report import _blocks as blocks
from labelqa.report._habits import parts_of_disagreement
from labelqa.report._part import Part
from labelqa.report._words import count, percent, with_interval

#: Items from which on an annotator or a pair is listed.
_ENOUGH = 10
#: Rows of a table on the page; agreement/*.csv has all.
_ROWS = 12
_COEFFICIENTS = {
    "krippendorff_alpha": ("Krippendorff's alpha", "beyond chance; missing labels are fine"),
    "fleiss_kappa": ("Fleiss' kappa", "beyond chance, as if all annotators had the same habits"),
    "conger_kappa": ("Conger's kappa", "beyond chance, each annotator with their own habits"),
    "cohen_kappa": ("Cohen's kappa", "two annotators, each with their own habits"),
    "scott_pi": ("Scott's pi", "two annotators with the same habits"),
    "gwet_ac": ("Gwet's AC1", "beyond chance; steadier where one class is very frequent"),
    "brennan_prediger": ("Brennan-Prediger", "beyond blind guessing among the classes"),
    "percent_agreement": ("Percent agreement", "share of equal pairs, chance included"),
}


def agreement_section(labels: Part, boxes: Part, label_consensus: Part, box_consensus: Part) -> blocks.Block:
    """Build the section."""
    content: list[blocks.Block] = []
    for part, title, build in ((labels, "Labels of whole items", _labels), (boxes, "Boxes", _boxes)):
        content.append(blocks.heading(title))
        content += [blocks.text(_sentence(part.reason))] if part.reason is not None else build(part)
    content += _against_gold(label_consensus, box_consensus)
    return {"id": "agreement", "title": "Agreement", "blocks": content}


def _against_gold(labels: Part, boxes: Part) -> list[blocks.Block]:
    """Say how the consensus and the annotators stand against trusted labels, where there are any."""
    words = []
    if labels.facts.get("n_gold"):
        share = percent(labels.facts["accuracy"], 1)
        words.append(f"The consensus label is right for {share} of {count(labels.facts['n_gold'], 'trusted label')}.")
    if boxes.facts.get("n_gold"):
        f1 = with_interval(*(boxes.facts[f"gold_{name}"] for name in ("f1", "f1_low", "f1_high")))
        words.append(f"Consensus boxes match the trusted ones on {count(boxes.facts['n_gold'], 'item')} with F1 {f1}.")
    if not words:
        return []
    content = [blocks.heading("Against trusted labels"), blocks.text(" ".join(words))]
    if "against_gold" in labels.tables:
        columns = [
            blocks.column("annotator_id", "Annotator"),
            blocks.column("n_items", "Items", "count"),
            blocks.column("accuracy", "Right", "percent"),
        ]
        rows = _enough(labels.tables["against_gold"], "n_items").sort_values("accuracy", kind="stable")
        caption = "Share of each annotator's labels that are right, lowest first."
        content.append(
            blocks.table(rows, columns, caption=caption, label="Annotators against trusted labels", limit=_ROWS)
        )
    return content


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:] + "."


def _warning(part: Part) -> list[blocks.Block]:
    words = part.facts.get("warning")
    return [blocks.note(_sentence(words.rstrip(".")))] if words else []


def _labels(part: Part) -> list[blocks.Block]:
    facts, tables = part.facts, part.tables
    single = facts["n_items"] - facts["n_paired"]
    words = f"{count(facts['n_paired'], 'item')} with labels by two or more people tell about agreement"
    words += f"; {count(single, 'item')} with one label only do not." if single else "."
    content = [blocks.text(words), *_warning(part), _coefficients(tables["coefficients"])]
    if not facts["n_paired"]:
        return content[:2]
    content += [_per_class(tables["per_class"]), _per_annotator(tables["per_annotator"])]
    content.append(
        blocks.chart(
            "label_agreement_annotators",
            alt="Agreement of each annotator with the others, with intervals",
            caption="The same as a picture, for the busiest annotators: where the alpha of the rest rises without "
            "somebody, a talk with them is worth more than any correction.",
        )
    )
    content.append(_per_pair(tables["per_pair"]))
    if "pairs" in part.charts:
        content.append(
            blocks.chart(
                "label_agreement_pairs",
                alt="Agreement of every two annotators, the numbers of the table above",
                caption="Who agrees with whom: a pale row is a person who differs from all others.",
            )
        )
    if "time" in part.charts:
        content.append(
            blocks.chart(
                "label_agreement_time",
                alt="Agreement by week",
                caption="Agreement by the week in which an item was last labelled; a fall may be a new annotator, "
                "a new batch or a changed guideline.",
            )
        )
    return content + _intra(tables["intra_annotator"])


def _coefficients(table: pd.DataFrame) -> blocks.Block:
    known = table.loc[table["coefficient"].isin(_COEFFICIENTS)]
    rows = known.assign(
        name=known["coefficient"].map(lambda name: _COEFFICIENTS[name][0]),
        meaning=known["coefficient"].map(lambda name: _COEFFICIENTS[name][1]),
    )
    columns = [
        blocks.column("name", "Coefficient"),
        blocks.column("value", "Value [95 %]", "number", between=("low", "high")),
        blocks.column("meaning", "What it is"),
    ]
    caption = (
        "1 means that all agree, 0 as much agreement as chance would give. Where the coefficients differ much, "
        "one class "
        "is very frequent or annotators differ in their habits."
    )
    return blocks.table(rows, columns, caption=caption, label="Coefficients of agreement")


def _per_class(table: pd.DataFrame) -> blocks.Block:
    columns = [
        blocks.column("label", "Class"),
        blocks.column("n_labels", "Labels", "count"),
        blocks.column(
            "agreement", "Seen by another too [95 %]", "percent", between=("agreement_low", "agreement_high")
        ),
        blocks.column("alpha", "Alpha [95 %]", "number", between=("alpha_low", "alpha_high")),
    ]
    caption = (
        "Per class: if one person names it, how often does another, and the alpha of this class against all "
        "others, worst "
        "first."
    )
    rows = table.sort_values("alpha", kind="stable")
    return blocks.table(
        rows,
        columns,
        caption=caption,
        label="Agreement per class",
        limit=2 * _ROWS,
        file="agreement/labels_per_class.csv",
    )


def _enough(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Leave out rows that rest on a handful of items, unless there are no others."""
    most = int(table[column].max()) if len(table) else 0
    return table.loc[table[column] >= min(_ENOUGH, max(most, 1))]


def _per_annotator(table: pd.DataFrame) -> blocks.Block:
    columns = [
        blocks.column("annotator_id", "Annotator"),
        blocks.column("n_compared", "Labels compared", "count"),
        blocks.column("agreement", "Agreement with others [95 %]", "percent", between=("low", "high")),
        blocks.column("alpha_without", "Alpha without this person", "number"),
    ]
    if "seconds" in table:
        columns.append(blocks.column("seconds", "Median seconds", "count"))
    caption = (
        "Per annotator with at least 10 labels to compare: how often the others name the same class, lowest "
        "first, and what the alpha of the rest would be. "
        "A low value is a question, not a verdict: the one who differs may be the one who is right."
    )
    rows = _enough(table, "n_compared").sort_values("agreement", kind="stable")
    return blocks.table(
        rows,
        columns,
        caption=caption,
        label="Agreement per annotator",
        limit=_ROWS,
        file="agreement/labels_per_annotator.csv",
    )


def _per_pair(table: pd.DataFrame) -> blocks.Block:
    rows = table.assign(pair=table["annotator_a"] + " and " + table["annotator_b"])
    rows = _enough(rows, "n_items").sort_values(["kappa", "n_items"], ascending=[True, False], kind="stable")
    columns = [
        blocks.column("pair", "Two annotators"),
        blocks.column("n_items", "Items of both", "count"),
        blocks.column("agreement", "Same class [95 %]", "percent", between=("agreement_low", "agreement_high")),
        blocks.column("kappa", "Cohen's kappa [95 %]", "number", between=("kappa_low", "kappa_high")),
    ]
    caption = "Per pair of annotators with at least 10 items in common (or the most there are), lowest kappa first."
    return blocks.table(
        rows, columns, caption=caption, label="Agreement per pair", limit=_ROWS, file="agreement/labels_per_pair.csv"
    )


def _intra(table: pd.DataFrame) -> list[blocks.Block]:
    if not len(table):
        return []
    columns = [
        blocks.column("annotator_id", "Annotator"),
        blocks.column("n_items", "Items labelled again", "count"),
        blocks.column("agreement", "Agreement with themselves", "percent"),
    ]
    caption = "Where people labelled an item again: nobody agrees with others more than with themselves for long."
    rows = table.sort_values("agreement", kind="stable")
    return [
        blocks.table(
            rows,
            columns,
            caption=caption,
            label="Agreement with oneself",
            limit=_ROWS,
            file="agreement/labels_intra_annotator.csv",
        )
    ]


def _boxes(part: Part) -> list[blocks.Block]:
    facts, tables = part.facts, part.tables
    words = (
        f"{count(facts['n_images'], 'image')} with views by two or more people give "
        f"{count(facts['n_pairs'], 'pair')} of "
        f"views to compare, with {count(facts['n_matches'], 'match', 'matches')} of boxes."
    )
    content = [blocks.text(words), *_warning(part)]
    if not facts["n_pairs"]:
        return content
    content += [blocks.note(remark) for remark in facts.get("notes") or ()]
    content.append(blocks.figures(_box_figures(facts)))
    content.append(
        blocks.chart(
            "box_agreement_sweep",
            alt="F1, mean IoU and PQ at IoU 0.25, 0.5 and 0.75",
            caption="The stricter the overlap that counts as the same box, the lower the F1: a steep fall means "
            "that people find the same objects but draw them differently.",
        )
    )
    content.append(parts_of_disagreement(tables["decomposition"]))
    content.append(
        blocks.chart(
            "box_agreement_parts",
            alt="What each annotator's agreement with the others loses to what",
            caption="The same per annotator: a long bar of one colour is a habit, a long bar of many is carelessness.",
        )
    )
    if len(tables["per_class"]) > 1:
        content.append(_scores(tables["per_class"], "label", "Class", "boxes_per_class"))
    content += [
        _scores(
            tables["per_annotator"].sort_values("f1", kind="stable"), "annotator_id", "Annotator", "boxes_per_annotator"
        ),
        _box_pairs(tables["per_pair"]),
        _scores(tables["per_size"].loc[tables["per_size"]["n_boxes"] > 0], "size", "Size", "boxes_per_size"),
    ]
    return content


def _box_figures(facts: dict[str, Any]) -> list[blocks.Block]:
    def one(key: str, name: str, meaning: str, form: str = "number") -> blocks.Block:
        return blocks.figure(name, facts[key], meaning, low=facts[f"{key}_low"], high=facts[f"{key}_high"], form=form)

    found = [
        one("f1", "F1", "Share of boxes that have a partner in the other person's view."),
        one("mean_iou", "Mean IoU", "Overlap of two matched boxes; 1 is identical."),
        one("pq", "PQ", "F1 times mean IoU: found and well drawn."),
        one("alpha", "Alpha of boxes", "Beyond chance; 0 is no more alike than views of different images."),
    ]
    if facts.get("class_agreement") is not None:
        found.append(
            one("class_agreement", "Same class", "Of matched boxes, the share with the same class.", "percent")
        )
    return found


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


def _scores(table: pd.DataFrame, key: str, title: str, file: str) -> blocks.Block:
    columns = [blocks.column(key, title), blocks.column("n_boxes", "Boxes", "count"), *_SCORES]
    return blocks.table(
        table,
        columns,
        caption=_CAPTIONS[key],
        label=f"Boxes per {title.lower()}",
        limit=_ROWS,
        file=f"agreement/{file}.csv",
    )


def _box_pairs(table: pd.DataFrame) -> blocks.Block:
    rows = table.assign(pair=table["annotator_a"] + " and " + table["annotator_b"])
    rows = _enough(rows, "n_images")
    columns = [blocks.column("pair", "Two annotators"), blocks.column("n_images", "Images of both", "count"), *_SCORES]
    caption = "Per pair of annotators with at least 10 images in common (or the most there are), lowest F1 first."
    return blocks.table(
        rows.sort_values("f1", kind="stable"),
        columns,
        caption=caption,
        label="Boxes per pair",
        limit=_ROWS,
        file="agreement/boxes_per_pair.csv",
    )
