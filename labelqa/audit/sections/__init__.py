"""The page of an audit, part by part: one file and one function each, from what was found to blocks.

A section takes the rooms' own results (`Found`), and gives `labelqa.report.blocks`: words, figures, tables, and charts
drawn by a result's own `plot`. It computes nothing that a reader of the results could not read there, and it says why
where nothing was found. Percent, points and sentences are made here; in the data shares are 0 to 1.

To add a section: a file here with its function, and its place in `build_page`. A new kind of block belongs in
`labelqa.report`.
"""

from __future__ import annotations

from typing import Any

from labelqa.annotations import Annotations
from labelqa.audit._found import Found
from labelqa.audit.sections._agreement import agreement_section
from labelqa.audit.sections._change import change_section
from labelqa.audit.sections._disagreement import disagreement_section
from labelqa.audit.sections._flags import LIMIT, flags_section
from labelqa.audit.sections._lead import key_figures, lead
from labelqa.audit.sections._method import Origin, method_section
from labelqa.report.album import Album
from labelqa.report.charts import Charts

__all__ = ["LIMIT", "Origin", "build_page"]


def build_page(found: Found, origin: Origin, annotations: Annotations, charts: Charts, album: Album) -> dict[str, Any]:
    """Put the page together; charts and pictures are made on the way and kept in `charts` and `album`.

    Parameters
    ----------
    found
        What the steps found.
    origin
        Where the numbers come from.
    annotations
        For who said what of an item.
    charts, album
        Draw the charts and make the pictures.
    """
    # in an order of its own, so that who said what reads the same whatever the order of the rows
    labels = annotations.labels.sort_values(["item_id", "annotator_id"], kind="stable")
    return {
        "title": origin.name,
        "version": origin.version,
        "lead": lead(found, origin),
        "figures": key_figures(found),
        "sections": [
            agreement_section(found, charts),
            disagreement_section(found, labels, charts, album),
            flags_section(found, labels, album),
            change_section(found, charts),
            method_section(origin),
        ],
    }
