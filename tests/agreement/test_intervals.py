"""Every interval holds its value or is none, over random and degenerate tables; and why there is none is said."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa import agreement
from labelqa._kernels.intervals import POINT, holding
from labelqa._result import Result, tables_of
from labelqa.agreement import (
    benchmark_scale,
    box_agreement,
    box_conventions,
    brennan_prediger,
    cohen_kappa,
    collect_labels,
    compare_agreement,
    conger_kappa,
    detector_ceiling,
    fleiss_kappa,
    from_counts,
    gwet_ac,
    items_needed,
    krippendorff_alpha,
    label_agreement,
    percent_agreement,
    permutation_test,
    scott_pi,
)
from labelqa.agreement.boxes._sums import Bootstrap

COLUMNS = ["item_id", "annotator_id", "label"]
EDGES = ["x_min", "y_min", "x_max", "y_max"]
MANY = [percent_agreement, fleiss_kappa, conger_kappa, krippendorff_alpha, gwet_ac, brennan_prediger]
ALL = [*MANY, cohen_kappa, scott_pi]
SENTENCE = re.compile(r"^[A-Z].*\.$", re.DOTALL)


def table(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def check(result: Result) -> None:
    """Ends stand round their number, in scalars and tables; reasons and notes are sentences."""
    scalars = {name: value for name, value in vars(result).items() if isinstance(value, float)}
    frames = [pd.DataFrame([scalars]), *tables_of(result).values()]
    for frame in frames:
        for name, low, high in _ends_in(list(frame.columns)):
            value, one, other = (frame[column].astype(float).to_numpy() for column in (name, low, high))
            known = np.isfinite(one) | np.isfinite(other)
            assert np.isfinite(value[known]).all(), (type(result).__name__, name)
            assert (one[known] <= value[known]).all(), (type(result).__name__, name)
            assert (value[known] <= other[known]).all(), (type(result).__name__, name)
    for reason in [getattr(result, "reason", None), *getattr(result, "notes", ())]:
        assert reason is None or SENTENCE.match(reason)


def _ends_in(columns: list[str]) -> list[tuple[str, str, str]]:
    out = [(name, f"{name}_low", f"{name}_high") for name in columns if f"{name}_low" in columns]
    if "low" in columns:
        middle = next(
            (n for n in ("value", "difference", "alpha", "effect", "rate", "agreement") if n in columns), None
        )
        if middle is not None and "word" not in columns:
            out.append((middle, "low", "high"))
    return out


rows_of_labels = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 2)), max_size=24)


@settings(max_examples=40, deadline=None)
@given(
    rows=rows_of_labels,
    n_resamples=st.sampled_from([0, 1, 2, 25]),
    level=st.sampled_from(["nominal", "ordinal", "interval"]),
    confidence=st.sampled_from([0.05, 0.5, 0.95, 0.999]),
)
def test_intervals_on_labels_hold_their_values(
    rows: list[tuple], n_resamples: int, level: str, confidence: float
) -> None:
    data = table([(item, f"w{who}", label) for item, who, label in rows])
    how: dict[str, Any] = {"n_resamples": n_resamples, "level": level, "confidence": confidence}
    for function in MANY:
        check(function(data, **how))
    check(label_agreement(data, **how))
    check(compare_agreement(data, data.iloc[::2], **how))
    check(compare_agreement(data.iloc[::2], data, same_items=False, **how))
    check(permutation_test(data, level=level, n_permutations=9))
    two = data[data["annotator_id"].isin(["w0", "w1"])]
    for function in (cohen_kappa, scott_pi):
        check(function(two, **how))


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 1), st.integers(0, 9), st.integers(1, 9)),
        max_size=16,
    ),
    n_resamples=st.sampled_from([0, 1, 25]),
    confidence=st.sampled_from([0.05, 0.95]),
    match=st.sampled_from(["agnostic", "aware"]),
)
def test_intervals_on_boxes_hold_their_values(
    rows: list[tuple], n_resamples: int, confidence: float, match: str
) -> None:
    boxes = pd.DataFrame(
        [(item, f"w{who}", "ab"[label], x, 0, x + side, side) for item, who, label, x, side in rows],
        columns=[*COLUMNS, *EDGES],
    )
    how: dict[str, Any] = {"n_resamples": n_resamples, "confidence": confidence}
    check(box_agreement(boxes, match=match, n_permutations=2, **how))
    check(detector_ceiling(boxes, **how))
    check(box_conventions(boxes, n_resamples=20, confidence=confidence))


@pytest.mark.parametrize("n_resamples", [0, 100])
@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([(1, "a", "x"), (1, "b", "y")], "Only one item has two labels; an interval needs at least two items."),
        (
            [(1, "a", "x"), (1, "b", "y"), (2, "a", "y"), (3, "b", "x")],
            "Only one item has two labels; an interval needs at least two items.",
        ),
        ([(1, "a", "x"), (1, "b", "x"), (2, "a", "y"), (2, "b", "y")], "All 2 items with two labels agree alike"),
        ([(1, "a", "x"), (1, "b", "y"), (2, "a", "y"), (2, "b", "x")], "All 2 items with two labels agree alike"),
    ],
    ids=["one item", "one pair", "two agree", "two disagree"],
)
def test_items_all_alike_give_no_interval(function: Any, rows: list[tuple], reason: str, n_resamples: int) -> None:
    found = function(table(rows), n_resamples=n_resamples)
    assert np.isfinite(found.value)
    assert np.isnan([found.low, found.high, found.se, found.p_value]).all()
    assert found.reason.startswith(reason)
    assert benchmark_scale(found).verdict == ""
    assert benchmark_scale(found).reason == found.reason


def test_the_same_in_the_tables_of_labels() -> None:
    rows = [(i, who, "xyz"[i % 3]) for i in range(9) for who in "abc"]
    found = label_agreement(table(rows), n_resamples=50)
    assert found.alpha == 1
    assert np.isnan([found.alpha_low, found.alpha_high]).all()
    assert "All 9 items with two labels agree alike" in found.reason
    assert found.coefficients[["low", "high", "se", "p_value"]].isna().all(axis=None)
    assert found.coefficients["reason"].str.contains("agree alike").all()
    ends = ["agreement_low", "agreement_high", "alpha_low", "alpha_high"]
    assert found.per_class[ends].isna().all(axis=None)
    assert found.per_annotator[["low", "high"]].isna().all(axis=None)
    assert found.per_pair[["kappa_low", "kappa_high"]].isna().all(axis=None)
    # Wilson's interval of 9 of 9 knows that others may differ
    assert found.per_pair["agreement_low"].tolist() == pytest.approx([0.70085] * 3, abs=1e-5)
    assert found.per_pair["agreement_high"].tolist() == [1.0] * 3


def test_the_same_in_a_difference() -> None:
    apart = table([(i, who, "xy"[(i + n) % 2]) for i in range(2) for n, who in enumerate("ab")])
    alike = table([(i, who, "xy"[i]) for i in range(2) for who in "ab"])
    for n_resamples in (0, 50):
        found = compare_agreement(apart, alike, n_resamples=n_resamples)
        assert found.difference > 1
        assert np.isnan([found.low, found.high, found.p_value]).all()
        assert (found.verdict, found.reason[:24]) == ("undecided", "All items changed alike,")


def test_the_same_in_boxes() -> None:
    boxes = [(i, who, "car", 10 * i, 0, 10 * i + 9, 9 + i) for i in range(4) for who in "ab"]
    data = pd.DataFrame(boxes, columns=[*COLUMNS, *EDGES])
    found = box_agreement(data, n_resamples=50)
    assert (found.f1, found.mean_iou, found.pq, found.f1_image) == (1, 1, 1, 1)
    ends = [getattr(found, f"{name}_{end}") for name in ("f1", "mean_iou", "pq", "f1_image") for end in ("low", "high")]
    assert np.isnan(ends).all()
    for frame in (found.per_annotator, found.per_pair, found.per_class, found.sweep):
        assert frame[["f1_low", "f1_high", "pq_low", "pq_high"]].isna().all(axis=None)
    assert any(note.startswith("All resamples of the images give the same f1, mean_iou, pq,") for note in found.notes)
    one = box_agreement(data.iloc[:2], n_resamples=50)
    assert math.isnan(one.f1_low)
    assert one.reason == "Only one image has two views: agreement beyond chance and intervals need more."
    assert not any("All resamples" in note for note in box_agreement(data, n_resamples=0).notes)


def test_rates_that_never_vary_have_wilsons_interval() -> None:
    drawn = [
        (i, who, "dent", x, 10, x + 20, 30)
        for i in range(12)
        for who, places in (("ann", (10, 40)), ("bob", (10, 40)), ("cy", (10, 40)))
        for x in places
    ]
    rates = box_conventions(pd.DataFrame(drawn, columns=[*COLUMNS, *EDGES]), n_resamples=20).rates
    rates = rates[rates["kind"] == "group"]
    assert (rates["n_opportunities"] == 12).all()
    # 0 of 12 at 95 %: the upper end is z^2 / (n + z^2)
    assert (
        rates[["rate", "low", "high"]].to_numpy().tolist()
        == [pytest.approx([0, 0, 1.959964**2 / (12 + 1.959964**2)], abs=1e-6)] * 3
    )


def test_an_edge_that_never_varies_is_a_point_on_five_items_only() -> None:
    for n_items in (4, 5):
        drawn = [
            (i, who, "dent", 10, 10, 60 + i - (who == "odd"), 60)
            for i in range(n_items)
            for who in ("ann", "bob", "odd")
        ]
        edges = box_conventions(pd.DataFrame(drawn, columns=[*COLUMNS, *EDGES]), n_resamples=20).edges
        row = edges[(edges["annotator_id"] == "odd") & (edges["edge"] == "x_max")].iloc[0]
        assert row["pixels"] == pytest.approx(-1)
        wanted = [-1, -1] if n_items == 5 else [np.nan, np.nan]
        assert [row["pixels_low"], row["pixels_high"]] == pytest.approx(wanted, nan_ok=True)


def test_the_share_of_undefined_resamples_is_said() -> None:
    """Of 2 items drawn from 2, both are the same one in half of the draws: then there is one class only."""
    data = table([(1, "a", "x"), (1, "b", "x"), (2, "a", "y"), (2, "b", "x")])
    found = krippendorff_alpha(data, n_resamples=4000)
    # drawn twice, the first item has one class
    assert found.share_undefined == pytest.approx(0.25, abs=0.03)
    assert found.low <= found.value <= found.high
    assert math.isnan(krippendorff_alpha(data).share_undefined)
    everything = label_agreement(data, n_resamples=4000)
    assert everything.share_undefined == found.share_undefined
    shares = everything.coefficients.set_index("coefficient")["share_undefined"]
    assert (shares["krippendorff_alpha"], shares["percent_agreement"]) == (found.share_undefined, 0.0)
    other = table([(i, who, "xy"[i % 2]) for i in range(2) for who in "ab"])
    difference = compare_agreement(data, other, n_resamples=1000)
    assert 0 < difference.share_undefined < 1


def test_the_share_of_undefined_resamples_of_boxes_is_a_note() -> None:
    rows = [
        (1, "a", "x", 0, 0, 9, 9),
        (1, "b", "x", 0, 0, 9, 8),
        (2, "a", "x", 0, 0, 9, 9),
        (2, "b", "x", 50, 0, 59, 9),
    ]
    notes = box_agreement(pd.DataFrame(rows, columns=[*COLUMNS, *EDGES]), n_resamples=4000).notes
    said = [note for note in notes if "mean_iou is undefined" in note]
    # two images, one of which has a match: neither draw takes it in a quarter; all others give the same mean
    assert said == []
    assert any("give the same mean_iou" in note for note in notes)
    more = [*rows, (3, "a", "x", 0, 0, 9, 9), (3, "b", "x", 0, 0, 9, 7)]
    found = box_agreement(pd.DataFrame(more, columns=[*COLUMNS, *EDGES]), n_resamples=4000)
    (note,) = [note for note in found.notes if "mean_iou is undefined" in note]
    share = float(re.findall(r"In ([\d.]+)%", note)[0])
    assert share == pytest.approx(100 / 27, abs=1)


def test_a_replicate_is_undefined_where_nothing_was_counted() -> None:
    counts = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)
    values = np.array([[0.1, 0.2], [0.0, 0.0]])
    found = Bootstrap(counts, 0.95).shares_undefined(np.arange(2), values, {"share": (0, 1)})
    assert found == {"share": pytest.approx(1 / 3)}


def test_ends_of_agreement_beyond_chance_stand_on_their_sides() -> None:
    rng = np.random.default_rng(0)
    rows = [(i, who, "x", 9 * i, 0, 9 * i + 20, 20 + rng.integers(-9, 9)) for i in range(12) for who in "ab"]
    found = box_agreement(pd.DataFrame(rows, columns=[*COLUMNS, *EDGES]), n_resamples=200)
    assert found.alpha_low < found.alpha < found.alpha_high
    assert found.alpha_pq_low < found.alpha_pq < found.alpha_pq_high


@pytest.mark.parametrize("function", ALL)
def test_one_class_is_not_advised_to_name_classes_twice(function: Any) -> None:
    data = table([(i, who, "x") for i in range(4) for who in "ab"])
    plain = function(data)
    if function is percent_agreement:
        assert (plain.value, plain.reason[:11]) == (1, "All 4 items")
        return
    assert plain.reason.startswith("All labels are of one class, so that chance alone would agree fully; where there")
    named = function(data, classes=["x", "y"])
    if function in {gwet_ac, brennan_prediger}:
        assert named.value == pytest.approx(1)
        assert "of gwet_ac" not in plain.reason
    else:
        assert np.isnan(named.value)
        assert "of gwet_ac or brennan_prediger." in plain.reason
        assert named.reason == "All labels are of one class, so that chance alone would agree fully."
    alone = function(data, classes=["x"])
    assert alone.reason == "All labels are of one class, so that chance alone would agree fully."


def test_other_reasons_for_nothing_beyond_chance() -> None:
    data = table([(1, "a", "x"), (1, "b", "x"), (2, "a", "x"), (2, "b", "x"), (3, "a", "y")])
    assert krippendorff_alpha(data).reason.startswith("All labels of items with two labels are of one class")
    found = fleiss_kappa(data.assign(label=["x", "y", "y", "x", "x"]), weights=np.ones((2, 2)))
    assert found.reason == "By these weights chance alone would agree fully; give weights that tell classes apart."
    counts = from_counts([[2, 0], [0, 2], [1, 1]])
    assert conger_kappa(counts).reason == "Counts do not say who gave which label, which this coefficient needs."
    whole = collect_labels(table([(i, who, "xy"[i * n % 2]) for i in range(4) for n, who in enumerate("abc")]))
    assert conger_kappa(whole).reason == "An interval needs labels one by one, which statistics do not hold."


def test_a_pilot_that_agrees_alike_says_nothing_of_how_many_are_needed() -> None:
    found = items_needed(table([(i, who, "xyz"[i % 3]) for i in range(9) for who in "abc"]), width=0.1)
    assert found.n_items == -1
    assert found.reason.startswith("All items of the pilot agree alike")


def test_holding_by_hand() -> None:
    value = [0.5, 0.1, 0.9, 0.5, np.nan, 0.5, 1.0]
    low = [0.4, 0.4, 0.4, 0.5, 0.4, np.nan, 1 - 2 * POINT]
    high = [0.6, 0.6, 0.6, 0.5, 0.6, np.nan, 1.0]
    one, other = holding(value, low, high)
    assert one.tolist() == pytest.approx([0.4, 0.1, 0.4, np.nan, np.nan, np.nan, 1 - 2 * POINT], nan_ok=True)
    assert other.tolist() == pytest.approx([0.6, 0.6, 0.9, np.nan, np.nan, np.nan, 1.0], nan_ok=True)
    assert np.isnan(holding(1.0, 1 - POINT / 2, 1.0)).all()


def test_every_public_name_is_listed_where_intervals_are_promised() -> None:
    assert {function.__name__ for function in ALL} == set(agreement.COEFFICIENTS)
