"""Boxes on real data: agreement, then consensus."""

from __future__ import annotations

from benchmarks import _boxes_agreement, _boxes_consensus


def section() -> str:
    return "\n\n".join(["## Boxes", _boxes_agreement.section(), _boxes_consensus.section()])
