from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa.consensus import dawid_skene, expected_accuracy, majority_vote, one_coin
from labelqa.errors import OptionError

COLUMNS = ["item_id", "annotator_id", "label"]

# Dawid and Skene (1979): 45 patients; the first observer three times, then observers 2 to 5
ANAESTHETISTS = (
    "111.1111 333.4334 112.2122 222.3121 222.3222 222.3322 112.2111 333.3433 222.2223 232.2223 444.4444 222.3343 "
    "111.1111 222.3212 121.1111 111.2111 111.1111 111.1111 222.2221 222.1322 222.2222 222.2221 222.3222 221.2222 "
    "111.1111 111.1111 232.2222 111.1111 111.1111 112.1121 111.1111 333.3233 111.1111 222.2222 222.3232 433.4343 "
    "221.2232 232.3233 333.3432 111.1111 111.1111 121.2111 232.2222 121.1111 222.2222"
)


@pytest.fixture(scope="module")
def patients():
    rows = []
    for patient, text in enumerate(ANAESTHETISTS.split(), start=1):
        first, others = text.split(".")
        rows += [(patient, 1, int(said)) for said in first]
        rows += [(patient, observer, int(said)) for observer, said in enumerate(others, start=2)]
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.fixture(scope="module")
def published(patients):
    return dawid_skene(patients, shrinkage=0, tolerance=1e-12)


class TestAnaesthetists:
    """Values of the R package rater and of dallascard/dawid_skene, which agree."""

    def test_log_likelihood_and_shares(self, published):
        assert published.log_likelihood == pytest.approx(-190.730997, abs=5e-7)
        assert published.classes["share"].tolist() == pytest.approx([0.4000, 0.4216, 0.1118, 0.0667], abs=5e-5)
        assert published.is_converged
        assert published.n_iterations == 25

    def test_confusion_of_the_first_observer(self, published):
        of_first = published.confusion.query("annotator_id == '1'")
        expected = [
            [0.9074, 0.0926, 0, 0],
            [0.0703, 0.8766, 0.0531, 0],
            [0, 0.3388, 0.6612, 0],
            [0, 0, 0.5556, 0.4444],
        ]
        assert of_first["share"].to_numpy().reshape(4, 4) == pytest.approx(np.array(expected), abs=5e-5)

    def test_confusion_of_the_third_observer(self, published):
        row = published.confusion.query("annotator_id == '3' and true_label == 3")
        assert row["share"].tolist() == pytest.approx([0, 0.4036, 0.1988, 0.3976], abs=5e-5)
        assert ((row["low"] <= row["share"]) & (row["share"] <= row["high"])).all()

    def test_doubtful_patients(self, published):
        doubtful = published.table.query("probability < 0.999")
        assert doubtful["item_id"].tolist() == ["35", "38"]
        assert doubtful["label"].tolist() == [2, 3]
        assert doubtful["probability"].tolist() == pytest.approx([0.948, 0.979], abs=5e-4)

    def test_patients_that_leave_the_vote(self, patients, published):
        vote = majority_vote(patients).table
        assert vote.loc[vote["label"] != published.table["label"], "item_id"].tolist() == ["2", "12", "36"]


def naive(said, n_iterations):
    """Dawid and Skene as in the paper, in matrices of one-hot labels."""
    item, items = pd.factorize(said["item_id"], sort=True)
    annotator, annotators = pd.factorize(said["annotator_id"], sort=True)
    label, classes = pd.factorize(said["label"], sort=True)
    onehot = np.zeros((len(items), len(annotators), len(classes)))
    np.add.at(onehot, (item, annotator, label), 1)
    truth = onehot.sum(axis=1) / onehot.sum(axis=(1, 2))[:, None]
    for _ in range(n_iterations):
        counts = np.einsum("ial,it->atl", onehot, truth)
        total = counts.sum(axis=2, keepdims=True)
        rates = np.where(total > 0, counts / np.where(total > 0, total, 1), 1 / len(classes))
        with np.errstate(divide="ignore"):
            logs = np.log(rates)
        score = np.log(np.maximum(truth.mean(axis=0), 1e-300)) + np.einsum(
            "ial,atl->it", onehot, np.where(np.isfinite(logs), logs, -1e4)
        )
        truth = np.exp(score - score.max(axis=1, keepdims=True))
        truth /= truth.sum(axis=1, keepdims=True)
    return truth


labels = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 3), st.integers(0, 2)),
    min_size=1,
    max_size=60,
    unique_by=lambda r: r[:2],
).map(lambda rows: pd.DataFrame(rows, columns=COLUMNS))


@settings(max_examples=30, deadline=None)
@given(said=labels, n_iterations=st.integers(1, 6))
def test_equals_a_naive_version(said, n_iterations):
    found = dawid_skene(said, shrinkage=0, n_iterations=n_iterations, tolerance=0)
    if found.n_iterations == n_iterations:
        assert found.wide().to_numpy() == pytest.approx(naive(said, n_iterations), abs=1e-8)


def test_long_products_do_not_underflow():
    rng = np.random.default_rng(0)
    rows = [(i, a, int(i % 2) if rng.random() < 0.6 else 1 - i % 2) for i in range(6) for a in range(3000)]
    found = dawid_skene(pd.DataFrame(rows, columns=COLUMNS))
    assert np.isfinite(found.log_likelihood)
    assert found.table["label"].tolist() == [0, 1, 0, 1, 0, 1]


# dawid_skene converged without and with shrinkage, from an independent implementation of both
@pytest.mark.parametrize(
    ("name", "converged", "shrunk"),
    [
        ("sp_amt", 0.944, 0.944),
        ("zencrowd_us", 0.823, 0.824),
        ("product", 0.939, 0.936),
        ("bluebird", 0.898, 0.889),
        ("rte", 0.928, 0.929),
    ],
)
def test_accuracy_on_crowd_sets(real_data, name, converged, shrunk):
    folder = real_data / "crowdlabels" / name
    said, gold = pd.read_csv(folder / "labels.csv"), pd.read_csv(folder / "gold.csv")
    assert expected_accuracy(dawid_skene(said, shrinkage=0), gold) == pytest.approx(converged, abs=0.0006)
    assert expected_accuracy(dawid_skene(said), gold) == pytest.approx(shrunk, abs=0.0006)


def test_shrinkage_keeps_a_single_label_from_teaching_a_whole_row(real_data):
    folder = real_data / "crowdlabels" / "cf"
    said, gold = pd.read_csv(folder / "labels.csv"), pd.read_csv(folder / "gold.csv")
    assert expected_accuracy(dawid_skene(said), gold) > expected_accuracy(dawid_skene(said, shrinkage=0), gold) + 0.05


def test_says_when_it_did_not_converge(patients):
    found = dawid_skene(patients, n_iterations=2)
    assert not found.is_converged
    assert found.n_iterations == 2
    assert "n_iterations=" in found.reason


def test_one_coin_knows_one_accuracy_per_annotator(patients):
    found = one_coin(patients)
    rates = found.confusion.query("annotator_id == '2'")["rate"].to_numpy().reshape(4, 4)
    accuracy = found.annotators.set_index("annotator_id").loc["2", "accuracy"]
    assert np.diag(rates) == pytest.approx(np.full(4, accuracy))
    assert rates[0, 1:] == pytest.approx(np.full(3, (1 - accuracy) / 3))


@pytest.mark.parametrize(
    "options",
    [{"shrinkage": -1}, {"smoothing": -0.1}, {"tolerance": -1e-9}, {"n_iterations": 0}, {"n_iterations": 1.5}],
)
def test_impossible_options_are_refused(patients, options):
    (name,) = options
    with pytest.raises(OptionError, match=name):
        dawid_skene(patients, **options)


def test_statistics_of_two_runs_of_items_add_up(patients):
    from labelqa.consensus.labels._crowd import make_crowd
    from labelqa.consensus.labels._error_models import FullMatrix
    from labelqa.consensus.labels._expectation_maximisation import step, votes

    model = FullMatrix(shrinkage=5, smoothing=0)

    def crowd(table):
        # every run knows all annotators and classes
        known = pd.DataFrame({"item_id": 0, "annotator_id": [1, 2, 3, 4, 5], "label": None})
        return make_crowd(pd.concat([table, known]), classes=[1, 2, 3, 4], gold=None, prior=None)

    whole, first, second = (
        crowd(table) for table in (patients, patients.query("item_id <= 20"), patients.query("item_id > 20"))
    )
    begun = votes(first, 1) + votes(second, 1)
    assert begun.counts == pytest.approx(votes(whole, 1).counts)
    rates = model.finish(begun)
    both = [step(part, *rates, np.empty((part.codes.n_items, 4))) for part in (first, second)]
    together, at_once = both[0] + both[1], step(whole, *rates, np.empty((whole.codes.n_items, 4)))
    assert together.counts == pytest.approx(at_once.counts)
    assert together.sums == pytest.approx(at_once.sums)
    assert together.log_likelihood == pytest.approx(at_once.log_likelihood)
