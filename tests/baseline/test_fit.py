import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from labelqa import baseline
from labelqa.errors import OptionError, TableError
from labelqa.features import fit_recipe


def test_it_is_scikit_learns_logistic_regression_over_a_temperature(blobs):
    features, labels = blobs
    model = baseline.fit(features, labels)
    peer = make_pipeline(StandardScaler(), LogisticRegression(C=100 / 120, max_iter=300)).fit(
        features.astype("f4"), labels
    )
    scores = peer.decision_function(features.astype("f4")) / model.temperature
    expected = pd.DataFrame(softmax(scores, axis=1), index=features.index).loc[model.predict_proba(features).index]
    assert np.allclose(model.predict_proba(features), expected, atol=1e-4)
    assert model.output_temperature == 1.0


def test_the_estimator_alone_gives_the_calibrated_probabilities(blobs):
    features, labels = blobs
    model = baseline.fit(features, labels)
    own = model.estimator.predict_proba(features.to_numpy(np.float32))
    assert np.allclose(model.predict_proba(features).loc[features.index], own, atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_temperature_makes_overconfident_scores_honest(n_classes):
    rng = np.random.default_rng(0)
    label = rng.integers(0, n_classes, 1500)
    features = pd.DataFrame(np.eye(n_classes)[label] + rng.normal(size=(1500, n_classes)) * 1.5)
    features = features.join(pd.DataFrame(rng.normal(size=(1500, 200)), columns=[f"noise_{k}" for k in range(200)]))
    train, test = features.iloc[:500], features.iloc[500:]
    said = pd.Series(label)

    def loss(calibrate):
        model = baseline.fit(train, said[:500], calibrate=calibrate)
        p = model.predict_proba(test).to_numpy()
        return -np.log(p[np.arange(1000), said[500:]]).mean()

    assert loss(True) < loss(False)


@pytest.mark.parametrize("model", ["logistic", "boosting", GaussianNB(), HistGradientBoostingClassifier(max_iter=5)])
def test_any_classifier(blobs, model):
    features, labels = blobs
    fitted = baseline.fit(features, labels, classifier=model)
    p = fitted.predict_proba(features)
    assert np.allclose(p.sum(axis=1), 1)
    assert list(p.columns) == ["dent", "ok", "scratch"]
    assert (fitted.predict(features).loc[labels.index] == labels).mean() > 0.9
    assert fitted.metadata["model"] == (model if isinstance(model, str) else type(model).__name__)


def test_order_of_rows_and_columns_changes_nothing(blobs):
    features, labels = blobs
    order = np.random.default_rng(1).permutation(120)
    one = baseline.fit(features, labels)
    two = baseline.fit(features.iloc[order], labels.iloc[order[::-1]])
    assert one.metadata == two.metadata
    pd.testing.assert_frame_equal(one.predict_proba(features), two.predict_proba(features[["y", "x"]]))


def test_metadata_follows_the_labels(blobs):
    features, labels = blobs
    changed = labels.copy()
    changed.iloc[0] = "ok"
    one, two = baseline.fit(features, labels).metadata, baseline.fit(features, changed).metadata
    assert one["labels_sha256"] != two["labels_sha256"]
    assert one["features_sha256"] == two["features_sha256"]
    assert one["class_counts"] == {"dent": 40, "ok": 40, "scratch": 40}
    assert one["n_held_out"] == 24


def test_labels_keep_their_values(blobs):
    features, labels = blobs
    numbers = labels.map({"dent": 2, "ok": 10, "scratch": 1})
    fitted = baseline.fit(features, numbers)
    assert fitted.classes.tolist() == [1, 2, 10]
    assert set(fitted.predict(features)) == {1, 2, 10}


def test_pictures_in_pictures_predicted():
    rng = np.random.default_rng(0)
    images = (rng.random((40, 32, 32, 3)) * 60).astype(np.uint8)
    images[20:, :, 16:] += 150
    labels = pd.Series(["flat"] * 20 + ["edge"] * 20, index=range(40))
    fitted = baseline.fit(images, labels)
    assert (fitted.predict({"new": images[3], "other": images[33]}) == ["flat", "edge"]).all()
    assert fitted.recipe.digest == fit_recipe(images).digest
    assert len(fitted.feature_names) == 456


def test_a_baseline_of_given_features_refuses_pictures(blobs):
    fitted = baseline.fit(*blobs)
    with pytest.raises(TableError, match="does not know how to make them from pictures"):
        fitted.predict(np.zeros((1, 32, 32, 3), np.uint8))
    with pytest.raises(TableError, match=r"not the 2 of training: 1 are missing \('y'\)"):
        fitted.predict(blobs[0][["x"]])


def test_arrays_go_with_arrays(blobs):
    features, labels = blobs
    named = baseline.fit(named_rows(features), labels.reset_index(drop=True))
    arrays = baseline.fit(features.to_numpy(), labels.to_numpy())
    assert arrays.metadata == named.metadata
    assert (arrays.predict(features.to_numpy()).to_numpy() == named.predict(named_rows(features)).to_numpy()).all()
    assert baseline.cross_validate(features.to_numpy(), labels.to_numpy()).accuracy > 0.9
    with pytest.raises(TableError, match="features has 120 rows and labels has 5"):
        baseline.fit(features.to_numpy(), labels.to_numpy()[:5])


def named_rows(features):
    return features.set_axis(["0", "1"], axis=1).reset_index(drop=True)


def test_the_most_frequent_label_of_several_people_counts(blobs):
    features, labels = blobs
    people = [pd.DataFrame({"item_id": labels.index, "annotator_id": who, "label": labels.to_numpy()}) for who in "abc"]
    people[0].loc[0, "label"] = "ok"
    people[1].loc[[5, 6], "label"], people[2].loc[5, "label"] = "ok", "scratch"
    fitted = baseline.fit(features, pd.concat(people))
    assert fitted.metadata["n_items"] == 119
    assert fitted.metadata["left_out"] == "1 items without a most frequent label are left out ('part_5')."
    assert fitted.metadata["labels_sha256"] == baseline.fit(features, labels.drop("part_5")).metadata["labels_sha256"]


def test_groups_are_not_split_for_calibration(blobs):
    features, labels = blobs
    together = pd.Series(0, index=features.index)
    # a single group leaves nothing to hold out
    assert baseline.fit(features, labels, groups=together).metadata["n_held_out"] == 0


@pytest.mark.parametrize(
    ("labels", "message"),
    [(["a"] * 120, "There are 1 classes among 120"), ([None] * 120, "There are 0 classes among 0")],
)
def test_one_class_is_refused(blobs, labels, message):
    with pytest.raises(TableError, match=message):
        baseline.fit(blobs[0], pd.Series(labels, index=blobs[0].index, dtype=object))


@pytest.mark.parametrize(
    ("model", "message"), [("svm", "classifier='svm' is not known"), (StandardScaler(), "cannot fit and")]
)
def test_what_is_no_classifier_is_refused(blobs, model, message):
    with pytest.raises(OptionError, match=message):
        baseline.fit(*blobs, classifier=model)


def test_repr(blobs):
    assert repr(baseline.fit(*blobs)) == "Baseline('logistic', 120 items, 2 features, classes 'dent', 'ok', 'scratch')"
