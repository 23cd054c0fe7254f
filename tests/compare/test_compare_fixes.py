from functools import cache
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from labelqa import baseline
from labelqa.compare import compare_fixes
from labelqa.errors import OptionError, TableError

QUICK = {"n_resamples": 200, "n_controls": 1, "curves": False}


def test_a_planted_effect_is_found(world):
    found = compare_fixes(world.noisy, world.clean, world.trusted, features=world.features)
    assert found.verdict == "helps"
    assert 0 < found.low < found.difference < found.high
    assert found.difference == pytest.approx(found.accuracy_after - found.accuracy_before)
    assert found.p_value < 0.001
    assert found.n_fixes == len(world.wrong)
    assert found.reason is None


def test_the_other_way_round_it_hurts(world):
    found = compare_fixes(world.clean, world.noisy, world.trusted, features=world.features, **QUICK)
    assert found.verdict == "hurts"
    assert found.high < 0


def test_the_placebo_does_not_help_as_people_do(world):
    found = compare_fixes(world.noisy, world.clean, world.trusted, features=world.features, **QUICK)
    row = found.controls.iloc[0]
    assert row["kind"] == "relabel"
    assert row["control"] == "placebo relabel (for relabel)"
    assert row["verdict"] == "helps"


def test_a_placebo_is_of_the_same_size_even_where_nearly_all_is_fixed(world):
    before = pd.Series("ok", index=world.train, dtype=object)
    before[world.train[:3]] = "dent"
    found = compare_fixes(before, world.clean, world.trusted, features=world.features, **QUICK)
    counts = world.clean.value_counts()
    # all that is left of the placebo is the share of classes
    placebo = found.arms.set_index("arm").loc["placebo relabel (for relabel)"]
    assert placebo["n_train"] == 400
    assert placebo["accuracy"] < counts.max() / 400 + 0.15
    assert found.controls["verdict"].tolist() == ["helps"]


def test_no_change_is_no_difference(world):
    found = compare_fixes(world.noisy, world.noisy, world.trusted, features=world.features, **QUICK)
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)
    assert found.verdict == "equivalent"
    assert found.reason == "Before and after are equal, so there is nothing to compare."
    assert len(found.attribution) == 0


@pytest.fixture(scope="module")
def mixed(world):
    """A third of the fixes by people, a third by a rule, a third dropped; and thirty new items."""
    after, kinds = world.noisy.copy(), {}
    for place, item in enumerate(world.wrong):
        if place % 3 == 2:
            after = after.drop(item)
        else:
            after[item] = world.clean[item]
            kinds[item] = ("human_relabel", "automatic_relabel")[place % 3]
    new = world.train[:30]
    return world.noisy.drop(new), after, kinds


def test_kinds_and_their_shares(world, mixed):
    before, after, kinds = mixed
    found = compare_fixes(before, after, world.trusted, features=world.features, kinds=kinds, **QUICK)
    assert found.attribution["kind"].tolist() == ["human_relabel", "automatic_relabel", "drop", "add"]
    assert found.attribution["shapley"].sum() == pytest.approx(found.difference)
    assert found.arms["arm"].tolist() == [
        "before", "after", "only human_relabel", "only automatic_relabel", "only drop", "only add",
        "placebo relabel (for human_relabel)", "placebo relabel (for automatic_relabel)", "random drop (for drop)",
        "repeated rows (for add)",
    ]  # fmt: skip
    sizes = found.arms.set_index("arm")["n_train"]
    assert sizes["only drop"] == sizes["random drop (for drop)"] < sizes["before"]
    assert (
        sizes["only add"] == sizes["repeated rows (for add)"] == sizes["before"] + found.attribution["n_fixes"].iloc[3]
    )
    ends = found.attribution[["shapley_low", "shapley", "shapley_high"]].to_numpy()
    assert (np.diff(ends, axis=1) >= 0).all()


def naive_shapley(value, kinds):
    orders = list(permutations(kinds))
    shares = dict.fromkeys(kinds, 0.0)
    for order in orders:
        for place, kind in enumerate(order):
            shares[kind] += (value(order[: place + 1]) - value(order[:place])) / len(orders)
    return shares


def test_shapley_is_the_mean_over_all_orders(world, mixed):
    before, after, kinds = mixed
    found = compare_fixes(before, after, world.trusted, features=world.features, kinds=kinds, **QUICK)
    named = {item: kinds.get(item, "drop") if item in before.index else "add" for item in world.train}

    def accuracy(chosen):
        labels = {}
        for item in world.train:
            source = after if named[item] in chosen else before
            if item in source.index:
                labels[item] = source[item]
        model = baseline.fit(world.features.loc[list(labels)], pd.Series(labels), calibrate=False)
        return (model.predict(world.features.loc[world.test]).loc[world.test] == world.trusted).mean()

    expected = naive_shapley(cache(accuracy), found.attribution["kind"].tolist())
    assert found.attribution["shapley"].tolist() == pytest.approx(list(expected.values()))


def test_six_kinds_have_no_shapley_values_and_say_so(world):
    items = world.wrong[:3] + world.train[-3:]
    after, before = world.noisy.copy(), world.noisy.drop(items[4:])
    after[items[:3]] = world.clean[items[:3]]
    after = after.drop(items[3])
    names = ["human_relabel", "automatic_relabel", "relabel", "drop", "add", "augment"]
    found = compare_fixes(before, after, world.trusted, features=world.features,
                          kinds=dict(zip(items, names, strict=True)), **QUICK)  # fmt: skip
    assert found.attribution["shapley"].isna().all()
    assert found.attribution["add_one"].notna().all()
    assert found.reason == "Shapley values are computed for up to 5 kinds of fix; there are 6."


def test_decisions_say_who_and_draw_the_curve(world):
    decisions = pd.DataFrame({"item_id": world.wrong + world.train[:20], "reviewer": "ann"}).drop_duplicates("item_id")
    found = compare_fixes(world.noisy, world.clean, world.trusted, features=world.features, decisions=decisions,
                          n_resamples=200, n_controls=1, price_per_review=0.5)  # fmt: skip
    assert found.attribution["kind"].tolist() == ["human_relabel"]
    assert found.n_reviews == len(decisions)
    curve = found.curve.set_index(["order", "n_reviews"])
    assert curve.loc[("ranked", 0), "difference"] == 0
    ends = [curve.loc[(order, len(decisions)), "difference"] for order in ("ranked", "random")]
    assert ends == pytest.approx([found.difference] * 2)
    assert found.cost_per_point == pytest.approx(0.5 * len(decisions) / (100 * found.difference))
    assert found.cost_per_point_low < found.cost_per_point < found.cost_per_point_high
    assert found.data_size["arm"].tolist() == ["before"] * 3 + ["after"]
    assert found.equivalent_new_labels > 0


def test_order_of_rows_changes_nothing(world, mixed):
    before, after, kinds = mixed
    rng = np.random.default_rng(1)
    one = compare_fixes(before, after, world.trusted, features=world.features, kinds=kinds, **QUICK)
    shuffled = [table.iloc[rng.permutation(len(table))] for table in (before, after, world.trusted, world.features)]
    two = compare_fixes(*shuffled[:3], features=shuffled[3], kinds=kinds, **QUICK)
    assert one.to_dict() == two.to_dict()


def test_tables_and_series_say_the_same(world):
    def table(labels):
        return labels.rename_axis("item_id").rename("label").reset_index()

    one = compare_fixes(world.noisy, world.clean, world.trusted, features=world.features, **QUICK)
    two = compare_fixes(table(world.noisy), table(world.clean), table(world.trusted), features=world.features, **QUICK)
    assert one.to_dict() == two.to_dict()


def test_classes_and_slices_add_up(world):
    slices = pd.DataFrame({"shift": np.where(np.arange(300) % 2, "day", "night")}, index=world.test)
    found = compare_fixes(world.noisy, world.clean, world.trusted, features=world.features, slices=slices, **QUICK)
    for table in (found.per_class, found.per_slice):
        assert (table["n_test"] * table["difference"]).sum() / 300 == pytest.approx(found.difference)
        assert (table["p_holm"] >= table["p_value"]).all()
    assert found.per_slice["value"].tolist() == ["day", "night"]


def test_inconclusive_says_how_many_items_would_decide(world):
    change = world.noisy.copy()
    change[world.wrong[:1]] = world.clean[world.wrong[:1]]
    found = compare_fixes(world.noisy, change, world.trusted, features=world.features, **QUICK)
    assert found.verdict == "inconclusive"
    differing = (found.items["is_correct_before"] != found.items["is_correct_after"]).mean()
    assert found.n_needed == np.ceil(7.84 * differing / 0.005**2)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"features": None}, OptionError, "Give features= or images=, one of them"),
        ({"margin": 0}, OptionError, "margin=0 is out of range; .* 0.005 is half a point"),
        ({"margin": 0.5}, OptionError, "margin=0.5 is out of range"),
        ({"confidence": 1.0}, OptionError, "confidence=1.0"),
        ({"n_resamples": 3}, OptionError, "n_resamples=3"),
        ({"leaks": "ignore"}, OptionError, "leaks='ignore'"),
        ({"classifier": "svm"}, OptionError, "classifier='svm'"),
        ({"kinds": {"i0": "magic"}}, OptionError, "Item 'i0': kinds='magic'"),
        ({"slices": pd.Series({"i0": "a"})}, TableError, "slices has no row for 300 of 300 test items"),
        ({"decisions": [{"action": "keep"}]}, TableError, "decisions have no column 'item_id'"),
    ],
)
def test_impossible_options(world, options, error, message):
    with pytest.raises(error, match=message):
        compare_fixes(world.noisy, world.clean, world.trusted, **{"features": world.features, **QUICK, **options})


def test_plots(world):
    decisions = pd.DataFrame({"item_id": world.wrong})
    found = compare_fixes(world.noisy, world.clean, world.trusted, features=world.features, decisions=decisions,
                          n_resamples=200, n_controls=1)  # fmt: skip
    shown = [tick.get_text() for tick in found.plot().get_yticklabels()]
    assert shown == ["after", "placebo relabel (for automatic relabel)"]
    assert len(found.plot_curve().lines) == 3
