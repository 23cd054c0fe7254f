"""Properties every coefficient must have, and what happens where it is undefined."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, permutations

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa import Annotations
from labelqa._kernels.labels.resampling import resampled_times
from labelqa.agreement import (
    Coefficient,
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    from_counts,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
    scott_pi,
)
from labelqa.agreement.labels._counted import Measurement, count_labels
from labelqa.errors import OptionError, TableError

COLUMNS = ["item_id", "annotator_id", "label"]
MANY = [percent_agreement, fleiss_kappa, conger_kappa, krippendorff_alpha, gwet_ac, brennan_prediger]
CORRECTED = MANY[1:]


def table(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


@st.composite
def tables(draw: st.DrawFn, n_annotators: int = 4) -> pd.DataFrame:
    keys = draw(
        st.lists(st.tuples(st.integers(0, 5), st.integers(0, n_annotators - 1)), min_size=6, max_size=20, unique=True)
    )
    return table([(item, f"w{who}", draw(st.integers(1, 4))) for item, who in keys])


FEW = settings(max_examples=15, deadline=None)


def by_item(data: pd.DataFrame) -> list[list[int]]:
    return [group.tolist() for _, group in data.groupby("item_id")["label"]]


def naive_alpha(data: pd.DataFrame, level: str) -> float:
    """Krippendorff (2011), pair by pair."""
    units = [labels for labels in by_item(data) if len(labels) >= 2]
    pooled = [label for labels in units for label in labels]

    def distance(a: int, b: int) -> float:
        if level == "nominal":
            return float(a != b)
        if level == "interval":
            return (a - b) ** 2
        if level == "ratio":
            return ((a - b) / (a + b)) ** 2
        low, high = min(a, b), max(a, b)
        between = sum(low <= label <= high for label in pooled)
        return (between - (pooled.count(low) + pooled.count(high)) / 2) ** 2 if a != b else 0.0

    observed = sum(sum(distance(a, b) for a, b in permutations(labels, 2)) / (len(labels) - 1) for labels in units)
    expected = sum(distance(a, b) for a, b in permutations(pooled, 2))
    return 1 - (len(pooled) - 1) * observed / expected if expected else float("nan")


def naive_conger(data: pd.DataFrame) -> float:
    shares = {who: group.value_counts(normalize=True) for who, group in data.groupby("annotator_id")["label"]}
    units = [labels for labels in by_item(data) if len(labels) >= 2]
    if len(shares) < 2 or not units:
        return float("nan")
    observed = np.mean([np.mean([a == b for a, b in combinations(labels, 2)]) for labels in units])
    expected = np.mean([shares[a].mul(shares[b], fill_value=0).sum() for a, b in combinations(shares, 2)])
    return (observed - expected) / (1 - expected) if expected < 1 - 1e-12 else float("nan")


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval", "ratio"])
@given(data=tables())
@FEW
def test_alpha_equals_the_sum_over_all_pairs(level: str, data: pd.DataFrame) -> None:
    found = krippendorff_alpha(data, level=level)
    if len(set(data["annotator_id"])) > 1:
        assert found.value == pytest.approx(naive_alpha(data, level), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval", "ratio"])
def test_alpha_equals_the_package_krippendorff(level: str) -> None:
    rng = np.random.default_rng(1)
    wide = rng.integers(1, 6, (4, 60)).astype(float)
    wide[rng.random(wide.shape) < 0.3] = np.nan
    who, item = np.nonzero(np.isfinite(wide))
    data = pd.DataFrame({"item_id": item, "annotator_id": who, "label": wide[who, item].astype(int)})
    expected = krippendorff.alpha(wide, level_of_measurement=level)
    assert krippendorff_alpha(data, level=level).value == pytest.approx(expected, abs=1e-12)


@given(data=tables())
@FEW
def test_conger_equals_the_mean_over_pairs_of_annotators(data: pd.DataFrame) -> None:
    assert conger_kappa(data).value == pytest.approx(naive_conger(data), abs=1e-9, nan_ok=True)


@given(data=tables(), seed=st.integers(0, 9))
@FEW
def test_order_of_rows_and_types_of_ids_change_nothing(data: pd.DataFrame, seed: int) -> None:
    other = data.sample(frac=1, random_state=seed)
    other["item_id"] = other["item_id"].astype(float)
    for function in MANY:
        one, two = function(data, n_resamples=20), function(other, n_resamples=20)
        assert repr(one) == repr(two)
        pd.testing.assert_frame_equal(one.table, two.table)


@given(data=tables())
@FEW
def test_names_of_classes_change_nothing(data: pd.DataFrame) -> None:
    odd = {1: "item_id", 2: "nan", 3: "<b>", 4: "label"}
    renamed = data.assign(label=data["label"].map(odd), item_id=data["item_id"].map("<i>{}</i>".format))
    for function in MANY:
        one, two = function(data), function(renamed)
        assert [one.value, one.se, one.low] == pytest.approx([two.value, two.se, two.low], abs=1e-9, nan_ok=True)
        values = dict(zip(two.table["label"], two.table["value"], strict=True))
        assert one.table["value"].tolist() == pytest.approx(
            [values[odd[label]] for label in one.table["label"]], nan_ok=True
        )


@given(data=tables())
@FEW
def test_bounds(data: pd.DataFrame) -> None:
    for function in MANY:
        found = function(data)
        if np.isfinite(found.value):
            assert found.reason is None or np.isnan(found.low)
            assert -1 / 3 <= found.observed <= 1
            assert found.value <= 1
            assert np.isnan(found.low) or found.low <= found.value <= found.high <= 1
        else:
            assert found.reason


@given(data=tables(n_annotators=2))
@FEW
def test_conger_of_two_complete_annotators_is_cohen(data: pd.DataFrame) -> None:
    complete = data[data.groupby("item_id")["label"].transform("size") == 2]
    if len(complete):
        assert cohen_kappa(complete).value == pytest.approx(conger_kappa(complete).value, nan_ok=True)
        assert cohen_kappa(data).value == pytest.approx(conger_kappa(complete).value, nan_ok=True)
        assert scott_pi(data).value == pytest.approx(fleiss_kappa(complete).value, nan_ok=True)


@given(data=tables())
@FEW
def test_counts_give_what_labels_give(data: pd.DataFrame) -> None:
    counts = pd.crosstab(data["item_id"], data["label"])
    if len(set(data["annotator_id"])) == 1:
        return
    for function in (percent_agreement, fleiss_kappa, krippendorff_alpha, gwet_ac, brennan_prediger):
        one, two = function(data), function(from_counts(counts))
        assert [one.value, one.se] == pytest.approx([two.value, two.se], nan_ok=True)


@pytest.mark.parametrize("function", CORRECTED)
@pytest.mark.parametrize("n_resamples", [0, 50])
def test_perfect_agreement_is_one_and_says_nothing_of_others(function: object, n_resamples: int) -> None:
    found = function(table([(item, who, item % 3) for item in range(9) for who in "abc"]), n_resamples=n_resamples)
    assert found.value == pytest.approx(1, abs=1e-12)
    assert np.isnan([found.low, found.high, found.se, found.p_value]).all()
    assert found.reason.startswith("All 9 items with two labels agree alike")


@pytest.mark.parametrize("function", [*MANY, cohen_kappa, scott_pi])
@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "There are no labels."),
        ([(1, "a", None), (1, "b", None)], "There are no labels."),
        ([(1, "a", "x"), (2, "a", "y")], "There is only one annotator; agreement needs two."),
        ([(1, "a", "x"), (1, "a", "y")], "There is only one annotator; agreement needs two."),
        ([(1, "a", "x"), (2, "b", "y")], "No item has two labels|labelled no item in common"),
    ],
)
def test_nothing_to_compare_is_nan_with_a_reason(function: object, rows: list, reason: str) -> None:
    for n_resamples in (0, 10):
        found = function(table(rows), n_resamples=n_resamples)
        numbers = [found.value, found.low, found.high, found.se, found.p_value]
        assert np.isnan(numbers).all()
        assert pd.Series([found.reason]).str.contains(reason).all()
        assert found.table["value"].isna().all()


@pytest.mark.parametrize("function", [*CORRECTED, cohen_kappa, scott_pi])
def test_one_class_is_undefined(function: object) -> None:
    found = function(table([(item, who, "x") for item in range(4) for who in "ab"]))
    assert np.isnan(found.value)
    assert "All labels are of one class" in found.reason


@pytest.mark.parametrize(("function", "value"), [(percent_agreement, 1.0), (gwet_ac, 1.0), (brennan_prediger, 1.0)])
def test_one_class_of_two_is_defined_where_chance_is(function: object, value: float) -> None:
    data = table([(item, who, "x") for item in range(4) for who in "ab"])
    assert function(data, classes=["x", "y"]).value == pytest.approx(value)


@pytest.mark.parametrize("function", MANY)
def test_one_item_has_a_value_but_no_interval(function: object) -> None:
    found = function(table([(1, "a", "x"), (1, "b", "x"), (1, "c", "y")]))
    assert np.isnan([found.se, found.low, found.high]).all()
    if np.isfinite(found.value):
        assert "at least two items" in found.reason


def test_annotators_need_not_be_known_but_for_some() -> None:
    counts = from_counts([[2, 0], [1, 1], [0, 2]])
    assert fleiss_kappa(counts).n_annotators is None
    for function in (conger_kappa, cohen_kappa, scott_pi):
        assert "Counts do not say who" in function(counts).reason


def test_more_than_two_annotators_need_a_choice() -> None:
    data = table([(item, who, (item * who) % 2) for item in range(6) for who in (1, 2, 3)])
    with pytest.raises(TableError, match=r"cohen_kappa compares two annotators; found 3 \('1', '2', '3'\). Choose two"):
        cohen_kappa(data)
    chosen = cohen_kappa(data, annotators=(1, 3.0))
    assert chosen.value == pytest.approx(cohen_kappa(data[data["annotator_id"] != 2]).value)
    with pytest.raises(TableError, match=r"annotators=\(1, 9\) must name two different annotators"):
        cohen_kappa(data, annotators=(1, 9))
    with pytest.raises(TableError, match="must name two different annotators"):
        scott_pi(data, annotators=(1, 1))


RATINGS = table(
    [(1, "a", 1), (1, "b", 2), (2, "a", 3), (2, "b", 3), (3, "a", 1), (3, "b", 1), (4, "a", 2), (4, "b", 3)]
)


@pytest.mark.parametrize("level", ["ordinal", "ordinal_gwet", "interval", "ratio", "masi", "jaccard"])
@pytest.mark.parametrize("function", MANY)
def test_numbers_may_be_texts(function: object, level: str) -> None:
    as_text = RATINGS.assign(label=RATINGS["label"].astype(str))
    assert function(RATINGS, level=level).value == pytest.approx(function(as_text, level=level).value)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"level": "metric"}, OptionError, r"level='metric' is not known; choose one of 'nominal', 'ordinal'"),
        ({"weights": "cubic"}, OptionError, r"weights='cubic' is not known; choose one of 'linear'"),
        ({"weights": np.eye(2)}, OptionError, r"has shape \(2, 2\); needed is \(3, 3\), one row per class"),
        ({"weights": np.ones((3, 3)) - np.eye(3)}, OptionError, "must give 1 for equal labels; correct its diagonal"),
        ({"weights": np.eye(3) + np.eye(3, k=1)}, OptionError, "must be finite and the same both ways"),
        ({"weights": 2 - np.eye(3)}, OptionError, "has values outside 0 to 1"),
        ({"weights": pd.DataFrame(np.eye(2), [1, 2], [1, 2])}, OptionError, "has no row or column for 3"),
        ({"weights": lambda a, b: 1.0}, OptionError, "distance given as weights= must give 0 for equal labels"),
        ({"weights": lambda a, b: -abs(a - b)}, OptionError, "has values outside 0 to 1|outside"),
        ({"classes": [1, 2]}, TableError, r"labels that classes= does not list \(3\)"),
        ({"n_resamples": -1}, OptionError, "n_resamples=-1 is out of range; give 0 for none"),
        ({"n_resamples": 1.5}, OptionError, "n_resamples=1.5 is no whole number; give 0 for none"),
        ({"confidence": 95}, OptionError, "confidence=95 is out of range; give a share between 0 and 1"),
    ],
)
def test_impossible_options_are_refused(options: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        krippendorff_alpha(RATINGS, **options)


def test_levels_that_need_numbers_say_so() -> None:
    with pytest.raises(TableError, match=r"level='interval' needs labels that are numbers; found 'low'"):
        krippendorff_alpha(table([(1, "a", "low"), (1, "b", "7")]), level="interval")
    with pytest.raises(TableError, match=r"level='ratio' needs labels of 0 and above; found -1.0"):
        krippendorff_alpha(table([(1, "a", -1), (1, "b", 7)]), level="ratio")


def test_two_ratings_of_zero_are_equal() -> None:
    data = table([(1, "a", 0), (1, "b", 0), (2, "a", 0), (2, "b", 4), (3, "a", 2), (3, "b", 2)])
    assert krippendorff_alpha(data, level="ratio").value == pytest.approx(naive_ratio_with_zero(data))


def naive_ratio_with_zero(data: pd.DataFrame) -> float:
    def distance(a: int, b: int) -> float:
        return ((a - b) / (a + b)) ** 2 if a + b else 0.0

    units, pooled = by_item(data), data["label"].tolist()
    observed = sum(2 * distance(*labels) for labels in units)
    return 1 - (len(pooled) - 1) * observed / sum(distance(a, b) for a, b in permutations(pooled, 2))


def test_weights_of_every_kind_agree() -> None:
    classes = [1, 2, 3]
    matrix = np.array([[1 - abs(a - b) / 2 for b in classes] for a in classes])
    named = krippendorff_alpha(RATINGS, weights="linear").value
    shuffled = pd.DataFrame(matrix, classes, classes).loc[[3, 1, 2], [2, 3, 1]]
    for weights in (matrix, matrix.tolist(), shuffled, lambda a, b: abs(a - b)):
        assert krippendorff_alpha(RATINGS, weights=weights).value == pytest.approx(named)
    words = RATINGS.assign(label=RATINGS["label"].map({1: "low", 2: "mid", 3: "high"}))
    by_position = krippendorff_alpha(words, weights="linear", classes=["low", "mid", "high"])
    assert by_position.value == pytest.approx(named)


def test_an_ordered_categorical_states_its_order() -> None:
    grades = ["low", "mid", "high"]
    words = RATINGS.assign(label=RATINGS["label"].map(dict(enumerate(grades, start=1))))
    ordered = words.assign(label=pd.Categorical(words["label"], grades, ordered=True))
    for data, classes in ((ordered, None), (words, grades), (Annotations.from_frames(labels=ordered), None)):
        found = krippendorff_alpha(data, level="ordinal", classes=classes)
        assert found.value == pytest.approx(krippendorff_alpha(RATINGS, level="ordinal").value)
        assert found.table["label"].tolist() == grades


def test_quadratic_weights_are_the_interval_level() -> None:
    for function in MANY:
        assert function(RATINGS, weights="quadratic").value == pytest.approx(function(RATINGS, level="interval").value)


def test_sets_are_one_however_they_are_written() -> None:
    rows = [(1, "a", "x|y"), (1, "b", "y | x"), (2, "a", ""), (2, "b", "x"), (3, "a", "y"), (3, "b", "y")]
    texts = table(rows)
    as_sets = texts.assign(
        label=[frozenset(part.strip() for part in row[2].split("|") if part.strip()) for row in rows]
    )
    as_lists = as_sets.assign(label=[sorted(value, reverse=True) for value in as_sets["label"]])
    value = krippendorff_alpha(texts, level="jaccard").value
    for other in (as_sets, as_lists):
        assert krippendorff_alpha(other, level="jaccard").value == pytest.approx(value)
    shown = krippendorff_alpha(as_sets, level="masi").table["label"].tolist()
    assert shown == ["", "x", "x|y", "y"]
    annotations = Annotations.from_frames(labels=texts)
    assert krippendorff_alpha(annotations, level="jaccard").value == pytest.approx(value)


def test_a_missing_set_is_no_empty_set() -> None:
    data = table([(1, "a", ["x"]), (1, "b", None), (2, "a", []), (2, "b", []), (3, "a", ["x"]), (3, "b", ["y"])])
    assert krippendorff_alpha(data, level="masi").n_items == 2


def test_the_bootstrap_depends_on_the_seed_only() -> None:
    data = noisy(30, 3, seed=0)
    one, two, three = (krippendorff_alpha(data, n_resamples=200, seed=seed) for seed in (1, 1, 2))
    assert (one.low, one.high) == (two.low, two.high)
    assert (one.low, one.high) != (three.low, three.high)
    assert one.interval == "bootstrap"


def noisy(n_items: int, n_annotators: int, seed: int, kept: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    truth = rng.integers(1, 5, n_items)
    rows = [
        (i, w, int(np.clip(truth[i] + rng.integers(-1, 2), 1, 4))) for i in range(n_items) for w in range(n_annotators)
    ]
    return table([row for row in rows if rng.random() < kept])


@pytest.mark.parametrize(
    ("function", "level"),
    [*((function, level) for function in MANY if function is not conger_kappa for level in ("nominal", "interval")),
     (krippendorff_alpha, "ordinal")],
)  # fmt: skip
def test_a_resample_is_the_items_drawn_again(function: object, level: str) -> None:
    data = noisy(40, 4, seed=3, kept=0.7)
    found = function(data, level=level, n_resamples=3, confidence=0.9999999)
    rows = count_labels(data, Measurement()).statistics.rows
    dense = np.zeros((len(rows.times), 4), int)
    dense[np.repeat(np.arange(len(dense)), np.diff(rows.starts)), rows.code] = rows.count
    drawn = [
        function(
            from_counts(pd.DataFrame(np.repeat(dense, times.astype(int), axis=0), columns=[1, 2, 3, 4])), level=level
        )
        for times in next(resampled_times(rows.times, 3, np.random.default_rng(0), 4))
    ]
    values = sorted(one.value for one in drawn)
    assert [found.low, found.high] == pytest.approx([values[0], values[-1]], abs=1e-6)


def test_conger_is_resampled_by_whole_items() -> None:
    data = noisy(60, 4, seed=3, kept=0.7)
    found = conger_kappa(data, n_resamples=1500)
    groups = [group for _, group in data.groupby("item_id")]
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(60):
        chosen = [groups[i].assign(item_id=n) for n, i in enumerate(rng.integers(0, len(groups), len(groups)))]
        drawn.append(conger_kappa(pd.concat(chosen)).value)
    spread = (found.high - found.low) / 3.92
    # a standard deviation of 60 draws is within 30 % of the truth nearly always
    assert np.std(drawn) == pytest.approx(spread, rel=0.3)
    assert np.mean(drawn) == pytest.approx((found.high + found.low) / 2, abs=spread)


@pytest.mark.parametrize("function", MANY)
def test_the_analytic_error_is_that_of_the_bootstrap_where_all_items_are_paired(function: object) -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 400)
    rows = [(i, w, int(truth[i] if rng.random() < 0.7 else rng.integers(0, 3))) for i in range(400) for w in range(3)]
    analytic, drawn = function(table(rows)), function(table(rows), n_resamples=2000)
    assert analytic.se == pytest.approx((drawn.high - drawn.low) / 3.92, rel=0.1)


def test_repr_html_and_dict() -> None:
    found = krippendorff_alpha(table([(1, "a", "<b>"), (1, "b", "<b>"), (2, "a", "y"), (2, "b", "x")]))
    assert repr(found).startswith("Coefficient(coefficient='krippendorff_alpha', value=0.")
    assert "<b>" not in found._repr_html_().replace("<p><b>Coefficient</b>", "")
    assert found.to_dict()["table"][0] == {"label": "<b>", "n_labels": 2, "share": 0.5, "value": pytest.approx(1.0)}


@pytest.mark.parametrize("function", MANY)
def test_plots(function: object) -> None:
    import matplotlib.pyplot as plt

    ax = function(RATINGS).plot()
    assert len(ax.patches) == 3
    assert "each class against the others" in ax.get_xlabel()
    plt.close("all")


def test_annotators_names_stay_out_of_the_way() -> None:
    pairs: dict[str, list[float]] = defaultdict(list)
    for names in (("ann", "bob"), ("label", "nan"), (7, 8)):
        data = RATINGS.assign(annotator_id=RATINGS["annotator_id"].map(dict(zip("ab", names, strict=True))))
        for function in (*MANY, cohen_kappa):
            found: Coefficient = function(data)
            pairs[found.coefficient].append(found.value)
    assert all(len({round(value, 12) for value in values}) == 1 for values in pairs.values())
