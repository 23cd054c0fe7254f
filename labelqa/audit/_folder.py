"""The folder an audit grows in: finished steps are kept, so that an interrupted audit goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from labelqa._files import TEMPORARY, put_in_place, sweep, write_text
from labelqa._outputs import manifest_key, write_manifest
from labelqa._result import Result, json_safe
from labelqa.audit._storing import TREE, read_result, write_result
from labelqa.errors import OptionError
from labelqa.report.saved import SUMMARY


class GrowingFolder:
    """A folder that grows in hiding beside `out` and takes its name when everything is in it.

    Whoever makes one holds `out`. Each change of a name is one step, so that wherever a run is stopped the next one
    finds either an unfinished audit, which it goes on with, or a finished one that is to be cleared up after.

    Parameters
    ----------
    out
        Where the finished audit will be.
    overwrite
        Whether a finished audit at `out` may be replaced.
    """

    def __init__(self, out: Path, *, overwrite: bool) -> None:
        self.out = out
        self.path = out.parent / f".{out.name}.unfinished" / "audit"
        self._steps, self._key_file = self.path.parent / "steps", self.path.parent / "key"
        self._replaced = out.parent / f".{out.name}.replaced"
        self._overwrite = overwrite
        self._key = ""
        if self._replaced.exists() and not out.exists():
            self._replaced.rename(out)
        if not self._is_to_be_cleared():
            refuse_to_overwrite(out, overwrite=overwrite)

    def _is_to_be_cleared(self) -> bool:
        return self._key_file.exists() and not self.path.exists() and manifest_key(self.out) is not None

    def open(self, key: Mapping[str, Any]) -> bool:
        """Make ready for an audit, and tell whether it is done already: it was stopped while it cleared up.

        Parameters
        ----------
        key
            What the audit is made from: the version, the input and the options. Steps of another are not used.
        """
        self._key = hashlib.sha256(json.dumps(json_safe(key), sort_keys=True).encode()).hexdigest()
        if self._is_to_be_cleared():
            self._clear()
            if manifest_key(self.out) == self._key:
                return True
            refuse_to_overwrite(self.out, overwrite=self._overwrite)
        if self._key_file.exists() and self._key_file.read_text(encoding="utf-8") != self._key:
            self._clear()
        sweep(self.path.parent)
        for folder in (self._steps, self.path):
            folder.mkdir(parents=True, exist_ok=True)
        write_text(self._key_file, self._key)
        return False

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
        """Give the folder its name, and clear up."""
        write_manifest(self.path, key=self._key)
        if self._replaced.exists():
            shutil.rmtree(self._replaced)
        if self.out.exists():
            self.out.rename(self._replaced)
        put_in_place(self.path, self.out)
        self._clear()

    def _clear(self) -> None:
        """Remove the scaffolding and what was replaced; a name that is swept comes first, for a stop half-way."""
        for folder in (self.path.parent, self._replaced):
            if folder.exists():
                there = Path(tempfile.mkdtemp(prefix=f".{self.out.name}.", suffix=TEMPORARY, dir=self.out.parent))
                folder.rename(there / folder.name)
                shutil.rmtree(there)


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
