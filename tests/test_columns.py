"""A table of features meets a model by the names of its columns, by one rule at every door."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa import baseline, deploy
from labelqa._columns import in_order_of
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
