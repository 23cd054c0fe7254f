"""Boxes: matching, agreement and consensus against the usual tools."""

from __future__ import annotations

from benchmarks import _boxes_agreement, _boxes_consensus
from benchmarks.harness import Case


def cases() -> tuple[str, list[Case]]:
    return "Boxes: matching, agreement, consensus", [*_boxes_agreement.cases(), *_boxes_consensus.cases()]
