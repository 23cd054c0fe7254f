"""Work that was killed at any point at which it changes the disk goes on, gives the same, and leaves nothing over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pytest

import labelqa
from labelqa._files import write_text
from labelqa._outputs import held
from labelqa._result import Result
from labelqa.audit._folder import GrowingFolder
from labelqa.augment import augment_to_folder
from labelqa.deploy._registry import new_version, versions
from labelqa.report.saved import SUMMARY
from tests.faults import every_stop, tree

SAID = pd.DataFrame(
    [("i1", "ann", "ok"), ("i1", "bob", "dent"), ("i2", "ann", "ok")], columns=["item_id", "annotator_id", "label"]
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Step(Result):
    table: pd.DataFrame


Step.__module__ = "labelqa.audit._folder"  # results are read back by the name of their class


def grow(folder, key=0, overwrite=True):
    """Do what an audit does with its folder."""
    with held("out", folder / "audit") as target:
        growing = GrowingFolder(target, overwrite=overwrite)
        if growing.open({"key": key}):
            return
        growing.step("one", lambda: Step(table=SAID))
        write_text(growing.path / SUMMARY, str(key))
        write_text(growing.path / "deep" / "page.html", "page")
        growing.finish()


def augmented(folder):
    augment_to_folder({"a": np.full((8, 9, 3), 10, np.uint8)}, None, folder / "out", policy="light", n_jobs=1)


def written(folder, to):
    if not (folder / "out").exists():
        labelqa.write(labelqa.annotations.as_annotations(SAID), folder / "out", to=to)


@pytest.fixture
def known(monkeypatch):
    monkeypatch.setattr("labelqa.audit._folder.Step", Step, raising=False)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("before", [lambda _: None, partial(grow, key=1)], ids=["new", "replaces another"])
def test_an_audit(tmp_path, before):
    (tmp_path / "whole").mkdir()
    grow(tmp_path / "whole")
    expected = tree(tmp_path / "whole")
    assert {name for name in expected if "/" not in name} == {"audit"}
    for folder in every_stop(grow, tmp_path, before):
        grow(folder)
        assert tree(folder) == expected, folder.name


@pytest.mark.usefixtures("known")
def test_an_audit_that_may_not_replace_another_finds_itself_done(tmp_path):
    (tmp_path / "whole").mkdir()
    grow(tmp_path / "whole")
    n_done = 0
    for folder in every_stop(lambda folder: grow(folder, overwrite=False), tmp_path):
        if (folder / "audit").exists() and not (folder / ".audit.unfinished").exists():
            # all names are right; only what is swept is left, and the audit is refused as any finished one is
            with pytest.raises(ValueError, match="holds a finished audit"):
                grow(folder, overwrite=False)
            n_done += 1
        else:
            grow(folder, overwrite=False)
        assert tree(folder) == tree(tmp_path / "whole"), folder.name
    assert n_done


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(augmented, id="augment"),
        pytest.param(lambda folder: written(folder, "csv"), id="csv"),
        pytest.param(lambda folder: written(folder, "coco"), id="coco"),
    ],
)
def test_work_of_other_verbs(tmp_path, work):
    (tmp_path / "whole").mkdir()
    work(tmp_path / "whole")
    for folder in every_stop(work, tmp_path):
        with held("out", folder / "out"):  # whoever comes next
            pass
        work(folder)
        assert tree(folder) == tree(tmp_path / "whole"), folder.name


def test_a_version_of_a_model(tmp_path):
    def work(folder):
        with new_version(folder, "parts") as (number, place):
            write_text(place / "model.onnx", str(number))

    for folder in every_stop(work, tmp_path):
        n_before = len(versions(folder, name="parts"))
        work(folder)
        assert versions(folder, name="parts") == list(range(1, n_before + 2))
        assert {path.name for path in (folder / "parts").iterdir()} == {str(n + 1) for n in range(n_before + 1)}
        assert [path.name for path in folder.iterdir()] == ["parts"]
