"""Every documented threshold, order and direction of this room, at its boundary."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from labelqa.noise import (
    audit_sample,
    box_issues,
    calibrate,
    class_health,
    confident_learning,
    duplicates,
    label_issues,
    neighbours,
    outliers,
    remaining_errors,
    review_queue,
)
from labelqa.noise._judged_labels import judged_labels
from labelqa.noise._neighbours import Neighbours
from labelqa.noise.labels._class_health import _pairs
from labelqa.noise.labels._issues import CLOSE_ODDS, SETTLED, SPLIT_SHARE, _flags, _ranks, _verdicts
from labelqa.noise.pictures._duplicates import MIN_CORRELATION, _correlation
from labelqa.noise.pictures._issues import KINDS, judge
from labelqa.noise.queue._calibrate import fit_logistic
from labelqa.noise.queue._decisions import as_decisions
from labelqa.noise.queue._merge import SILENT
from labelqa.noise.queue._queue import flagged
from labelqa.noise.queue._strata import N_STRATA, share_ends, strata

UP, DOWN = np.inf, -np.inf


def above(value):
    return np.nextafter(value, UP)


def below(value):
    return np.nextafter(value, DOWN)


def around(value, spread):
    """A value above 0 or below, and others with the median 0 and the median absolute deviation `spread`."""
    away = -spread if value > 0 else spread
    return np.array([value, away, 0.0, *[spread, -spread] * 20])


def rows(doubts, **more):
    """A finding of rows about labels, one for each doubt."""
    items = [f"i{k:04}" for k in range(len(doubts))]
    return pd.DataFrame({"item_id": items, "kind": "label", "doubt": doubts} | more)


class TestLabelIssues:
    def test_flagged_by_votes_is_what_is_outweighed(self):
        doubt = np.array([above(0.0), 0.0, -0.5, 0.5, 1.0])
        found = _flags(doubt, np.eye(2), np.zeros(2, np.int32), method="labelqa", has_votes=True, n_issues=0)
        assert found.tolist() == [True, False, False, True, True]

    def test_flagged_without_votes_are_as_many_as_counted_the_most_doubtful(self):
        doubt = np.array([-3.0, 2.0, 0.5, 0.5, -1.0])
        for method in ("labelqa", "self_confidence"):
            found = _flags(doubt, np.eye(2), np.zeros(2, np.int32), method=method, has_votes=False, n_issues=2)
            assert found.tolist() == [False, True, True, False, False]

    def test_rank_1_is_the_most_doubtful(self):
        assert _ranks(np.array([-1.0, np.nan, 3.0, -1.0, -9.0])).tolist() == [2, 5, 1, 3, 4]

    @pytest.mark.parametrize(
        ("shares", "probability", "expected"),
        [
            ([7, 3], 0.89, "ambiguous"), ([7, 3], SETTLED, "fine"), ([7, 3], below(SETTLED), "ambiguous"),
            ([71, 29], 0.6, "fine"), ([5, 5], 0.5, "ambiguous"),
        ],
    )  # fmt: skip
    def test_people_are_split_from_a_share_on_unless_evidence_settles_it(self, shares, probability, expected):
        assert (SPLIT_SHARE, SETTLED) == (0.3, 0.9)
        said = [("i", f"a{k}", "x" if k < shares[0] else "y") for k in range(sum(shares))]
        judged = judged_labels(pd.DataFrame(said, columns=["item_id", "annotator_id", "label"]))
        probs = np.array([[probability, 1 - probability]])
        assert _verdicts(judged, probs, np.array([-1.0]), np.array([False])).tolist() == [expected]

    @pytest.mark.parametrize(
        ("doubt", "is_flagged", "expected"),
        [
            (CLOSE_ODDS, True, "wrong"), (below(CLOSE_ODDS), True, "ambiguous"), (-CLOSE_ODDS, True, "wrong"),
            (0.0, False, "fine"), (np.nan, False, "unknown"),
        ],
    )  # fmt: skip
    def test_two_classes_are_close_below_twice_the_odds(self, doubt, is_flagged, expected):
        assert np.exp(CLOSE_ODDS) == pytest.approx(2.0)
        judged = judged_labels(["x"], classes=["x", "y"])
        found = _verdicts(judged, np.array([[0.5, 0.5]]), np.array([doubt]), np.array([is_flagged]))
        assert found.tolist() == [expected]

    def test_doubt_is_the_log_odds_of_the_best_other_class(self):
        probs = np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5], [0.4, 0.4, 0.2]])
        table = label_issues([0, 0, 0], pred_probs=probs).table
        assert table["doubt"].tolist() == pytest.approx([np.log(0.5), np.log(2.5), 0.0])
        assert table["p_wrong"].tolist() == pytest.approx(expit(table["doubt"]).tolist())
        assert table["proposal"].tolist() == [1, 2, 1]
        assert table["rank"].tolist() == [3, 1, 2]

    def test_words_only_where_something_speaks_against_a_label(self):
        probs = np.array([[0.6, 0.4], [0.5, 0.5], [0.49, 0.51]])
        table = label_issues([0, 0, 0], pred_probs=probs).to_queue()
        assert table["reason"].notna().tolist() == [False, False, True]
        assert table["proposal"].notna().tolist() == [False, False, True]
        # only below a half does a source speak against it
        assert "model: 0 only 49 %" in table["reason"][2]

    def test_probabilities_may_be_off_by_a_thousandth(self):
        assert len(confident_learning([0, 1], pred_probs=np.array([[0.5, 0.5], [0.5009, 0.5]])).table) == 2
        with pytest.raises(ValueError, match="1 items do not sum to one"):
            confident_learning([0, 1], pred_probs=np.array([[0.5, 0.5], [0.5011, 0.5]]))

    def test_a_probability_may_be_zero_and_not_below(self):
        assert len(confident_learning([0, 1], pred_probs=np.array([[1.0, 0.0], [0.0, 1.0]])).table) == 2
        for value in (-1e-12, np.nan, np.inf):
            probs = np.array([[1.0, 0.0], [1.0, value]])
            with pytest.raises(ValueError, match=r"negative, missing or infinite values for 1 items \('1'\)"):
                confident_learning([0, 1], pred_probs=probs)


class TestClassHealth:
    def test_the_worst_class_and_pair_come_first(self):
        sure = np.repeat(np.eye(3) * 0.85 + 0.05, [60, 60, 60], axis=0)
        given = np.repeat([0, 1, 2], 60)
        given[:6], given[60:80] = 1, 2
        found = class_health(label_issues(given, pred_probs=sure))
        assert found.table["share_wrong"].is_monotonic_decreasing
        assert found.table["label"].tolist() == [2, 1, 0]
        assert found.pairs["share"].is_monotonic_decreasing
        assert found.pairs[["label_a", "label_b"]].to_numpy().tolist() == [[1, 2], [0, 1]]

    @pytest.mark.parametrize(
        ("n_off", "n_given", "expected"),
        [(3, 100, 1), (2, 10, 0), (3, 101, 0), (4, 101, 1), (30, 1000, 1), (29, 1000, 0), (3, 10, 1)],
    )
    def test_a_pair_counts_from_three_items_and_three_per_cent(self, n_off, n_given, expected):
        off = np.array([[0, n_off], [0, 0]])
        assert len(_pairs(["a", "b"], off, np.array([n_given, 50]))) == expected


class TestQueue:
    def test_a_row_is_flagged_above_even_odds(self):
        table = pd.DataFrame(
            {"p_wrong": [0.5, above(0.5), 0.2, 0.2, 0.2], "kind": ["label", "label", "label", "duplicate", "duplicate"],
             "box_id": [None, None, None, None, "b1"]}
        )  # fmt: skip
        # a box drawn twice is no conflict of labels
        assert flagged(table)["is_flagged"].tolist() == [False, True, False, True, False]

    def test_flags_of_a_queue(self):
        queue = review_queue(rows([0.0, 0.01, -0.01, 1.5]))
        assert queue.table.set_index("item_id")["is_flagged"].to_dict() == {
            "i0000": False, "i0001": True, "i0002": False, "i0003": True,
        }  # fmt: skip
        assert queue.n_flagged == 2

    def test_the_most_doubtful_come_first_and_conflicts_before_all(self):
        table = rows([-1.0, 3.0, 0.5, -2.0, -2.5], group=[np.nan, np.nan, np.nan, 1, 1], label=["a"] * 4 + ["b"])
        queue = review_queue(table)
        assert queue.table["item_id"].tolist() == ["i0003", "i0004", "i0001", "i0002", "i0000"]
        assert queue.table["rank"].tolist() == [1, 2, 3, 4, 5]
        singles = queue.table["p_wrong"].tolist()[2:]
        assert singles == sorted(singles, reverse=True)
        assert queue.n_conflicts == 2

    def test_an_item_of_which_nothing_speaks(self):
        queue = review_queue(rows([np.nan, np.nan], p_fault=[np.nan, 0.5]))
        assert SILENT == -8.0
        by_item = queue.table.set_index("item_id")["doubt"]
        assert by_item["i0000"] == SILENT
        assert by_item["i0001"] == pytest.approx(logit(1 - 0.5 * (1 - expit(SILENT))))

    def test_labels_speak_first_whatever_came_first(self):
        fault = pd.DataFrame({"item_id": ["i0000"], "kind": "image", "p_fault": 0.3, "reason": "dark"})
        odd = fault.assign(kind="outlier", reason="unlike all others")
        copy = fault.assign(kind="duplicate", reason="same picture", p_fault=np.nan)
        other = fault.assign(kind="mine", reason="looks odd")
        label = rows([1.0], reason="two say dent")
        for findings in ((fault, odd, other, copy, label), (copy, other, label, odd, fault)):
            said = review_queue(*findings).table["reasons"].tolist()
            assert said == ["two say dent; dark; unlike all others; looks odd; same picture"]

    def test_groups_of_two_findings_are_not_one(self):
        first = pd.DataFrame({"item_id": ["a", "b"], "kind": "duplicate", "label": ["x", "y"], "group": 1})
        second = pd.DataFrame({"item_id": ["c", "d"], "kind": "duplicate", "label": ["x", "z"], "group": 1})
        third = pd.DataFrame({"item_id": ["e", "f"], "kind": "duplicate", "label": ["u", "v"], "group": 1})
        table = review_queue(first, second, third).table.set_index("item_id")
        proposals = {"a": "y", "b": "x", "c": "z", "d": "x", "e": "v", "f": "u"}
        assert table["proposal"].to_dict() == proposals
        assert table["p_wrong"].tolist() == pytest.approx([2 / 3] * 6)

    @pytest.mark.parametrize(("p_fault", "kind"), [(0.2, "label"), (0.9, "image")])
    def test_a_row_is_called_by_what_makes_most_of_its_doubt(self, p_fault, kind):
        fault = pd.DataFrame({"item_id": ["i0000"], "kind": "image", "p_fault": [p_fault]})
        queue = review_queue(rows([0.0]), fault)
        assert queue.table["kind"].tolist() == [kind]
        assert queue.table["p_wrong"].tolist() == pytest.approx([1 - 0.5 * (1 - p_fault)])


class TestCalibrate:
    def queue(self, n=400):
        return review_queue(rows(np.linspace(3, -3, n)))

    def decisions(self, n, every=4):
        return [
            {"item_id": f"i{k:04}", "action": "relabel" if k % every == 0 else "keep", "label": "x"} for k in range(n)
        ]

    def test_from_100_decisions(self):
        too_few = calibrate(self.queue(), self.decisions(99))
        assert not too_few.is_calibrated
        assert too_few.reason.startswith("Uncalibrated: 99 decisions are too few, 100 are needed")
        assert too_few.n_audited == 99
        enough = calibrate(self.queue(), self.decisions(100))
        assert enough.is_calibrated
        assert (enough.n_audited, enough.reason) == (100, None)
        assert enough.table["is_calibrated"].all()

    def test_flags_follow_the_calibrated_probability(self):
        found = calibrate(self.queue(), self.decisions(400))
        assert found.table["is_flagged"].equals(found.table["p_wrong"] > 0.5)
        assert found.n_flagged == int(found.table["is_flagged"].sum()) == 0
        assert found.table["p_wrong"].mean() == pytest.approx(0.25, abs=0.01)
        wrong = calibrate(self.queue(), self.decisions(400, every=1))
        assert wrong.n_flagged == 400

    def test_the_curve_is_that_of_the_fit(self):
        found = calibrate(self.queue(), self.decisions(400))
        doubt = found.table["doubt"].to_numpy()
        assert found.table["p_wrong"].to_numpy() == pytest.approx(expit(found.intercept + found.slope * doubt))
        groups = found.reliability
        assert len(groups) == 10
        assert groups["n"].tolist() == [40] * 10
        assert (groups["p_low"] <= groups["p_wrong"]).all()
        assert (groups["p_wrong"] <= groups["p_high"]).all()
        assert groups["p_low"].is_monotonic_increasing
        assert groups["share_wrong"].mean() == pytest.approx(0.25)
        expected = float((groups["p_wrong"] - groups["share_wrong"]).abs().mean())
        assert found.calibration_error == pytest.approx(expected)

    def test_rows_count_for_what_they_stand_for(self):
        queue = self.queue(800)
        table = queue.table
        head = table["item_id"].head(80).tolist()
        sample = audit_sample(queue, 120, decisions=[{"item_id": item, "action": "keep"} for item in head])
        rng = np.random.default_rng(0)
        said = [{"item_id": item, "action": "drop" if rng.random() < 0.8 else "keep"} for item in head]
        said += [
            {"item_id": row.item_id, "action": "drop" if rng.random() < row.p_wrong / 2 else "keep"}
            for row in sample.itertuples()
        ]
        stands_for = dict.fromkeys(head, 1.0)
        for _, part in sample.groupby("stratum"):
            stands_for |= dict.fromkeys(part["item_id"], part["n_stratum"].iloc[0] / len(part))
        seen = table.loc[table["item_id"].isin(stands_for)]
        weight = seen["item_id"].map(stands_for).to_numpy(np.float64)
        wrong = seen["item_id"].map({one["item_id"]: one["action"] == "drop" for one in said}).to_numpy(np.float64)
        expected = fit_logistic(seen["doubt"].to_numpy(), wrong, weight / weight.mean())
        found = calibrate(queue, said)
        assert (found.intercept, found.slope) == pytest.approx(expected, rel=1e-6)

    def test_the_fit_is_where_the_slope_vanishes(self):
        rng = np.random.default_rng(0)
        x, y, weight = rng.normal(size=50), (rng.random(50) < 0.3).astype(float), rng.random(50)
        a, b = fit_logistic(x, y, weight)
        residual = weight * (expit(a + b * x) - y)
        # the prior of the intercept is 0 +- 3, of the slope 1 +- 1
        assert residual.sum() + a / 9 == pytest.approx(0, abs=1e-8)
        assert (residual * x).sum() + (b - 1) == pytest.approx(0, abs=1e-8)

    def test_groups_have_twenty_decisions_or_more(self):
        groups = calibrate(self.queue(), self.decisions(119)).reliability
        assert (len(groups), groups["n"].min(), groups["n"].sum()) == (5, 23, 119)


class TestRemaining:
    def queue(self, n=800):
        return review_queue(rows(np.linspace(1, -6, n)))

    def audited(self, n=200, wrong=0):
        sample = audit_sample(self.queue(), n)["item_id"].tolist()
        return [
            {"item_id": item, "action": "drop" if k < wrong else "keep"} for k, item in enumerate(sorted(sample))
        ]  # fmt: skip

    def test_the_stop_rule_is_one_sided_and_the_interval_two_sided(self):
        said = self.audited()
        found = remaining_errors(self.queue(), said, confidence=0.9)
        one_sided = remaining_errors(self.queue(), said, confidence=0.8)
        assert one_sided.high < found.high
        # at 90 % one-sided counts the upper end of the two-sided 80 % interval
        at_limit = one_sided.high / 800
        assert remaining_errors(self.queue(), said, confidence=0.9, max_wrong=at_limit * (1 + 1e-9)).n_more == 0
        assert remaining_errors(self.queue(), said, confidence=0.9, max_wrong=at_limit * (1 - 1e-6)).n_more > 0

    def test_reviewing_n_more_suffices_and_one_fewer_does_not(self):
        said = self.audited(wrong=12)
        found = remaining_errors(self.queue(), said, max_wrong=0.03)
        assert 0 < found.n_more < 600
        decided = {decision["item_id"] for decision in said}
        left = [item for item in self.queue().table["item_id"] if item not in decided]
        doubt = self.queue().table["doubt"].to_numpy()
        stratum = pd.Series(strata(doubt), index=self.queue().table["item_id"])
        audited = np.bincount(stratum[list(decided)], minlength=N_STRATA)
        wrong = np.bincount(
            stratum[[d["item_id"] for d in said if d["action"] == "drop"]], minlength=N_STRATA
        )  # fmt: skip
        share = wrong / audited
        high = share_ends(wrong.astype(float), audited.astype(float), 0.9).high

        def upper(n_done):
            rest = np.bincount(stratum[left[n_done:]], minlength=N_STRATA)
            return (rest * share).sum() + np.sqrt(((rest * (high - share)) ** 2).sum())

        assert upper(int(found.n_more)) <= 0.03 * 800 < upper(int(found.n_more) - 1)
        assert found.stop_rule.startswith(f"review {found.n_more:,.0f} more: then at most 3 % wrong (95 %)")

    def test_a_row_that_is_reviewed_is_not_left(self):
        everything = [{"item_id": item, "action": "drop"} for item in self.queue().table["item_id"]]
        found = remaining_errors(self.queue(), everything)
        assert (found.value, found.low, found.high, found.n_more) == (0.0, 0.0, 0.0, 0.0)
        assert (found.n_found, found.n_reviewed, found.n_audited) == (800, 800, 0)
        assert found.reason is None

    def test_rates_are_shares_of_all_rows(self):
        found = remaining_errors(self.queue(), self.audited(wrong=12))
        assert found.rate == pytest.approx(found.value / 800)
        assert found.rate_low == pytest.approx(found.low / 800)
        assert found.rate_high == pytest.approx(found.high / 800)
        assert 0 < found.low < found.value < found.high < 600
        assert found.table["stratum"].tolist() == list(range(1, 9))
        # the most doubtful stratum comes first
        assert found.table["doubt_high"].is_monotonic_decreasing
        assert (found.table["doubt_low"] <= found.table["doubt_high"]).all()

    def test_strata_share_what_is_uncertain(self):
        doubt = np.linspace(1, -6, 5000)
        p = np.clip(expit(doubt), 0.02, 0.98)
        mass = np.bincount(strata(doubt), np.sqrt(p * (1 - p)))
        assert mass == pytest.approx(np.full(8, mass.sum() / 8), rel=0.02)
        assert strata(np.zeros(16)).tolist() == np.repeat(np.arange(8), 2).tolist()

    @pytest.mark.parametrize(("wrong", "n"), [(0, 0), (0, 20), (3, 20), (20, 20)])
    def test_an_interval_holds_its_share(self, wrong, n):
        ends = share_ends(np.array([float(wrong)]), np.array([float(n)]))
        if n == 0:
            assert (ends.low[0], ends.high[0]) == (0.0, 1.0)
        else:
            assert 0 <= ends.low[0] <= wrong / n <= ends.high[0] <= 1


def test_what_is_empty_is_not_said():
    said = {"item_id": 1, "action": "relabel", "label": "x", "box": [], "reviewer": "", "at": np.nan, "suggestion": {}}
    row = as_decisions([said]).iloc[0]
    assert row[["box", "reviewer", "at", "suggestion", "box_id"]].tolist() == [None] * 5
    with pytest.raises(ValueError, match="a relabel without a new label or box"):
        as_decisions([said | {"label": ""}])


class TestAuditSample:
    QUEUE = review_queue(rows(np.linspace(1, -6, 800)))

    def test_strata_and_their_sizes(self):
        sample = audit_sample(self.QUEUE, 80)
        sizes = np.bincount(strata(self.QUEUE.table["doubt"].to_numpy()), minlength=N_STRATA)
        assert sample["stratum"].value_counts().to_dict() == dict.fromkeys(range(1, 9), 10)
        assert (sample["n_stratum"] == sizes[sample["stratum"] - 1]).all()
        assert sample["item_id"].is_unique

    def test_what_was_reviewed_is_not_drawn_again(self):
        head = self.QUEUE.table["item_id"].head(100)
        said = [{"item_id": item, "action": "keep"} for item in head]
        said.append({"item_id": "i0500", "action": "unsure"})
        sample = audit_sample(self.QUEUE, 700, decisions=said)
        assert not sample["item_id"].isin(head).any()
        # an unsure row is as good as not reviewed
        assert len(sample) == 700
        assert "i0500" in set(sample["item_id"])
        assert sample["n_stratum"].max() < 700

    def test_small_strata_give_all_they_have(self):
        assert sorted(audit_sample(self.QUEUE, 800)["item_id"]) == sorted(self.QUEUE.table["item_id"])
        assert len(audit_sample(self.QUEUE, 10_000)) == 800
        assert audit_sample(self.QUEUE, 0).empty
        first = audit_sample(self.QUEUE, 5)
        assert first["stratum"].nunique() == 5
        assert first.equals(audit_sample(self.QUEUE, 5))
        assert not first.equals(audit_sample(self.QUEUE, 5, seed=1))


#: A picture without any fault, among others like it.
PLAIN = {
    "problem": None, "width": 400.0, "height": 300.0, "orientation": 1, "dark_end": 0.2, "bright_end": 0.8,
    "entropy": 6.0, "contrast": 0.2, "sharpness": 0.0, "colour": 0.2, "hash": np.uint64(0), "digest": "d",
}  # fmt: skip


def faults_of(n_others=10, others=(), **change):
    """Kinds of fault of one picture with these measures, among plain ones."""
    table = pd.DataFrame([PLAIN | change, *([PLAIN | dict(others)] * n_others)])
    table.insert(0, "item_id", [f"i{k}" for k in range(len(table))])
    found = judge(table, list(KINDS)).table
    return found.loc[found["item_id"] == "i0", "kind"].tolist()


class TestPictures:
    @pytest.mark.parametrize(
        ("measures", "fault"),
        [
            # dark: the 99th percentile of brightness; bright: the 5th
            ({"bright_end": below(0.32)}, "dark"), ({"bright_end": 0.32}, None),
            ({"dark_end": above(0.93)}, "bright"), ({"dark_end": 0.93}, None),
            ({"entropy": below(2.0)}, "low_information"), ({"entropy": 2.0}, None),
            ({"sharpness": below(-1.3)}, "blurred"), ({"sharpness": -1.3}, None),
            # smaller pictures may hold less blur: 0.1 for each halving, three times at most
            ({"sharpness": -1.21, "width": 128.0, "height": 128.0}, "blurred"),
            ({"sharpness": -1.19, "width": 128.0, "height": 128.0}, None),
            ({"sharpness": -1.01, "width": 32.0, "height": 32.0}, "blurred"),
            ({"sharpness": -0.99, "width": 16.0, "height": 16.0}, None),
            ({"orientation": 6}, "orientation"), ({"orientation": 1}, None),
            ({"colour": below(0.006)}, "greyscale"), ({"colour": 0.006}, None),
        ],
    )  # fmt: skip
    def test_limits_that_do_not_depend_on_the_set(self, measures, fault):
        found = [kind for kind in faults_of(**measures) if not kind.startswith("odd")]
        assert found == ([] if fault is None else [fault])

    def test_a_dark_picture_is_blank_only_below_one_bit(self):
        assert faults_of(bright_end=0.1, entropy=1.0) == ["dark"]
        assert faults_of(bright_end=0.1, entropy=below(1.0)) == ["low_information", "dark"]

    def test_a_blank_picture_is_neither_blurred_nor_grey(self):
        assert faults_of(entropy=1.0, sharpness=-3.0, colour=0.0) == ["low_information"]

    def test_grey_is_odd_only_in_a_colourful_set(self):
        assert faults_of(colour=0.0, others={"colour": 0.04}) == ["greyscale"]
        assert faults_of(colour=0.0, others={"colour": below(0.04)}) == []

    @pytest.mark.parametrize(
        ("width", "height", "expected"),
        [
            (400.0 * 2.01, 300.0 * 2.01, ["odd_size"]), (400.0 * 1.99, 300.0 * 1.99, []),
            (400.0 / 2.01, 300.0 / 2.01, ["odd_size"]), (400.0 / 1.99, 300.0 / 1.99, []),
            (400.0 * 1.43, 300.0 / 1.43, ["odd_aspect"]), (400.0 * 1.41, 300.0 / 1.41, []),
            (400.0 / 1.43, 300.0 * 1.43, ["odd_aspect"]), (400.0 / 1.41, 300.0 * 1.41, []),
        ],
    )  # fmt: skip
    def test_odd_is_four_times_the_area_and_twice_the_aspect(self, width, height, expected):
        assert faults_of(width=width, height=height) == expected

    @pytest.mark.parametrize(("deviations", "expected"), [(5.05, ["odd_size"]), (4.95, [])])
    def test_and_beyond_five_robust_deviations(self, deviations, expected):
        # half of the set is e^.5 larger or smaller in area: the median absolute deviation is .5
        logs = around(deviations * 1.4826 * 0.5, 0.5)
        side = np.exp(logs / 2)
        table = pd.DataFrame([PLAIN] * len(side)).assign(width=400.0 * side, height=300.0 * side)
        table.insert(0, "item_id", [f"i{k}" for k in range(len(side))])
        found = judge(table, ["odd_size"])
        assert found.table["kind"].tolist() == expected
        assert found.n_flagged == len(expected)
        if expected:
            assert found.table["limit"].tolist() == pytest.approx([np.exp(5 * 1.4826 * 0.5)])
            assert found.table["value"].tolist() == pytest.approx([np.exp(deviations * 1.4826 * 0.5)])

    def test_faults_are_listed_the_most_serious_first(self):
        assert faults_of(bright_end=0.1, entropy=0.5, orientation=3) == ["low_information", "dark", "orientation"]


class TestOutliers:
    def graph(self, distances):
        n = len(distances)
        return Neighbours(
            n_items=n, n_neighbours=1, n_components=1, item_ids=np.array([f"i{k:02}" for k in range(n)], dtype=object),
            indices=np.roll(np.arange(n, dtype=np.int32), 1)[:, None], distances=np.asarray(distances)[:, None],
        )  # fmt: skip

    @pytest.mark.parametrize(("deviation", "is_flagged"), [(4.01, True), (3.99, False), (-8.0, False)])
    def test_robust_deviations_of_the_logarithm(self, deviation, is_flagged):
        logs = around(deviation * 1.4826 * 0.2, 0.2)
        found = outliers(neighbours=self.graph(np.exp(logs)))
        assert found.table["deviation"][0] == pytest.approx(deviation)
        assert found.table["is_flagged"][0] == is_flagged
        assert found.n_flagged == int(is_flagged)
        assert found.limit == 4.0

    def test_the_limit_itself_is_usual(self):
        logs = around(1.0, 0.2)
        graph = self.graph(np.exp(logs))
        deviation = float(outliers(neighbours=graph).table["deviation"][0])
        assert not outliers(neighbours=graph, limit=deviation).table["is_flagged"][0]
        assert outliers(neighbours=graph, limit=below(deviation)).table["is_flagged"][0]

    def test_the_distance_is_the_mean_to_the_nearest(self, blobs):
        graph = neighbours(blobs[0], n_neighbours=5)
        for n in (1, 5):
            table = outliers(neighbours=graph, n_neighbours=n).table
            assert table["distance"].tolist() == pytest.approx(graph.distances[:, :n].mean(axis=1).tolist())
            assert table["nearest_id"].tolist() == graph.item_ids[graph.indices[:, 0]].tolist()
        # a graph with fewer has them all
        assert outliers(neighbours=graph, n_neighbours=9).table.equals(table)

    def test_equal_items_are_usual(self):
        found = outliers(neighbours=self.graph(np.zeros(12)))
        assert found.table["deviation"].tolist() == [0.0] * 12
        assert found.n_flagged == 0

    def test_a_limit_of_zero_is_the_median(self):
        found = outliers(neighbours=self.graph(np.linspace(1, 2, 11)), limit=0)
        assert found.n_flagged == 5
        with pytest.raises(ValueError, match="limit=-1"):
            outliers(neighbours=self.graph(np.linspace(1, 2, 11)), limit=-1)

    def test_ten_items_are_enough(self):
        assert outliers(neighbours=self.graph(np.linspace(1, 2, 10))).reason is None
        few = outliers(neighbours=self.graph(np.linspace(1, 2, 9)))
        assert few.reason == "9 items are too few to say what is usual."
        assert few.table["deviation"].isna().all()
        assert few.n_flagged == 0

    def test_what_it_hands_to_the_queue(self):
        logs = around(6.0, 0.2)
        table = outliers(neighbours=self.graph(np.exp(logs))).to_queue()
        assert table["p_fault"].notna().tolist() == [True] + [False] * 42
        assert table["p_fault"][0] == 0.4
        assert table["reason"].notna().sum() == 1


class TestDuplicates:
    def pair(self, change, seed=3):
        rng = np.random.default_rng(seed)
        image = np.kron(rng.integers(40, 180, (8, 8, 1)), np.ones((8, 8, 3))).astype(np.uint8)
        return {"a": image, "b": change(image)}

    def brighter_corner(self, image):
        out = image.copy()
        out[:16, :16] += np.uint8(60)
        return out

    def test_the_difference_of_pixels_stays_below_the_limit(self):
        pictures = self.pair(lambda image: image + np.uint8(20))
        found = duplicates(pictures)
        assert found.pairs["rmse"].tolist() == pytest.approx([20.0], abs=0.6)
        rmse = float(found.pairs["rmse"][0])
        assert duplicates(pictures, max_rmse=rmse).n_groups == 0
        assert duplicates(pictures, max_rmse=above(rmse)).n_groups == 1
        assert found.table["kind"].tolist() == ["near", "near"]

    @pytest.mark.parametrize(("lift", "expected"), [(39, 1), (41, 0)])
    def test_by_default_below_forty(self, lift, expected):
        assert duplicates(self.pair(lambda image: image + np.uint8(lift))).n_groups == expected

    def test_bits_up_to_the_limit(self):
        pictures = self.pair(self.brighter_corner, seed=0)
        found = duplicates(pictures, max_bits=11)
        assert found.pairs["bits"].tolist() == [8]
        assert duplicates(pictures, max_bits=8).n_groups == 1
        # the default is 7
        assert duplicates(pictures, max_bits=7).n_groups == duplicates(pictures).n_groups == 0
        assert duplicates(self.pair(self.brighter_corner)).pairs["bits"].tolist() == [6]

    def test_brightness_must_rise_and_fall_together(self):
        rng = np.random.default_rng(0)
        image = np.clip(rng.normal(128, 2, (32, 32, 3)), 0, 255).astype(np.uint8)
        mixed = {share: self.mixture(image, share) for share in (0.95, 0.85)}
        assert [_correlation(image.astype(float), other.astype(float)) > 0.9 for other in mixed.values()] == [
            True,
            False,
        ]
        assert MIN_CORRELATION == 0.9

    def mixture(self, image, share):
        other = np.random.default_rng(1).normal(128, 2, image.shape)
        centred = (image - 128.0) * share + (other - 128.0) * np.sqrt(1 - share**2)
        return 128 + centred


class TestBoxes:
    """One image: `n_drawing` people draw one box, `n_others` another far away."""

    def drawn(self, n_drawing, n_others=0, shift=0, **options):
        rows = [("p", f"a{k}", 10, 10, 50, 50) for k in range(n_drawing)]
        rows += [("p", f"b{k}", 200, 200, 250, 250) for k in range(n_others)]
        if shift:
            rows.append(("p", "c", 10 + shift, 10, 50 + shift, 50))
        table = pd.DataFrame(rows, columns=["item_id", "annotator_id", "x_min", "y_min", "x_max", "y_max"])
        return box_issues(table, **options)

    def test_the_worst_come_first(self):
        found = self.drawn(4, 1, shift=8, min_doubt=0.01).table
        assert found["doubt"].iloc[0] > found["doubt"].iloc[-1]
        assert found["doubt"].is_monotonic_decreasing
        assert found["annotator_id"].iloc[0] == "b0"

    @pytest.mark.parametrize(
        ("n_drawing", "n_others", "expected"), [(2, 1, 1), (1, 2, 0), (2, 3, 0), (3, 3, 3), (3, 2, 2), (4, 1, 1)]
    )
    def test_a_box_is_missing_where_more_than_half_of_the_others_have_it(self, n_drawing, n_others, expected):
        table = self.drawn(n_drawing, n_others, min_doubt=0.01).table
        missing = table.loc[(table["kind"] == "missing") & table["annotator_id"].str.startswith("b")]
        assert len(missing) == expected
        assert (missing["doubt"] > 0.5).all()

    def test_faults_from_the_least_doubt_on_are_listed(self):
        every = self.drawn(4, 1, shift=8, min_doubt=0.01).table
        doubt = float(every["doubt"].iloc[-1])
        assert 0.01 < doubt < 1
        assert len(self.drawn(4, 1, shift=8, min_doubt=doubt).table) == len(every)
        assert len(self.drawn(4, 1, shift=8, min_doubt=doubt + 1e-6).table) < len(every)
