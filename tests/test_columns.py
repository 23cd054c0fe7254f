"""A table of features meets a model by the names of its columns, by one rule at every door."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa import baseline, deploy
from labelqa._columns import in_order_of, unnamed_rows
from labelqa.errors import TableError

NAMES = ["width", "height", "red"]


def test_columns_come_in_the_order_of_training():
    table = pd.DataFrame([[1, 2, 3]], columns=["red", "width", "height"])
    assert in_order_of(NAMES, table).to_numpy().tolist() == [[2, 3, 1]]
    assert list(in_order_of(["0", "1"], pd.DataFrame([[5, 6]])).iloc[0]) == [5, 6]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["width", "height"], r"not the 3 of training: 1 are missing \('red'\); give"),
        ([*NAMES, "label"], r"1 are unknown \('label'\)"),
        ([*NAMES, "red"], r"1 are there twice \('red'\)"),
        (["a", "height", "height"], r"2 are missing \('width', 'red'\), 1 are unknown \('a'\), 1 are there twice"),
    ],
)
def test_other_columns_are_refused_with_their_names(given, message):
    with pytest.raises(TableError, match=message):
        in_order_of(NAMES, pd.DataFrame(np.zeros((1, len(given))), columns=given))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    rng = np.random.default_rng(0)
    label = np.arange(80) % 2
    rows = pd.DataFrame(rng.normal(0, 1, (80, 3)) + 3 * label[:, None] * [1, -1, 0], columns=NAMES)
    rows.index = [f"i{row}" for row in range(80)]
    fitted = baseline.fit(rows, pd.Series(label, index=rows.index))
    root = tmp_path_factory.mktemp("models")
    exported = deploy.export(fitted, root, name="parts", items=rows, n_parity=80)
    return rows, fitted, exported, root


def doors(trained, table, tmp_path):
    _, fitted, exported, _ = trained
    return {
        "fitted": lambda: fitted.predict_proba(table).to_numpy(),
        "exported": lambda: deploy.predict(exported.path, table).probabilities,
        "export": lambda: deploy.export(fitted, tmp_path, name="again", items=table, n_parity=80).max_difference,
    }


@pytest.mark.parametrize("door", ["fitted", "exported", "export"])
def test_every_door_takes_any_order_and_refuses_other_columns(door, trained, tmp_path):
    rows = trained[0]
    turned = doors(trained, rows[["red", "width", "height"]], tmp_path)[door]()
    if door == "export":
        assert turned < 1e-4
    else:
        np.testing.assert_allclose(turned, doors(trained, rows, tmp_path)[door](), atol=1e-6)
    with pytest.raises(TableError, match=r"1 are unknown \('label'\)"):
        doors(trained, rows.assign(label=1.0), tmp_path)[door]()
    with pytest.raises(TableError, match=r"1 are missing \('red'\)"):
        doors(trained, rows[["width", "height"]], tmp_path)[door]()


@pytest.mark.parametrize("door", ["fitted", "exported", "export"])
@pytest.mark.parametrize("form", [np.asarray, lambda t: t.to_numpy().tolist(), lambda t: tuple(t.to_numpy())])
def test_rows_without_names_go_by_the_order_of_training(door, form, trained, tmp_path):
    rows = trained[0]
    plain = doors(trained, form(rows), tmp_path)[door]()
    if door == "export":
        assert plain < 1e-4
    else:
        same = rows.reset_index(drop=True)
        np.testing.assert_allclose(plain, doors(trained, same, tmp_path)[door](), atol=1e-6)


@pytest.mark.parametrize("door", ["fitted", "exported", "export"])
@pytest.mark.parametrize(
    ("form", "message"),
    [
        (lambda t: t.to_numpy()[:, :2], r"have the shape \(80, 2\); give \(n, 3\), in the order of training"),
        (lambda t: np.hstack([t, t]), r"have the shape \(80, 6\); give \(n, 3\)"),
        (
            lambda t: [row for _, row in t.iterrows()],
            "rows of features have names of their own; give them as one",
        ),
        (lambda t: [[1.0, 2.0, 3.0], [1.0]], "differ in length"),
    ],
    ids=["narrow", "wide", "series", "ragged"],
)
def test_other_rows_are_refused(door, form, message, trained, tmp_path):
    with pytest.raises(TableError, match=message):
        doors(trained, form(trained[0]), tmp_path)[door]()


@pytest.mark.parametrize("door", ["fitted", "exported", "export"])
@pytest.mark.parametrize("again", ["i0", "i7"])
def test_an_item_has_one_row(door, again, trained, tmp_path):
    rows = trained[0]
    with pytest.raises(TableError, match=rf"1 item ids of the features occur twice \('{again}'\)"):
        doors(trained, pd.concat([rows, rows.loc[[again]]]), tmp_path)[door]()


def test_rows_of_dicts_and_records_go_by_their_names(trained):
    rows, path = trained[0], trained[2].path
    wanted = deploy.predict(path, rows.reset_index(drop=True)).probabilities
    turned = rows[rows.columns[::-1]]
    for form in (turned.to_dict("records"), turned.to_records(index=False)):
        np.testing.assert_allclose(deploy.predict(path, form).probabilities, wanted, atol=1e-6)
    with pytest.raises(TableError, match="names of their own"):
        deploy.predict(path, dict(rows.iterrows()))


@pytest.fixture(scope="module")
def unnamed(trained, tmp_path_factory):
    """The same items without names of columns: a baseline, and a plain classifier of scikit-learn."""
    from sklearn.linear_model import LogisticRegression

    rows = trained[0].to_numpy()
    label = np.arange(80) % 2
    root = tmp_path_factory.mktemp("unnamed")
    found = {}
    for name, model in (("fitted", baseline.fit(rows, label)), ("plain", LogisticRegression().fit(rows, label))):
        found[name] = model, deploy.export(model, root, name=name, items=rows, n_parity=80)
    return found


@pytest.mark.parametrize("name", ["fitted", "plain"])
def test_what_was_trained_on_rows_without_names_takes_no_table_with_others(name, unnamed, trained, tmp_path):
    model, exported = unnamed[name]
    rows = trained[0]
    wanted = deploy.predict(exported.path, rows.to_numpy()).probabilities
    numbers = rows.set_axis(range(3), axis=1)
    for table in (numbers, numbers.iloc[:, ::-1], rows.set_axis(["0", "1", "2"], axis=1)):
        np.testing.assert_allclose(deploy.predict(exported.path, table).probabilities, wanted, atol=1e-6)
        assert deploy.export(model, tmp_path, name="x", items=table, n_parity=80).max_difference < 1e-4
    doors = [
        lambda: deploy.predict(exported.path, rows),
        lambda: deploy.export(model, tmp_path, name="x", items=rows, n_parity=80),
    ]
    for door in [*doors, *([lambda: model.predict(rows)] if name == "fitted" else [])]:
        with pytest.raises(TableError, match=r"3 are missing \('0', '1', '2'\), 3 are unknown .* called 0, 1, 2"):
            door()


def test_rows_with_names_are_no_features_to_train_on_either(trained):
    from labelqa import noise

    named = [row for _, row in trained[0].iterrows()]
    label = (np.arange(80) % 2).tolist()
    for door in (
        lambda: baseline.fit(named, label),
        lambda: baseline.cross_validate(named, label),
        lambda: noise.label_issues(label, features=named),
        lambda: noise.label_issues(label, pred_probs=named, classes=[0, 1, 2]),
        lambda: noise.outliers(features=named),
    ):
        with pytest.raises(TableError, match="have names of their own"):
            door()


def test_no_rows_are_a_table_of_the_right_width():
    assert unnamed_rows([], NAMES).shape == (0, 3)
    assert unnamed_rows(np.empty((0, 3)), NAMES).shape == (0, 3)
    with pytest.raises(TableError, match=r"shape \(0, 2\)"):
        unnamed_rows(np.empty((0, 2)), NAMES)


@pytest.mark.parametrize("door", ["fitted", "exported", "export"])
@pytest.mark.parametrize(
    "column",
    [
        lambda n: "x",
        lambda n: "3",
        lambda n: pd.Timestamp("2024-05-01"),
        lambda n: pd.Timedelta("1s"),
        lambda n: 1 + 2j,
        lambda n: ["3", *[1.0] * (n - 1)],
    ],
    ids=["text", "digits", "time", "duration", "complex", "mixed"],
)
def test_what_is_no_number_is_refused_and_never_turned_into_one(door, column, trained, tmp_path):
    table = trained[0].assign(red=column(80))
    with pytest.raises(TableError, match=r"hold no numbers \('red'\)|no table of numbers"):
        doors(trained, table, tmp_path)[door]()
    with pytest.raises(TableError, match=r"hold no numbers \('red'\)"):
        baseline.fit(table, pd.Series(np.arange(80) % 2, index=table.index))


@pytest.mark.parametrize("door", ["fitted", "exported"])
@pytest.mark.parametrize("dtype", [object, "Float64", "int8", bool])
def test_numbers_of_every_type_are_numbers(door, dtype, trained, tmp_path):
    table = (trained[0] > 0).astype(dtype)
    plain = (trained[0] > 0).astype(float)
    np.testing.assert_allclose(
        doors(trained, table, tmp_path)[door](), doors(trained, plain, tmp_path)[door](), atol=1e-6
    )


def test_features_to_train_on_have_each_column_once(trained):
    rows = trained[0]
    label = pd.Series(np.arange(80) % 2, index=rows.index)
    with pytest.raises(TableError, match=r"features has 1 columns more than once \('red'\)"):
        baseline.fit(pd.concat([rows, rows["red"]], axis=1), label)
    with pytest.raises(TableError, match=r"features has 1 columns more than once \('7'\)"):
        baseline.cross_validate(rows.set_axis([7, "7", "a"], axis=1), label)
