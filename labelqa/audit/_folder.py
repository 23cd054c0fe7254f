"""The folder an audit grows in: finished steps are kept, so that an interrupted audit goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from labelqa._files import write_text
from labelqa._result import Result, json_safe
from labelqa.audit._storing import TREE, read_result, write_result
from labelqa.errors import OptionError
from labelqa.report.saved import SUMMARY


class GrowingFolder:
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
        self.path = out.parent / f".{out.name}.unfinished"
        self._steps = self.path / "steps"
        digest = hashlib.sha256(json.dumps(json_safe(key), sort_keys=True).encode()).hexdigest()
        if _text(self.path / "key") != digest:
            shutil.rmtree(self.path, ignore_errors=True)
        self._steps.mkdir(parents=True, exist_ok=True)
        write_text(self.path / "key", digest)

    def step(self, name: str, make: Callable[[], Result]) -> tuple[Result, bool]:
        """Give what a step hands on, and whether it was kept from an earlier run.

        A result is always read back from disk, so that an audit that went on gives what an uninterrupted one gives.
        """
        folder = self._steps / name
        is_kept = (folder / TREE).exists()
        if not is_kept:
            write_result(make(), folder)
        return read_result(folder), is_kept

    def finish(self) -> None:
        """Drop the scaffolding and give the folder its name."""
        shutil.rmtree(self._steps)
        (self.path / "key").unlink()
        old = self.out.parent / f".{self.out.name}.old"
        shutil.rmtree(old, ignore_errors=True)
        if self.out.exists():
            self.out.rename(old)
        self.path.rename(self.out)
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
        raise OptionError(f"{out} exists and is no audit, so it is left alone; choose another folder with out=.")
    if not overwrite:
        raise OptionError(
            f"{out} holds a finished audit; choose another folder with out=, or replace it with overwrite=True."
        )


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
