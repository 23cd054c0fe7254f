"""JSON documents for everybody's annotations at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from labelqa._files import write_text
from labelqa.annotations import Annotations
from labelqa.readers.writers._tables import Tables, without_derived_views
from labelqa.readers.writers.coco import write_coco
from labelqa.readers.writers.label_studio import write_label_studio


def coco(annotations: Annotations, tables: Tables, target: Path) -> None:
    """Write one COCO file."""
    _write(target, write_coco(annotations, without_derived_views(annotations, tables)))


def label_studio(annotations: Annotations, tables: Tables, target: Path) -> None:
    """Write one file of tasks."""
    _write(target, write_label_studio(tables))


def _write(target: Path, document: Any) -> None:
    write_text(target, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
