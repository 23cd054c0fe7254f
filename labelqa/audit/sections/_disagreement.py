"""The section on what people disagree about: classes that are mixed up, and habits of drawing, with pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from labelqa.agreement import LabelAgreement
from labelqa.audit._found import Found, SettledLabels
from labelqa.audit.sections._habits import habit_blocks
from labelqa.audit.sections._label_agreement import chart_of_classes
from labelqa.report import blocks
from labelqa.report.album import Album
from labelqa.report.charts import Charts
from labelqa.report.phrases import count, listed, percent

#: Pairs of classes that get a card, and pictures on it.
_PAIRS = 3
_PICTURES = 4
#: A person is named for mixing two classes up where the interval of their share lies above this.
_NOTABLE = 0.1
_NAMED = 3


def disagreement_section(found: Found, labels: pd.DataFrame, charts: Charts, album: Album) -> blocks.Block:
    """Build the section; `labels` says who said what of an item."""
    content: list[blocks.Block] = []
    if entries := album.common_legend():
        content.append(blocks.legend(entries))
    if found.label_agreement is not None and len(found.label_agreement.class_pairs):
        content += _class_pairs(found.label_agreement, charts)
        content.append(_cards(found.label_agreement.class_pairs, found.label_consensus, labels, album))
    if found.box_conventions is not None:
        content += habit_blocks(found.box_conventions, charts, album)
    if not content:
        content.append(blocks.text("Nothing to show: nobody disagrees, or no item was seen by two people."))
    return blocks.section("disagreement", "Where people disagree", content)


def _class_pairs(agreement: LabelAgreement, charts: Charts) -> list[blocks.Block]:
    pairs = agreement.class_pairs
    rows = pairs.assign(pair=pairs["label_a"].astype(str) + " and " + pairs["label_b"].astype(str))
    columns = [
        blocks.column("pair", "Two classes"),
        blocks.column("n_pairs", "Pairs of labels", "count"),
        blocks.column("share", "Of all disagreement", "percent"),
        blocks.column("expected_share", "By chance alone", "percent"),
    ]
    caption = "Which two classes are given to the same item, most first, beside what shuffled labels would give."
    file = "agreement/labels_class_pairs.csv"
    table = blocks.table(rows, columns, caption=caption, label="Class pairs", limit=8, file=file)
    return [blocks.heading("Classes that are mixed up"), table, *chart_of_classes(agreement, charts)]


def _cards(pairs: pd.DataFrame, consensus: SettledLabels | None, labels: pd.DataFrame, album: Album) -> blocks.Block:
    said = labels.assign(label=labels["label"].astype(str))
    first = blocks.records(pairs.head(_PAIRS))
    return blocks.cards([_pair_card(row, consensus, said, album) for row in first], wide=True)


def _pair_card(
    row: dict[str, Any], consensus: SettledLabels | None, labels: pd.DataFrame, album: Album
) -> blocks.Block:
    a, b = str(row["label_a"]), str(row["label_b"])
    who = mixing(consensus, a, b).sentences
    lines = [blocks.line(f"{percent(row['share'])} of all disagreement. {_question(a, b, bool(who))}")]
    lines += [blocks.line(words) for words in who]
    shown: list[blocks.Block] = []
    split = labels.loc[labels["label"].isin([a, b])].groupby("item_id", sort=True)["label"].nunique()
    items = [str(item) for item in split.index[split == 2][:_PICTURES]]
    drew = album.annotators_of(items)
    for item in items:
        rows = labels.loc[labels["item_id"] == item]
        said = ", ".join(f"{who}: {label}" for who, label in zip(rows["annotator_id"], rows["label"], strict=True))
        shown += album.show(item, annotators=drew, caption=f"{item}. {said}")
    return blocks.card(f"{a} or {b}?", lines, shown, legend=album.legend(shown))


def _question(a: str, b: str, is_personal: bool) -> str:
    if is_personal:
        return "Mostly a matter of single people:"
    return f"Nobody stands out: the guideline should say what tells {a} from {b}."


@dataclass(frozen=True, kw_only=True)
class Mixing:
    """Who mixes two classes up much more often than the rest.

    Attributes
    ----------
    named
        The first few of them.
    sentences
        What each of those does, and how many others there are.
    """

    named: tuple[str, ...]
    sentences: tuple[str, ...]


def mixing(consensus: SettledLabels | None, a: str, b: str) -> Mixing:
    """Find the annotators who call one of two classes the other much more often than the rest."""
    if consensus is None:
        return Mixing(named=(), sentences=())
    confusion = consensus.confusion
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
    return Mixing(named=tuple(ranked[:_NAMED]), sentences=tuple(sentences))
