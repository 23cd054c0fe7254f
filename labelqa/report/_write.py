"""`write_report`: the page of a finished audit."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labelqa._files import write_text
from labelqa.errors import OptionError, TableError
from labelqa.report._page import render


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
    """
    folder = Path(getattr(audit, "folder", audit))
    source = folder / "summary.json"
    if not source.is_file():
        raise FileNotFoundError(
            f"{folder} holds no finished audit (no summary.json); make one with: labelqa audit SOURCE"
        )
    target = folder / "report.html" if path is None else Path(path)
    if path is not None and target.exists() and not overwrite:
        raise OptionError(f"{target} exists; choose another file, or replace it: --overwrite.")
    summary = json.loads(source.read_text(encoding="utf-8"))
    if summary.get("schema_version") != SCHEMA_VERSION:
        raise TableError(
            f"{source} has schema version {summary.get('schema_version')!r}, this labelqa reads {SCHEMA_VERSION}; run "
            "the audit again."
        )
    write_page(
        target,
        summary["page"],
        charts={one.stem: one.read_text(encoding="utf-8") for one in sorted((folder / "charts").glob("*.svg"))},
        thumbnails={one.stem: one.read_bytes() for one in sorted((folder / "pictures").glob("*.webp"))},
    )
    return target


#: Of `summary.json`; raised when a reader of an older one would go wrong.
SCHEMA_VERSION = 1


def write_page(
    target: Path, page: Mapping[str, Any], *, charts: Mapping[str, str], thumbnails: Mapping[str, bytes]
) -> None:
    """Render a page into a file."""
    write_text(target, render(page, charts=charts, thumbnails=thumbnails))
