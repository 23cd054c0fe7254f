"""Options of every public function of the room: what is impossible is refused alike, what is alike is taken alike."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelqa import Annotations, agreement
from labelqa.errors import OptionError

NOT_A_SHARE = [0, 1, -0.1, 95, float("nan"), float("inf"), "0.95", None, True, [0.9]]
BAD: dict[str, list[Any]] = {
    "n_resamples": [1.5, -1, "100", None, True, float("nan"), float("inf"), [10]],
    "n_permutations": [1.5, 0, -1, "100", True, float("nan"), [10]],
    "seed": [-1, 1.5, "0", None, True, float("nan"), [1]],
    "confidence": NOT_A_SHARE,
    "iou_threshold": [0, 1.1, -0.5, float("nan"), "0.5", None, True],
    "min_effect": [-0.1, 1, float("nan"), "0.1", None, True],
    "width": [0, -0.1, float("nan"), float("inf"), "0.1", None, True],
    "level": ["metric", None, 1, ["nominal"]],
    "weights": ["cubic", ""],
    "coefficient": ["kappa", None, "cohen_kappa", 3],
    "scale": ["cicchetti", None, 1],
    "match": ["loose", None, True],
    "classes": [3, {"1"}, [1, 1, 2, 3]],
}
#: Arguments whose default serves here, or that are no options.
OTHERS = {"annotations", "before", "after", "table", "annotators", "same_items"}

LABELS = pd.DataFrame(
    [(i, who, 1 + (i * n) % 3) for i in range(8) for n, who in enumerate(("ann", "bob"))],
    columns=["item_id", "annotator_id", "label"],
)
BOXES = pd.DataFrame(
    [(i, who, "x", 0.0, 0.0, 9.0 + i, 9.0 + n) for i in range(4) for n, who in enumerate(("ann", "bob"))],
    columns=["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"],
)
FUNCTIONS = {
    name: getattr(agreement, name) for name in agreement.__all__ if inspect.isfunction(getattr(agreement, name))
}


def options_of(function: Callable[..., Any]) -> list[str]:
    return [
        one.name
        for one in inspect.signature(function).parameters.values()
        if one.kind is inspect.Parameter.KEYWORD_ONLY
    ]


def call(name: str, **options: Any) -> Any:
    function = FUNCTIONS[name]
    if name in {"box_agreement", "box_conventions", "detector_ceiling"}:
        return function(BOXES, **options)
    if name == "compare_agreement":
        return function(LABELS, LABELS, **options)
    if name == "benchmark_scale":
        return function(agreement.krippendorff_alpha(LABELS), **options)
    if name == "items_needed":
        return function(LABELS, **{"width": 0.2, **options})
    if name == "from_wide":
        return function(LABELS.pivot_table(index="item_id", columns="annotator_id", values="label"))
    if name in {"from_counts", "from_contingency"}:
        return function([[2, 0, 1], [0, 2, 0], [1, 0, 1]], **options)
    return function(LABELS, **options)


CASES = [
    pytest.param(name, option, value, id=f"{name}-{option}-{value!r}")
    for name, function in FUNCTIONS.items()
    for option in options_of(function)
    if option not in OTHERS
    for value in BAD[option]
    if not (name == "box_agreement" and option == "n_permutations" and value is None)
]


@pytest.mark.parametrize(("name", "option", "value"), CASES)
def test_what_is_impossible_is_refused_with_the_way_out(name: str, option: str, value: Any) -> None:
    with pytest.raises(OptionError, match=rf"^{option}=.* (give|choose|list|name) ") as refused:
        call(name, **{option: value})
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_option_is_known_to_this_test(name: str) -> None:
    assert set(options_of(FUNCTIONS[name])) <= BAD.keys() | OTHERS


@pytest.mark.parametrize("name", [name for name, one in FUNCTIONS.items() if "classes" in options_of(one)])
def test_lists_of_every_kind_are_one(name: str) -> None:
    def seen(classes: Any) -> str:
        found = call(name, classes=classes)
        return str(found.to_dict()) if hasattr(found, "to_dict") else repr(found)

    wanted = seen([1, 2, 3])
    for classes in (
        (1, 2, 3),
        np.array([1, 2, 3]),
        pd.Series([1, 2, 3]),
        pd.Index([1, 2, 3]),
        range(1, 4),
        iter([1, 2, 3]),
    ):
        assert seen(classes) == wanted


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numbers_of_every_kind_are_one(name: str) -> None:
    kinds: dict[str, list[Any]] = {
        "n_resamples": [20, 20.0, np.int64(20), np.float32(20)],
        "n_permutations": [20, 20.0, np.int64(20)],
        "seed": [3, 3.0, np.int32(3)],
        "confidence": [0.5, np.float32(0.5), np.float64(0.5)],
        "iou_threshold": [1, 1.0, np.float64(1), np.int64(1)],
    }
    for option in set(options_of(FUNCTIONS[name])) & kinds.keys():
        found = [call(name, **{option: value}) for value in kinds[option]]
        assert len({str(one.to_dict()) for one in found}) == 1
        for one in found:
            assert {type(value) for value in vars(one).values()} == {type(value) for value in vars(found[0]).values()}


def test_the_two_annotators_may_be_listed_anyhow() -> None:
    wanted = agreement.cohen_kappa(LABELS).value
    for annotators in (("ann", "bob"), ["ann", "bob"], np.array(["ann", "bob"]), pd.Index(["bob", "ann"])):
        for function in (agreement.cohen_kappa, agreement.scott_pi):
            assert function(LABELS, annotators=annotators).value == pytest.approx(wanted, abs=0.5)
        assert agreement.cohen_kappa(LABELS, annotators=annotators).value == wanted
    for wrong in ("ann", 3, ["ann"], ["ann", "ann"], ["ann", "eve"]):
        with pytest.raises(ValueError, match=r"annotators=.* must name two different annotators"):
            agreement.cohen_kappa(LABELS, annotators=wrong)  # type: ignore[arg-type]
    for pair in (["r", "c"], np.array(["r", "c"])):
        assert set(agreement.from_contingency([[2, 1], [0, 3]], annotators=pair)["annotator_id"]) == {"r", "c"}
    for odd in ("rc", ["r"], ("r", "r"), ("r", "c", "d")):
        with pytest.raises(OptionError, match="are not two; give the ids of the two"):
            agreement.from_contingency([[2, 1], [0, 3]], annotators=odd)


def test_arrays_and_lists_are_tables() -> None:
    counts = [[2, 0], [0, 2], [1, 1]]
    wide = [["a", "a"], ["b", "b"], ["a", "b"]]
    for made in (np.asarray, list, pd.DataFrame):
        assert agreement.fleiss_kappa(agreement.from_counts(made(counts))).value == pytest.approx(1 / 3)
        assert agreement.krippendorff_alpha(agreement.from_wide(made(wide))).value == pytest.approx(4 / 9)
        assert len(agreement.from_contingency(made(counts[:2]))) == 8


def test_annotations_and_their_table_are_one() -> None:
    for name in ("label_agreement", "krippendorff_alpha", "items_needed", "permutation_test"):
        how = {"width": 0.1} if name == "items_needed" else {}
        one, other = (FUNCTIONS[name](data, **how) for data in (LABELS, Annotations.from_frames(labels=LABELS)))
        assert repr(one) == repr(other)
