"""The ceiling on average precision: reference figures, the interval's own arithmetic, edge cases."""

from __future__ import annotations

import math
import sys

import numpy as np
import pandas as pd
import pytest

from labelqa._kernels.boxes.average_precision import hits_of_detections, weighted_precision
from labelqa.agreement import _box_ceiling, detector_ceiling
from labelqa.errors import MissingExtra, OptionError

EDGES = ["x_min", "y_min", "x_max", "y_max"]


def table(rows):
    return pd.DataFrame(rows, columns=["item_id", "annotator_id", "label", *EDGES])


@pytest.mark.parametrize(
    ("name", "wanted"), [("pedestrians", (0.505, 0.900, 0.516)), ("crowdboxes", (0.372, 0.712, 0.339))]
)
def test_real_data(real_boxes, name, wanted):
    # the reference figures do not say how equal shares were ordered nor which views were held out: hence the tolerance
    found = detector_ceiling(real_boxes(name), n_resamples=100)
    assert (found.map, found.ap50, found.ap75) == pytest.approx(wanted, abs=0.0135)
    assert found.map_low < found.map < found.map_high


def test_without_resampling_the_interval_arithmetic_equals_the_evaluator(sample):
    from labelqa import read as read_folder

    codes = read_folder(sample).box_codes
    views = np.flatnonzero(np.diff(codes.item_offsets)[codes.view_item] >= 2)
    truth, found = _box_ceiling._boxes_of(codes, views), _box_ceiling._consensus_without(codes, views)
    by_coco = _box_ceiling._coco(found, truth, len(codes.classes))
    hits = hits_of_detections(
        found["box"], found["label"], found["score"], found["offsets"],
        truth["box"], truth["label"], truth["offsets"], _box_ceiling.THRESHOLDS,
    )  # fmt: skip
    falling = np.argsort(-found["score"], kind="stable")
    view = np.repeat(np.arange(len(views)), np.diff(found["offsets"]))
    view_of_truth = np.repeat(np.arange(len(views)), np.diff(truth["offsets"]))
    once = np.ones((len(views), 1), np.uint8)
    ours = []
    for code in range(len(codes.classes)):
        order = falling[found["label"][falling] == code]
        wanted = np.bincount(view_of_truth[truth["label"] == code], minlength=len(views)).astype(float)
        ours.append(weighted_precision(np.ascontiguousarray(hits[:, order]), view[order], wanted, once)[:, 0])
    # a recall of exactly k / 100 may be read on either side of rounding
    assert np.mean(ours, axis=0) == pytest.approx(by_coco, abs=1e-4)


def test_perfect_annotators_have_the_ceiling_1():
    boxes = table([(i, who, "a", 0, 0, 9 + i, 9) for i in range(4) for who in "abc"])
    found = detector_ceiling(boxes, n_resamples=20)
    assert (found.map, found.map_low, found.map_high) == (1, 1, 1)
    assert (found.n_images, found.n_views) == (4, 12)


def test_far_apart_boxes_have_the_ceiling_0():
    boxes = table([("1", "a", "x", 0, 0, 9, 9), ("1", "b", "x", 50, 50, 59, 59)])
    assert detector_ceiling(boxes, n_resamples=5).map == 0


@pytest.mark.parametrize("rows", [[], [("1", "a", "x", 0, 0, 9, 9)]])
def test_nothing_to_hold_out_is_nan_with_a_reason(rows):
    found = detector_ceiling(table(rows), n_resamples=5)
    assert math.isnan(found.map)
    assert "nothing to detect" in found.reason


@pytest.mark.parametrize(
    ("options", "words"), [({"confidence": 0}, "between 0 and 1"), ({"n_resamples": -1}, "below 0")]
)
def test_unknown_options_are_refused(options, words):
    with pytest.raises(OptionError, match=words):
        detector_ceiling(table([]), **options)


def test_a_missing_evaluator_is_named_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "faster_coco_eval", None)
    boxes = table([("1", who, "x", 0, 0, 9, 9) for who in "ab"])
    with pytest.raises(MissingExtra, match=r"pip install 'labelqa\[coco\]'"):
        detector_ceiling(boxes, n_resamples=0)
