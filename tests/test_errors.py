from __future__ import annotations

import importlib

import pytest

from labelqa._extras import require
from labelqa._options import check_choice
from labelqa.errors import MissingExtra, OptionError, shown


def test_an_unknown_option_lists_the_choices():
    check_choice("level", "nominal", ("nominal", "ordinal"))
    with pytest.raises(OptionError, match=r"level='x' is not known; choose one of 'nominal', 'ordinal'\."):
        check_choice("level", "x", ("nominal", "ordinal"))


@pytest.mark.parametrize(
    ("n", "expected"), [(0, ""), (2, "0, 1"), (5, "0, 1, 2, 3, 4"), (7, "0, 1, 2, 3, 4 and 2 more")]
)
def test_shown(n, expected):
    assert shown(range(n)) == expected


def test_a_missing_extra_gives_the_line_that_installs_it():
    with pytest.raises(
        MissingExtra, match=r"Export needs the package 'no_such_package'.*pip install 'labelqa\[onnx\]'"
    ):
        require("no_such_package.part", extra="onnx", purpose="Export")
    assert require("json", extra="onnx", purpose="Export").__name__ == "json"


def test_a_package_that_is_itself_broken_is_not_called_missing(monkeypatch):
    def broken(name: str) -> None:
        raise ModuleNotFoundError("No module named 'inner'", name="inner")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(ModuleNotFoundError, match="inner") as caught:
        require("outer", extra="onnx", purpose="Export")
    assert not isinstance(caught.value, MissingExtra)
