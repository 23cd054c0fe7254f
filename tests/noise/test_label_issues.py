from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from labelqa import Annotations
from labelqa._kernels.labels import evidence as kernels
from labelqa.errors import OptionError, TableError
from labelqa.features import image_features
from labelqa.noise import label_issues, neighbours, outliers
from labelqa.noise._judged_labels import judged_labels
from labelqa.noise._neighbours import Neighbours
from labelqa.noise.labels._issues import METHODS
from labelqa.noise.labels._label_evidence import _by_neighbours, _combined, _pooled


def two_classes(n=6, p_first=0.9):
    return pd.DataFrame({"item_id": range(n), "ok": p_first, "dent": 1 - p_first})


def test_wrong_labels_of_three_clouds_come_first(blobs):
    features, labels, is_wrong = blobs
    found = label_issues(labels, features=features)
    table = found.table.set_index("item_id").loc[is_wrong.index]
    assert roc_auc_score(is_wrong, table["doubt"]) > 0.99
    assert found.accuracy == pytest.approx(0.9, abs=0.03)
    right = pd.Series(np.repeat(["cat", "dog", "owl"], 100), index=is_wrong.index)
    assert (table["proposal"][is_wrong] == right[is_wrong]).mean() > 0.95
    assert (table["verdict"][~is_wrong] == "fine").mean() > 0.97


def test_the_order_of_rows_changes_nothing(blobs):
    features, labels, _ = blobs
    plain = label_issues(labels, features=features).table
    mixed = label_issues(labels.sample(frac=1, random_state=3), features=features.sample(frac=1, random_state=4))
    pd.testing.assert_frame_equal(plain, mixed.table, rtol=1e-6)


def test_the_input_is_not_changed(blobs):
    features, labels, _ = blobs
    before = features.copy(), labels.copy()
    label_issues(labels, features=features)
    pd.testing.assert_frame_equal(features, before[0])
    pd.testing.assert_frame_equal(labels, before[1])


def test_a_graph_made_once_gives_the_same(blobs):
    features, labels, _ = blobs
    graph = neighbours(features)
    plain = label_issues(labels, features=features)
    pd.testing.assert_frame_equal(plain.table, label_issues(labels, features=features, neighbours=graph).table)


def test_the_score_is_the_log_odds_of_all_evidence_together(blobs):
    features, labels, _ = blobs
    found = label_issues(labels, features=features)
    one = found.table.iloc[0]
    p = found.probabilities.loc[one["item_id"]]
    assert one["doubt"] == pytest.approx(np.log(p[one["proposal"]] / p[one["label"]]))
    assert one["p_wrong"] == pytest.approx(1 / (1 + np.exp(-one["doubt"])))
    ratio = found.table["p_model"] * found.table["p_neighbours"]
    own = np.array(
        [p[label] for (_, p), label in zip(found.probabilities.iterrows(), found.table["label"], strict=True)]
    )
    assert np.corrcoef(np.log(ratio), np.log(own))[0, 1] > 0.9


@pytest.mark.parametrize("method", METHODS)
def test_every_method_ranks_the_contradicted_label_first(method):
    labels = pd.DataFrame({"item_id": range(6), "label": ["ok"] * 5 + ["dent"]})
    found = label_issues(labels, pred_probs=two_classes(), method=method)
    assert found.table.set_index("rank").loc[1, "item_id"] == "5"
    assert found.method == method
    assert found.table["p_wrong"].between(0, 1).all()


def test_methods_of_cleanlab_ask_the_model_alone(blobs):
    features, labels, _ = blobs
    own = np.random.default_rng(0).dirichlet([1, 1, 1], 300)
    probs = pd.DataFrame(own, index=features.index, columns=["cat", "dog", "owl"])
    found = label_issues(labels, pred_probs=probs, features=features, method="self_confidence")
    said = probs.to_numpy()[np.arange(300), labels["label"].map({"cat": 0, "dog": 1, "owl": 2})]
    doubt = found.table.set_index("item_id")["doubt"].loc[features.index]
    np.testing.assert_allclose(doubt, np.log((1 - said) / said), atol=1e-9)
    # the normalised margin is (own - best other + 1) / 2
    other = np.where(probs.to_numpy() == said[:, None], -1, probs.to_numpy()).max(axis=1)
    margin = (said - other + 1) / 2
    doubt = label_issues(labels, pred_probs=probs, method="normalized_margin").table.set_index("item_id")["doubt"]
    np.testing.assert_allclose(doubt.loc[features.index], np.log((1 - margin) / margin), atol=1e-9)
    # confident learning: what it flags comes before all others, and each by its margin
    table = label_issues(labels, pred_probs=probs, method="confident_learning").table.set_index("item_id")
    flagged = table["is_flagged"].loc[features.index].to_numpy()
    quality = np.where(flagged, margin, 1 + margin) / 2
    np.testing.assert_allclose(table["doubt"].loc[features.index], np.log((1 - quality) / quality), atol=1e-9)
    assert flagged.any()
    # where there is no model, the neighbours are asked
    graph = neighbours(features)
    near = label_issues(labels, neighbours=graph, method="self_confidence")
    assert near.table["p_model"].isna().all()
    assert near.table["doubt"].notna().all()


def test_what_speaks_against_a_label_is_said_in_words():
    rows = [("i", "ann", "a"), ("i", "bob", "a"), ("i", "cy", "b"), ("j", "ann", "b")]
    said = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    probs = pd.DataFrame({"a": [0.04, 0.3], "b": [0.96, 0.7]}, index=["i", "j"])
    queue = label_issues(said, pred_probs=probs).to_queue().set_index("item_id")
    assert "model: a only 4 %" in queue.loc["i", "reason"]
    assert "2 of 3 annotators say a" in queue.loc["i", "reason"]
    assert pd.isna(queue.loc["j", "reason"])


def test_probabilities_are_joined_by_id_and_by_class_name():
    labels = pd.DataFrame({"item_id": ["b", "a"], "label": ["dent", "ok"]})
    probs = pd.DataFrame({"dent": [0.2, 0.7], "ok": [0.8, 0.3]}, index=["a", "b"])
    table = label_issues(labels, pred_probs=probs).table
    assert table["item_id"].tolist() == ["a", "b"]
    np.testing.assert_allclose(table["p_model"], [0.8, 0.7])


def test_ids_as_numbers_and_text_are_one(blobs):
    labels = pd.DataFrame({"item_id": [1, 2], "label": ["ok", "dent"]})
    probs = pd.DataFrame({"item_id": ["2", "1"], "ok": [0.1, 0.9], "dent": [0.9, 0.1]})
    np.testing.assert_allclose(label_issues(labels, pred_probs=probs).table["p_model"], [0.9, 0.9])


@pytest.mark.parametrize("name", ["item_id", "nan", "<b>", "label"])
def test_labels_may_be_called_anything(name):
    labels = pd.DataFrame({"item_id": range(4), "label": [name, name, "other", name]})
    probs = pd.DataFrame([[0.9, 0.1]] * 4, columns=[name, "other"], index=pd.RangeIndex(4, name="item_id"))
    assert label_issues(labels, pred_probs=probs).table["label"].tolist() == [name, name, "other", name]


def test_a_class_that_only_the_model_knows_can_be_proposed():
    labels = pd.DataFrame({"item_id": [1, 2], "label": ["ok", "dent"]})
    probs = pd.DataFrame({"ok": [0.1, 0.1], "dent": [0.1, 0.8], "rust": [0.8, 0.1]}, index=[1, 2])
    assert label_issues(labels, pred_probs=probs).table["proposal"].tolist()[0] == "rust"


# several annotators


def votes(*rows):
    return pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])


def test_people_who_split_are_ambiguous_not_wrong():
    rows = [(i, a, "ok" if i % 2 else "dent") for i in range(20) for a in ("ann", "bob")]
    split = [(99, "ann", "ok"), (99, "bob", "dent")]
    table = label_issues(votes(*rows, *split)).table.set_index("item_id")
    assert table.loc["99", "verdict"] == "ambiguous"
    assert table.loc["99", "is_tied"]
    assert table.loc["0", "verdict"] == "fine"
    assert table.loc["99", "vote_share"] == 0.5


def test_the_model_decides_where_people_split():
    rows = [(i, a, "ok" if i % 2 else "dent") for i in range(20) for a in ("ann", "bob")]
    rows += [(99, "ann", "ok"), (99, "bob", "dent")]
    probs = pd.DataFrame({"ok": [float(i % 2) for i in range(20)] + [0.999]}, index=[*range(20), 99]).clip(0.01, 0.999)
    table = label_issues(votes(*rows), pred_probs=probs.assign(dent=1 - probs["ok"])).table.set_index("item_id")
    # equal votes are settled in the order of the classes: dent is the label that is judged
    assert table.loc["99", ["label", "proposal", "verdict"]].tolist() == ["dent", "ok", "wrong"]


def test_a_careless_annotator_counts_less():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 2, 200)
    rows = [(i, a, true[i]) for i in range(200) for a in ("ann", "bob")]
    rows += [(i, "cho", rng.integers(0, 2)) for i in range(200)]
    rows += [(500, "ann", 1), (500, "cho", 0)]
    found = label_issues(votes(*rows))
    assert found.probabilities.loc["500", 1] > 0.9


def test_given_labels_are_judged_by_the_votes():
    rows = [(i, a, "ok") for i in range(5) for a in ("ann", "bob", "cho")] + [(9, "ann", "dent")]
    judged = pd.DataFrame({"item_id": [*range(5), 9], "label": ["ok", "dent", "ok", "ok", "ok", "dent"]})
    table = label_issues(votes(*rows), given=judged).table.set_index("item_id")
    assert table["verdict"].tolist() == ["fine", "wrong", "fine", "fine", "fine", "fine"]
    assert table.loc["1", "vote_share"] == 0


def test_annotations_are_taken():
    rows = votes((1, "ann", "ok"), (1, "bob", "ok"), (2, "ann", "ok"), (2, "bob", "dent"))
    assert label_issues(Annotations.from_frames(labels=rows)).n_items == 2


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_posteriors_equal_a_naive_version(seed):
    from labelqa._kernels.labels.evidence import _rates, _weigh

    rng = np.random.default_rng(seed)
    prior = rng.dirichlet(np.ones(3), 6)
    said = [[(a, rng.integers(0, 3)) for a in range(2) if rng.random() < 0.8] for _ in range(6)]
    rates = _rates(rng.random((2, 3, 3)), 5.0)
    np.testing.assert_allclose(rates.sum(axis=2), 1)
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in said])]).astype(np.int64)
    annotator = np.array([a for one in said for a, _ in one], dtype=np.int32)
    label = np.array([k for one in said for _, k in one], dtype=np.int32)
    posterior, counts = np.empty((6, 3)), np.empty((2, 3, 3))
    _weigh(offsets, annotator, label, prior, np.log(rates), counts, posterior)
    for i, one in enumerate(said):
        naive = prior[i] * np.prod([rates[a, :, k] for a, k in one], axis=0)
        np.testing.assert_allclose(posterior[i], naive / naive.sum())
    assert counts.sum() == pytest.approx(len(label))


# what is impossible or undefined


def test_one_class_has_a_reason(blobs):
    features, labels, _ = blobs
    found = label_issues(labels.assign(label="cat"), features=features)
    assert found.reason == "There is only one class, so no label can be another."
    assert found.n_flagged == 0
    assert (found.table["verdict"] == "unknown").all()
    assert found.table["doubt"].isna().all()


def test_a_class_with_one_item_is_judged_like_the_others(blobs):
    features, labels, _ = blobs
    lonely = labels.assign(label=labels["label"].where(labels["item_id"] != "i5", "newt"))
    table = label_issues(lonely, features=features).table.set_index("item_id")
    assert table.loc["i5", "proposal"] == "cat"
    assert table.loc["i5", "doubt"] > 0


def test_no_labels_give_an_empty_result():
    found = label_issues(pd.DataFrame({"item_id": [], "label": []}), pred_probs=two_classes())
    assert found.n_items == 0
    assert found.reason == "There are no labelled items."
    assert (found.n_flagged, found.n_ambiguous, found.n_without_evidence, found.is_calibrated) == (0, 0, 0, False)
    assert np.isnan([found.accuracy, found.neighbour_accuracy, found.majority_accuracy]).all()
    assert found.joint.empty
    assert found.to_queue().empty
    assert list(found.table.columns) == list(label_issues([0, 1], pred_probs=np.full((2, 2), 0.5)).table.columns)


def test_two_items_are_enough_to_run():
    found = label_issues(["a", "b"], features=pd.DataFrame({"x": [0.0, 1.0]}))
    assert len(found.table) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.assign(ok=t["ok"] + 0.5), r"probabilities of 6 items do not sum to one \(item '0': 1.5\)"),
        (lambda t: t.assign(ok=t["ok"] * -1), "negative, missing or infinite values for 6 items"),
        (lambda t: t.assign(ok=np.nan), "negative, missing or infinite values for 6 items"),
        (lambda t: t.drop(columns="dent"), r"no column for 1 classes that are among the labels \('dent'"),
        (lambda t: t.assign(item_id=t["item_id"] + 100), r"no row for 6 of 6 labelled items \('0', '1', "),
        (lambda t: t.head(5), r"no row for 1 of 6 labelled items \('5'\)"),
        (lambda t: pd.concat([t, t.head(1)]), "item ids more than once"),
        (lambda t: t.drop(columns="item_id").to_numpy(), "pred_probs has 2 columns without names"),
        (lambda t: t["ok"], "Found a Series as pred_probs"),
    ],
)
def test_impossible_probabilities_are_refused(change, message):
    labels = pd.DataFrame({"item_id": range(6), "label": ["ok"] * 5 + ["dent"]})
    with pytest.raises(TableError, match=message):
        label_issues(labels, pred_probs=change(two_classes()))


def test_features_that_do_not_match_are_refused(blobs):
    features, labels, _ = blobs
    with pytest.raises(TableError, match=r"features has no row for 1 of 300 labelled items \('i7'\)"):
        label_issues(labels, features=features.drop(index="i7"))
    with pytest.raises(TableError, match=r"missing or infinite values for 1 items \('i3'\)"):
        label_issues(labels, features=features.mul(np.where(features.index == "i3", np.nan, 1.0), axis=0))


def test_labels_need_something_to_be_judged_by():
    with pytest.raises(TableError, match="nothing to judge the labels by; give pred_probs="):
        label_issues(pd.DataFrame({"item_id": [1, 2], "label": ["a", "b"]}))


def test_two_labels_without_annotators_are_refused():
    twice = pd.DataFrame({"item_id": [1, 1], "label": ["a", "b"]})
    with pytest.raises(TableError, match=r"1 items have more than one label and no annotator_id says whose \('1'\)"):
        label_issues(twice, pred_probs=two_classes())


def test_unknown_methods_are_refused():
    with pytest.raises(OptionError, match="method='best' is not known; choose one of 'labelqa'"):
        label_issues([0, 1], pred_probs=np.full((2, 2), 0.5), method="best")


def test_a_picture_that_cannot_be_read_leaves_its_label_unknown(scene):
    pictures = {f"p{k}": scene(k, 48, 48) for k in range(12)} | {"bad": b"no image"}
    labels = pd.DataFrame({"item_id": list(pictures), "label": ["a", "b"] * 6 + ["a"]})
    found = label_issues(labels, images=pictures)
    assert found.n_without_evidence == 1
    assert found.table.set_index("item_id").loc["bad", "verdict"] == "unknown"
    assert found.table["doubt"].notna().sum() == 12


def test_the_items_table_says_where_the_pictures_are(tmp_path, scene, as_jpeg):
    for k in range(12):
        (tmp_path / f"photo{k}.jpg").write_bytes(as_jpeg(scene(k, 48, 48)))
    said = pd.DataFrame({"item_id": range(12), "annotator_id": "ann", "label": ["a", "b"] * 6})
    items = pd.DataFrame({"item_id": range(12), "path": [f"photo{k}.jpg" for k in range(12)]})
    found = label_issues(Annotations.from_frames(labels=said, items=items), images=tmp_path)
    assert found.n_without_evidence == 0


def test_pictures_speak_beside_probabilities(scene):
    pictures = {f"p{k}": scene(k, 48, 48) for k in range(12)}
    said = pd.DataFrame({"item_id": list(pictures), "label": ["a", "b"] * 6})
    probs = pd.DataFrame({"item_id": list(pictures), "a": 0.6, "b": 0.4})
    both = label_issues(said, pred_probs=probs, images=pictures).table
    assert both["p_neighbours"].notna().all()
    features = image_features(pictures)
    pd.testing.assert_frame_equal(both, label_issues(said, pred_probs=probs, features=features).table)
    graph = neighbours(features)
    # with a graph the pictures have nothing to add
    given = label_issues(said, pred_probs=probs, neighbours=graph, images={"p0": b"no picture"}).table
    pd.testing.assert_frame_equal(both, given)


class TestNeighbourVotes:
    """By hand: a neighbour weighs as much as its votes' shares, and two pseudo-votes are spread like the classes."""

    def graph(self, indices, distances, ids="abcd"):
        return Neighbours(
            n_items=len(indices), n_neighbours=np.shape(indices)[1], n_components=1,
            item_ids=np.array(list(ids[: len(indices)]), dtype=object),
            indices=np.array(indices, np.int32), distances=np.array(distances, float),
        )  # fmt: skip

    def said(self, **votes):
        rows = [(item, f"ann{k}", label) for item, labels in votes.items() for k, label in enumerate(labels)]
        return judged_labels(pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"]), classes=["x", "y"])

    def test_a_single_neighbour(self):
        graph = self.graph([[1], [0], [1], [2]], [[1.0], [1.0], [2.0], [1.0]])
        # shares of x: 1, 2/3, 0, 0; on average 5/12
        found = _by_neighbours(self.said(a="x", b="xxy", c="y", d="yy"), graph, 2)
        assert found[:, 0].tolist() == pytest.approx([(share + 2 * 5 / 12) / 3 for share in (2 / 3, 1, 2 / 3, 0)])
        assert found.sum(axis=1).tolist() == pytest.approx([1.0] * 4)

    def test_far_neighbours_count_less(self):
        near, far = 1.0, 1.5
        graph = self.graph([[1, 2], [0, 2], [0, 1]], [[near, far]] * 3)
        # a quarter of the mean distance to the nearest is the width
        weight = np.exp(-0.5 * (far**2 - near**2) / 0.25**2)
        effective = (1 + weight) ** 2 / (1 + weight**2)
        found = _by_neighbours(self.said(a="x", b="x", c="y"), graph, 2)
        share = np.array([1 / (1 + weight), 1 / (1 + weight), 1.0])
        assert found[:, 0] == pytest.approx((effective * share + 2 * 2 / 3) / (effective + 2))

    def test_items_outside_the_graph_are_unknown_and_one_alone_has_the_average(self):
        found = _by_neighbours(self.said(a="x", b="xy", z="y"), self.graph([[1], [0]], [[1.0], [1.0]]), 2)
        assert np.isnan(found).any(axis=1).tolist() == [False, False, True]
        alone = _by_neighbours(self.said(a="xxy"), self.graph(np.empty((1, 0)), np.empty((1, 0))), 2)
        assert alone.tolist() == pytest.approx(np.array([[2 / 3, 1 / 3]]))


def test_votes_alone_start_from_the_shares_of_all_votes():
    judged = judged_labels(votes(("i", "ann", "x"), ("i", "bob", "x"), ("j", "ann", "y"), ("k", "bob", "x")))
    # three votes and one, and one more of each
    prior = np.tile([4 / 6, 2 / 6], (3, 1))
    codes = judged.codes
    expected = kernels.voted_posterior(codes.offsets, codes.annotator, codes.label, prior, 2, 5.0, 50)
    np.testing.assert_allclose(_combined(judged, None, None, 2), expected, atol=1e-12)
    assert not np.allclose(
        expected,
        kernels.voted_posterior(codes.offsets, codes.annotator, codes.label, np.full((3, 2), 0.5), 2, 5.0, 50),
        atol=1e-3,
    )
    # as many votes as classes
    even = label_issues(votes(("i", "ann", "x"), ("i", "bob", "y"))).probabilities
    assert even.loc["i"].tolist() == pytest.approx([0.5, 0.5])
    # a class that nobody voted for has no share
    assert (_combined(judged, None, None, 3)[:, 2] < 1e-6).all()


def test_where_one_source_speaks_it_is_taken_as_it_is():
    rng = np.random.default_rng(0)
    logs = np.log(rng.dirichlet([1, 1], (2, 8)))
    logs[0, 0], logs[1, 1], logs[:, 2] = np.nan, np.nan, np.nan
    found = _pooled(logs, np.arange(8, dtype=np.int32) % 2)
    np.testing.assert_array_equal(found[:3], [logs[1, 0], logs[0, 1], [np.nan, np.nan]])
    # the others are mixed as if these were not there
    np.testing.assert_array_equal(found[3:], _pooled(logs[:, 3:], np.arange(3, 8, dtype=np.int32) % 2))
    # weights are thought to be equal, and offsets 0, give or take 0.3
    weights, offsets = kernels.log_pool(logs[:, 3:], np.arange(3, 8) % 2, 1 / 0.3**2)
    np.testing.assert_allclose(found[3:], weights[0] * logs[0, 3:] + weights[1] * logs[1, 3:] + offsets, atol=1e-9)
    assert np.isfinite(found[3:]).all()
    np.testing.assert_array_equal(_pooled(logs[:1], np.zeros(8, np.int32)), logs[0])


def test_pictures_of_other_items_are_refused(scene):
    with pytest.raises(TableError, match="None of the 1 labelled items has a picture"):
        label_issues(pd.DataFrame({"item_id": [1], "label": ["a"]}), images={"p": scene(0, 48, 48)})


def test_plots_are_labelled(blobs):
    features, labels, _ = blobs
    assert label_issues(labels, features=features).plot().get_ylabel() == "items"


# real data


def test_ranking_beats_cleanlab_on_the_same_probabilities(cifar):
    """3,000 images only: the numbers of all 20,000 stand in docs/results.md."""
    from labelqa._crossval import out_of_fold
    from labelqa.features import image_features

    features = image_features(cifar[["item_id", "image"]])
    labels = cifar[["item_id", "worst_label"]].rename(columns={"worst_label": "label"})
    probs = out_of_fold(features, labels).probabilities
    graph = neighbours(features)
    is_wrong = (cifar["worst_label"] != cifar["clean_label"]).set_axis(cifar["item_id"])
    found = {}
    for method in ("labelqa", "self_confidence", "normalized_margin"):
        table = label_issues(labels, pred_probs=probs, neighbours=graph, method=method).table.set_index("item_id")
        score = table["doubt"].loc[is_wrong.index]
        found[method] = np.array([roc_auc_score(is_wrong, score), average_precision_score(is_wrong, score)])
    for method in ("self_confidence", "normalized_margin"):
        assert (found["labelqa"] > found[method] + [0.01, 0.01]).all(), found


def test_old_names_of_arguments_are_taken_with_a_word(blobs):
    features, labels, _ = blobs
    with pytest.warns(FutureWarning, match="embeddings= is called features= now"):
        found = label_issues(labels, embeddings=features)
    pd.testing.assert_frame_equal(found.table, label_issues(labels, features=features).table)
    with pytest.warns(FutureWarning, match="labels= is called annotations= now"):
        label_issues(labels=[0, 1], pred_probs=np.full((2, 2), 0.5))
    with pytest.warns(FutureWarning, match="embeddings= is called features= now"):
        neighbours(embeddings=features, n_neighbours=1)
    with pytest.warns(FutureWarning, match="embeddings= is called features= now"):
        outliers(embeddings=features)
