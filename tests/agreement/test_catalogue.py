"""The records of the coefficients, and the names that callers may use."""

from __future__ import annotations

import inspect
from types import MappingProxyType

import pandas as pd
import pytest

from labelqa import agreement
from labelqa.agreement import COEFFICIENTS

TABLE = pd.DataFrame(
    [(i, who, "abc"[(i + (who == "bob") * (i % 4 == 0)) % 3]) for i in range(12) for who in ("ann", "bob")],
    columns=["item_id", "annotator_id", "label"],
)


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_a_record_has_its_function_and_words(name: str) -> None:
    record = COEFFICIENTS[name]
    found = getattr(agreement, name)(TABLE)
    assert record.name == found.coefficient == name
    assert found.reason is None
    assert record.title in found.plot().get_xlabel()
    assert record.meaning[0].islower()
    assert not record.meaning.endswith(".")


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_counts_are_enough_where_the_record_says_so(name: str) -> None:
    counts = agreement.from_counts(pd.crosstab(TABLE["item_id"], TABLE["label"]))
    reason = getattr(agreement, name)(counts).reason
    assert (reason is not None) is COEFFICIENTS[name].needs_annotators


def test_every_function_that_gives_a_coefficient_has_a_record() -> None:
    made = {
        name
        for name, function in inspect.getmembers(agreement, inspect.isfunction)
        if inspect.signature(function).return_annotation == "Coefficient"
    }
    assert made == set(COEFFICIENTS)
    assert isinstance(COEFFICIENTS, MappingProxyType)


def test_the_table_of_all_lists_them_in_order() -> None:
    assert agreement.label_agreement(TABLE, n_resamples=0).coefficients["coefficient"].tolist() == list(COEFFICIENTS)


@pytest.mark.parametrize(
    ("function", "old", "options"),
    [
        *((getattr(agreement, name), "data", {}) for name in COEFFICIENTS),
        (agreement.label_agreement, "data", {"n_resamples": 0}),
        (agreement.collect_labels, "data", {}),
        (agreement.items_to_relabel, "data", {}),
        (agreement.permutation_test, "data", {"n_permutations": 9}),
        (agreement.items_needed, "pilot", {"width": 0.2}),
    ],
)
def test_the_old_name_of_the_first_argument_still_works(function: object, old: str, options: dict) -> None:
    with pytest.warns(FutureWarning, match=f"{old}= is called annotations= now"):
        assert repr(function(**{old: TABLE}, **options)) == repr(function(TABLE, **options))
    assert next(iter(inspect.signature(function).parameters)) == "annotations"


def test_the_room_shows_its_names() -> None:
    assert dir(agreement) == sorted(agreement.__all__)
