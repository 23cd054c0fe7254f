"""A few hundred damaged files of every format: tables or one sentence, never a traceback."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location(
    "fuzz_readers", Path(__file__).parents[2] / "benchmarks" / "fuzz_readers.py"
)
assert _SPEC is not None and _SPEC.loader is not None
fuzz = importlib.util.module_from_spec(_SPEC)
sys.modules["fuzz_readers"] = fuzz
_SPEC.loader.exec_module(fuzz)


@pytest.mark.parametrize("path", fuzz.variants(), ids=lambda path: f"{path.parent.name}-{path.name.split('.')[0]}")
def test_damaged_files_are_read_or_refused_in_a_sentence(path):
    faults = {seed: fault for seed in range(30) if (fault := fuzz.try_one(path, seed)) is not None}
    assert faults == {}
