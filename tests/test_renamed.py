"""Old forms of calls."""

from __future__ import annotations

import inspect

import pandas as pd
import pytest

from labelqa._renamed import by_name_now, renamed


@renamed(embeddings="features")
def describe(annotations, *, features=None):
    return annotations, features


def test_the_new_name_is_taken_without_a_word():
    assert describe(1, features=2) == (1, 2)


def test_the_old_name_is_taken_with_a_warning_that_names_the_new_one():
    with pytest.warns(FutureWarning, match="describe: embeddings= is called features= now"):
        assert describe(1, embeddings=2) == (1, 2)


def test_both_names_at_once_are_refused():
    with pytest.raises(TypeError, match="both embeddings= and features="):
        describe(1, embeddings=2, features=3)


def test_the_signature_shows_the_new_names_only():
    assert list(inspect.signature(describe).parameters) == ["annotations", "features"]


def test_old_names_of_consensus_baseline_and_compare_are_taken():
    from labelqa import baseline, compare, consensus

    said = pd.DataFrame({"item_id": [1, 1, 2, 2], "annotator_id": list("abab"), "label": list("xxxy")})
    methods = [getattr(consensus, name) for name in ("majority_vote", "dawid_skene", "one_coin", "mace", "glad")]
    for function in (*methods, consensus.consensus_labels, baseline.human_baseline, compare.scope):
        with pytest.warns(FutureWarning, match="data= is called annotations= now"):
            old = function(data=said)
        assert old.to_dict() == function(said).to_dict()
    with pytest.warns(FutureWarning, match="labels= is called annotations= now"):
        consensus.update(consensus.majority_vote(said), labels=said)


@renamed(percent=("share", lambda percent: percent / 100))
@by_name_now("name")
def send(root, *, name, share=None):
    return root, name, share


def test_the_value_of_an_old_name_is_converted():
    with pytest.warns(FutureWarning, match="percent= is called share= now"):
        assert send("models", name="parts", percent=5) == ("models", "parts", 0.05)


def test_what_is_given_by_name_now_is_taken_by_position_with_a_warning():
    with pytest.warns(FutureWarning, match="send: give name= by name"):
        assert send("models", "parts") == ("models", "parts", None)
    with pytest.raises(TypeError, match="positional"):
        send("models", "parts", 0.5)
