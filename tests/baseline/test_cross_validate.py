import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from labelqa import baseline
from labelqa.annotations import Annotations
from labelqa.errors import OptionError, TableError


def three_people(labels, seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for annotator in ("ann", "bob", "cy"):
        said = labels.to_numpy().copy()
        wrong = rng.random(len(said)) < 0.2
        said[wrong] = rng.permutation(said)[wrong]
        rows.append(pd.DataFrame({"item_id": labels.index, "annotator_id": annotator, "label": said}))
    return pd.concat(rows, ignore_index=True)


def test_guessing_model_and_people_stand_side_by_side(blobs):
    features, labels = blobs
    said = three_people(labels)
    found = baseline.cross_validate(features, said, second_opinion="boosting")
    assert found.scores["who"].tolist() == [
        "logistic",
        "boosting",
        "most frequent class",
        "one person against the others",
    ]
    assert found.accuracy > 0.9 > found.human_accuracy > 0.6 > found.majority_accuracy
    assert found.scores["accuracy"].tolist()[3] == found.human_accuracy


def test_interval_is_wilsons(blobs):
    found = baseline.cross_validate(*blobs)
    low, high = proportion_confint(found.accuracy * 120, 120, method="wilson")
    assert (found.low, found.high) == pytest.approx((low, high))


def test_tables_agree_with_each_other(blobs):
    found = baseline.cross_validate(*blobs)
    right = found.confusion.loc[found.confusion["label"] == found.confusion["predicted"], "n_items"].sum()
    assert right / found.n_items == pytest.approx(found.accuracy)
    assert found.confusion["n_items"].sum() == 120
    assert found.per_class["recall"].mean() == pytest.approx(found.balanced_accuracy)
    assert found.probabilities.shape == (120, 3)


def test_table_and_annotations_say_the_same(blobs):
    features, labels = blobs
    said = three_people(labels)
    one = baseline.cross_validate(features, said)
    two = baseline.cross_validate(features, Annotations.from_frames(labels=said))
    assert one.to_dict() == two.to_dict()


def test_ties_are_left_out_and_said():
    features = pd.DataFrame({"x": np.arange(12.0)}, index=range(12))
    rows = [(k, who, "ab"[k // 6]) for k in range(12) for who in ("ann", "bob")]
    said = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    said.loc[said["item_id"].eq(0) & said["annotator_id"].eq("bob"), "label"] = "b"
    found = baseline.cross_validate(features, said)
    assert found.n_items == 11
    assert found.reason == "1 items without a most frequent label are left out ('0')."


def test_undefined_has_a_reason():
    features = pd.DataFrame({"x": [1.0, 2.0]}, index=["a", "b"])
    found = baseline.cross_validate(features, pd.Series(["ok", "ok"], index=["a", "b"]))
    assert np.isnan(found.accuracy)
    assert found.reason.startswith("All labels are of one class")
    assert found.to_dict()["accuracy"] is None


@pytest.mark.parametrize(
    ("labels", "options", "error", "message"),
    [
        (["a"], {}, TableError, "labels is a list without item ids and features has ids"),
        ({"a": "x"}, {}, TableError, "Found a dict as labels"),
        (pd.Series(["a", "b"], index=["a", "b"]), {"classifier": "svm"}, OptionError, "classifier='svm'"),
        (pd.Series(["a", "b"], index=["a", "b"]), {"second_opinion": object()}, OptionError, "cannot fit"),
    ],
)
def test_refusals(labels, options, error, message):
    with pytest.raises(error, match=message):
        baseline.cross_validate(pd.DataFrame({"x": [1.0, 2.0]}, index=["a", "b"]), labels, **options)


def test_plot_shows_every_predictor(blobs):
    ax = baseline.cross_validate(*blobs).plot()
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["logistic", "most frequent class"]


def naive_leave_one_out(labels):
    scores = []
    for k, own in enumerate(labels):
        others = labels[:k] + labels[k + 1 :]
        most = max(others.count(value) for value in others)
        modes = {value for value in others if others.count(value) == most}
        scores.append((own in modes) / len(modes))
    return np.mean(scores)


def test_human_baseline_is_the_naive_one():
    rng = np.random.default_rng(0)
    said = {item: rng.choice(list("abc"), size=rng.integers(1, 6)).tolist() for item in range(60)}
    rows = [(item, f"p{k}", label) for item, labels in said.items() for k, label in enumerate(labels)]
    found = baseline.human_baseline(pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"]))
    usable = [labels for labels in said.values() if len(labels) > 1]
    pairs = [np.mean([a == b for i, a in enumerate(v) for j, b in enumerate(v) if i != j]) for v in usable]
    assert found.pairwise == pytest.approx(np.mean(pairs))
    assert found.leave_one_out == pytest.approx(np.mean([naive_leave_one_out(v) for v in usable]))
    assert found.pairwise_low < found.pairwise < found.pairwise_high
    assert found.n_items == len(usable)


def test_human_baseline_without_repeats():
    said = pd.DataFrame({"item_id": [1, 2], "annotator_id": ["a", "a"], "label": ["x", "y"]})
    found = baseline.human_baseline(said)
    assert np.isnan(found.pairwise)
    assert found.reason == "No item has two labels."
    with pytest.raises(OptionError, match="confidence=2"):
        baseline.human_baseline(said, confidence=2)
