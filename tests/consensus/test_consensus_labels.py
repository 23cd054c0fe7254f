from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from labelqa.consensus import consensus_labels, crowdlab, dawid_skene, expected_accuracy, mace, majority_vote

SETS = ("cf", "sp_amt", "zencrowd_us", "product", "bluebird", "rte", "web", "adult", "music", "relevance", "fact_eval")
#: Mean accuracy on the nine sets of EBCC as published (Li et al. 2019): the best of the peers.
BEST_PEER = 0.8633


@pytest.fixture(scope="module")
def crowd_sets(real_data):
    return {
        name: tuple(pd.read_csv(real_data / "crowdlabels" / name / f"{part}.csv") for part in ("labels", "gold"))
        for name in SETS
    }


@pytest.fixture(scope="module")
def accuracies(crowd_sets):
    return {
        name: (expected_accuracy(consensus_labels(said), gold), expected_accuracy(majority_vote(said), gold))
        for name, (said, gold) in crowd_sets.items()
    }


def test_mean_accuracy_is_above_every_peer(accuracies):
    assert np.mean([accuracies[name][0] for name in SETS[:9]]) > BEST_PEER + 0.01


@pytest.mark.parametrize("name", SETS)
def test_never_loses_to_the_vote(accuracies, name):
    ours, vote = accuracies[name]
    assert ours > vote - 0.0095


@pytest.mark.parametrize("name", ["cf", "zencrowd_us", "product", "music"])
def test_the_seed_of_the_folds_decides_nothing(crowd_sets, name):
    said, gold = crowd_sets[name]
    right = [expected_accuracy(consensus_labels(said, seed=seed), gold) for seed in range(6)]
    assert max(right) - min(right) <= 0.0015


@pytest.mark.parametrize(("name", "loss"), [("web", 0.001), ("adult", 0.001), ("zencrowd_us", 0.001)])
def test_one_label_per_item_is_as_good_as_the_vote(crowd_sets, name, loss):
    said, gold = crowd_sets[name]
    one = said.sample(frac=1, random_state=0).drop_duplicates("item_id")
    ours, vote = consensus_labels(one), majority_vote(one)
    assert expected_accuracy(ours, gold) == pytest.approx(expected_accuracy(vote, gold), abs=loss)


def test_repeated_labels_do_not_flip_the_choice(crowd_sets):
    """Whoever labels an item twice is taken at their first or at their last word."""
    said, gold = crowd_sets["zencrowd_us"]
    pair = ["item_id", "annotator_id"]
    right = [
        expected_accuracy(consensus_labels(said.drop_duplicates(pair, keep=keep)), gold) for keep in ("first", "last")
    ]
    assert right[0] == pytest.approx(right[1], abs=0.005)
    assert min(right) > 0.9


def simulate(seed, n_items=300, n_classes=4):
    """Three who look, and three who always say the same."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_classes, n_items)
    rows = []
    for who in range(6):
        looks = rng.random(n_items) < (0.85 if who < 3 else 0.1)
        said = np.where(looks, truth, who % n_classes if who >= 3 else rng.integers(0, n_classes, n_items))
        rows += [(i, f"w{who}", int(label)) for i, label in enumerate(said)]
    gold = pd.DataFrame({"item_id": range(n_items), "label": truth})
    return pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"]), gold


@pytest.mark.parametrize("method", [consensus_labels, mace, dawid_skene])
def test_people_who_do_not_look_are_found_out(method):
    said, gold = simulate(0)
    found = method(said)
    assert expected_accuracy(found, gold) > expected_accuracy(majority_vote(said), gold) + 0.005
    quality = found.annotators.set_index("annotator_id")["quality"]
    assert quality[["w0", "w1", "w2"]].min() > quality[["w3", "w4", "w5"]].max() + 0.4


def test_gold_decides_between_two_camps():
    rows = [(i, who, int(i % 2 == (who > 1))) for i in range(30) for who in range(4)]
    said = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    truth = pd.DataFrame({"item_id": range(30), "label": [int(i % 2 == 1) for i in range(30)]})
    found = consensus_labels(said, gold=truth.head(10))
    assert expected_accuracy(found, truth) == 1.0
    assert found.annotators["quality"].tolist() == pytest.approx([0, 0, 1, 1], abs=0.05)


@pytest.fixture(scope="module")
def photos(real_data):
    from PIL import Image

    from labelqa._crossval import out_of_fold
    from labelqa.features import image_features

    table = pd.read_parquet(real_data / "cifar10n" / "cifar10n.parquet").head(8000)
    ids = [str(i) for i in range(len(table))]
    said = pd.concat(
        pd.DataFrame({"item_id": ids, "annotator_id": slot, "label": table[slot]})
        for slot in ("label_1", "label_2", "label_3")
    )
    pixels = {
        i: np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for i, data in zip(ids, table["image"], strict=True)
    }
    vote = majority_vote(said).table.set_index("item_id")["label"]
    model = out_of_fold(image_features(pixels), vote).probabilities
    return said, pd.DataFrame({"item_id": ids, "label": table["clean_label"]}), model


def auroc_of_own_errors(found, gold):
    from scipy.stats import rankdata

    table = found.table.set_index("item_id")
    right = table["label"].to_numpy() == gold.set_index("item_id").loc[table.index, "label"].to_numpy()
    rank = rankdata(table["probability"])
    return (rank[right].mean() - (right.sum() + 1) / 2) / (~right).sum()


def sharpened(model, power):
    raised = model**power
    return raised.div(raised.sum(axis=1), axis=0)


@pytest.mark.parametrize("power", [1, 4])
def test_with_a_classifier_is_at_least_crowdlab(photos, power):
    said, gold, model = photos
    model = sharpened(model, power)
    ours, theirs = consensus_labels(said, pred_probs=model), crowdlab(said, model)
    assert expected_accuracy(ours, gold) >= expected_accuracy(theirs, gold)
    assert auroc_of_own_errors(ours, gold) >= auroc_of_own_errors(theirs, gold)
    assert expected_accuracy(ours, gold) > expected_accuracy(majority_vote(said), gold) + 0.01


def test_a_classifier_that_is_too_sure_is_tamed(photos):
    said, _, model = photos
    assert consensus_labels(said, pred_probs=sharpened(model, 4)).prior_power < 0.6


def few(rows):
    return pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])


def test_an_item_with_a_single_label_keeps_its_share():
    said, _ = simulate(1)
    alone = few([("alone", "w0", 2), ("by w5", "w5", 1)])
    found = consensus_labels(pd.concat([said, alone])).wide()
    # the label and one more, spread over the four classes
    assert found.loc["alone"].tolist() == pytest.approx([0.125, 0.125, 0.625, 0.125])
    assert found.loc["by w5"].tolist() == pytest.approx([0.125, 0.625, 0.125, 0.125])


def test_an_item_that_nobody_labelled_has_no_label():
    said, _ = simulate(1)
    found = consensus_labels(pd.concat([said, few([("none", "w0", None)])])).table.set_index("item_id").loc["none"]
    assert pd.isna(found["label"])
    assert np.isnan(found["probability"])


def test_order_of_rows_changes_nothing():
    said, _ = simulate(2)
    one, two = (consensus_labels(said.sample(frac=1, random_state=seed)) for seed in (0, 1))
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.confusion, two.confusion)


def test_names_and_order_of_classes_change_nothing():
    said, _ = simulate(3)
    names = {0: "wren", 1: "owl", 2: "kite", 3: "auk"}
    one, two = consensus_labels(said), consensus_labels(said.assign(label=said["label"].map(names)))
    assert two.table["label"].tolist() == one.table["label"].map(names).tolist()
    assert two.wide()[[names[k] for k in range(4)]].to_numpy() == pytest.approx(one.wide().to_numpy(), abs=1e-9)


def test_a_rare_class_keeps_its_name():
    """Two frequent classes that many mix up, and a third that few items have: it must not become their mixture."""
    rng = np.random.default_rng(0)
    truth = rng.choice(3, 400, p=[0.48, 0.48, 0.04])
    rows = []
    for who in range(5):
        wrong = np.where(truth == 2, rng.integers(0, 2, 400), 1 - truth)
        right = rng.random(400) < np.where(truth == 2, 0.8, 0.65)
        rows += [(i, f"w{who}", int(label)) for i, label in enumerate(np.where(right, truth, wrong))]
    found = consensus_labels(few(rows)).table["label"].to_numpy()
    assert np.mean(found[truth == 2] == 2) >= 0.8
    assert np.mean(truth[found == 2] == 2) >= 0.8


@pytest.mark.parametrize(
    "rows",
    [
        [(i, "ann", i % 2) for i in range(6)],
        [(i, who, 0) for i in range(6) for who in "ab"],
        [(i, who, who == "a") for i in range(6) for who in "ab"],
    ],
    ids=["one annotator", "one class", "all ties"],
)
def test_degenerate_crowds_are_the_vote(rows):
    ours, vote = consensus_labels(few(rows)), majority_vote(few(rows))
    assert ours.table["label"].tolist() == vote.table["label"].tolist()
    assert ours.table["is_tied"].tolist() == vote.table["is_tied"].tolist()
    assert np.isfinite(ours.table["probability"]).all()
    assert np.isfinite(ours.annotators["quality"]).all()
