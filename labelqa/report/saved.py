"""The page of a finished audit, from what the audit left in its folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labelqa._files import replacing, write_text
from labelqa._options import check_path
from labelqa._outputs import held, manifest_key, write_manifest
from labelqa.errors import OptionError, TableError
from labelqa.report.page import render

#: By this file a finished audit is known.
SUMMARY = "summary.json"
#: Of `summary.json`; raised when a reader of an older one would go wrong.
SCHEMA_VERSION = 2


def write_report(
    audit: str | os.PathLike[str] | Any, path: str | os.PathLike[str] | None = None, *, overwrite: bool = False
) -> Path:
    """Make the page of a finished audit anew, from its summary, charts and pictures; nothing is computed.

    Parameters
    ----------
    audit
        The folder of a finished audit, or what `labelqa.audit.run_audit` gave back.
    path
        The file to write; by default `report.html` in the folder is made anew.
    overwrite
        Whether another file may be replaced.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    FileNotFoundError
        Where the folder holds no finished audit.
    TableError
        Where its summary was made by an incompatible version.
    OptionError
        Where `path` is taken.
    OutputError
        Where another run works there, or it cannot be written.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> from labelqa.audit import run_audit
    >>> from labelqa.report import write_report
    >>> said = pd.DataFrame({"item_id": [1, 1], "annotator_id": ["ann", "bob"], "label": ["ok", "dent"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = run_audit(said, out=f"{folder}/audit")
    ...     write_report(done, f"{folder}/page.html").name
    'page.html'
    """
    folder = check_path("audit", getattr(audit, "folder", audit))
    source = folder / SUMMARY
    if not source.is_file():
        raise FileNotFoundError(f"{folder} holds no finished audit (no {SUMMARY}); make one with: labelqa audit SOURCE")
    if path is not None and Path(path).exists() and not overwrite:
        raise OptionError(f"{path} exists; choose another file, or replace it with overwrite=True.")
    summary = json.loads(source.read_text(encoding="utf-8"))
    if summary.get("schema_version") != SCHEMA_VERSION:
        raise TableError(
            f"{source} has schema version {summary.get('schema_version')!r}, this labelqa reads {SCHEMA_VERSION}; run "
            "the audit again."
        )
    charts = {one.stem: one.read_text(encoding="utf-8") for one in sorted((folder / "charts").glob("*.svg"))}
    thumbnails = {one.stem: one.read_bytes() for one in sorted((folder / "pictures").glob("*.webp"))}
    page = render(summary["page"], charts=charts, thumbnails=thumbnails)
    if path is not None:
        with held("path", path) as target:
            write_text(target, page)
        return target
    with held("audit", folder):
        write_text(folder / "report.html", page)
        write_manifest(folder, key=manifest_key(folder))
    return folder / "report.html"


def write_page(
    folder: Path, page: Mapping[str, Any], *, charts: Mapping[str, str], thumbnails: Mapping[str, bytes]
) -> None:
    """Write a page and what it is made from into the folder of an audit, where `write_report` finds them."""
    for name, svg in charts.items():
        write_text(folder / "charts" / f"{name}.svg", svg)
    for name, data in thumbnails.items():
        with replacing(folder / "pictures" / f"{name}.webp") as path:
            path.write_bytes(data)
    write_text(folder / "report.html", render(page, charts=charts, thumbnails=thumbnails))
