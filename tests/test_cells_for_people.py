"""CSV that people open in a spreadsheet holds no formulas."""

from __future__ import annotations

import pandas as pd
import pytest

from labelqa._cells import for_people


@pytest.mark.parametrize("text", ["=1+1", "+cmd|x", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "--", "-"])
@pytest.mark.parametrize("kind", ["str", "object", "category"])
def test_what_looks_like_a_formula_is_quoted(text, kind):
    given = pd.DataFrame({"label": pd.Series([text, "ok"], dtype=kind), text: [1.5, -2.0]})
    made = for_people(given)
    assert made["label"].tolist() == [f"'{text}", "ok"]
    assert made[f"'{text}"].tolist() == [1.5, -2.0]
    assert given["label"].tolist() == [text, "ok"]


@pytest.mark.parametrize("text", ["-1", "+1.5e3", "-.5", "ok", "a=b", "", "'x"])
def test_numbers_and_other_texts_stay(text):
    assert for_people(pd.DataFrame({"label": [text]}))["label"].tolist() == [text]
