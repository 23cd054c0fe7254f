"""Agreement on labels of whole items: overall, per class, per annotator, per pair, all with intervals."""

from __future__ import annotations

from functools import partial

import pandas as pd

from labelqa.agreement import COEFFICIENTS, LabelAgreement
from labelqa.audit.sections._rows import CHART_ROWS, ROWS, drawn, enough
from labelqa.report import blocks
from labelqa.report.charts import Charts
from labelqa.report.phrases import count, sentence


def label_blocks(labels: LabelAgreement, charts: Charts) -> list[blocks.Block]:
    """Build what the section on agreement says about labels."""
    single = labels.n_items - labels.n_paired
    words = f"{count(labels.n_paired, 'item')} with labels by two or more people tell about agreement"
    words += f"; {count(single, 'item')} with one label only do not." if single else "."
    warning = [] if labels.reason is None else [blocks.note(sentence(labels.reason))]
    content = [blocks.text(words), *warning]
    if not labels.n_paired:
        return content
    return [
        *content,
        _coefficients(labels.coefficients),
        _per_class(labels.per_class),
        _per_annotator(labels.per_annotator),
        _chart_of_annotators(labels, charts),
        _per_pair(labels.per_pair),
        *_chart_of_pairs(labels, charts),
        *_chart_of_time(labels, charts),
        *_with_themselves(labels.intra_annotator),
    ]


def chart_of_classes(labels: LabelAgreement, charts: Charts) -> list[blocks.Block]:
    """Draw which classes are mixed up, where there are more than two."""
    if labels.n_classes <= 2 or not labels.n_paired:
        return []
    return [
        charts.draw(
            "label_agreement_classes",
            partial(labels.plot, view="classes"),
            width=drawn(labels.n_classes, inches=0.34, beside=2.8),
            height=drawn(labels.n_classes, inches=0.34, beside=2.0),
            alt="Share of all disagreement of each pair of classes",
            caption="The same as a picture: each cell is a pair of classes.",
        )
    ]


def _chart_of_annotators(labels: LabelAgreement, charts: Charts) -> blocks.Block:
    return charts.draw(
        "label_agreement_annotators",
        partial(labels.plot, view="annotators"),
        width=6.4,
        height=drawn(labels.n_annotators, inches=0.24, beside=1.3),
        alt="Agreement of each annotator with the others, with intervals",
        caption="The same as a picture, for the busiest annotators: where the alpha of the rest rises without "
        "somebody, a talk with them is worth more than any correction.",
    )


def _chart_of_pairs(labels: LabelAgreement, charts: Charts) -> list[blocks.Block]:
    if not 3 <= labels.n_annotators <= CHART_ROWS:
        return []
    return [
        charts.draw(
            "label_agreement_pairs",
            partial(labels.plot, view="pairs"),
            width=drawn(labels.n_annotators, inches=0.34, beside=2.8),
            height=drawn(labels.n_annotators, inches=0.34, beside=2.0),
            alt="Agreement of every two annotators, the numbers of the table above",
            caption="Who agrees with whom: a pale row is a person who differs from all others.",
        )
    ]


def _chart_of_time(labels: LabelAgreement, charts: Charts) -> list[blocks.Block]:
    if len(labels.over_time) < 2:
        return []
    return [
        charts.draw(
            "label_agreement_time",
            partial(labels.plot, view="time"),
            width=6.4,
            height=2.9,
            alt="Agreement by week",
            caption="Agreement by the week in which an item was last labelled; a fall may be a new annotator, "
            "a new batch or a changed guideline.",
        )
    ]


def _coefficients(table: pd.DataFrame) -> blocks.Block:
    records = [COEFFICIENTS[name] for name in table["coefficient"]]
    rows = table.assign(title=[one.title for one in records], meaning=[one.meaning for one in records])
    columns = [
        blocks.column("title", "Coefficient"),
        blocks.column("value", "Value [95 %]", "number", between=("low", "high")),
        blocks.column("meaning", "What it is"),
    ]
    caption = (
        "1 means that all agree, 0 as much agreement as chance would give. Where the coefficients differ much, one "
        "class is very frequent or annotators differ in their habits."
    )
    return blocks.table(rows, columns, caption=caption, label="Coefficients of agreement")


def _per_class(table: pd.DataFrame) -> blocks.Block:
    seen = ("agreement_low", "agreement_high")
    columns = [
        blocks.column("label", "Class"),
        blocks.column("n_labels", "Labels", "count"),
        blocks.column("agreement", "Seen by another too [95 %]", "percent", between=seen),
        blocks.column("alpha", "Alpha [95 %]", "number", between=("alpha_low", "alpha_high")),
    ]
    caption = (
        "Per class: if one person names it, how often does another, and the alpha of this class against all others, "
        "worst first."
    )
    rows = table.sort_values("alpha", kind="stable")
    file = "agreement/labels_per_class.csv"
    return blocks.table(rows, columns, caption=caption, label="Agreement per class", limit=2 * ROWS, file=file)


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
        "Per annotator with at least 10 labels to compare: how often the others name the same class, lowest first, and "
        "what the alpha of the rest would be. A low value is a question, not a verdict: the one who differs may be the "
        "one who is right."
    )
    rows = enough(table, "n_compared").sort_values("agreement", kind="stable")
    file = "agreement/labels_per_annotator.csv"
    return blocks.table(rows, columns, caption=caption, label="Agreement per annotator", limit=ROWS, file=file)


def _per_pair(table: pd.DataFrame) -> blocks.Block:
    rows = table.assign(pair=table["annotator_a"] + " and " + table["annotator_b"])
    rows = enough(rows, "n_items").sort_values(["kappa", "n_items"], ascending=[True, False], kind="stable")
    columns = [
        blocks.column("pair", "Two annotators"),
        blocks.column("n_items", "Items of both", "count"),
        blocks.column("agreement", "Same class [95 %]", "percent", between=("agreement_low", "agreement_high")),
        blocks.column("kappa", "Cohen's kappa [95 %]", "number", between=("kappa_low", "kappa_high")),
    ]
    caption = "Per pair of annotators with at least 10 items in common (or the most there are), lowest kappa first."
    file = "agreement/labels_per_pair.csv"
    return blocks.table(rows, columns, caption=caption, label="Agreement per pair", limit=ROWS, file=file)


def _with_themselves(table: pd.DataFrame) -> list[blocks.Block]:
    if not len(table):
        return []
    columns = [
        blocks.column("annotator_id", "Annotator"),
        blocks.column("n_items", "Items labelled again", "count"),
        blocks.column("agreement", "Agreement with themselves", "percent"),
    ]
    caption = "Where people labelled an item again: nobody agrees with others more than with themselves for long."
    rows = table.sort_values("agreement", kind="stable")
    file = "agreement/labels_intra_annotator.csv"
    return [blocks.table(rows, columns, caption=caption, label="Agreement with oneself", limit=ROWS, file=file)]
