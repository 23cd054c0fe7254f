from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from labelqa.consensus import consensus_labels, crowdlab, dawid_skene, expected_accuracy, mace, majority_vote

SETS = ("cf", "sp_amt", "zencrowd_us", "product", "bluebird", "rte", "web", "adult", "music")
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
    assert np.mean([ours for ours, _ in accuracies.values()]) > BEST_PEER + 0.01


@pytest.mark.parametrize("name", SETS)
def test_never_loses_to_the_vote(accuracies, name):
    ours, vote = accuracies[name]
    assert ours > vote - 0.01


def test_types_of_items_are_used_where_people_err_together(crowd_sets):
    assert "ability" not in consensus_labels(crowd_sets["zencrowd_us"][0]).annotators
    assert "ability" in consensus_labels(crowd_sets["music"][0]).annotators


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
