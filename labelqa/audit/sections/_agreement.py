"""The section on agreement: labels and boxes, and the consensus of both against what is trusted."""

from __future__ import annotations

from labelqa.audit._found import Found, SettledBoxes, SettledLabels
from labelqa.audit.sections._box_agreement import box_blocks
from labelqa.audit.sections._label_agreement import label_blocks
from labelqa.audit.sections._rows import ROWS, enough
from labelqa.report import blocks
from labelqa.report.charts import Charts
from labelqa.report.phrases import count, percent, sentence, with_interval


def agreement_section(found: Found, charts: Charts) -> blocks.Block:
    """Build the section."""
    labels, boxes = found.label_agreement, found.box_agreement
    content = [blocks.heading("Labels of whole items")]
    content += _nothing(found, "label_agreement") if labels is None else label_blocks(labels, charts)
    content.append(blocks.heading("Boxes"))
    content += _nothing(found, "box_agreement") if boxes is None else box_blocks(boxes, charts)
    content += _against_gold(found.label_consensus, found.box_consensus)
    return blocks.section("agreement", "Agreement", content)


def _nothing(found: Found, step: str) -> list[blocks.Block]:
    return [blocks.text(sentence(found.reasons[step]))]


def _against_gold(labels: SettledLabels | None, boxes: SettledBoxes | None) -> list[blocks.Block]:
    """Say how the consensus and the annotators stand against trusted labels, where there are any."""
    words = []
    if labels is not None and labels.n_gold:
        share, n_gold = percent(labels.accuracy, 1), count(labels.n_gold, "trusted label")
        words.append(f"The consensus label is right for {share} of {n_gold}.")
    if boxes is not None and boxes.against_gold is not None:
        f1 = with_interval(boxes.against_gold.f1, boxes.against_gold.f1_low, boxes.against_gold.f1_high)
        words.append(f"Consensus boxes match the trusted ones on {count(boxes.n_gold, 'item')} with F1 {f1}.")
    if not words:
        return []
    content = [blocks.heading("Against trusted labels"), blocks.text(" ".join(words))]
    return content + ([_annotators(labels)] if labels is not None and labels.n_gold else [])


def _annotators(labels: SettledLabels) -> blocks.Block:
    columns = [
        blocks.column("annotator_id", "Annotator"),
        blocks.column("n_items", "Items", "count"),
        blocks.column("accuracy", "Right", "percent"),
    ]
    rows = enough(labels.against_gold, "n_items").sort_values("accuracy", kind="stable")
    caption = "Share of each annotator's labels that are right, lowest first."
    return blocks.table(rows, columns, caption=caption, label="Annotators against trusted labels", limit=ROWS)
