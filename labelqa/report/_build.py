"""From the parts of an audit to the plain dict a page is rendered from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labelqa.annotations import Annotations
from labelqa.report._agreement import agreement_section
from labelqa.report._album import Pictures
from labelqa.report._change import change_section
from labelqa.report._disagreement import disagreement_section
from labelqa.report._flags import flags_section
from labelqa.report._lead import key_figures, lead
from labelqa.report._method import Origin, method_section
from labelqa.report._part import Part


def build_page(
    parts: Mapping[str, Part], origin: Origin, annotations: Annotations, pictures: Pictures
) -> dict[str, Any]:
    """Put the page together; pictures are made on the way and kept in `pictures`.

    Parameters
    ----------
    parts
        By name of the step, see `labelqa.audit`.
    origin
        Where the numbers come from.
    annotations
        For who said what of an item.
    pictures
        Makes the pictures.
    """
    labels = annotations.labels
    return {
        "title": origin.name,
        "version": origin.version,
        "lead": lead(parts, origin),
        "figures": key_figures(parts),
        "sections": [
            agreement_section(
                parts["label agreement"], parts["box agreement"], parts["label consensus"], parts["box consensus"]
            ),
            disagreement_section(
                parts["label agreement"], parts["label consensus"], parts["box conventions"], labels, pictures
            ),
            flags_section(parts["flags"], labels, pictures),
            change_section(parts["retrain"], parts["model"]),
            method_section(origin),
        ],
    }
