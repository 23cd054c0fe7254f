"""What is loaded, and what is not, in a fresh process."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

_LOADED = "; import sys, json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"


def _loaded(code: str) -> set[str]:
    command = [sys.executable, "-c", f"import sys; before = set(sys.modules); {code}{_LOADED}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(answer.stdout.splitlines()[-1]))


def _third_party(names: set[str]) -> set[str]:
    """Leave out what an empty program loads too: site may load some through .pth files."""
    return names - set(sys.stdlib_module_names) - _loaded("pass") - {"labelqa"}


def test_import_loads_no_third_party_module():
    assert _third_party(_loaded("import labelqa; dir(labelqa)")) == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_help_loads_nothing_but_click(arguments):
    # CPU time depends on the machine; what is loaded does not, and click alone answers in a few hundredths of a second
    call = f"labelqa.cli.main({arguments!r}, standalone_mode=False)"
    quiet = "contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())"
    code = f"import contextlib, io, labelqa.cli\nwith {quiet}, contextlib.suppress(BaseException):\n    {call}\n"
    command = [sys.executable, "-c", code + _LOADED.removeprefix("; ")]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert _third_party(set(json.loads(answer.stdout))) <= {"click"}


def test_every_public_name_resolves():
    import labelqa

    for name in labelqa.__all__:
        assert getattr(labelqa, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'agreements'"):
        _ = labelqa.agreements


@pytest.mark.parametrize("room", ["labelqa", "labelqa.augment", "labelqa.cli", "labelqa.deploy", "labelqa.readers"])
def test_dir_shows_the_public_names(room):
    module = importlib.import_module(room)
    assert dir(module) == sorted(module.__all__)


def test_modules_are_reached_from_the_package():
    code = "import labelqa; print(labelqa.annotations.__name__, labelqa.features.__name__, labelqa.images.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["labelqa.annotations", "labelqa.features", "labelqa.images"]


def test_heavy_packages_are_loaded_where_they_are_used():
    rooms = "agreement, audit, augment, baseline, compare, consensus, deploy, noise, readers, report"
    loaded = _loaded(
        f"from labelqa import {rooms}; [getattr(room, name) for room in ({rooms}) for name in room.__all__]"
    )
    owned = {"albumentations", "cleanlab", "cv2", "jinja2", "matplotlib", "onnx", "onnxruntime", "skl2onnx", "sklearn"}
    assert loaded & {*owned, "skops"} == set()
