from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa.agreement import from_contingency, items_needed, items_to_relabel, krippendorff_alpha, permutation_test
from labelqa.errors import OptionError, TableError

COLUMNS = ["item_id", "annotator_id", "label"]


def labels(n_items: int, seed: int = 0, accuracy: float = 0.8) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        (item, who, int(item % 3 if rng.random() < accuracy else rng.integers(0, 3)))
        for item in range(n_items)
        for who in range(3)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


class TestItemsNeeded:
    @pytest.mark.parametrize("name", ["krippendorff_alpha", "fleiss_kappa", "gwet_ac", "percent_agreement"])
    def test_that_many_items_give_the_wanted_width(self, name: str) -> None:
        needed = items_needed(labels(200), width=0.05, coefficient=name)
        found = items_needed(labels(needed.n_items, seed=1), width=0.05, coefficient=name)
        assert found.width_now == pytest.approx(0.05, rel=0.1)
        assert needed.n_more == needed.n_items - 200
        assert needed.n_labels == 3 * needed.n_items

    def test_the_width_now_is_that_of_the_coefficient(self) -> None:
        pilot = labels(100)
        found = krippendorff_alpha(pilot)
        needed = items_needed(pilot, width=found.high - found.low)
        assert needed.width_now == pytest.approx(found.high - found.low)
        assert (needed.n_items, needed.n_more) == (100, 0)
        assert needed.table["width"].is_monotonic_decreasing

    @pytest.mark.parametrize(
        ("pilot", "reason"),
        [
            (labels(0), "There are no labels."),
            (labels(1), "too few items"),
            (from_contingency([[5, 0], [0, 5]]), "All items of the pilot agree alike"),
            (from_contingency([[5, 0], [0, 0]]), "too few items, or labels of one class only"),
        ],
    )
    def test_a_pilot_that_says_nothing_gives_a_reason(self, pilot: pd.DataFrame, reason: str) -> None:
        needed = items_needed(pilot, width=0.1)
        assert needed.n_items == needed.n_labels == -1
        assert reason in needed.reason

    @pytest.mark.parametrize("width", [0, -1, float("nan")])
    def test_a_width_must_be_above_zero(self, width: float) -> None:
        with pytest.raises(OptionError, match="give the distance of the two bounds"):
            items_needed(labels(5), width=width)


class TestItemsToRelabel:
    def test_ties_come_first_and_clear_majorities_last(self) -> None:
        said = {"tie": "ab", "clear": "aaaaa", "close": "aab", "single": "a"}
        rows = [(item, who, label) for item, text in said.items() for who, label in enumerate(text)]
        rows += [(f"more{i}", who, "ab"[i % 2]) for i in range(20) for who in range(2)]
        table = items_to_relabel(pd.DataFrame(rows, columns=COLUMNS)).set_index("item_id")
        order = [item for item in table.index if item in said]
        assert order[0] == "tie"
        assert order[-1] == "clear"
        # a is a little more frequent than b, which settles the tie a little
        assert (table.loc["tie", "label"], table.loc["tie", "p_wrong"]) == ("a", pytest.approx(0.45, abs=0.05))
        assert table["gain"].is_monotonic_decreasing
        assert (table["gain"] <= table["p_wrong"] + 1e-12).all()

    def test_gain_is_the_fall_of_the_error_by_one_more_label(self) -> None:
        # two even classes, three labels an item: agreement .6 means accuracy a with a * a + (1 - a) * (1 - a) = .6
        counts = {"aaa": 20, "aab": 30, "abb": 30, "bbb": 20}
        rows = [
            (f"{text}{i}", who, label) for text, n in counts.items() for i in range(n) for who, label in enumerate(text)
        ]
        table = items_to_relabel(pd.DataFrame(rows, columns=COLUMNS)).set_index("item_id")
        a = (1 + np.sqrt(2 * 0.6 - 1)) / 2
        p_wrong = 1 - a
        assert table.loc["aab0", "p_wrong"] == pytest.approx(p_wrong)
        # one more a keeps a, one more b makes a tie
        after = (1 - p_wrong) * a + max((1 - p_wrong) * (1 - a), p_wrong * a)
        assert table.loc["aab0", "gain"] == pytest.approx(max(after - (1 - p_wrong), 0), abs=1e-9)

    def test_without_pairs_nothing_is_known(self) -> None:
        table = items_to_relabel(pd.DataFrame([(1, "ann", "a"), (2, "bob", "b")], columns=COLUMNS))
        assert table["gain"].isna().all()
        assert table["item_id"].tolist() == ["1", "2"]
        assert items_to_relabel(pd.DataFrame([], columns=COLUMNS)).empty


class TestPermutationTest:
    @pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
    def test_agreement_is_found(self, level: str) -> None:
        found = permutation_test(labels(40), level=level, n_permutations=199)
        assert found.p_value == pytest.approx(1 / 200)
        assert found.value == pytest.approx(krippendorff_alpha(labels(40), level=level).value)
        assert abs(found.chance) < 0.05
        assert found.chance_low < found.chance < found.chance_high < found.value

    def test_chance_is_called_chance(self) -> None:
        p_values = [permutation_test(labels(30, seed, accuracy=0), n_permutations=99).p_value for seed in range(60)]
        # uniform: 3 of 60 expected at .05, 9 or more in fewer than 1 of 250 runs
        assert sum(p <= 0.05 for p in p_values) <= 8
        assert 0.35 < np.mean(p_values) < 0.65

    @pytest.mark.parametrize("name", ["percent_agreement", "fleiss_kappa", "gwet_ac", "brennan_prediger"])
    def test_other_coefficients_and_seeds(self, name: str) -> None:
        one, two, three = (
            permutation_test(labels(20), coefficient=name, n_permutations=50, seed=seed) for seed in (0, 0, 1)
        )
        assert one.table.equals(two.table)
        assert not one.table.equals(three.table)

    @pytest.mark.parametrize(
        ("rows", "reason"),
        [
            ([], "There are no labels."),
            ([(1, "ann", "a"), (2, "bob", "a")], "No item has two labels"),
            ([(1, "ann", "a"), (1, "bob", "a")], "All labels are of one class"),
        ],
    )
    def test_nothing_to_compare_gives_a_reason(self, rows: list[tuple], reason: str) -> None:
        found = permutation_test(pd.DataFrame(rows, columns=COLUMNS), n_permutations=9)
        assert np.isnan(found.p_value)
        assert reason in found.reason

    def test_impossible_options_are_refused(self) -> None:
        with pytest.raises(OptionError, match="n_permutations=0 is out of range; give 999 or more"):
            permutation_test(labels(3), n_permutations=0)
        with pytest.raises(OptionError, match="coefficient='kappa' is not known"):
            permutation_test(labels(3), coefficient="kappa")
        with pytest.raises(TableError, match="do not know who labelled which item"):
            from labelqa.agreement import collect_labels

            permutation_test(collect_labels(labels(3)))  # type: ignore[arg-type]


def test_plots() -> None:
    import matplotlib.pyplot as plt

    assert items_needed(labels(30), width=0.2).plot().get_xscale() == "log"
    assert "p = " in permutation_test(labels(30), n_permutations=19).plot().get_xlabel()
    plt.close("all")
