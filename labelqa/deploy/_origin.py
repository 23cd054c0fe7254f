"""What a model was made from, so that it can be told later: hashes of data and decisions, the verdict on the fixes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from labelqa._files import sha256
from labelqa.annotations import Annotations
from labelqa.errors import OptionError, TableError


def origin_of(
    annotations: Annotations | str | os.PathLike[str] | None,
    decisions: str | os.PathLike[str] | None,
    comparison: Any,
) -> dict[str, Any]:
    """Give what the metadata say of the origin; None for what was not given.

    Raises
    ------
    TableError
        Where there is no such file.
    OptionError
        For a comparison without a verdict.
    """
    return {
        "data": _of_annotations(annotations),
        "fixes": _of_decisions(decisions),
        "comparison": _of_comparison(comparison),
    }


def _of_annotations(annotations: Annotations | str | os.PathLike[str] | None) -> dict[str, Any] | None:
    if annotations is None:
        return None
    if isinstance(annotations, Annotations):
        labels, boxes = annotations.labels, annotations.boxes
        parts = [table.to_csv(index=False).encode() for table in (labels, boxes)]
        counts = {"n_items": len(annotations.items), "n_labels": len(labels), "n_boxes": len(boxes)}
        return {"sha256": hashlib.sha256(b"\0".join(parts)).hexdigest(), **counts}
    path = Path(annotations)
    if path.is_file():
        return {"sha256": sha256(path), "file": path.name}
    if not path.is_dir():
        raise TableError(f"There is no file or folder {path}; give what the model was trained on as annotations=.")
    files = sorted(found for found in path.rglob("*") if found.is_file())
    listed = "\n".join(f"{found.relative_to(path).as_posix()} {sha256(found)}" for found in files)
    return {"sha256": hashlib.sha256(listed.encode()).hexdigest(), "folder": path.name, "n_files": len(files)}


def _of_decisions(decisions: str | os.PathLike[str] | None) -> dict[str, Any] | None:
    if decisions is None:
        return None
    path = Path(decisions)
    if not path.is_file():
        raise TableError(f"There is no file {path}; give the file of decisions as decisions=.")
    n_lines = sum(1 for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return {"sha256": sha256(path), "file": path.name, "n_decisions": n_lines}


def _of_comparison(given: Any) -> dict[str, Any] | None:
    if given is None:
        return None
    kept = ("verdict", "difference", "low", "high", "p_value", "margin", "n_test", "n_fixes", "reason")
    found = given if isinstance(given, dict) else {key: getattr(given, key) for key in kept if hasattr(given, key)}
    if found.get("verdict") not in ("helps", "hurts", "equivalent", "inconclusive"):
        raise OptionError(
            f"comparison has the verdict {found.get('verdict')!r}; give what labelqa.compare.compare_fixes gave, or a "
            "dict whose verdict is 'helps', 'hurts', 'equivalent' or 'inconclusive'."
        )
    return {key: found[key] for key in kept if key in found}
