import numpy as np
import pandas as pd
import pytest

from labelqa.compare import UnfairComparison, compare_fixes
from labelqa.errors import TableError

QUICK = {"n_resamples": 200, "n_controls": 0, "curves": False}


def compare(world, test=None, before=None, after=None, features=None, **options):
    return compare_fixes(
        world.noisy if before is None else before,
        world.clean if after is None else after,
        world.trusted if test is None else test,
        features=world.features if features is None else features,
        **QUICK,
        **options,
    )


def test_test_labels_that_differ_between_arms(world):
    changed = world.trusted.copy()
    changed["i400"] = "ok" if changed["i400"] != "ok" else "dent"
    with pytest.raises(UnfairComparison, match=r"test labels of 'before' and 'after' differ for 1 items \('i400'\)"):
        compare(world, {"before": world.trusted, "after": changed})


def test_test_items_that_differ_between_arms(world):
    with pytest.raises(UnfairComparison, match=r"hold different items \(1 are in one only: 'i400'\)"):
        compare(world, {"before": world.trusted, "after": world.trusted.drop("i400")})


def test_equal_test_sets_are_one(world):
    one = compare(world, {"before": world.trusted, "after": world.trusted.iloc[::-1]})
    assert one.to_dict() == compare(world).to_dict()


@pytest.mark.parametrize("arm", ["before", "after"])
def test_test_items_in_training(world, arm):
    labels = pd.concat([world.noisy, world.trusted[:2]])
    with pytest.raises(UnfairComparison, match=rf"2 test items are also in the training labels '{arm}'"):
        compare(world, **{arm: labels})


def test_a_test_set_edited_by_the_rule_under_test(world):
    decisions = pd.DataFrame({"item_id": ["i1", "i401"], "reviewer": "ann"})
    with pytest.raises(UnfairComparison, match=r"1 test items were decided on .* \('i401'\)"):
        compare(world, decisions=decisions)


@pytest.mark.parametrize("apart", [0.0, 0.003])
def test_copies_of_test_items_in_training(world, apart):
    features = world.features.copy()
    features.loc["i3"] = features.loc["i405"] + apart
    with pytest.raises(UnfairComparison, match=r"1 training items are copies of test items \('i3 = i405'\)"):
        compare(world, features=features)
    found = compare(world, features=features, leaks="leave_out")
    assert found.arms["n_train"].tolist() == [399, 399]
    assert found.reason.startswith("1 training items that are copies of test items are left out")


def test_augmented_copies_of_test_items(world):
    after = pd.concat([world.noisy, pd.Series({"i405_flip": world.trusted["i405"], "i3_flip": world.noisy["i3"]})])
    features = pd.concat([world.features, world.features.loc[["i405", "i3"]].set_axis(["i405_flip", "i3_flip"]) + 0.1])
    copies = {"i405_flip": "i405", "i3_flip": "i3"}
    with pytest.raises(UnfairComparison, match="'i405_flip = i405'"):
        compare(world, after=after, features=features, copies_of=copies)
    found = compare(world, after=after.drop("i405_flip"), features=features, copies_of=copies)
    assert found.attribution["kind"].tolist() == ["augment"]


def test_few_features_cannot_tell_copies(world):
    features = world.features.iloc[:, :3].copy()
    features.loc["i3"] = features.loc["i405"]
    assert compare(world, features=features).reason is None


def test_blank_pictures_are_no_copies(world):
    features = world.features.copy()
    features.loc[["i3", "i405"]] = 0.0
    assert compare(world, features=features).reason is None


def test_too_few_test_items(world):
    with pytest.raises(UnfairComparison, match="The test set has 29 items; fewer than 30 decide nothing"):
        compare(world, world.trusted[:29])


def test_a_class_that_nothing_teaches(world):
    test = world.trusted.copy()
    test["i400"] = "rust"
    with pytest.raises(UnfairComparison, match=r"missing from both training sets \('rust'\)"):
        compare(world, test)


def test_a_class_that_only_the_fixes_bring_is_no_obstacle(world):
    before = world.noisy[world.noisy != "dent"]
    found = compare(world, before=before)
    row = found.per_class.set_index("label").loc["dent"]
    assert row["accuracy_before"] == 0
    assert row["accuracy_after"] > 0.5


def test_one_class_before(world):
    with pytest.raises(UnfairComparison, match="training labels 'before' hold 1 classes"):
        compare(world, before=world.noisy[world.noisy == "ok"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test": pd.Series({"zz": "ok"})}, "features has no row for 1 of 1 items of test"),
        (
            {"before": pd.concat([pd.Series({"i0": "ok"}), pd.Series({"i0": "dent"})])},
            "1 items have more than one label in before",
        ),
        ({"test": pd.DataFrame({"item_id": ["i400"]})}, "test has no column 'label'"),
        ({"test": {}}, "test is an empty mapping"),
        ({"after": ["ok"]}, "Found a list as after"),
    ],
)
def test_what_is_no_input(world, change, message):
    with pytest.raises(TableError, match=message):
        compare(world, **change)


def test_numbers_as_ids_are_text():
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(80, 3)), index=range(80))
    labels = pd.Series(rng.integers(0, 2, 80), index=[str(k) for k in range(80)])
    found = compare_fixes(labels[:40], labels[:40], labels[40:], features=features, **QUICK)
    assert found.n_test == 40


def test_near_duplicates_of_test_pictures_are_found(world):
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (80, 8, 8, 3)).astype(np.uint8).repeat(8, axis=1).repeat(8, axis=2)
    coarse[3] = np.clip(coarse[60].astype(int) + 2, 0, 255)
    labels = pd.Series(rng.integers(0, 2, 80), index=[str(k) for k in range(80)])
    before = labels[:40]
    with pytest.raises(UnfairComparison, match=r"1 training items are copies of test items \('3 = 60'\)"):
        compare_fixes(before, before, labels[40:], images=coarse, **QUICK)
    found = compare_fixes(before, before, labels[40:], images=coarse, leaks="leave_out", **QUICK)
    assert found.arms["n_train"].tolist() == [39, 39]
