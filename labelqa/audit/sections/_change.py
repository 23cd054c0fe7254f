"""The section before / after: what fixing labels was worth, or why that cannot be said."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import pandas as pd

from labelqa._result import stored_fields
from labelqa.audit._found import Found, KeptModel, Retrained, Way
from labelqa.compare import Comparison
from labelqa.report import blocks
from labelqa.report.charts import Charts
from labelqa.report.phrases import clause, count, number

_MEANING = {
    "helps": "The fixes help",
    "hurts": "The fixes hurt",
    "equivalent": "The fixes change nothing that matters",
    "inconclusive": "The test set is too small to say whether the fixes help",
}


def change_section(found: Found, charts: Charts) -> blocks.Block:
    """Build the section."""
    if found.retrain is None:
        why = clause(found.reasons["retrain"])
        content = [blocks.note(f"This audit cannot say what fixing the labels is worth: {why}.")]
    else:
        content = _change(found.retrain, charts)
    content += [] if found.model is None else [_model(found.model)]
    return blocks.section("change", "Before and after", content)


def _change(retrained: Retrained, charts: Charts) -> list[blocks.Block]:
    comparison = retrained.comparison
    content = [blocks.text(f"{verdict(comparison)} {_how(retrained)}")]
    if comparison.reason is not None:
        content.append(blocks.note(f"To know before quoting these numbers: {clause(comparison.reason)}."))
    content += [blocks.figures(_figures(comparison)), _chart_of_arms(comparison, charts)]
    content += [_ways(retrained.ways)] if retrained.ways else []
    content += [_chart_of_reviews(comparison, charts)] if len(comparison.curve) else []
    return [*content, _per_class(comparison.per_class)]


def verdict(comparison: Comparison) -> str:
    """Give the verdict as a sentence."""
    gain, low, high = (number(100 * share, 1) for share in (comparison.difference, comparison.low, comparison.high))
    words = f"{_MEANING[comparison.verdict]}: {gain} points of accuracy [{low}, {high}]"
    if comparison.verdict == "inconclusive" and isfinite(comparison.n_needed) and comparison.n_needed:
        exact = int(comparison.n_needed)
        n_needed = count(exact if exact < 1000 else round(exact, -2), "trusted test item")
        return f"{words}; to find a difference of {100 * comparison.margin:g} points takes about {n_needed}."
    return words + "."


def _how(retrained: Retrained) -> str:
    comparison = retrained.comparison
    return (
        f"The fixes are {retrained.source}, {count(comparison.n_fixes, 'label')} of which changed; the same model was "
        f"trained on {count(retrained.n_train, 'item')} before and after, and scored on "
        f"{count(comparison.n_test, 'trusted item')} that were neither fixed nor trained on."
    )


def _figures(comparison: Comparison) -> list[blocks.Block]:
    before, after, gain = comparison.accuracy_before, comparison.accuracy_after, comparison.difference
    low, high = comparison.low, comparison.high
    return [
        blocks.figure("Accuracy before", before, "Trained on the labels as given.", form="percent"),
        blocks.figure("Accuracy after", after, "Trained on the fixed labels.", form="percent"),
        blocks.figure("Difference", gain, "Points, paired by test item.", form="points", low=low, high=high),
    ]


def _chart_of_arms(comparison: Comparison, charts: Charts) -> blocks.Block:
    return charts.draw(
        "retrain_arms",
        comparison.plot,
        height=2.6,
        alt="Difference of every arm from the labels as given, with intervals",
        caption="Each line is the same model trained on other labels, against training on the labels as given. "
        "Controls make as many changes at random; a fix is worth what it gains beyond its control.",
    )


def _chart_of_reviews(comparison: Comparison, charts: Charts) -> blocks.Block:
    return charts.draw(
        "retrain_curve",
        comparison.plot_curve,
        height=2.9,
        alt="Points gained by number of reviews",
        caption="What the first reviews gained, in the order of the queue and in random order.",
    )


def _ways(ways: Sequence[Way]) -> blocks.Block:
    columns = [
        blocks.column("way", "If of the flagged items..."),
        blocks.column("n_fixes", "Changes", "count"),
        blocks.column("difference", "Points [95 %]", "points", between=("low", "high")),
        blocks.column("control", "Same number at random", "points"),
        blocks.column("verdict", "Verdict"),
    ]
    caption = (
        "What else could be done with the same flags. Dropping or relabelling without a person is free, and often "
        "costs accuracy: hard but rightly labelled items go with the wrong ones."
    )
    rows = pd.DataFrame([stored_fields(way) for way in ways])
    return blocks.table(rows, columns, caption=caption, label="Ways to use the flags")


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


def _model(model: KeptModel) -> blocks.Block:
    words = f"A simple model trained on {model.labels} ({count(model.n_items, 'item')})"
    if model.file is None:
        return blocks.text(f"{words} was not kept: {clause(model.reason or '')}.")
    return blocks.text(f"{words} is in {model.file}; labelqa.baseline.load reads it.")
