"""Agreement on labels and on boxes, and the habits behind it."""

from __future__ import annotations

from functools import partial

from labelqa.audit._job import Job
from labelqa.audit._part_of import part_of
from labelqa.report._charts import chart_svg
from labelqa.report._part import Part

#: Rows that a chart of annotators shows, as in `LabelAgreement.plot`.
_MATRIX = 30


def label_agreement_part(job: Job) -> Part:
    """All of `label_agreement`."""
    annotations = job.inputs.annotations
    if not len(annotations.labels):
        return Part.nothing("there are no labels of whole items")
    from labelqa.agreement import label_agreement

    found = label_agreement(annotations, seed=job.seed)
    n_shown = min(found.n_annotators, _MATRIX)
    sizes = {"annotators": (6.4, 1.3 + 0.24 * n_shown)}
    if found.n_classes > 2:
        sizes["classes"] = _square(found.n_classes)
    if 3 <= found.n_annotators <= _MATRIX:
        sizes["pairs"] = _square(found.n_annotators)
    if len(found.over_time) > 1:
        sizes["time"] = (6.4, 2.9)
    charts = {
        view: chart_svg(partial(found.plot, view=view), name=f"label_{view}", width=width, height=height)
        for view, (width, height) in sizes.items()
        if found.n_paired
    }
    return part_of(found, charts=charts)


def _square(n: int) -> tuple[float, float]:
    side = 2.0 + 0.34 * min(max(n, 3), _MATRIX)
    return side + 0.8, side


def box_agreement_part(job: Job) -> Part:
    """All of `box_agreement`."""
    annotations = job.inputs.annotations
    if not len(annotations.boxes):
        return Part.nothing("there are no boxes")
    from labelqa.agreement import box_agreement

    found = box_agreement(annotations, seed=job.seed)
    return part_of(
        found,
        charts={
            "sweep": chart_svg(found.plot_sweep, name="box_sweep", height=2.9),
            "parts": chart_svg(found.plot, name="box_parts", height=1.6 + 0.26 * min(found.n_annotators, _MATRIX)),
        },
    )


def conventions_part(job: Job) -> Part:
    """All of `box_conventions`."""
    annotations = job.inputs.annotations
    if not len(annotations.boxes):
        return Part.nothing("there are no boxes")
    if annotations.boxes["annotator_id"].nunique() < 2:
        return Part.nothing("only one annotator drew boxes, and habits show beside other people's")
    from labelqa.agreement import box_conventions

    found = box_conventions(annotations, seed=job.seed)
    height = max(2.0, 0.24 * min(len(annotations.annotators), _MATRIX) + 1.0)
    return part_of(found, charts={"edges": chart_svg(found.plot, name="box_edges", height=height)})
