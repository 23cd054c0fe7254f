"""Real data in the shape that `labelqa audit` reads, made in a temporary folder; audits whose summary is checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest

import labelqa.audit
from labelqa.audit import Audit, run_audit


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    """The schema of `summary.json`, as it is shipped."""
    return json.loads((Path(labelqa.audit.__file__).parent / "summary.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def audited(schema: dict[str, Any]) -> Callable[..., Audit]:
    """Run an audit and hold its summary against the schema."""
    validator = jsonschema.Draft202012Validator(schema)

    def run(*args: Any, **options: Any) -> Audit:
        audit = run_audit(*args, **options)
        validator.validate(json.loads((audit.folder / "summary.json").read_text(encoding="utf-8")))
        return audit

    return run


@pytest.fixture(scope="session")
def pedestrians(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Boxes and views, no images."""
    folder = tmp_path_factory.mktemp("data") / "pedestrians"
    folder.mkdir()
    for name in ("boxes", "views"):
        (folder / f"{name}.csv").symlink_to(real_data / "pedestrians" / f"{name}_annotators.csv")
    sizes = pd.read_csv(folder / "views.csv")[["image_id"]].drop_duplicates().assign(width=1280, height=720)
    sizes.rename(columns={"image_id": "item_id"}).to_csv(folder / "items.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def cifar10n(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 3,000 images: three label slots as a long table, JPEG files, and the true labels as gold."""
    folder = tmp_path_factory.mktemp("data") / "cifar10n"
    (folder / "images").mkdir(parents=True)
    table = pd.read_parquet(real_data / "cifar10n" / "cifar10n.parquet").head(3000)
    slots = [f"label_{slot}" for slot in (1, 2, 3)]
    ids = [f"{row:05d}" for row in range(len(table))]
    for item, data in zip(ids, table["image"], strict=True):
        (folder / "images" / f"{item}.jpg").write_bytes(data)
    said = table[slots].assign(item_id=ids).melt("item_id", var_name="annotator_id", value_name="label")
    said.to_csv(folder / "labels.csv", index=False)
    table.assign(item_id=ids)[["item_id", "clean_label"]].rename(columns={"clean_label": "label"}).to_csv(
        folder / "gold.csv", index=False
    )
    return folder
