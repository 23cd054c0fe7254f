"""Options: what is refused, in which words, and what is taken."""

from __future__ import annotations

import numpy as np
import pytest

from labelqa._options import (
    Resampling,
    check_choice,
    check_iou_threshold,
    check_jobs,
    check_number,
    check_whole,
)
from labelqa.errors import OptionError


def test_a_choice_lists_the_others():
    with pytest.raises(OptionError, match="level='nominel' is not known; choose one of 'nominal', 'ordinal'"):
        check_choice("level", "nominel", ("nominal", "ordinal"))


@pytest.mark.parametrize("value", ["a", np.str_("a"), None, 1])
def test_a_choice_is_taken_as_text_of_any_kind(value):
    check_choice("x", value, ("a", None, 1))


@pytest.mark.parametrize("value", [["a"], np.array(["a", "b"]), 1.5, "1"])
def test_what_only_looks_like_a_choice_is_refused(value):
    with pytest.raises(OptionError, match="is not known"):
        check_choice("x", value, ("a", 1))


@pytest.mark.parametrize("value", [3, np.int64(3), 3.0, np.float32(3)])
def test_a_whole_number_is_taken_in_any_type(value):
    found = check_whole("n", value, 1, 3)
    assert found == 3
    assert type(found) is int


@pytest.mark.parametrize("value", [1.5, "3", True, None, np.nan, np.inf, [3]])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(OptionError, match="is no whole number; give a number from 1 to 3"):
        check_whole("n", value, 1, 3)


@pytest.mark.parametrize("value", [0, 4, -1])
def test_a_whole_number_out_of_range_is_refused(value):
    with pytest.raises(OptionError, match="is out of range; give a number from 1 to 3"):
        check_whole("n", value, 1, 3)


@pytest.mark.parametrize("value", [np.nan, np.inf, "0.5", None, False])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(OptionError, match="is no number; give 0 or more"):
        check_number("x", value, 0)


@pytest.mark.parametrize("value", [-1e300, 0, 1e300])
def test_without_ends_any_finite_number_is_taken(value):
    assert check_number("x", value) == value


def test_open_ends_are_left_out():
    assert check_number("x", 1, 0, 1, open_low=True) == 1.0
    with pytest.raises(OptionError, match="give a number between 0 and 1"):
        check_number("x", 0, 0, 1, open_low=True)
    with pytest.raises(OptionError, match="iou_threshold=0 is out of range"):
        check_iou_threshold(0)
    assert check_iou_threshold(1) == 1.0


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"n_resamples": 1.5}, "n_resamples=1.5 is no whole number; give 0 for none"),
        ({"n_resamples": -1}, "n_resamples=-1 is out of range"),
        ({"confidence": 1}, "confidence=1 is out of range"),
        ({"confidence": 0.0}, "confidence=0.0 is out of range"),
        ({"seed": -1}, "seed=-1 is out of range; give 0 or more"),
        ({"seed": None}, "seed=None is no whole number"),
    ],
)
def test_resampling_refuses_what_cannot_be(options, match):
    with pytest.raises(OptionError, match=match):
        Resampling(**options)


def test_the_same_seed_draws_the_same():
    one = Resampling(n_resamples=10, seed=np.int32(3))
    assert one.generator().integers(100) == one.generator().integers(100)


class TestJobs:
    @pytest.mark.parametrize(
        ("value", "expected"), [(None, 3), (-1, 3), (1, 1), (2, 2), (7, 7), (np.int64(2), 2), (2.0, 2)]
    )
    def test_what_they_mean(self, monkeypatch, value, expected):
        monkeypatch.setattr("os.cpu_count", lambda: 3)
        found = check_jobs(value)
        assert (found, type(found)) == (expected, int)

    def test_an_unknown_machine_has_one_core(self, monkeypatch):
        monkeypatch.setattr("os.cpu_count", lambda: None)
        assert check_jobs(None) == check_jobs(-1) == 1

    @pytest.mark.parametrize("value", [0, -2, 1.5, True, "all", np.nan])
    def test_refused(self, value):
        with pytest.raises(OptionError, match=r"n_jobs=.*; give a number from 1, -1 for all cores, or None"):
            check_jobs(value)
