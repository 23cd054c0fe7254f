from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa import Annotations
from labelqa.errors import OptionError, TableError
from labelqa.noise import (
    audit_sample,
    calibrate,
    duplicates,
    image_issues,
    label_issues,
    outliers,
    remaining_errors,
    review_queue,
)
from labelqa.noise.queue._calibrate import fit_logistic
from labelqa.noise.queue._merge import SILENT, combined
from labelqa.noise.queue._queue import COLUMNS
from labelqa.noise.queue._strata import N_STRATA, share_ends, strata


@pytest.fixture(scope="module")
def reviewed_set():
    """A queue of 4,000 labels whose scores are too sure of themselves, and which labels are wrong."""
    rng = np.random.default_rng(2)
    logit = rng.normal(-2, 1.5, 4000)
    is_wrong = rng.random(4000) < 1 / (1 + np.exp(-logit))
    p = 1 / (1 + np.exp(-2.5 * logit - 1))
    queue = review_queue(label_issues([0] * 4000, pred_probs=np.column_stack([1 - p, p])))
    return queue, pd.Series(is_wrong, index=[str(k) for k in range(4000)])


def said(ids, is_wrong):
    return [{"item_id": item, "action": "drop" if is_wrong[item] else "keep"} for item in ids]


def error_of(queue, is_wrong):
    """Expected calibration error over ten groups of equal width."""
    p, wrong = queue.table["p_wrong"].to_numpy(), is_wrong[queue.table["item_id"]].to_numpy()
    group = np.minimum((p * 10).astype(int), 9)
    return sum(abs(p[group == g].mean() - wrong[group == g].mean()) * np.mean(group == g) for g in np.unique(group))


# the queue


def test_the_sample_set_shows_its_planted_faults_first(sample):
    data = Annotations.from_frames(labels=pd.read_csv(sample / "labels.csv"), items=pd.read_csv(sample / "items.csv"))
    planted = pd.read_csv(sample / "planted.csv").set_index("item_id")["planted"]
    looked = image_issues(sample, items=data)
    queue = review_queue(label_issues(data, images=sample), looked, duplicates(sample, labels=data, measured=looked))
    copies = planted[planted.str.startswith("copy of ")].str.removeprefix("copy of ")
    top = queue.table.head(2 * len(copies))
    assert set(top["item_id"]) == {*copies.index, *copies}
    assert (top["kind"] == "duplicate").all()
    rest = queue.table.iloc[len(top) :].set_index("item_id")
    faults = planted[planted.isin(["dark", "blurred"])]
    # a doubtful label may stand between them
    assert rest.index.get_indexer(faults.index).max() < len(faults) + 8
    for item, fault in faults.items():
        assert fault in rest.loc[item, "reasons"]
    gold = pd.read_csv(sample / "gold.csv").set_index("item_id")["label"]
    for copy, original in copies.items():
        assert gold[copy] in top.set_index("item_id").loc[copy, "proposal"]
        assert original in top.set_index("item_id").loc[copy, "reasons"]


def test_columns_ranks_and_the_word_uncalibrated(reviewed_set):
    queue, _ = reviewed_set
    assert tuple(queue.table.columns) == COLUMNS
    assert queue.table["rank"].tolist() == list(range(1, 4001))
    assert queue.table["doubt"].is_monotonic_decreasing
    assert not queue.is_calibrated
    assert queue.reason.startswith("Uncalibrated")
    assert not queue.table["is_calibrated"].any()


def test_conflicting_duplicates_stay_together_and_share_the_blame(scene, as_jpeg):
    pictures = {f"p{k}": as_jpeg(scene(k)) for k in range(12)}
    pictures["copy"] = pictures["p3"]
    labels = pd.Series(["a", "b"] * 6 + ["a"], index=list(pictures))
    probs = pd.DataFrame({"a": 0.9, "b": 0.1}, index=list(pictures))
    probs.loc[labels == "b"] = [0.1, 0.9]
    probs.loc["copy"] = probs.loc["p3"] = [0.2, 0.8]
    queue = review_queue(label_issues(labels, pred_probs=probs), duplicates(pictures, labels=labels))
    first, second = queue.table.iloc[0], queue.table.iloc[1]
    assert [first["item_id"], second["item_id"]] == ["copy", "p3"]
    assert first["proposal"] == "b"
    # .8 and .2 wrong, given that at least one is: over 1 - .2 * .8
    assert first["p_wrong"] == pytest.approx(0.8 / 0.84)
    assert second["p_wrong"] == pytest.approx(0.2 / 0.84)
    assert first["reasons"].startswith("same picture labelled differently: p3 (b)")
    assert queue.n_conflicts == 2


def test_faults_add_to_the_odds():
    plain, faulty, silent, twice = combined(
        [0.3, 0.3, np.nan, 0.3], np.array([1, 2, 3, 3, 0]), [0.9, 0.9, 0.9, 0.5, np.nan]
    )
    assert plain == 0.3
    p = 1 / (1 + np.exp(-0.3))
    both = 1 - (1 - p) * (1 - 0.9)
    assert faulty == pytest.approx(np.log(both / (1 - both)))
    assert silent == pytest.approx(np.log(9), abs=0.01)
    assert silent > np.log(9) > SILENT
    assert twice == pytest.approx(np.log((1 - (1 - both) / 2) / ((1 - both) / 2)))


def conflict(doubts, labels, group=1, prefix="i"):
    """A finding about labels and one that these items are the same picture, `labels` each."""
    items = [f"{prefix}{k}" for k in range(len(labels))]
    judged = pd.DataFrame({"item_id": items, "kind": "label", "label": labels, "doubt": doubts})
    same = pd.DataFrame({"item_id": items, "kind": "duplicate", "label": labels, "group": group})
    return judged, same


def test_conflicts_share_the_certainty_that_one_is_wrong():
    # odds of 1, 2 and 3: wrong with 1/2, 2/3 and 3/4, and at least one of them with 1 - 1/2 1/3 1/4
    table = review_queue(*conflict(np.log([1, 2, 3]), ["x", "y", "z"])).table.set_index("item_id")
    assert table.loc[["i0", "i1", "i2"], "p_wrong"].tolist() == pytest.approx(
        [share / (23 / 24) for share in (1 / 2, 2 / 3, 3 / 4)]
    )
    # nothing known of either: each is as likely
    plain = review_queue(conflict([0, 0], ["x", "y"])[1]).table
    assert plain["p_wrong"].tolist() == pytest.approx([2 / 3, 2 / 3])


def test_of_conflicting_labels_the_best_supported_is_proposed():
    # two say x, both most probably wrong; one says y and is most probably right
    table = review_queue(*conflict([3.0, 3.0, -3.0, 0.0], ["x", "x", "y", "z"])).table.set_index("item_id")
    assert table.loc[["i0", "i1", "i2", "i3"], "proposal"].tolist() == ["y", "y", "z", "y"]
    # and two that are right outweigh one
    table = review_queue(*conflict([0.0, 0.0, 0.0, 0.0], ["x", "x", "y", "z"])).table.set_index("item_id")
    assert table.loc[["i2", "i3"], "proposal"].tolist() == ["x", "x"]


def test_a_conflict_makes_nothing_certain():
    table = review_queue(*conflict([60.0, -60.0], ["x", "y"])).table
    assert np.isfinite(table["doubt"]).all()
    assert table["p_wrong"].tolist() == pytest.approx([1 - 1e-6, 1e-6])


def test_groups_of_one_finding_stay_apart_from_those_of_the_next():
    first = pd.concat([conflict([0, 0], ["x", "y"], group, prefix)[1] for group, prefix in ((1, "a"), (2, "b"))])
    other = conflict([0, 0, 0], ["x", "y", "z"], 1, "c")[1]
    table = review_queue(first, other).table.set_index("item_id")
    # of two labels each is wrong with 2/3, of three with 4/7
    assert table.loc[["a0", "a1", "b0", "b1"], "p_wrong"].tolist() == pytest.approx([2 / 3] * 4)
    assert table.loc[["c0", "c1", "c2"], "p_wrong"].tolist() == pytest.approx([4 / 7] * 3)


def test_conflicts_stand_together_in_the_order_they_were_found():
    parts = [conflict([0, 0], ["x", "y"], group, prefix)[1] for group, prefix in ((1, "b"), (2, "a"), (3, "c"))]
    worse = conflict([2.0, -2.0], ["x", "y"], 4, "d")
    alone = pd.DataFrame({"item_id": ["z"], "kind": "label", "label": "x", "doubt": 50.0})
    queue = review_queue(alone, *worse, pd.concat(parts))
    assert queue.table["item_id"].tolist() == ["d0", "d1", "b0", "b1", "a0", "a1", "c0", "c1", "z"]
    assert queue.table["rank"].tolist() == list(range(1, 10))
    assert (queue.n_conflicts, queue.n_rows) == (8, 9)
    assert queue.kinds.to_numpy().tolist() == [["duplicate", 8], ["label", 1]]


def test_of_several_faults_the_first_to_speak_names_the_row():
    faults = [
        pd.DataFrame({"item_id": ["a"], "kind": kind, "p_fault": 0.5, "reason": f"{kind}!"})
        for kind in ("outlier", "mine", "image")
    ]
    row = review_queue(*faults).table.iloc[0]
    assert (row["kind"], row["reasons"]) == ("image", "image!; outlier!; mine!")
    # three times even odds
    assert row["p_wrong"] == pytest.approx(7 / 8, abs=1e-3)
    row = review_queue(*faults[:2]).table.iloc[0]
    assert (row["kind"], row["reasons"]) == ("outlier", "outlier!; mine!")


def test_before_calibration_the_curve_is_that_of_the_doubt():
    queue = review_queue(pd.DataFrame({"item_id": list("abc"), "kind": "label", "doubt": [-1.0, 2.0, 0.5]}))
    assert (queue.intercept, queue.slope, queue.n_audited) == (0.0, 1.0, 0)
    assert np.isnan(queue.calibration_error)
    assert queue.table["p_wrong"].tolist() == pytest.approx(
        (1 / (1 + np.exp(-queue.intercept - queue.slope * queue.table["doubt"]))).tolist()
    )
    assert queue.table["is_flagged"].tolist() == [True, True, False]


def test_without_decisions_the_curve_stays_what_was_expected():
    none = np.empty(0)
    assert fit_logistic(none, none, none) == pytest.approx((0.0, 1.0))


def test_pictures_alone_make_a_queue(scene):
    pictures = {f"p{k}": scene(k) for k in range(12)} | {"dark": scene(20) // 8, "bad": b"no image"}
    queue = review_queue(image_issues(pictures)).table
    assert queue["item_id"].tolist()[:2] == ["bad", "dark"]
    assert queue["kind"].tolist()[:2] == ["image", "image"]
    assert queue["reasons"].iloc[1] == "too dark: the brightest parts reach 10% of white"
    assert queue["reasons"].iloc[5] == ""


def test_outliers_and_labels_of_several_people_are_taken(blobs):
    features, labels, _ = blobs
    far = features.assign(other=np.random.default_rng(0).normal(0, 0.001, 300))
    far.loc["i18", :] = [0.0] * 8 + [50.0]
    queue = review_queue(outliers(far)).table
    assert queue.loc[0, ["item_id", "kind"]].tolist() == ["i18", "outlier"]
    several = pd.concat([labels.assign(annotator_id=who) for who in ("ann", "bob")])
    assert review_queue(label_issues(Annotations.from_frames(labels=several))).n_rows == 300


def test_numbers_as_labels_stay_numbers(reviewed_set):
    assert reviewed_set[0].table["label"].tolist()[:2] == [0, 0]


def test_other_findings_are_refused():
    with pytest.raises(TableError, match="nothing to queue"):
        review_queue()
    with pytest.raises(TableError, match="Found a int among the findings"):
        review_queue(3)
    with pytest.raises(TableError, match="to_queue of NoTable gave a list; it has to give a table"):
        review_queue(NoTable())


class NoTable:
    def to_queue(self):
        return []


class Boxes:
    """What box findings offer to the queue."""

    def to_queue(self):
        columns = {"item_id": ["1"], "box_id": ["b1"], "kind": ["box"], "label": ["dent"], "proposal": [None]}
        return pd.DataFrame({**columns, "doubt": [9.0], "reason": ["nobody else drew it"]})


def test_the_label_that_is_doubted_is_not_proposed():
    first = pd.DataFrame({"item_id": ["a", "b"], "kind": "label", "label": "ok", "proposal": "dent", "doubt": 0.0})
    other = pd.DataFrame({"item_id": ["a"], "kind": "lone_class", "label": "dent", "doubt": 1.0})
    table = review_queue(first, other).table.set_index("item_id")
    assert table[["label", "proposal"]].to_numpy().tolist() == [["dent", None], ["ok", "dent"]]


def test_boxes_stand_among_items():
    items = label_issues([0, 1], pred_probs=np.array([[0.9, 0.1], [0.1, 0.9]]))
    table = review_queue(items, Boxes()).table
    assert table.loc[0, ["box_id", "kind", "reasons"]].tolist() == ["b1", "box", "nobody else drew it"]
    assert table["box_id"].isna().sum() == 2


def test_an_added_box_answers_the_row_that_misses_one():
    class Missing(Boxes):
        def to_queue(self):
            return super().to_queue().assign(box_id=None, kind="missing", item_id="1")

    items = label_issues([0, 1], pred_probs=np.array([[0.9, 0.1], [0.1, 0.9]]))
    queue = review_queue(items, Missing())
    found = remaining_errors(queue, [{"item_id": "1", "action": "relabel", "label": "dent", "box": [1, 1, 2, 2]}])
    assert (found.n_found, found.n_reviewed) == (1, 1)
    both = remaining_errors(queue, [{"item_id": "1", "action": "keep"}])
    assert (both.n_found, both.n_reviewed) == (0, 2)


# calibration


@pytest.mark.parametrize(("n", "limit"), [(100, 0.06), (300, 0.04)])
def test_calibration_makes_probabilities_true(reviewed_set, n, limit):
    queue, is_wrong = reviewed_set
    before = error_of(queue, is_wrong)
    errors = [
        error_of(calibrate(queue, said(audit_sample(queue, n, seed=seed)["item_id"], is_wrong)), is_wrong)
        for seed in range(5)
    ]
    assert np.mean(errors) < limit < before


def test_calibration_keeps_the_order_and_tells_how_well_it_fits(reviewed_set):
    queue, is_wrong = reviewed_set
    found = calibrate(queue, said(audit_sample(queue, 200)["item_id"], is_wrong))
    assert found.is_calibrated
    assert found.table["is_calibrated"].all()
    assert found.table["item_id"].tolist() == queue.table["item_id"].tolist()
    assert found.table["p_wrong"].is_monotonic_decreasing
    assert found.reliability["n"].sum() == found.n_audited == 200
    assert 0 <= found.calibration_error < 0.15
    assert found.reason is None
    assert found.plot().get_ylabel() == "share found wrong (95 %)"
    assert queue.plot().get_ylabel() == "p_wrong (uncalibrated)"


def test_reviewing_the_top_first_does_not_bend_the_curve(reviewed_set):
    queue, is_wrong = reviewed_set
    head = said(queue.table["item_id"].head(300), is_wrong)
    more = said(audit_sample(queue, 150, decisions=head)["item_id"], is_wrong)
    assert error_of(calibrate(queue, head + more), is_wrong) < 0.05


def test_few_decisions_leave_the_queue_uncalibrated(reviewed_set):
    queue, is_wrong = reviewed_set
    found = calibrate(queue, said(queue.table["item_id"].head(99), is_wrong))
    assert not found.is_calibrated
    assert found.reason == "Uncalibrated: 99 decisions are too few, 100 are needed (draw them with audit_sample)."
    pd.testing.assert_frame_equal(found.table, queue.table)


def test_decisions_that_all_agree_give_finite_probabilities(reviewed_set):
    queue, _ = reviewed_set
    never = [{"item_id": item, "action": "keep"} for item in audit_sample(queue, 150)["item_id"]]
    found = calibrate(queue, never)
    assert np.isfinite(found.slope)
    assert found.table["p_wrong"].mean() < 0.03


# what remains


def test_the_estimate_covers_the_truth(reviewed_set):
    queue, is_wrong = reviewed_set
    head = said(queue.table["item_id"].head(200), is_wrong)
    hits, errors = [], []
    for seed in range(40):
        sample = audit_sample(queue, 200, decisions=head, seed=seed)
        left = remaining_errors(queue, head + said(sample["item_id"], is_wrong))
        truth = is_wrong.sum() - left.n_found
        hits.append(left.low <= truth <= left.high)
        errors.append(left.value / truth - 1)
        # a drawn row that happens to follow the head lengthens it
        assert 198 <= left.n_audited <= 200
        assert left.n_reviewed == 400
    assert np.mean(hits) >= 0.9
    assert abs(np.mean(errors)) < 0.08
    assert np.sqrt(np.mean(np.square(errors))) < 0.25


def test_the_stop_rule_holds(reviewed_set):
    queue, is_wrong = reviewed_set
    sample = said(audit_sample(queue, 600)["item_id"], is_wrong)
    found = remaining_errors(queue, sample, max_wrong=0.05)
    assert found.stop_rule == f"review {found.n_more:,.0f} more: then at most 5 % wrong (95 %)"
    decided = {one["item_id"] for one in sample}
    more = [item for item in queue.table["item_id"] if item not in decided][: int(found.n_more)]
    left = is_wrong.drop(list(decided)).drop(more)
    assert left.sum() <= 0.05 * 4000
    assert 0 < found.n_more < 3400


def test_everything_reviewed_leaves_nothing(reviewed_set):
    queue, is_wrong = reviewed_set
    found = remaining_errors(queue, said(queue.table["item_id"], is_wrong))
    assert (found.value, found.low, found.high, found.n_more) == (0, 0, 0, 0)
    assert found.n_found == is_wrong.sum()
    assert found.stop_rule == "at most 1 % wrong (95 %): you can stop"


def test_without_an_audit_nothing_can_be_said(reviewed_set):
    queue, is_wrong = reviewed_set
    found = remaining_errors(queue, said(queue.table["item_id"].head(50), is_wrong))
    assert np.isnan(found.value)
    assert np.isnan(found.n_more)
    assert (found.low, found.high) == (0, 3950)
    assert found.reason == "Nothing beyond the reviewed head was audited; draw rows with audit_sample."
    assert found.stop_rule.startswith("draw an audit with audit_sample")


def test_unsure_rows_stay_open(reviewed_set):
    queue, is_wrong = reviewed_set
    sample = audit_sample(queue, 100)["item_id"].tolist()
    decisions = said(sample[:90], is_wrong) + [{"item_id": item, "action": "unsure"} for item in sample[90:]]
    found = remaining_errors(queue, decisions)
    assert found.n_unsure == 10
    assert found.n_reviewed == found.n_audited == 90


def test_strata_without_an_audit_are_named(reviewed_set):
    queue, is_wrong = reviewed_set
    found = remaining_errors(queue, said(audit_sample(queue, 5)["item_id"], is_wrong))
    assert found.reason == "3 of 8 strata have no audited row; draw more with audit_sample."
    assert found.high > found.value
    assert found.plot().get_ylabel() == "share found wrong"


def test_the_sample_is_spread_over_strata_and_repeats_nothing(reviewed_set):
    queue, is_wrong = reviewed_set
    head = said(queue.table["item_id"].head(100), is_wrong)
    sample = audit_sample(queue, 160, decisions=head, seed=1)
    assert sample["stratum"].value_counts().to_dict() == dict.fromkeys(range(1, 9), 20)
    assert sample["rank"].min() > 100
    assert not sample["item_id"].duplicated().any()
    pd.testing.assert_frame_equal(sample, audit_sample(queue, 160, decisions=head, seed=1))
    assert len(audit_sample(queue, 9999)) == 4000
    assert audit_sample(queue, 0).empty


def test_strata_have_equal_weight():
    scores = np.sort(np.random.default_rng(0).normal(-2, 2, 5000))[::-1]
    cut = strata(scores)
    p = np.clip(1 / (1 + np.exp(-scores)), 0.02, 0.98)
    weight = np.bincount(cut, np.sqrt(p * (1 - p)))
    assert (np.diff(cut) >= 0).all()
    np.testing.assert_allclose(weight / weight.sum(), 1 / N_STRATA, atol=0.001)
    assert strata(np.empty(0)).size == 0


def test_wilson_intervals():
    # Newcombe 1998, table I: 81 of 263 and 0 of 20
    ends = share_ends(np.array([81.0, 0.0, 0.0]), np.array([263.0, 20.0, 0.0]))
    np.testing.assert_allclose(ends.low, [0.2553, 0.0, 0.0], atol=5e-5)
    np.testing.assert_allclose(ends.high, [0.3662, 0.1611, 1.0], atol=5e-5)


def test_impossible_questions_are_refused(reviewed_set):
    queue, _ = reviewed_set
    with pytest.raises(TableError, match=r"1 decisions are about items or boxes that the queue does not have \('x'\)"):
        remaining_errors(queue, [{"item_id": "x", "action": "keep"}])
    with pytest.raises(TableError, match="Found a DataFrame; needed is the result of review_queue"):
        calibrate(queue.table, [])
    with pytest.raises(OptionError, match="max_wrong=2 is out of range"):
        remaining_errors(queue, [], max_wrong=2)
    with pytest.raises(OptionError, match="n_rows=-1 is out of range"):
        audit_sample(queue, -1)
