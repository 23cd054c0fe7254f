from itertools import product

import numpy as np
import pandas as pd
import pytest

from labelqa import baseline
from labelqa.annotations import Annotations
from labelqa.compare import scope
from labelqa.compare._scope import implied_error, majority_accuracy
from labelqa.errors import OptionError


def crowd(error=0.2, n_items=2000, n_people=3, n_classes=4, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_classes, n_items)
    rows = []
    for person in range(n_people):
        said = np.where(rng.random(n_items) < error, (truth + rng.integers(1, n_classes, n_items)) % n_classes, truth)
        rows.append(pd.DataFrame({"item_id": range(n_items), "annotator_id": f"p{person}", "label": said}))
    return pd.concat(rows, ignore_index=True)


def naive_majority(error, n_labels, n_classes):
    total = 0.0
    for labels in product(range(n_classes), repeat=n_labels):
        counts = np.bincount(labels, minlength=n_classes)
        p = np.prod([1 - error if label == 0 else error / (n_classes - 1) for label in labels])
        total += p * (counts[0] == counts.max()) / (counts == counts.max()).sum()
    return total


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("n_labels", [1, 2, 3, 5])
@pytest.mark.parametrize("error", [0.0, 0.2, 0.5])
def test_majority_is_the_enumerated_one(error, n_labels, n_classes):
    assert majority_accuracy(error, n_labels, n_classes) == pytest.approx(naive_majority(error, n_labels, n_classes))


@pytest.mark.parametrize("n_classes", [2, 10])
@pytest.mark.parametrize("error", [0.0, 0.1, 0.4])
def test_implied_error_turns_agreement_around(error, n_classes):
    agreement = (1 - error) ** 2 + error**2 / (n_classes - 1)
    assert implied_error(agreement, n_classes) == pytest.approx(error)


def test_less_than_chance_fits_no_error():
    assert np.isnan(implied_error(0.3, 2))


def test_a_planted_error_is_found():
    found = scope(crowd(0.2))
    assert found.label_error_low < 0.2 < found.label_error_high
    assert found.ceiling == 1 - found.label_error
    assert found.ceilings["ceiling"].iloc[0] == pytest.approx(found.ceiling)
    assert found.ceilings["ceiling"].is_monotonic_increasing
    assert (found.ceilings["low"] <= found.ceilings["high"]).all()
    assert "Agreement is not accuracy" in found.pitfall


def test_human_level_is_the_baselines():
    table = crowd(n_items=100)
    found, human = scope(Annotations.from_frames(labels=table)), baseline.human_baseline(table)
    assert (found.pairwise, found.leave_one_out) == (human.pairwise, human.leave_one_out)


def test_sizes_follow_connors_rule_and_leave_out_the_impossible():
    sizes = scope(crowd(n_items=20), effects=[0.01, 0.05], share_discordant=[0.02, 0.1]).test_sizes
    assert sizes.to_numpy().tolist() == [[0.01, 0.02, 1568.0], [0.01, 0.1, 7840.0], [0.05, 0.1, 314.0]]


def test_costs_of_a_point():
    found = scope(crowd(n_items=1000), label_error=0.1, price_per_review=0.5, ranked_precision=0.5)
    # ten wrong labels make a point of 1,000; a random review finds one in ten, a ranked one every second
    assert found.costs["reviews_per_point"].tolist() == pytest.approx([100, 20])
    assert found.costs["cost_per_point"].tolist() == pytest.approx([50, 10])


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (pd.DataFrame({"item_id": [1, 2], "annotator_id": "a", "label": ["x", "y"]}), "No item has two labels."),
        (pd.DataFrame({"item_id": [1, 1], "annotator_id": ["a", "b"], "label": ["x", "x"]}), "one class only"),
        (pd.DataFrame({"item_id": [1, 1], "annotator_id": ["a", "b"], "label": ["x", "y"]}), "less than by chance"),
        (pd.DataFrame({"item_id": [], "annotator_id": [], "label": []}), "No item has two labels."),
    ],
)
def test_undefined_has_a_reason(table, reason):
    found = scope(table)
    assert np.isnan(found.ceiling)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_error": 1.2}, "label_error=1.2 is out of range"),
        ({"ranked_precision": -1}, "ranked_precision=-1 is out of range"),
        ({"share_discordant": 3}, "share_discordant=3 is out of range"),
        ({"effects": [0]}, "each above 0"),
        ({"effects": [0.5]}, "effects=0.5 is out of range"),
    ],
)
def test_impossible_options(options, message):
    with pytest.raises(OptionError, match=message):
        scope(crowd(n_items=5), **options)


def test_plot():
    assert scope(crowd(n_items=50)).plot().get_xlabel() == "labels per test item (majority counts)"


def test_cifar10n_ceiling(real_data):
    table = pd.read_parquet(
        real_data / "cifar10n" / "cifar10n.parquet", columns=["item_id", "label_1", "label_2", "label_3"]
    )
    found = scope(table.melt("item_id", var_name="annotator_id", value_name="label"))
    # 17.1, 18.2 and 18.0 % of the labels are wrong; shared errors are not seen by agreement
    assert 0.14 < found.label_error < 0.178
