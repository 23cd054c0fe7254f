"""Every documented threshold and direction of a comparison, at its boundary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from labelqa._kernels.paired import items_needed, mcnemar_mid_p
from labelqa._options import Resampling
from labelqa.compare import UnfairComparison, compare_fixes, scope
from labelqa.compare._compare import _cost
from labelqa.compare._difference import Criteria, Difference, difference, verdict
from labelqa.compare._experiment import Experiment
from labelqa.compare._fairness import leaked_rows
from labelqa.compare._refit import ArmOutcome, _placebo, mean_outcome
from labelqa.errors import OptionError

CRITERIA = Criteria(0.005, Resampling(n_resamples=2000, confidence=0.95, seed=0))


def above(value):
    return np.nextafter(value, np.inf)


def below(value):
    return np.nextafter(value, -np.inf)


class TestVerdict:
    @pytest.mark.parametrize(
        ("low", "high", "p_value", "expected"),
        [
            # equivalent: the whole interval lies within the margin, whatever the test says
            (above(-0.005), below(0.005), 0.001, "equivalent"), (-0.005, 0.004, 1.0, "inconclusive"),
            (-0.004, 0.005, 1.0, "inconclusive"), (0.001, 0.004, 0.001, "equivalent"),
            # helps and hurts: the whole interval on one side of 0, and the test agrees
            (above(0.0), 0.02, 0.01, "helps"), (0.0, 0.02, 0.01, "inconclusive"),
            (-0.02, below(0.0), 0.01, "hurts"), (-0.02, 0.0, 0.01, "inconclusive"),
            (0.01, 0.02, 0.049, "helps"), (0.01, 0.02, 0.06, "inconclusive"), (0.01, 0.02, 1.0, "inconclusive"),
            (-0.02, -0.01, 0.06, "inconclusive"), (-0.02, 0.02, 0.001, "inconclusive"),
        ],
    )  # fmt: skip
    def test_at_the_boundaries(self, low, high, p_value, expected):
        assert verdict(low, high, p_value, CRITERIA) == expected

    def test_the_test_agrees_below_one_minus_the_confidence(self):
        level = 1 - 0.95
        assert verdict(0.01, 0.02, level, CRITERIA) == "inconclusive"
        assert verdict(0.01, 0.02, below(level), CRITERIA) == "helps"


def outcome(correct, *, is_single=True):
    correct = np.asarray(correct, float)
    return ArmOutcome(10, correct, np.zeros(len(correct)), is_single=is_single)


class TestDifference:
    def test_of_single_models_by_mcnemar(self):
        one, other = outcome([1] * 10 + [0] * 90), outcome([0] * 10 + [1] * 2 + [0] * 88)
        found = difference(one, other, CRITERIA)
        assert found.difference == pytest.approx(0.08)
        assert found.p_value == mcnemar_mid_p(10, 2)
        assert found.n_needed == items_needed(0.12, 0.005)
        assert found.low < 0.08 < found.high
        turned = difference(other, one, CRITERIA)
        assert turned.difference == pytest.approx(-0.08)
        assert turned.p_value == found.p_value

    def test_of_means_by_the_bootstrap_on_both_sides(self):
        rng = np.random.default_rng(0)
        gain = rng.normal(0.1, 0.3, 200)
        one, other = outcome(gain, is_single=False), outcome(np.zeros(200))
        for left, right in ((one, other), (other, one)):
            found = difference(left, right, CRITERIA)
            assert found.p_value == pytest.approx(2 / 2001)
            assert found.low < found.difference < found.high
        nothing = difference(outcome(rng.normal(0, 0.3, 200), is_single=False), other, CRITERIA)
        assert 0.05 < nothing.p_value <= 1.0
        assert difference(outcome(np.zeros(200), is_single=False), other, CRITERIA).p_value == 1.0

    def test_on_no_items(self):
        found = difference(outcome([1, 0]), outcome([0, 0]), CRITERIA, np.array([False, False]))
        assert (found.verdict, np.isnan(found.difference)) == ("inconclusive", True)
        part = difference(outcome([1, 0]), outcome([0, 0]), CRITERIA, np.array([True, False]))
        assert part.difference == 1.0

    def test_a_mean_of_one_is_itself(self):
        one = outcome([1, 0])
        assert mean_outcome([one]) is one
        both = mean_outcome([one, outcome([1, 1])])
        assert (both.correct.tolist(), both.is_single) == ([1.0, 0.5], False)


class TestCost:
    @staticmethod
    def of(value, low, high):
        return _cost(Difference(value, low, high, 0.01, "helps", 1.0), 200, 2.0)

    def test_a_point_is_a_hundredth(self):
        found = self.of(0.04, 0.02, 0.08)
        # 400 for 4 points
        assert found == {
            "n_reviews": 200.0, "cost_per_point": 100.0, "cost_per_point_low": 50.0, "cost_per_point_high": 200.0,
        }  # fmt: skip

    def test_it_is_open_where_the_gain_may_be_nothing(self):
        assert self.of(0.04, 0.0, 0.08)["cost_per_point_high"] == np.inf
        assert np.isnan(self.of(0.0, -0.1, 0.1)["cost_per_point"])
        assert self.of(-0.1, -0.2, 0.0)["cost_per_point_low"] == np.inf


class TestOptions:
    @pytest.mark.parametrize("margin", [0.1, 1e-9])
    def test_margins_within(self, world, margin):
        options = {"features": world.features, "n_resamples": 100, "curves": False, "n_controls": 0}
        assert compare_fixes(world.noisy, world.clean, world.trusted, margin=margin, **options).margin == margin

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"margin": 0.0}, "margin=0.0"),
            ({"margin": above(0.1)}, r"margin=.* is out of range"),
            ({"n_resamples": 99}, "n_resamples=99"),
            ({"n_controls": -1}, "n_controls=-1"),
            ({"leaks": "keep"}, "leaks='keep'"),
            ({"seed": -1}, "seed=-1"),
        ],
    )
    def test_others_are_refused(self, world, options, message):
        with pytest.raises(OptionError, match=message):
            compare_fixes(world.noisy, world.clean, world.trusted, features=world.features, **options)

    def test_thirty_test_items_decide(self, world):
        options = {"features": world.features, "n_resamples": 100, "curves": False, "n_controls": 0}
        found = compare_fixes(world.noisy, world.clean, world.trusted.iloc[:30], **options)
        assert found.n_test == 30
        with pytest.raises(UnfairComparison, match="The test set has 29 items; fewer than 30 decide nothing"):
            compare_fixes(world.noisy, world.clean, world.trusted.iloc[:29], **options)


class TestLeaks:
    def experiment(self, n_features, share):
        """Give 40 training rows around as many test rows, the first closer by a share of the usual distance."""
        rng = np.random.default_rng(0)
        test = rng.normal(size=(40, n_features))
        step = rng.normal(size=(40, n_features))
        step /= np.linalg.norm(step, axis=1, keepdims=True)
        train = test + 0.01 * step
        train[0] = test[0] + share * 0.01 * step[0]
        rows = np.vstack([train, test]).astype(np.float32)
        before = np.r_[np.zeros(40, np.int64), np.full(40, -1)]
        ids, classes = (np.array(values, dtype=object) for values in ([f"i{k}" for k in range(80)], ["x"]))
        test_rows, truth = np.arange(40, 80), np.zeros(40, np.int64)
        return Experiment(rows, ids, classes, before, before, np.full(80, -1), [], test_rows, truth)

    def test_a_fiftieth_of_the_usual_distance_is_a_copy(self):
        assert leaked_rows(self.experiment(8, 0.015)) == {0: 40}
        assert leaked_rows(self.experiment(8, 0.03)) == {}

    def test_seven_features_are_too_few_to_tell(self):
        assert leaked_rows(self.experiment(7, 0.0)) == {}
        assert leaked_rows(self.experiment(8, 0.0)) == {0: 40}

    def test_blank_pictures_are_no_copies(self):
        experiment = self.experiment(8, 0.0)
        experiment.rows[[0, 40]] = 0.0
        assert leaked_rows(experiment) == {}

    @pytest.mark.parametrize("side", ["before", "after"])
    def test_items_that_were_dropped_or_added_are_looked_at(self, side):
        """An item that only one arm trains on may be a copy as well, whatever its class (0 is the first)."""
        experiment = self.experiment(8, 0.0)
        without = experiment.before.copy()
        without[0] = -1
        assert leaked_rows(replace(experiment, **{side: without})) == {0: 40}
        assert leaked_rows(replace(experiment, before=without, after=without)) == {}

    def test_where_all_are_copies_none_is_missed(self):
        experiment = self.experiment(8, 0.0)
        experiment.rows[:40] = experiment.rows[40:]
        assert leaked_rows(experiment) == {k: 40 + k for k in range(40)}


class TestPlacebo:
    @staticmethod
    def experiment(n_fixed):
        """Give 20 items of class 0, the first of which become 1 and 2 in turn, and 30 of class 1, of which one is 2."""
        before = np.r_[np.zeros(20, np.int64), np.ones(30, np.int64)]
        after = before.copy()
        after[:n_fixed] = 1 + np.arange(n_fixed) % 2
        after[20] = 2
        ids = np.array([f"i{k}" for k in range(50)], dtype=object)
        rows, none = np.zeros((50, 1), np.float32), np.empty(0, np.int64)
        kind = np.where(before != after, 0, -1)
        return Experiment(
            rows, ids, np.array(["x", "y", "z"], dtype=object), before, after, kind, ["relabel"], none, none
        )

    @pytest.mark.parametrize("n_fixed", [10, 11, 20])
    def test_the_same_changes_of_class_are_made_elsewhere(self, n_fixed):
        experiment = self.experiment(n_fixed)
        rows, label = _placebo(experiment, 0, np.random.default_rng(0))
        assert rows.tolist() == list(range(50))
        for one in (experiment.after, label):
            changes = [np.bincount(one[experiment.before == old], minlength=3).tolist() for old in (0, 1)]
            assert changes == [[20 - n_fixed, (n_fixed + 1) // 2, n_fixed // 2], [0, 29, 1]]
        changed = np.flatnonzero(label != experiment.before)
        # ten items of class 0 are enough for ten changes, and only then are the fixed ones left alone
        assert (changed[changed < 20] >= n_fixed).all() == (n_fixed == 10)
        assert (changed > 20).sum() == 1


def test_the_curve_in_random_order_is_the_mean_of_one_or_two_draws(world):
    decisions = pd.DataFrame({"item_id": [*world.wrong[:20], *world.train[:30]], "reviewer": "ann"})
    after = world.noisy.copy()
    after[world.wrong[:20]] = world.clean[world.wrong[:20]]
    options = {"features": world.features, "decisions": decisions.drop_duplicates("item_id"), "n_resamples": 100}
    found = [compare_fixes(world.noisy, after, world.trusted, n_controls=n, **options) for n in range(4)]
    none, one, two, three = (each.curve.set_index("order").loc["random", "n_fixes"].tolist() for each in found)
    assert none == one
    assert one != two
    assert two == three
    # the last training size is all there is, whatever the class
    assert found[0].data_size["n_train"].tolist() == [100, 200, 400, 400]


def test_the_columns_of_an_attribution_begin_with_the_kind_and_its_number(world):
    options = {"features": world.features, "n_resamples": 100, "curves": False, "n_controls": 0}
    found = compare_fixes(world.noisy, world.clean, world.trusted, **options).attribution
    ends = [f"{name}{end}" for name in ("shapley", "add_one", "leave_one_out") for end in ("", "_low", "_high")]
    assert found.columns.tolist() == ["kind", "n_fixes", *ends]


def test_sizes_are_listed_for_half_a_point_to_five_and_two_to_twenty_per_cent():
    said = pd.DataFrame(
        [(k, who, k % 2) for k in range(10) for who in "ab"], columns=["item_id", "annotator_id", "label"]
    )
    sizes = scope(said).test_sizes
    # two models cannot differ by more than they are discordant
    assert sizes[["effect", "share_discordant"]].to_numpy().tolist() == [
        [effect, share] for effect in (0.005, 0.01, 0.02, 0.05) for share in (0.02, 0.05, 0.1, 0.2) if share >= effect
    ]


def test_classes_are_adjusted_for_how_many_there_are(world):
    found = compare_fixes(
        world.noisy, world.clean, world.trusted, features=world.features, n_resamples=200, curves=False, n_controls=0
    )
    p = found.per_class["p_value"].sort_values()
    adjusted = found.per_class["p_holm"].loc[p.index]
    assert adjusted.to_numpy() == pytest.approx(np.minimum(np.maximum.accumulate(p.to_numpy() * [3, 2, 1]), 1.0))


def test_shares_of_an_item_table(world):
    found = compare_fixes(
        world.noisy, world.clean, world.trusted, features=world.features, n_resamples=100, curves=False, n_controls=0
    )
    assert found.items["is_correct_before"].mean() == pytest.approx(found.accuracy_before)
    assert found.items["is_correct_after"].mean() == pytest.approx(found.accuracy_after)
    assert found.difference == pytest.approx(found.accuracy_after - found.accuracy_before)
    assert pd.isna(found.arms.loc[0, "difference"])
    assert found.arms.loc[0, "verdict"] == ""
