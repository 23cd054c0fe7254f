"""Every table of `label_agreement` against a plain computation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from labelqa import Annotations
from labelqa.agreement import LabelAgreement, cohen_kappa, collect_labels, krippendorff_alpha, label_agreement
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
    table = result.per_item
    assert table["agreement"].dropna().is_monotonic_increasing
    assert table["agreement"].isna().to_numpy()[-1] or table["agreement"].notna().all()
    for row in table.itertuples():
        labels = data.loc[data["item_id"] == int(row.item_id), "label"].tolist()
        pairs = [a == b for a, b in combinations(labels, 2)]
        counts = pd.Series(labels).value_counts()
        top = sorted(counts[counts == counts.max()].index)
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
