"""Every coefficient against printed values; `reference_values.json` names the paper or program of each."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from labelqa import agreement

REFERENCE = json.loads((Path(__file__).parent / "reference_values.json").read_text(encoding="utf-8"))
CASES = {case["name"]: case for case in REFERENCE["cases"]}
COUNTS = {case["name"]: case for case in REFERENCE["counts"]}
TABLES = {case["name"]: case for case in REFERENCE["tables"]}


def wide(units: list[str]) -> pd.DataFrame:
    rows = [[None if cell == "." else cell for cell in unit] for unit in units]
    return pd.DataFrame(rows, columns=[f"r{j}" for j in range(len(units[0]))])


def printed_digits(value: float) -> float:
    """Half a unit of the last printed digit, and a little for values printed with trailing zeros cut."""
    digits = len(repr(value).partition(".")[2])
    return 0.50001 * 10.0**-digits


def each(cases: dict) -> list:
    return [
        pytest.param(case, row, id=f"{name}-{row[0]}-{row[1]}")
        for name, case in cases.items()
        for row in case["values"]
    ]


def check(found: agreement.Coefficient, value: float, se: float | None, interval: list[float] | None) -> None:
    assert found.reason is None
    assert found.value == pytest.approx(value, abs=printed_digits(value))
    if se is not None:
        assert found.se == pytest.approx(se, rel=0.02)
    if interval is not None:
        assert [found.low, found.high] == pytest.approx(interval, abs=6e-4)


@pytest.mark.parametrize(("case", "row"), each(CASES))
def test_coefficients_of_raw_labels(case: dict, row: list) -> None:
    name, level, value, se, interval = [*row, None, None][:5]
    found = getattr(agreement, name)(agreement.from_wide(wide(case["units"])), level=level)
    check(found, value, se, interval)


@pytest.mark.parametrize(("case", "row"), each(COUNTS))
def test_coefficients_of_counts(case: dict, row: list) -> None:
    name, level, value, se = [*row, None][:4]
    found = getattr(agreement, name)(agreement.from_counts(case["rows"]), level=level)
    check(found, value, se, None)


@pytest.mark.parametrize(("case", "row"), each(TABLES))
def test_coefficients_of_two_annotators(case: dict, row: list) -> None:
    name, weights, value, se = [*row, None][:4]
    size = len(case["rows"])
    table = agreement.from_contingency(case["rows"])
    weights = np.array(weights) if isinstance(weights, list) else weights
    found = getattr(agreement, name)(table, weights=weights, classes=range(size))
    # formulas for contingency tables divide by n where those for raw labels divide by n - 1
    check(found, value, None if se is None else se * (found.n_items / (found.n_items - 1)) ** 0.5, None)


@pytest.mark.parametrize(
    "case", [case for case in CASES.values() if "per_class" in case], ids=lambda case: case["name"]
)
def test_each_class_against_the_others(case: dict) -> None:
    for name, stated in case["per_class"].items():
        found = getattr(agreement, name)(agreement.from_wide(wide(case["units"])))
        assert found.table["value"].tolist() == pytest.approx(stated["values"], abs=stated["within"])


def test_two_sided_p_value() -> None:
    case = CASES["cac.raw4raters"]
    for name, value in case["p_values"].items():
        assert getattr(agreement, name)(agreement.from_wide(wide(case["units"]))).p_value == pytest.approx(
            value, rel=1e-4
        )


def test_fleiss_1971_observed_expected_and_items() -> None:
    case = CASES["fleiss-1971"]
    labels = agreement.from_wide(wide(case["units"]))
    found = agreement.fleiss_kappa(labels)
    # the paper rounds class shares before it squares them
    assert [found.observed, found.expected] == pytest.approx(case["observed"]["fleiss_kappa"], abs=2e-4)
    items = agreement.label_agreement(labels).per_item
    by_item = items.set_index(items["item_id"].astype(int))["agreement"].sort_index()
    assert by_item.head(10).tolist() == pytest.approx(case["item_agreement"], abs=5e-4)


def dice(a: frozenset, b: frozenset) -> float:
    return 0.0 if a == b else 1 - 2 * len(a & b) / (len(a) + len(b))


def passonneau(a: frozenset, b: frozenset) -> float:
    if a == b:
        return 0.0
    if a <= b or b <= a:
        return 1 / 3
    return 2 / 3 if a & b else 1.0


@pytest.mark.parametrize("name", ["nominal", "jaccard", "masi", "dice", "passonneau"])
@pytest.mark.parametrize("as_text", [True, False])
def test_sets(name: str, as_text: bool) -> None:
    case = REFERENCE["sets"]
    units = [[text if as_text else frozenset(filter(None, text.split("|"))) for text in unit] for unit in case["units"]]
    labels = agreement.from_wide(pd.DataFrame(units, columns=["one", "two"]))
    if name in ("nominal", "jaccard", "masi"):
        found = agreement.krippendorff_alpha(labels, level=name)
    else:
        distance = {"dice": dice, "passonneau": passonneau}[name]

        def of_texts(a: object, b: object) -> float:
            if as_text:
                a, b = (frozenset(filter(None, str(value).split("|"))) for value in (a, b))
            return distance(a, b)

        found = agreement.krippendorff_alpha(labels, weights=of_texts)
    assert found.value == pytest.approx(case["values"][name], abs=5e-6)


@pytest.mark.parametrize("row", REFERENCE["anaesthetists"]["values"])
def test_an_annotator_who_labels_again(row: list) -> None:
    units = wide(REFERENCE["anaesthetists"]["units"])
    labels = agreement.from_wide(units)
    labels["annotator_id"] = labels["annotator_id"].replace({"r1": "r0", "r2": "r0"})
    assert agreement.krippendorff_alpha(labels, level=row[1]).value == pytest.approx(row[2], abs=5e-7)


def test_an_unused_class_counts() -> None:
    labels = agreement.from_wide(wide(CASES["cac.raw4raters"]["units"]))
    assert agreement.gwet_ac(labels, classes=list("123456")).value == pytest.approx(0.7855, abs=5e-5)
