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
from labelqa._cells import for_people
from labelqa._files import replacing, write_text
from labelqa._result import Result, facts_of, json_safe, tables_of, with_index
from labelqa.audit._found import Case, Found
from labelqa.audit._storing import storable
from labelqa.audit.sections import LIMIT, Origin, build_page
from labelqa.audit.steps import STEPS
from labelqa.report.album import Album
from labelqa.report.charts import Charts
from labelqa.report.saved import SCHEMA_VERSION, SUMMARY, write_page

#: Bytes that all thumbnails of a page may take together, before they become text (a third more), and the most that one
#: may take.
_ALL_PICTURES, _ONE_PICTURE = 560_000, 12_000
#: Pictures that a page shows beside the flags, at most.
_EXAMPLES = 40
_PACKAGES = ("numpy", "pandas", "scipy", "scikit-learn", "cleanlab", "numba", "pillow", "matplotlib")


def write_audit(case: Case, found: Found, reading: Mapping[str, Any], command: str) -> None:
    """Write tables, charts, pictures, the summary and the page into the folder of the case."""
    _write_tables(found, case.folder)
    charts, album = Charts(), _album(case, found)
    origin = _origin(case, found, command)
    page = build_page(found, origin, case.material.annotations, charts, album)
    write_page(case.folder, page, charts=charts.svgs, thumbnails=album.thumbnails)
    summary = {
        "schema_version": SCHEMA_VERSION,
        "tool": "labelqa",
        "tool_version": __version__,
        "versions": dict(origin.versions),
        "name": origin.name,
        "command": command,
        "seed": case.seed,
        "options": dict(reading),
        "inputs": case.material.files,
        "counts": dict(origin.counts),
        "problems": list(origin.problems),
        "results": {field: _facts(found, field) for field in (name.replace(" ", "_") for name in STEPS)},
        "page": page,
    }
    write_text(case.folder / SUMMARY, json.dumps(json_safe(summary), indent=1))


def _facts(found: Found, step: str) -> dict[str, Any]:
    """Give all that a step found but its tables, or the reason why it found nothing."""
    result: Result | None = getattr(found, step)
    return {"reason": found.reasons[step]} if result is None else facts_of(result)


def _write_tables(found: Found, folder: Path) -> None:
    agreement: dict[str, Result | None] = {
        "labels": found.label_agreement,
        "boxes": found.box_agreement,
        "conventions": found.box_conventions,
    }
    for prefix, result in agreement.items():
        for name, table in ({} if result is None else tables_of(result)).items():
            _write_csv(table, folder / "agreement" / f"{prefix}_{name}.csv")
    for name, table in _consensus_tables(found).items():
        with replacing(folder / "consensus" / f"{name}.parquet") as path:
            storable(with_index(table)).to_parquet(path, index=False)
    if found.flags is not None:
        _write_csv(found.flags.queue.table, folder / "queue.csv")
    if found.retrain is not None:
        _write_csv(found.retrain.fixes, folder / "fixes.csv")


def _consensus_tables(found: Found) -> dict[str, pd.DataFrame]:
    tables: dict[str, pd.DataFrame] = {}
    if (labels := found.label_consensus) is not None:
        tables |= {"labels": labels.consensus.table, "labels_annotators": labels.consensus.annotators}
        tables |= {"labels_confusion": labels.confusion}
        tables |= {"labels_against_gold": labels.against_gold} if labels.n_gold else {}
    if (boxes := found.box_consensus) is not None:
        tables |= {"boxes": boxes.consensus.table, "boxes_members": boxes.consensus.members}
        tables |= {"boxes_annotators": boxes.consensus.annotators}
    return tables


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    with replacing(path) as temporary:
        for_people(with_index(table)).to_csv(temporary, index=False, lineterminator="\n")


def _album(case: Case, found: Found) -> Album:
    n_flagged = 0 if found.flags is None else found.flags.queue.n_flagged
    n_bytes = min(_ALL_PICTURES // (min(n_flagged, LIMIT) + _EXAMPLES), _ONE_PICTURE)
    return Album(case.material.annotations, case.images, n_bytes=n_bytes)


def _origin(case: Case, found: Found, command: str) -> Origin:
    annotations = case.material.annotations
    unreadable = None if found.pictures is None else found.pictures.problem
    return Origin(
        name=case.material.name,
        version=__version__,
        versions={"Python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        command=command,
        files=case.material.files,
        checks=annotations.checks,
        counts={
            "items": len(annotations.items),
            "annotators": len(annotations.annotators),
            "views": len(annotations.views),
            "labels": len(annotations.labels),
            "boxes": len(annotations.boxes),
        },
        views_derived=annotations.views_derived,
        problems=[*case.material.problems, *([] if unreadable is None else [unreadable])],
        seed=case.seed,
    )
