from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from labelqa.agreement import benchmark_scale, from_contingency, krippendorff_alpha
from labelqa.errors import OptionError

FOUND = krippendorff_alpha(from_contingency([[40, 5], [6, 49]]))


def at(value: float, se: float) -> object:
    return benchmark_scale(replace(FOUND, value=value, se=se))


def test_memberships_are_a_normal_cut_to_the_possible_range() -> None:
    # AC1 of cac.raw4raters is .775 with standard error .143; probabilities by a normal table, cut at -1 and 1
    table = at(0.77544, 0.14295).table
    normal = {0.8: 0.5682, 0.6: 0.1099, 0.4: 0.0043, 1.0: 0.9419}
    expected = [
        (normal[1.0] - normal[0.8]) / normal[1.0],
        (normal[0.8] - normal[0.6]) / normal[1.0],
        (normal[0.6] - normal[0.4]) / normal[1.0],
    ]
    assert table["probability"].head(3).tolist() == pytest.approx(expected, abs=5e-4)
    assert table["probability"].sum() == pytest.approx(1)
    assert table["cumulative"].iloc[-1] == pytest.approx(1)
    assert at(0.77544, 0.14295).verdict == "moderate"


@pytest.mark.parametrize(
    ("value", "se", "verdict"),
    [(0.95, 0.01, "almost perfect"), (0.81, 0.1, "substantial"), (0.81, 0.001, "almost perfect"), (0.05, 0.1, "poor"),
     (1.0, 0.0, "almost perfect"), (0.8, 0.0, "almost perfect"), (-0.2, 0.0, "poor"), (0.5, 0.0, "moderate")],
)  # fmt: skip
def test_verdicts(value: float, se: float, verdict: str) -> None:
    assert at(value, se).verdict == verdict


@pytest.mark.parametrize(("scale", "n"), [("landis_koch", 6), ("altman", 5), ("fleiss", 3)])
def test_scales(scale: str, n: int) -> None:
    table = benchmark_scale(FOUND, scale=scale).table
    assert len(table) == n
    assert table["high"].tolist() == [1.0, *table["low"].tolist()[:-1]]


def test_nothing_known_gives_a_reason() -> None:
    empty = krippendorff_alpha(pd.DataFrame({"item_id": [], "annotator_id": [], "label": []}))
    assert benchmark_scale(empty).verdict == ""
    assert benchmark_scale(empty).reason == "There are no labels."
    assert benchmark_scale(replace(FOUND, se=np.nan)).reason == "The coefficient has no standard error."


def test_an_unknown_scale_lists_the_choices() -> None:
    with pytest.raises(OptionError, match="scale='cicchetti' is not known; choose one of 'landis_koch'"):
        benchmark_scale(FOUND, scale="cicchetti")


def test_plot_names_the_verdict() -> None:
    import matplotlib.pyplot as plt

    assert "'substantial'" in benchmark_scale(FOUND).plot().get_xlabel()
    plt.close("all")
