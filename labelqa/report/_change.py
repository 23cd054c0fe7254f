"""The section before / after: what fixing labels was worth, or why that cannot be said."""

from __future__ import annotations

from typing import Any

import pandas as pd

from labelqa.report import _blocks as blocks
from labelqa.report._part import Part
from labelqa.report._words import count, number

_MEANING = {
    "helps": "The fixes help",
    "hurts": "The fixes hurt",
    "equivalent": "The fixes change nothing that matters",
    "inconclusive": "The test set is too small to say whether the fixes help",
}


def change_section(part: Part, model: Part) -> blocks.Block:
    """Build the section."""
    section: blocks.Block = {"id": "change", "title": "Before and after", "blocks": []}
    content = section["blocks"]
    if part.reason is not None:
        content.append(
            blocks.note(f"This audit cannot say what fixing the labels is worth: {part.reason.rstrip('.')}.")
        )
        content += _model(model)
        return section
    facts = part.facts
    content.append(blocks.text(verdict(facts) + " " + _how(facts)))
    if facts.get("warning"):
        content.append(blocks.note(f"To know before quoting these numbers: {facts['warning']}."))
    content.append(blocks.figures(_figures(facts)))
    content.append(
        blocks.chart(
            "retrain_arms",
            alt="Difference of every arm from the labels as given, with intervals",
            caption="Each line is the same model trained on other labels, against training on the labels as given. "
            "Controls make as many changes at random; a fix is worth what it gains beyond its control.",
        )
    )
    content += [_ways(facts["ways"])] if facts.get("ways") else []
    if "curve" in part.charts:
        content.append(
            blocks.chart(
                "retrain_curve",
                alt="Points gained by number of reviews",
                caption="What the first reviews gained, in the order of the queue and in random order.",
            )
        )
    content.append(_per_class(part.tables["per_class"]))
    content += _model(model)
    return section


def _model(part: Part) -> list[blocks.Block]:
    if part.reason is not None:
        return []
    facts = part.facts
    words = f"A simple model trained on {facts['labels']} ({count(facts['n_items'], 'item')})"
    if facts["file"] is None:
        return [blocks.text(f"{words} was not kept: {facts['not_kept']}.")]
    return [blocks.text(f"{words} is in {facts['file']}; labelqa.baseline.load reads it.")]


def verdict(facts: dict[str, Any]) -> str:
    """Give the verdict as a sentence."""
    low, high = (number(facts[key], 1) for key in ("low", "high"))
    words = f"{_MEANING[facts['verdict']]}: {number(facts['difference'], 1)} points of accuracy [{low}, {high}]"
    if facts["verdict"] == "inconclusive" and facts.get("n_needed"):
        exact = int(facts["n_needed"])
        n_needed = count(exact if exact < 1000 else round(exact, -2), "trusted test item")
        return f"{words}; to find a difference of {facts['margin']:g} points takes about {n_needed}."
    return words + "."


def _how(facts: dict[str, Any]) -> str:
    return (
        f"The fixes are {facts['source']}, {count(facts['n_fixes'], 'label')} of which changed; the same model "
        "was trained "
        f"on {count(facts['n_train'], 'item')} before and after, and scored on "
        f"{count(facts['n_test'], 'trusted item')} "
        "that were neither fixed nor trained on."
    )


def _figures(facts: dict[str, Any]) -> list[blocks.Block]:
    share = {"form": "percent"}
    return [
        blocks.figure("Accuracy before", facts["accuracy_before"], "Trained on the labels as given.", **share),
        blocks.figure("Accuracy after", facts["accuracy_after"], "Trained on the fixed labels.", **share),
        blocks.figure(
            "Difference",
            facts["difference"],
            "Points, paired by test item.",
            low=facts["low"],
            high=facts["high"],
            form="points",
        ),
    ]


def _ways(rows: list[dict[str, Any]]) -> blocks.Block:
    columns = [
        blocks.column("way", "If of the flagged items..."),
        blocks.column("n_fixes", "Changes", "count"),
        blocks.column("difference", "Points [95 %]", "points", between=("low", "high")),
        blocks.column("control", "Same number at random", "points"),
        blocks.column("verdict", "Verdict"),
    ]
    caption = (
        "What else could be done with the same flags. Dropping or relabelling without a person is free, and often "
        "costs "
        "accuracy: hard but rightly labelled items go with the wrong ones."
    )
    return blocks.table(pd.DataFrame(rows), columns, caption=caption, label="Ways to use the flags")


def _per_class(table: pd.DataFrame) -> blocks.Block:
    columns = [
        blocks.column("label", "Class"),
        blocks.column("n_test", "Test items", "count"),
        blocks.column("accuracy_before", "Before", "percent"),
        blocks.column("accuracy_after", "After", "percent"),
        blocks.column("difference", "Points [95 %]", "points", between=("low", "high")),
        blocks.column("p_holm", "p (Holm)", "number"),
    ]
    caption = "Within each class; p is adjusted for looking at all classes."
    return blocks.table(table, columns, caption=caption, label="Before and after per class", limit=20)
