"""The ceiling on average precision: reference figures, the interval's own arithmetic, edge cases."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import labelqa
from labelqa import Annotations
from labelqa._kernels.boxes.average_precision import ScoredBoxes, average_precision
from labelqa.agreement import detector_ceiling
from labelqa.agreement.boxes import _ceiling
from labelqa.errors import OptionError

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


def by_coco(found, truth):
    """Average precision at each threshold, mean over classes, by faster-coco-eval; each view is one image to it."""
    coco = pytest.importorskip("faster_coco_eval")
    images = [{"id": view} for view in range(len(truth.offsets) - 1)]
    categories = [{"id": code + 1, "name": str(code)} for code in range(max(*found.label, *truth.label) + 1)]
    known = coco.COCO({"images": images, "categories": categories, "annotations": as_coco(truth)})
    evaluation = coco.COCOeval_faster(known, known.loadRes(as_coco(found)), "bbox")
    evaluation.params.iouThrs = _ceiling.THRESHOLDS
    # no limits by size or number of boxes
    evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0.0, 1e300]], ["all"]
    evaluation.params.maxDets = [int(np.diff(found.offsets).max())]
    evaluation.evaluate()
    evaluation.accumulate()
    # thresholds, recalls, classes, sizes, limits; -1 for a class that is not there
    of_class = evaluation.eval["precision"][:, :, :, 0, 0].mean(axis=1)
    return of_class[:, of_class[0] > -1].mean(axis=1)


def as_coco(boxes):
    view = np.repeat(np.arange(len(boxes.offsets) - 1), np.diff(boxes.offsets))
    size = boxes.xyxy[:, 2:] - boxes.xyxy[:, :2]
    return [
        {
            "id": k + 1,
            "image_id": int(view[k]),
            "category_id": int(boxes.label[k]) + 1,
            "bbox": [*boxes.xyxy[k, :2].tolist(), *size[k].tolist()],
            "area": float(size[k].prod()),
            "iscrowd": 0,
            "score": float(boxes.score[k]),
        }
        for k in range(len(view))
    ]


def several_classes():
    """Four annotators with jitter, misses and swapped classes; fractions of pixels."""
    rng = np.random.default_rng(5)
    rows = []
    for item in range(40):
        for centre in rng.uniform(0, 300, (rng.integers(0, 8), 2)):
            label, half = rng.integers(3), rng.uniform(5, 40, 2)
            for who in "abcd":
                said = rng.integers(3) if rng.random() < 0.1 else label
                if rng.random() > 0.15:
                    edges = np.concatenate([centre - half, centre + half]) + rng.normal(0, 1, 4)
                    rows.append((item, who, "xyz"[said], *edges))
    return Annotations.from_frames(boxes=table(rows))


@pytest.mark.parametrize("name", ["pedestrians", "crowdboxes", "sample", "several classes"])
def test_our_average_precision_is_that_of_faster_coco_eval(name, request):
    if name == "sample":
        data = labelqa.read(request.getfixturevalue("sample"))
    else:
        data = several_classes() if name == "several classes" else request.getfixturevalue("real_boxes")(name)
    codes = data.box_codes
    views = np.flatnonzero(np.diff(codes.item_offsets)[codes.view_item] >= 2)
    truth, found = _ceiling.boxes_of(codes, views), _ceiling.consensus_without(codes, views)
    ours = detector_ceiling(data, n_resamples=0).table["ap"].to_numpy()
    np.testing.assert_allclose(ours, by_coco(found, truth), rtol=0, atol=1e-12)


def test_an_image_drawn_twice_counts_twice():
    codes = several_classes().box_codes
    views = np.arange(len(codes.view_item))
    truth, found = _ceiling.boxes_of(codes, views), _ceiling.consensus_without(codes, views)
    # no equal scores, whose order would depend on which copy comes first
    found = found._replace(score=found.score + 1e-9 * np.arange(len(found.score)))
    counts = np.ones((len(codes.items), 2), np.uint8)
    counts[:10, 1] = 2
    counts[10:20, 1] = 0
    drawn = average_precision(found, truth, codes.view_item.astype(np.int64), _ceiling.THRESHOLDS, counts)
    chosen = np.concatenate([np.flatnonzero(codes.view_item < 10), np.flatnonzero(codes.view_item < 10),
                             np.flatnonzero(codes.view_item >= 20)])  # fmt: skip
    both = [listed(boxes, chosen) for boxes in (found, truth)]
    once = average_precision(*both, np.zeros(len(chosen), np.int64), _ceiling.THRESHOLDS, np.ones((1, 1), np.uint8))
    assert drawn[:, 1] == pytest.approx(once[:, 0], abs=1e-12)
    assert not np.allclose(drawn[:, 0], drawn[:, 1])


def listed(boxes, views):
    rows = np.concatenate([np.arange(boxes.offsets[view], boxes.offsets[view + 1]) for view in views])
    offsets = np.concatenate([[0], np.cumsum(np.diff(boxes.offsets)[views])])
    return ScoredBoxes(boxes.xyxy[rows], boxes.label[rows], offsets, boxes.score[rows])


def test_perfect_annotators_have_the_ceiling_1():
    boxes = table([(i, who, "a", 0, 0, 9 + i, 9) for i in range(4) for who in "abc"])
    found = detector_ceiling(boxes, n_resamples=20)
    assert found.map == 1
    assert np.isnan([found.map_low, found.map_high, found.ap50_low, *found.table["ap_high"]]).all()
    assert found.reason == "All resamples of the images give the same precision, so there is no interval."
    assert (found.n_images, found.n_views) == (4, 12)


def test_ap50_is_that_of_the_threshold_a_half_alone():
    # two boxes with an IoU of 0.52, once found and once not, are right at the first of ten thresholds only
    found = detector_ceiling(table([("1", "a", "x", 0, 0, 10, 10), ("1", "b", "x", 0, 0, 10, 5.2)]), n_resamples=0)
    assert (found.ap50, found.ap75, found.map) == (1.0, 0.0, pytest.approx(0.1))
    # nobody asked for an interval, so there is none to explain
    assert np.isnan([found.map_low, found.map_high]).all()
    assert found.reason is None


def test_far_apart_boxes_have_the_ceiling_0():
    boxes = table([("1", "a", "x", 0, 0, 9, 9), ("1", "b", "x", 50, 50, 59, 59)])
    assert detector_ceiling(boxes, n_resamples=5).map == 0


@pytest.mark.parametrize("rows", [[], [("1", "a", "x", 0, 0, 9, 9)]])
def test_nothing_to_hold_out_is_nan_with_a_reason(rows):
    found = detector_ceiling(table(rows), n_resamples=5)
    assert math.isnan(found.map)
    assert "nothing to detect" in found.reason


@pytest.mark.parametrize(
    ("options", "words"),
    [({"confidence": 0}, "between 0 and 1"), ({"n_resamples": -1}, "0 for none"), ({"seed": -1}, "0 or more")],
)
def test_unknown_options_are_refused(options, words):
    with pytest.raises(OptionError, match=words):
        detector_ceiling(table([]), **options)
