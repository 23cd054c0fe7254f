"""Which models had a say in the default consensus, and that items without labels have none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa import consensus


@pytest.fixture(scope="module")
def said():
    """40 items, five annotators of whom one errs half of the time."""
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 3, 40)
    rows = []
    for item, right in enumerate(truth):
        for who in range(5):
            errs = rng.random() < (0.5 if who == 4 else 0.1)
            rows.append((f"i{item:02}", f"a{who}", "xyz"[(right + 1 + rng.integers(0, 2)) % 3 if errs else right]))
    return pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])


def test_the_default_lists_its_models_and_their_weights(said):
    found = consensus.consensus_labels(said)
    models = found.models
    assert models["model"].tolist() == ["same", "coin", "full", "types"]
    assert models["weight"].sum() == pytest.approx(1)
    assert (models["weight"] >= 0).all()
    assert found.n_iterations == models["n_iterations"].max()
    assert found.is_converged == models["is_converged"].all()


def test_a_model_that_ran_out_of_steps_is_named(said):
    found = consensus.consensus_labels(said, n_iterations=3)
    assert not found.is_converged
    assert found.models["n_iterations"].tolist() == [3, 3, 3, 3]
    assert found.models.loc[~found.models["is_converged"], "model"].tolist() != []


def test_with_a_classifier_one_model_speaks(said):
    probs = pd.DataFrame(1 / 3, index=[f"i{item:02}" for item in range(40)], columns=list("xyz"))
    models = consensus.consensus_labels(said, pred_probs=probs).models
    assert models[["model", "weight"]].to_numpy().tolist() == [["full", 1.0]]


def test_one_label_per_item_leaves_the_vote_alone(said):
    once = said.groupby("item_id").head(1)
    models = consensus.consensus_labels(once).models.set_index("model")["weight"]
    assert models["same"] == 1


@pytest.mark.parametrize("method", ["majority_vote", "dawid_skene", "one_coin", "mace", "glad"])
def test_other_methods_are_one_model(method, said):
    found = getattr(consensus, method)(said)
    row = found.models.iloc[0]
    assert (len(found.models), row["model"], row["weight"]) == (1, method, 1.0)
    assert row["n_iterations"] == found.n_iterations


@pytest.mark.parametrize("method", ["consensus_labels", "majority_vote", "dawid_skene", "one_coin", "mace", "glad"])
def test_items_that_nobody_labelled_change_nothing_to_the_last_bit(method, said):
    fit = getattr(consensus, method)
    # before, between and after the labelled ones
    unlabelled = ["a", "i05b", *(f"z{extra}" for extra in range(30))]
    nothing = pd.DataFrame({"item_id": unlabelled, "annotator_id": "a0", "label": None})
    alone, among = fit(said), fit(pd.concat([said, nothing], ignore_index=True))
    kept = among.table.set_index("item_id").loc[alone.table["item_id"]].reset_index()
    pd.testing.assert_frame_equal(kept, alone.table, check_exact=True)
    pd.testing.assert_frame_equal(among.annotators, alone.annotators, check_exact=True)
    pd.testing.assert_frame_equal(among.models, alone.models, check_exact=True)
    nobodys = among.table.set_index("item_id").loc[unlabelled]
    assert nobodys["label"].isna().all()
    assert nobodys["probability"].isna().all()
