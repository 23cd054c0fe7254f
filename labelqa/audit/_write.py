"""Everything an audit leaves behind, written into one folder."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from labelqa import __version__
from labelqa._files import replacing, write_text
from labelqa._result import json_safe
from labelqa.audit._job import Job
from labelqa.audit._work import SUMMARY, storable
from labelqa.report._album import Pictures
from labelqa.report._build import build_page
from labelqa.report._flags import LIMIT
from labelqa.report._method import Origin
from labelqa.report._part import Part
from labelqa.report._pictures import Album
from labelqa.report._write import SCHEMA_VERSION, write_page

#: Bytes that all thumbnails of a page may take together, before they become text (a third more).
_PICTURE_BYTES = 560_000
_EXAMPLES = 40
_PACKAGES = ("numpy", "pandas", "scipy", "scikit-learn", "cleanlab", "numba", "pillow", "matplotlib")
#: Part -> what its tables are called in `agreement/`.
_AGREEMENT = {"label agreement": "labels", "box agreement": "boxes", "box conventions": "conventions"}
_CONSENSUS = {"label consensus": "labels", "box consensus": "boxes"}


def write_audit(job: Job, folder: Path, reading: Mapping[str, Any], command: str) -> None:
    """Write tables, charts, pictures, the summary and the page."""
    _write_tables(job.parts, folder)
    charts = {
        f"{name.replace(' ', '_')}_{chart}": svg
        for name, part in job.parts.items()
        for chart, svg in part.charts.items()
    }
    for name, svg in charts.items():
        write_text(folder / "charts" / f"{name}.svg", svg)
    pictures = Pictures(_album(job))
    origin = _origin(job, command)
    page = build_page(job.parts, origin, job.inputs.annotations, pictures)
    for name, data in pictures.thumbnails.items():
        with replacing(folder / "pictures" / f"{name}.webp") as path:
            path.write_bytes(data)
    write_page(folder / "report.html", page, charts=charts, thumbnails=pictures.thumbnails)
    summary = {
        "schema_version": SCHEMA_VERSION,
        "tool": "labelqa",
        "tool_version": __version__,
        "versions": dict(origin.versions),
        "name": origin.name,
        "command": command,
        "seed": job.seed,
        "options": dict(reading),
        "inputs": job.inputs.files,
        "counts": dict(origin.counts),
        "problems": origin.problems,
        "results": {name.replace(" ", "_"): part.facts for name, part in job.parts.items()},
        "page": page,
    }
    write_text(folder / SUMMARY, json.dumps(json_safe(summary), indent=1))


def _write_tables(parts: Mapping[str, Part], folder: Path) -> None:
    for part, prefix in _AGREEMENT.items():
        for name, table in parts[part].tables.items():
            _write_csv(table, folder / "agreement" / f"{prefix}_{name}.csv")
    for part, prefix in _CONSENSUS.items():
        for name, table in parts[part].tables.items():
            stem = prefix if name == prefix else f"{prefix}_{name}"
            with replacing(folder / "consensus" / f"{stem}.parquet") as path:
                storable(table).to_parquet(path, index=False)
    _write_csv(parts["flags"].tables["queue"], folder / "queue.csv")
    if "fixes" in parts["retrain"].tables:
        _write_csv(parts["retrain"].tables["fixes"], folder / "fixes.csv")


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def _album(job: Job) -> Album:
    annotations = job.inputs.annotations
    n_shown = min(job.parts["flags"].facts.get("n_flagged", 0), LIMIT) + _EXAMPLES
    return Album(
        items=annotations.items,
        boxes=annotations.boxes,
        images=job.images,
        annotators=annotations.annotators,
        bytes_each=min(_PICTURE_BYTES // n_shown, 12_000),
    )


def _origin(job: Job, command: str) -> Origin:
    annotations = job.inputs.annotations
    return Origin(
        name=job.inputs.name,
        version=__version__,
        versions={"Python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        command=command,
        files=job.inputs.files,
        checks=annotations.checks,
        counts={
            "items": len(annotations.items),
            "annotators": len(annotations.annotators),
            "views": len(annotations.views),
            "labels": len(annotations.labels),
            "boxes": len(annotations.boxes),
        },
        views_derived=annotations.views_derived,
        problems=job.inputs.problems,
        seed=job.seed,
    )
