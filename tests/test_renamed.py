"""Old forms of calls and old names of fields."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import dataclass

import pandas as pd
import pytest

import labelqa
from labelqa._renamed import by_name_now, formerly_took, renamed, renamed_fields
from labelqa.deploy import Aliases


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


def double(share):
    return 2 * share


@renamed_fields(name="coefficient", half=("share", double))
@dataclass(frozen=True)
class Measured:
    coefficient: str
    share: float = 0.5


def test_a_field_answers_to_its_old_name_with_a_warning_that_names_the_new_one():
    with pytest.warns(FutureWarning, match=r"Measured: \.name is called \.coefficient now"):
        assert Measured("alpha").name == "alpha"
    with pytest.warns(FutureWarning, match=r"\.half is called \.share now"):
        assert Measured("alpha").half == 1.0


def test_an_unknown_field_is_an_error_as_everywhere():
    with pytest.raises(AttributeError, match="'Measured' object has no attribute 'title'"):
        _ = Measured("alpha").title
    assert "name" not in dir(Measured("alpha"))


def test_objects_with_old_names_are_copied_and_pickled():
    found = Measured("alpha")
    assert copy.deepcopy(found) == found
    assert pickle.loads(pickle.dumps(found)) == found


def test_old_fields_of_results_are_answered():
    said = pd.DataFrame({"item_id": [1, 1, 2, 2], "annotator_id": list("abab"), "label": list("xxyy")})
    alpha = labelqa.agreement.krippendorff_alpha(said)
    results = [
        alpha,
        labelqa.agreement.benchmark_scale(alpha),
        labelqa.agreement.permutation_test(said, n_permutations=20),
        labelqa.agreement.items_needed(said, width=0.1),
    ]
    for found in results:
        with pytest.warns(FutureWarning, match="name is called .coefficient now"):
            assert found.name == found.coefficient
    boxes = pd.DataFrame({"item_id": [1, 1, 2], "annotator_id": list("aba"), "label": "cat"})
    issues = labelqa.noise.box_issues(boxes.assign(x_min=0, y_min=0, x_max=[9, 9, 8], y_max=9))
    with pytest.warns(FutureWarning, match="queue_rows is called .to_queue now"):
        pd.testing.assert_frame_equal(issues.queue_rows(), issues.to_queue())
    with pytest.warns(FutureWarning, match="canary_percent is called .canary_share now"):
        assert Aliases("parts", champion=2, challenger=3, canary_share=0.05).canary_percent == 5.0


@formerly_took(str, convert=len, instead="len(text)")
def total(*numbers):
    return sum(numbers)


def test_what_was_taken_before_is_converted_with_a_warning():
    assert total(1, 2) == 3
    with pytest.warns(FutureWarning, match=r"total: give len\(text\) in place of str"):
        assert total(1, "abc") == 4


def test_a_queue_still_takes_annotations():
    said = pd.DataFrame({"item_id": [1, 1, 1, 2, 2], "annotator_id": list("abcab"), "label": list("xxyyy")})
    annotations = labelqa.Annotations.from_frames(labels=said)
    with pytest.warns(FutureWarning, match=r"review_queue: give label_issues\(annotations\) in place of Annotations"):
        old = labelqa.noise.review_queue(annotations)
    pd.testing.assert_frame_equal(old.table, labelqa.noise.review_queue(labelqa.noise.label_issues(annotations)).table)
