"""Every table of `label_agreement` against a plain computation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa import Annotations
from labelqa.agreement import (
    LabelAgreement,
    cohen_kappa,
    collect_labels,
    from_contingency,
    krippendorff_alpha,
    label_agreement,
)
from labelqa.errors import OptionError, TableError

COLUMNS = ["item_id", "annotator_id", "label"]
VIEWS = ("coefficients", "classes", "items", "annotators", "pairs", "time")


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    """60 items, five annotators of whom "eve" calls b what others call a, three labels an item on average."""
    rng = np.random.default_rng(0)
    rows = []
    for item in range(60):
        truth = rng.choice(list("abc"), p=[0.5, 0.3, 0.2])
        for who in ("ann", "bob", "cho", "dee", "eve"):
            if rng.random() > 0.6:
                continue
            label = truth if rng.random() < 0.85 else rng.choice(list("abc"))
            if who == "eve" and label == "a" and rng.random() < 0.6:
                label = "b"
            day = pd.Timestamp("2026-03-02", tz="UTC") + pd.Timedelta(days=item // 3)
            rows.append((item, who, label, day, float(rng.integers(5, 30))))
    return pd.DataFrame(rows, columns=[*COLUMNS, "created_at", "seconds"])


@pytest.fixture(scope="module")
def result(data: pd.DataFrame) -> LabelAgreement:
    return label_agreement(data, n_resamples=200)


def test_scalars(data: pd.DataFrame, result: LabelAgreement) -> None:
    alone = krippendorff_alpha(data, n_resamples=200)
    assert (result.alpha, result.alpha_low, result.alpha_high) == (alone.value, alone.low, alone.high)
    assert (result.n_items, result.n_annotators, result.n_labels, result.n_classes) == (
        data["item_id"].nunique(),
        5,
        len(data),
        3,
    )
    assert result.n_paired == (data.groupby("item_id").size() >= 2).sum()


def test_the_coefficients_are_those_of_their_functions(data: pd.DataFrame, result: LabelAgreement) -> None:
    from labelqa import agreement

    for row in result.coefficients.itertuples():
        alone = getattr(agreement, row.coefficient)(data, n_resamples=200)
        numbers = [alone.value, alone.low, alone.high, alone.se, alone.p_value, alone.observed, alone.expected]
        assert [row.value, row.low, row.high, row.se, row.p_value, row.observed, row.expected] == pytest.approx(
            numbers, nan_ok=True
        )
    two = data[data["annotator_id"].isin(["ann", "bob"])]
    assert set(label_agreement(two).coefficients["coefficient"]) - set(result.coefficients["coefficient"]) == {
        "cohen_kappa",
        "scott_pi",
    }


def test_class_pairs_share_all_disagreement(data: pd.DataFrame, result: LabelAgreement) -> None:
    naive: dict[tuple, float] = {}
    n_pairs: dict[tuple, int] = {}
    for _, group in data.groupby("item_id")["label"]:
        for a, b in combinations(sorted(group), 2):
            if a != b:
                naive[a, b] = naive.get((a, b), 0) + 1 / (len(group) - 1)
                n_pairs[a, b] = n_pairs.get((a, b), 0) + 1
    table = result.class_pairs
    assert table["share"].sum() == pytest.approx(1)
    assert table["expected_share"].sum() == pytest.approx(1)
    assert table["share"].is_monotonic_decreasing
    for row in table.itertuples():
        assert row.share == pytest.approx(naive[row.label_a, row.label_b] / sum(naive.values()))
        assert row.n_pairs == n_pairs[row.label_a, row.label_b]


def test_distances_weigh_class_pairs() -> None:
    table = pd.DataFrame([(1, "x", 1), (1, "y", 2), (2, "x", 1), (2, "y", 3)], columns=COLUMNS)
    pairs = label_agreement(table, level="interval").class_pairs
    assert pairs[["label_b", "share"]].to_numpy().tolist() == [[3, 0.8], [2, 0.2]]


def test_items_come_worst_first(data: pd.DataFrame, result: LabelAgreement) -> None:
    table, overall = result.per_item, data["label"].value_counts()
    assert table["agreement"].dropna().is_monotonic_increasing
    assert table["agreement"].isna().to_numpy()[-1] or table["agreement"].notna().all()
    for row in table.itertuples():
        labels = data.loc[data["item_id"] == int(row.item_id), "label"].tolist()
        pairs = [a == b for a, b in combinations(labels, 2)]
        counts = pd.Series(labels).value_counts()
        # of tied classes the one that is more frequent over all items, of equals the first
        top = sorted(counts[counts == counts.max()].index, key=lambda label: (-overall[label], label))
        assert row.n_labels == len(labels)
        assert row.agreement == pytest.approx(np.mean(pairs) if pairs else np.nan, nan_ok=True)
        assert (row.label, row.is_tied) == (top[0], len(top) > 1)
        assert row.share == pytest.approx(counts.max() / len(labels))


def test_annotators(data: pd.DataFrame, result: LabelAgreement) -> None:
    joined = data.merge(data, on="item_id", suffixes=("", "_other"))
    joined = joined[joined["annotator_id"] != joined["annotator_id_other"]]
    for row in result.per_annotator.itertuples():
        mine = joined[joined["annotator_id"] == row.annotator_id]
        by_item = (mine["label"] == mine["label_other"]).groupby(mine["item_id"]).mean()
        assert (row.agreement, row.n_compared) == (pytest.approx(by_item.mean()), len(by_item))
        assert row.low <= row.agreement <= row.high
        without = krippendorff_alpha(data[data["annotator_id"] != row.annotator_id]).value
        assert row.alpha_without == pytest.approx(without)
        assert row.alpha_change == pytest.approx(without - result.alpha)
        own = data.loc[data["annotator_id"] == row.annotator_id, "seconds"]
        assert row.seconds == own.median()
    worst = result.per_annotator.set_index("annotator_id")["alpha_change"]
    assert worst.idxmax() == "eve"


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_leaving_one_out_at_every_level_and_with_repeats(level: str) -> None:
    rng = np.random.default_rng(2)
    rows = [(i, w, int(rng.integers(1, 4) if rng.random() < 0.5 else 1 + i % 3)) for i in range(30) for w in "abcd"]
    rows = [row for row in rows if rng.random() < 0.8]
    table = pd.DataFrame([*rows, *rows[::9]], columns=COLUMNS)
    found = label_agreement(table, level=level, n_resamples=0).per_annotator
    for row in found.itertuples():
        without = krippendorff_alpha(table[table["annotator_id"] != row.annotator_id], level=level).value
        assert row.alpha_without == pytest.approx(without)


def test_habits(data: pd.DataFrame, result: LabelAgreement) -> None:
    table = result.annotator_bias
    assert table.groupby("annotator_id")["bias"].sum().abs().max() < 1e-12
    worst = table.loc[table["bias"].abs().idxmax()]
    assert (worst["annotator_id"], worst["label"]) in {("eve", "a"), ("eve", "b")}
    joined = data.merge(data, on="item_id", suffixes=("", "_other"))
    joined = joined[(joined["annotator_id"] == "eve") & (joined["annotator_id_other"] != "eve")]
    usual = (joined["label_other"] == "b").groupby(joined["item_id"]).mean().mean()
    row = table[(table["annotator_id"] == "eve") & (table["label"] == "b")].iloc[0]
    assert row["share_of_others"] == pytest.approx(usual)


def test_pairs_are_cohens_kappa(data: pd.DataFrame, result: LabelAgreement) -> None:
    assert len(result.per_pair) == 10
    for row in result.per_pair.itertuples():
        alone = cohen_kappa(data, annotators=(row.annotator_a, row.annotator_b))
        assert (row.n_items, row.agreement, row.kappa) == (
            alone.n_items,
            pytest.approx(alone.observed),
            pytest.approx(alone.value),
        )
    matrix = result.pair_matrix()
    assert list(matrix.index) == list(matrix.columns) == ["ann", "bob", "cho", "dee", "eve"]
    assert matrix.loc["bob", "ann"] == matrix.loc["ann", "bob"] == result.per_pair["kappa"].iloc[0]
    assert np.isnan(np.diag(matrix)).all()
    assert result.pair_matrix("n_items").loc["ann", "bob"] == result.per_pair["n_items"].iloc[0]


def _naive_classes(table: pd.DataFrame, classes: list) -> tuple[list[float], list[float]]:
    """Agreement and alpha of each class against the rest, from pairs of labels."""
    groups = [list(group) for _, group in table.groupby("item_id")["label"] if len(group) > 1]
    every = [label for group in groups for label in group]
    agreement, alpha = [], []
    for one in classes:
        shares = [
            np.mean([other == one for j, other in enumerate(group) if j != i])
            for group in groups
            for i, label in enumerate(group)
            if label == one
        ]
        agreement.append(float(np.mean(shares)) if shares else np.nan)
        observed = sum(
            2 * sum((a == one) != (b == one) for a, b in combinations(group, 2)) / (len(group) - 1) for group in groups
        )
        n, n_one = len(every), every.count(one)
        expected = 2 * n_one * (n - n_one) / (n - 1)
        alpha.append(1 - observed / expected if expected else np.nan)
    return agreement, alpha


def test_intervals_of_classes_are_those_of_resampled_items(data: pd.DataFrame) -> None:
    found = label_agreement(data, n_resamples=2000, confidence=0.9).per_class
    items = [group for _, group in data.groupby("item_id")]
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(200):
        chosen = [items[i].assign(item_id=place) for place, i in enumerate(rng.integers(0, len(items), len(items)))]
        drawn.append(_naive_classes(pd.concat(chosen), list("abc")))
    agreement, alpha = np.asarray(drawn).transpose(1, 0, 2)
    for name, values in (("agreement", agreement), ("alpha", alpha)):
        low, high = np.nanquantile(values, [0.05, 0.95], axis=0)
        # 200 resamples against 2,000: the ends of both are uncertain
        assert found[f"{name}_low"].to_numpy() == pytest.approx(low, abs=0.05)
        assert found[f"{name}_high"].to_numpy() == pytest.approx(high, abs=0.05)


def test_classes_are_drawn_with_the_coefficients(data: pd.DataFrame) -> None:
    """With two classes, alpha of either against the other is the alpha of all in every resample."""
    two = data.assign(label=data["label"].where(data["label"] == "a", "b"))
    found = label_agreement(two, n_resamples=200)
    for row in found.per_class.itertuples():
        assert [row.alpha, row.alpha_low, row.alpha_high] == pytest.approx(
            [found.alpha, found.alpha_low, found.alpha_high]
        )


def test_values_of_classes(data: pd.DataFrame, result: LabelAgreement) -> None:
    agreement, alpha = _naive_classes(data, list("abc"))
    assert result.per_class["agreement"].tolist() == pytest.approx(agreement)
    assert result.per_class["alpha"].tolist() == pytest.approx(alpha)
    assert result.per_class["alpha"].tolist() == pytest.approx(krippendorff_alpha(data).table["value"].tolist())
    for name in ("agreement", "alpha"):
        assert result.per_class[name].between(result.per_class[f"{name}_low"], result.per_class[f"{name}_high"]).all()


def test_a_class_on_one_item_has_no_interval(data: pd.DataFrame) -> None:
    more = pd.DataFrame([(900, "ann", "rare"), (900, "bob", "rare"), (901, "ann", "alone")], columns=COLUMNS)
    found = label_agreement(pd.concat([data[COLUMNS], more])).per_class.set_index("label")
    assert found.loc["rare", "agreement"] == 1
    ends = [f"{name}_{end}" for name in ("agreement", "alpha") for end in ("low", "high")]
    assert found.loc[["rare", "alone"], ends].isna().all(axis=None)
    assert found.loc[["a", "b", "c"], ends].notna().all(axis=None)


def test_without_resamples_classes_have_no_interval_and_pairs_do(data: pd.DataFrame) -> None:
    found = label_agreement(data, n_resamples=0)
    assert found.per_class[["alpha_low", "alpha_high", "agreement_low", "agreement_high"]].isna().all(axis=None)
    assert found.per_pair[["kappa_low", "kappa_high", "agreement_low", "agreement_high"]].notna().all(axis=None)


@pytest.mark.parametrize(
    ("level", "weights"), [("nominal", None), ("nominal", "quadratic"), ("interval", None), ("masi", None)]
)
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_pairs_have_the_interval_of_cohen_kappa(level: str, weights: str | None, confidence: float) -> None:
    rng = np.random.default_rng(4)
    names = ["", "x", "x|y", "x|y|z"] if level == "masi" else [1, 2, 3, 5]
    truth = rng.integers(0, 4, 80)
    rows = [
        (i, who, names[truth[i] if rng.random() < 0.7 else rng.integers(0, 4)])
        for i in range(80)
        for who in "abcd"
        if rng.random() < 0.8
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    found = label_agreement(table, level=level, weights=weights, n_resamples=0, confidence=confidence).per_pair
    assert len(found) == 6
    for row in found.itertuples():
        pair = (row.annotator_a, row.annotator_b)
        alone = cohen_kappa(table, annotators=pair, level=level, weights=weights, confidence=confidence)
        assert [row.kappa, row.kappa_low, row.kappa_high] == pytest.approx([alone.value, alone.low, alone.high])


@pytest.mark.parametrize(
    ("counts", "error"),
    [([[0, 4, 1], [0, 8, 0], [0, 1, 5]], 0.1380), ([[13, 0, 0], [0, 20, 7], [0, 4, 56]], 0.05891)],
    ids=["SAS", "Gwet"],
)
def test_pairs_have_the_standard_error_of_fleiss_cohen_and_everitt(counts: list, error: float) -> None:
    """The first error is the one SAS prints (with n, not n - 1), the second that of the R package irrCAC."""
    from scipy.stats import t

    table = from_contingency(pd.DataFrame(counts))
    row = label_agreement(table, n_resamples=0).per_pair.iloc[0]
    n, joint = row["n_items"], np.asarray(counts) / np.sum(counts)
    one, two = joint.sum(axis=1), joint.sum(axis=0)
    seen, chance = np.trace(joint), one @ two
    # equation 13 of the paper, every term as printed
    moved = sum(joint[i, i] * ((1 - chance) - (one[i] + two[i]) * (1 - seen)) ** 2 for i in range(3))
    moved += (1 - seen) ** 2 * sum(joint[i, j] * (two[i] + one[j]) ** 2 for i in range(3) for j in range(3) if i != j)
    naive = np.sqrt((moved - (seen * chance - 2 * chance + seen) ** 2) / (1 - chance) ** 4 / (n - 1))
    se = (row["kappa"] - row["kappa_low"]) / t.ppf(0.975, n - 1)
    assert se == pytest.approx(naive)
    assert se == pytest.approx(error, rel=0.03)


def test_agreement_of_pairs_has_wilsons_interval(result: LabelAgreement) -> None:
    from statsmodels.stats.proportion import proportion_confint

    table = result.per_pair
    low, high = proportion_confint(table["agreement"] * table["n_items"], table["n_items"], method="wilson")
    assert table["agreement_low"].to_numpy() == pytest.approx(low.to_numpy())
    assert table["agreement_high"].to_numpy() == pytest.approx(high.to_numpy())


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(0, 2)), max_size=40),
    seed=st.integers(0, 9),
    level=st.sampled_from(["nominal", "interval"]),
)
def test_intervals_stay_within_bounds_in_any_order(rows: list[tuple], seed: int, level: str) -> None:
    """Repeats of the same annotator on an item are among these."""
    table = pd.DataFrame(rows, columns=COLUMNS)
    found = label_agreement(table, level=level, n_resamples=20)
    pairs, classes = found.per_pair, found.per_class
    for name, bound in (("agreement", 0.0), ("kappa", -1.0)):
        known = pairs[pairs[f"{name}_low"].notna()]
        assert known[name].between(known[f"{name}_low"] - 1e-9, known[f"{name}_high"] + 1e-9).all()
        assert ((known[f"{name}_low"] >= bound - 1e-9) & (known[f"{name}_high"] <= 1 + 1e-9)).all()
    for name, bound in (("agreement", 0.0), ("alpha", -1.0)):
        known = classes[classes[f"{name}_low"].notna()]
        assert (known[f"{name}_low"] <= known[f"{name}_high"]).all()
        assert ((known[f"{name}_low"] >= bound - 1e-9) & (known[f"{name}_high"] <= 1 + 1e-9)).all()
    shuffled = label_agreement(table.sample(frac=1, random_state=seed), level=level, n_resamples=20)
    pd.testing.assert_frame_equal(shuffled.per_pair, pairs)
    pd.testing.assert_frame_equal(shuffled.per_class, classes)


@pytest.mark.parametrize(
    ("rows", "kappa", "ends"),
    [
        ([(1, "ann", "a"), (1, "bob", "b")], 0.0, [np.nan, np.nan]),
        ([(i, who, "ab"[i % 2]) for i in range(6) for who in "xy"], 1.0, [np.nan, np.nan]),
        ([(i, who, "a") for i in range(6) for who in "xy"], np.nan, [np.nan, np.nan]),
        ([(i, who, "ab"[(i + n) % 2]) for i in range(2) for n, who in enumerate("xy")], -1.0, [np.nan, np.nan]),
    ],
    ids=["one item", "all agree", "one class", "all opposite"],
)
def test_pairs_at_the_edges(rows: list[tuple], kappa: float, ends: list[float]) -> None:
    row = label_agreement(pd.DataFrame(rows, columns=COLUMNS)).per_pair.iloc[0]
    assert [row["kappa"], row["kappa_low"], row["kappa_high"]] == pytest.approx([kappa, *ends], nan_ok=True)
    assert 0 <= row["agreement_low"] <= row["agreement"] <= row["agreement_high"] <= 1


def test_weeks(data: pd.DataFrame, result: LabelAgreement) -> None:
    assert [str(week.date()) for week in result.over_time["week"]] == ["2026-03-02", "2026-03-09", "2026-03-16"]
    first = data[data["created_at"] < "2026-03-09"]
    assert result.over_time["alpha"].iloc[0] == pytest.approx(krippendorff_alpha(first).value)
    assert result.over_time["n_labels"].sum() == len(data)
    assert label_agreement(data.drop(columns="created_at")).over_time.empty


def test_annotations_give_what_their_table_gives(data: pd.DataFrame, result: LabelAgreement) -> None:
    found = label_agreement(Annotations.from_frames(labels=data), n_resamples=200)
    for name in ("coefficients", "per_class", "class_pairs", "per_item", "per_annotator", "per_pair", "over_time"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(result, name))


def test_times_and_seconds_come_from_views(data: pd.DataFrame, result: LabelAgreement) -> None:
    views = data.drop(columns="label").assign(status="labelled")
    found = label_agreement(Annotations.from_frames(labels=data[COLUMNS], views=views), n_resamples=0)
    assert found.over_time["alpha"].tolist() == result.over_time["alpha"].tolist()
    assert found.per_annotator["seconds"].tolist() == result.per_annotator["seconds"].tolist()


def test_agreement_with_oneself() -> None:
    rows = [(1, "ann", "a"), (1, "ann", "a"), (2, "ann", "a"), (2, "ann", "b"), (2, "bob", "b"), (1, "bob", "a")]
    table = pd.DataFrame(rows, columns=COLUMNS)
    expected = [["ann", 2, 4, 0.5]]
    assert label_agreement(table).intra_annotator.to_numpy().tolist() == expected
    timed = table.assign(created_at=pd.date_range("2026-01-01", periods=6, tz="UTC"))
    annotations = Annotations.from_frames(labels=timed)
    assert len(annotations.labels) == 4
    assert label_agreement(annotations).intra_annotator.to_numpy().tolist() == expected


def test_a_label_that_was_replaced_everywhere_is_a_repeat_all_the_same() -> None:
    columns = [*COLUMNS, "created_at"]
    rows = [(1, "ann", "old", "2026-01-01T00:00:00Z"), (1, "ann", "a", "2026-01-02T00:00:00Z"), (1, "bob", "a", None)]
    found = label_agreement(Annotations.from_frames(labels=pd.DataFrame(rows, columns=columns)))
    assert found.intra_annotator.to_numpy().tolist() == [["ann", 1, 2, 0.0]]
    assert found.per_class["label"].tolist() == ["a"]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "There are no labels."),
        ([(1, "ann", "a"), (2, "ann", "b")], "There is only one annotator"),
        ([(1, "ann", "a"), (1, "bob", "a")], "All labels are of one class"),
        ([(1, "ann", "a"), (2, "bob", "b")], "No item has two labels"),
        ([(1, "ann", None), (1, "bob", None)], "There are no labels."),
    ],
)
def test_little_data_gives_reasons_and_every_table_and_plot(rows: list[tuple], reason: str) -> None:
    import matplotlib.pyplot as plt

    found = label_agreement(pd.DataFrame(rows, columns=COLUMNS))
    assert np.isnan(found.alpha)
    assert reason in found.reason
    assert found.to_dict()["alpha"] is None
    assert found.pair_matrix().shape[0] == len(found.per_annotator)
    for view in VIEWS:
        found.plot(view=view)
    plt.close("all")


@pytest.mark.parametrize("view", VIEWS)
def test_plots(result: LabelAgreement, view: str) -> None:
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    assert result.plot(ax, view=view) is ax
    figure.canvas.draw()
    plt.close("all")


def test_an_unknown_view_lists_the_choices(result: LabelAgreement) -> None:
    with pytest.raises(OptionError, match=r"view='heat' is not known; choose one of 'coefficients', 'classes'"):
        result.plot(view="heat")


def test_statistics_are_too_little() -> None:
    table = pd.DataFrame([(1, "ann", "a")], columns=COLUMNS)
    with pytest.raises(TableError, match="Found LabelStatistics, which do not know who labelled which item"):
        label_agreement(collect_labels(table))  # type: ignore[arg-type]


def test_labels_with_special_names() -> None:
    odd = ["item_id", "nan", "<b>", "label", "annotator_id"]
    table = pd.DataFrame([(i, w, odd[(i * (w + 1)) % 5]) for i in range(10) for w in range(3)], columns=COLUMNS)
    found = label_agreement(table)
    assert found.per_class["label"].tolist() == sorted(odd)
    assert "<b>item" not in found._repr_html_()
