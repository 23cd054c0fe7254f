"""All habits of all annotators, tested together."""

from __future__ import annotations

from dataclasses import dataclass

from labelqa._codes import BoxCodes
from labelqa._kernels.boxes.clustering import views_of_boxes
from labelqa._kernels.boxes.image_bootstrap import draw_counts
from labelqa._options import Resampling
from labelqa.agreement.habits import _findings as findings
from labelqa.agreement.habits import _rates as rate
from labelqa.agreement.habits._edges import edge_habits
from labelqa.agreement.habits._findings import Habit, HabitTests
from labelqa.agreement.habits._rates import Rates
from labelqa.agreement.habits._settled import HabitEvidence


@dataclass(frozen=True, eq=False)
class FoundHabits:
    """Habits beyond chance by annotator, what they rest on, and the rates of every kind of event."""

    habits: list[Habit]
    evidence: HabitEvidence
    rates: list[Rates]


def search(codes: BoxCodes, min_effect: float, sampling: Resampling) -> FoundHabits:
    """Look for every kind of habit; Holm's correction is over everything that was tested."""
    counts = draw_counts(len(codes.items), sampling.n_resamples, sampling.generator())
    confidence, level = sampling.confidence, 1.0 - sampling.confidence
    marked = rate.groups_and_splits(codes)
    groups, splits = (
        rate.compared(
            kind,
            "",
            rate.views_with(codes, is_marked, marked.has_opportunity),
            n_annotators=len(codes.annotators),
            counts=counts,
            confidence=confidence,
            is_within_item=True,
        )
        for kind, is_marked in (("group", marked.is_group), ("split", marked.is_part))
    )
    # what a habit of grouping or splitting explains says nothing about edges
    owner = codes.view_annotator[views_of_boxes(codes.view_offsets)]
    groupers, splitters = (findings.with_habit(rates, level)[owner] for rates in (groups, splits))
    edges = edge_habits(codes, counts, (marked.is_group & groupers) | (marked.is_part & splitters))
    objects, classes = rate.objects_of_others(codes), rate.settled_classes(codes)
    tests = HabitTests()
    findings.add_offsets(tests, codes, edges, confidence)
    findings.add_edges(tests, codes, edges, min_effect, confidence)
    for rates in (groups, splits):
        findings.add_groups(tests, codes, rates)
    small = findings.add_small(tests, codes, objects, counts, confidence)
    swapped = findings.add_classes(tests, codes, classes, counts, confidence)
    return FoundHabits(
        habits=sorted(tests.significant(level), key=lambda habit: habit.annotator),
        evidence=HabitEvidence(edges, objects, marked.is_group, classes),
        rates=[groups, splits, *small, *swapped],
    )
