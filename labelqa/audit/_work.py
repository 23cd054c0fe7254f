"""The folder an audit grows in: finished steps are kept, so that an interrupted audit goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from labelqa._codes import TEXT
from labelqa._files import replacing, write_text
from labelqa._result import json_safe
from labelqa.errors import OptionError
from labelqa.report._part import Part

#: By this file a finished audit is known.
SUMMARY = "summary.json"


class Work:
    """A hidden folder beside `out` that takes its name when everything is in it.

    Parameters
    ----------
    out
        Where the finished audit will be.
    key
        Fingerprint of the version, the input and the options. Steps kept under another one are not used.
    overwrite
        Whether a finished audit at `out` may be replaced.
    """

    def __init__(self, out: Path, key: Mapping[str, Any], *, overwrite: bool) -> None:
        refuse_to_overwrite(out, overwrite=overwrite)
        self.out = out
        self.folder = out.parent / f".{out.name}.unfinished"
        self._key = hashlib.sha256(json.dumps(json_safe(key), sort_keys=True).encode()).hexdigest()
        self._steps = self.folder / "steps"
        if _text(self.folder / "key") != self._key:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._steps.mkdir(parents=True, exist_ok=True)
        write_text(self.folder / "key", self._key)

    def step(self, name: str, make: Callable[[], Part]) -> tuple[Part, bool]:
        """Give the part of a step and whether it was kept from an earlier run.

        A part is always read back from disk, so that an audit that went on gives what an uninterrupted one gives.
        """
        folder = self._steps / name
        is_kept = (folder / "facts.json").exists()
        if not is_kept:
            shutil.rmtree(folder, ignore_errors=True)
            _write_part(make(), folder)
        return _read_part(folder), is_kept

    def finish(self) -> None:
        """Drop the scaffolding and give the folder its name."""
        shutil.rmtree(self._steps)
        (self.folder / "key").unlink()
        old = self.out.parent / f".{self.out.name}.old"
        shutil.rmtree(old, ignore_errors=True)
        if self.out.exists():
            self.out.rename(old)
        self.folder.rename(self.out)
        shutil.rmtree(old, ignore_errors=True)


def refuse_to_overwrite(out: Path, *, overwrite: bool) -> None:
    """Refuse a place that is taken.

    Raises
    ------
    OptionError
        Where a finished audit may not be replaced, or anything else stands there.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / SUMMARY).is_file():
        raise OptionError(f"{out} exists and is no audit, so it is left alone; choose another folder with --out.")
    if not overwrite:
        raise OptionError(
            f"{out} holds a finished audit; choose another folder with --out, or replace it: --overwrite."
        )


def _write_part(part: Part, folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, table in part.tables.items():
        with replacing(folder / f"{name}.parquet") as path:
            storable(table).to_parquet(path, index=False)
    for name, svg in part.charts.items():
        write_text(folder / f"{name}.svg", svg)
    # the facts come last: a step without them is not finished
    write_text(folder / "facts.json", json.dumps(json_safe(part.facts), indent=1))


def _read_part(folder: Path) -> Part:
    return Part(
        facts=json.loads((folder / "facts.json").read_text(encoding="utf-8")),
        tables={path.stem: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))},
        charts={path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.svg"))},
    )


def storable(table: pd.DataFrame) -> pd.DataFrame:
    """Turn columns that mix types (labels 1 and "one") into text, which Parquet can hold."""
    mixed = {
        column: values.map(str, na_action="ignore").astype(TEXT)
        for column, values in table.items()
        if values.dtype == object
        and pd.api.types.infer_dtype(values, skipna=True) not in {"string", "bytes"}
        and not values.dropna().map(lambda value: isinstance(value, list | tuple)).any()
    }
    return table.assign(**{str(column): values for column, values in mixed.items()})


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
