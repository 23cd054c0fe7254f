"""The section on what people disagree about: classes that are mixed up, and habits of drawing, with pictures."""

from __future__ import annotations

from typing import Any

import pandas as pd

from labelqa.report import _blocks as blocks
from labelqa.report._album import Pictures
from labelqa.report._habits import habit_blocks
from labelqa.report._part import Part
from labelqa.report._words import count, listed, percent

_PAIRS = 3
_PICTURES = 4
#: A person is named for mixing two classes up where the interval of their share lies above this.
_NOTABLE = 0.1
_NAMED = 3


def disagreement_section(
    agreement: Part, consensus: Part, conventions: Part, labels: pd.DataFrame, pictures: Pictures
) -> blocks.Block:
    """Build the section."""
    content: list[blocks.Block] = []
    legend = pictures.common_legend()
    if legend:
        content.append({"kind": "legend", "entries": legend})
    if agreement.reason is None and len(agreement.tables["class_pairs"]):
        content += _class_pairs(agreement, consensus, labels, pictures)
    if conventions.reason is None:
        content += habit_blocks(conventions, pictures)
    if not content:
        content.append(blocks.text("Nothing to show: nobody disagrees, or no item was seen by two people."))
    return {"id": "disagreement", "title": "Where people disagree", "blocks": content}


def _class_pairs(agreement: Part, consensus: Part, labels: pd.DataFrame, pictures: Pictures) -> list[blocks.Block]:
    pairs = agreement.tables["class_pairs"]
    shown = pairs.assign(pair=pairs["label_a"].astype(str) + " and " + pairs["label_b"].astype(str))
    columns = [
        blocks.column("pair", "Two classes"),
        blocks.column("n_pairs", "Pairs of labels", "count"),
        blocks.column("share", "Of all disagreement", "percent"),
        blocks.column("expected_share", "By chance alone", "percent"),
    ]
    caption = "Which two classes are given to the same item, most first, beside what shuffled labels would give."
    table = blocks.table(
        shown, columns, caption=caption, label="Class pairs", limit=8, file="agreement/labels_class_pairs.csv"
    )
    cards = [_pair_card(row, consensus, labels, pictures) for row in blocks.records(pairs.head(_PAIRS))]
    content = [blocks.heading("Classes that are mixed up"), table]
    if "classes" in agreement.charts:
        content.append(
            blocks.chart(
                "label_agreement_classes",
                alt="Share of all disagreement of each pair of classes",
                caption="The same as a picture: each cell is a pair of classes.",
            )
        )
    return [*content, blocks.cards(cards, wide=True)]


def _pair_card(row: dict[str, Any], consensus: Part, labels: pd.DataFrame, pictures: Pictures) -> blocks.Block:
    a, b = str(row["label_a"]), str(row["label_b"])
    who = mixers(consensus, a, b)
    lines = [blocks.line(f"{percent(row['share'])} of all disagreement. {_question(a, b, bool(who))}")]
    lines += [blocks.line(sentence) for sentence in who]
    shown: list[blocks.Block] = []
    text = labels.assign(label=labels["label"].astype(str))
    split = text.loc[text["label"].isin([a, b])].groupby("item_id", sort=True)["label"].nunique()
    items = [str(item) for item in split.index[split == 2][:_PICTURES]]
    order = pictures.annotators_of(items)
    for item in items:
        rows = text.loc[text["item_id"] == item]
        said = ", ".join(f"{who}: {label}" for who, label in zip(rows["annotator_id"], rows["label"], strict=True))
        shown += pictures.show(item, order=order, caption=f"{item}. {said}")
    return {"rank": None, "title": f"{a} or {b}?", "pictures": shown, "lines": lines, "legend": pictures.legend(shown)}


def _question(a: str, b: str, somebody: bool) -> str:
    if somebody:
        return "Mostly a matter of single people:"
    return f"Nobody stands out: the guideline should say what tells {a} from {b}."


def mixers(consensus: Part, a: str, b: str) -> list[str]:
    """Name the annotators who call one of two classes the other much more often than the rest, one sentence each."""
    confusion = consensus.tables.get("confusion")
    if confusion is None:
        return []
    text = confusion.assign(true=confusion["true_label"].astype(str), said=confusion["label"].astype(str))
    found: dict[str, list[str]] = {}
    strength: dict[str, float] = {}
    for true, said in ((a, b), (b, a)):
        cells = text.loc[(text["true"] == true) & (text["said"] == said) & text["low"].notna()]
        usual = cells["share"].median()
        for cell in cells.loc[(cells["low"] > _NOTABLE) & (cells["low"] > 2 * usual)].to_dict("records"):
            between = f"[{100 * cell['low']:.0f}, {100 * cell['high']:.0f}]"
            words = f"{said} for {percent(cell['share'])} {between} of what is probably {true}"
            found.setdefault(str(cell["annotator_id"]), []).append(words)
            strength[str(cell["annotator_id"])] = strength.get(str(cell["annotator_id"]), 0.0) + float(cell["n_labels"])
    ranked = sorted(found, key=lambda who: (-strength[who], who))
    sentences = [f"{who} says {listed(found[who])}." for who in ranked[:_NAMED]]
    if len(ranked) > _NAMED:
        sentences.append(f"So do {count(len(ranked) - _NAMED, 'other')} (consensus/labels_confusion.parquet).")
    return sentences
