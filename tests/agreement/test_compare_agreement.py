from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa.agreement import collect_labels, compare_agreement, fleiss_kappa, from_counts, krippendorff_alpha
from labelqa.errors import OptionError, TableError

COLUMNS = ["item_id", "annotator_id", "label"]
NAMES = ["krippendorff_alpha", "percent_agreement", "fleiss_kappa", "gwet_ac", "brennan_prediger"]


def labels(n_items: int, accuracy: float, seed: int, *, start: int = 0, n_annotators: int = 3) -> pd.DataFrame:
    """The truth of an item depends on its id alone, and so does how hard it is."""
    rng = np.random.default_rng(seed)
    rows = []
    for item in range(start, start + n_items):
        truth, hard = np.random.default_rng(item).integers(0, 3), np.random.default_rng(item + 10**6).random() < 0.3
        for who in range(n_annotators):
            right = rng.random() < (accuracy - 0.4 if hard else accuracy)
            rows.append((item, who, int(truth if right else rng.integers(0, 3))))
    return pd.DataFrame(rows, columns=COLUMNS)


BEFORE, AFTER = labels(150, 0.75, 1), labels(150, 0.9, 2)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("same_items", [True, False])
def test_analytic_and_bootstrap_intervals_agree(name: str, same_items: bool) -> None:
    one = compare_agreement(BEFORE, AFTER, coefficient=name, same_items=same_items)
    two = compare_agreement(BEFORE, AFTER, coefficient=name, same_items=same_items, n_resamples=1500)
    assert one.difference == two.difference == one.value == one.after - one.before
    assert one.high - one.low == pytest.approx(two.high - two.low, rel=0.1)
    assert [one.low, one.high] == pytest.approx([two.low, two.high], abs=0.25 * one.se)
    assert (one.is_paired, one.n_items_both) == ((True, 150) if same_items else (False, 0))
    assert one.verdict == "higher"


def test_apart_the_variances_add_up() -> None:
    found = compare_agreement(BEFORE, AFTER, same_items=False)
    parts = [krippendorff_alpha(BEFORE), krippendorff_alpha(AFTER)]
    assert found.difference == pytest.approx(parts[1].value - parts[0].value)
    assert found.se == pytest.approx(np.hypot(parts[0].se, parts[1].se), rel=0.01)


def test_matching_items_takes_out_how_hard_they_are() -> None:
    assert compare_agreement(BEFORE, AFTER).se < compare_agreement(BEFORE, AFTER, same_items=False).se


def test_labels_against_themselves_do_not_differ() -> None:
    found = compare_agreement(BEFORE, BEFORE)
    assert (found.difference, found.se, found.p_value, found.verdict) == (0, 0, 1, "undecided")


def test_other_items_count_as_well() -> None:
    later = labels(150, 0.9, 3, start=100)
    found = compare_agreement(BEFORE, later)
    assert (found.n_items_before, found.n_items_after, found.n_items_both) == (150, 150, 50)
    assert found.after == pytest.approx(krippendorff_alpha(later).value)


def test_no_true_difference_is_seldom_called_one() -> None:
    calls = [
        compare_agreement(labels(80, 0.8, seed), labels(80, 0.8, 500 + seed)).verdict != "undecided"
        for seed in range(80)
    ]
    # 95 % intervals: 4 of 80 expected, 11 or more in fewer than 1 of 1,000 runs
    assert sum(calls) <= 10


def test_classes_of_both_count() -> None:
    before, after = BEFORE[BEFORE["label"] < 2], AFTER
    found = compare_agreement(before, after, coefficient="brennan_prediger")
    assert found.before == pytest.approx(
        compare_agreement(before, after, coefficient="brennan_prediger", classes=[0, 1, 2]).before
    )


@pytest.mark.parametrize("level", ["ordinal", "interval", "masi"])
def test_levels(level: str) -> None:
    found = compare_agreement(BEFORE, AFTER, level=level)
    assert found.before == pytest.approx(krippendorff_alpha(BEFORE, level=level).value)
    assert found.level == level


def test_the_order_of_rows_and_the_types_of_ids_change_nothing() -> None:
    shuffled = BEFORE.sample(frac=1, random_state=0).assign(item_id=lambda table: table["item_id"].astype(str))
    one = compare_agreement(BEFORE, AFTER, n_resamples=100)
    assert repr(one) == repr(compare_agreement(shuffled, AFTER, n_resamples=100))


def test_statistics_can_be_compared_apart() -> None:
    one, two = from_counts([[2, 0], [0, 2], [1, 1]]), from_counts([[2, 0], [0, 2], [2, 0]])
    found = compare_agreement(one, two, coefficient="fleiss_kappa", same_items=False)  # type: ignore[arg-type]
    assert found.difference == pytest.approx(fleiss_kappa(two).value - fleiss_kappa(one).value)
    with pytest.raises(TableError, match="do not know which items they counted; give labels one by one, or choose"):
        compare_agreement(collect_labels(BEFORE), collect_labels(AFTER))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "There are no labels."),
        ([(1, "a", "x"), (2, "b", "x")], "No item has two labels"),
        ([(1, "a", 0), (1, "b", 0)], "labels of one class only"),
    ],
)
def test_nothing_to_compare_is_nan_with_a_reason(rows: list[tuple], reason: str) -> None:
    found = compare_agreement(pd.DataFrame(rows, columns=COLUMNS), AFTER)
    assert np.isnan([found.difference, found.low, found.high, found.p_value]).all()
    assert reason in found.reason
    assert found.verdict == "undecided"


def test_unknown_coefficients_list_the_choices() -> None:
    with pytest.raises(OptionError, match=r"coefficient='kappa' is not known; choose one of 'percent_agreement'"):
        compare_agreement(BEFORE, AFTER, coefficient="kappa")


def test_plot_names_both_values() -> None:
    import matplotlib.pyplot as plt

    ax = compare_agreement(BEFORE, AFTER).plot()
    assert "before" in ax.get_xlabel()
    plt.close("all")


def test_a_difference_that_is_undefined_has_no_interval():
    columns = ["item_id", "annotator_id", "label"]
    two = pd.DataFrame(list(zip([0, 0, 1, 1, 2, 2], "abababab", "xyxxyy", strict=False)), columns=columns)
    # one annotator who labelled items twice: repeats, no agreement between people
    one = pd.DataFrame(list(zip([0, 0, 1, 1, 2, 2], "aaaaaa", "xyxxyy", strict=True)), columns=columns)
    for before, after in ((two, one), (one, two)):
        found = compare_agreement(before, after)
        assert np.isnan([found.difference, found.low, found.high, found.se, found.p_value]).all()
        assert found.reason == "There is only one annotator; agreement needs two."
        assert found.verdict == "undecided"
