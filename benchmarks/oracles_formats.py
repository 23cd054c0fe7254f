"""What other programs read from the fixtures of the formats, beside what is expected.

`python -m benchmarks.oracles_formats` prints a table `format | oracle | items | boxes | equal`. It needs none of the
programs: those that are not installed are left out and named. They are never a dependency of labelqa:
`pip install datumaro globox supervision pycocotools label-studio-sdk labelme argilla datasets labelformat`, and
`panoptes-aggregation` elsewhere, as the two want different versions of shapely.

Boxes are compared as a multiset of (file stem, class, corners to 0.01 pixel), without the annotator, as most programs
know none. Where a program reads otherwise by design, the row says how it was compared (`known` in the table).
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import _oracles as read
from benchmarks._oracles import FORMATS, Box, Read, box


@dataclass(frozen=True)
class Oracle:
    """One comparison: a variant, a program, how it reads, and which boxes of ours it can hold."""

    variant: str
    program: str
    read: Callable[[Path, Path], Read]
    keep: Callable[[Box], bool] = lambda box: True
    move: Callable[[Box], Box] = lambda box: box
    known: str = ""


def upright(found: Box) -> bool:
    return found[1] != "猫"


def voc_from_one(found: Box) -> Box:
    item, label, x0, y0, x1, y1 = found
    return item, label, x0 - 1, y0 - 1, x1, y1


def by_name(found: Box) -> Box:
    return "abc"[int(found[0]) - 1], *found[1:]


def unturned(found: Box) -> Box:
    return found if upright(found) else ("b", "猫", 80.0, 40.0, 120.0, 60.0)


ORACLES = (
    Oracle("cvat/usual", "datumaro", read.datumaro_cvat),
    Oracle("cvat/usual", "globox", read.globox("from_cvat", "*.xml"), lambda found: found[1] != "crack", unturned,
           known="reads <box> only and no rotation"),
    Oracle("cvat/shapes", "datumaro", read.datumaro_cvat, lambda found: found[0] in "ac",
           known="drops ellipses and cuboids; refuses <job>"),
    Oracle("cvat/unusual", "datumaro", read.datumaro_cvat),
    Oracle("coco/usual", "pycocotools", read.pycocotools_read),
    Oracle("coco/usual", "globox", read.globox("from_coco", "annotations.json"), move=by_name),
    Oracle("coco/usual", "supervision", read.supervision_folders("from_coco"), move=by_name),
    Oracle("coco/usual", "datumaro", read.datumaro_coco, move=by_name),
    Oracle("coco/unusual", "pycocotools (masks)", read.pycocotools_masks, lambda found: found[0] == "3"),
    Oracle("yolo/usual", "datumaro", read.datumaro_yolo),
    Oracle("yolo/usual", "supervision", read.supervision_yolo),
    Oracle("yolo/usual", "globox", read.globox_yolo),
    Oracle("yolo/obb", "supervision", read.supervision_yolo),
    Oracle("yolo/roboflow", "supervision", read.supervision_yolo),
    Oracle("yolo/darknet", "datumaro", read.datumaro_yolo),
    Oracle("yolo/darknet", "globox", read.globox_yolo),
    Oracle("voc/usual", "globox", read.globox("from_pascal_voc", "*/")),
    Oracle("voc/usual", "datumaro", read.datumaro_voc),
    Oracle("voc/usual", "supervision", read.supervision_folders("from_pascal_voc"), move=voc_from_one,
           known="takes 1 from x_min and y_min"),
    Oracle("labelme/usual", "labelme", read.labelme_read),
    Oracle("labelme/unusual", "labelme", read.labelme_read, known="shape_type filled in; refused without"),
    Oracle("labelme/usual", "globox", read.globox("from_labelme", "*/", include_poly=True), upright,
           known="knows no oriented_rectangle"),
    Oracle("labelme/usual", "supervision", read.supervision_folders("from_labelme"), upright,
           known="knows no oriented_rectangle"),
    Oracle("via/usual", "globox", read.globox("from_via_json", "*.json", label_key="class"),
           lambda found: upright(found) and found[1] != "crack", known="reads rectangles only"),
    Oracle("label_studio/usual", "label-studio-sdk (OBB)", read.converter_obb, lambda found: found[1] != "crack"),
    Oracle("label_studio/unusual", "label-studio-sdk (brush)", read.converter_brush, lambda found: found[1] == "crack"),
    Oracle("imagefolder/usual", "datasets", read.datasets_read),
    Oracle("imagefolder/numbers", "datasets", read.datasets_read),
    Oracle("class_folders/usual", "supervision", read.supervision_classes),
    Oracle("labelbox/usual", "labelformat", read.labelformat_read, lambda found: upright(found) and found[1] != "crack",
           known="reads rectangles only, one label a data row"),
    Oracle("zooniverse/usual", "panoptes-aggregation", read.panoptes_read, lambda found: found[1] != "crack"),
    Oracle("argilla/usual", "argilla", read.argilla_read),
    Oracle("cvat/shapes", "shapely (ellipse)", lambda folder, room: (set(), read.shapely_read(folder, room)[1][1:]),
           lambda found: 20 < found[3] < 24),
    Oracle("cvat/usual", "shapely (rectangle)", lambda folder, room: (set(), read.shapely_read(folder, room)[1][:1]),
           lambda found: not upright(found)),
)  # fmt: skip


def ours(oracle: Oracle) -> Read:
    expected = json.loads((FORMATS / f"{oracle.variant}.expected.json").read_text("utf-8"))
    rows = expected["boxes"] or [[*label, 0, 0, 0, 0] for label in expected["labels"]]
    boxes = [box(item, label, corners) for item, _, label, *corners in rows]
    names = [oracle.move(box(row[0], "", [0] * 4))[0] for row in expected["items"]]
    return set(names), [oracle.move(one) for one in boxes if oracle.keep(one)]


def compare(oracle: Oracle) -> tuple[list[str], Counter[Box], Counter[Box]]:
    """One line of the table, and the boxes that only one side has."""
    items, boxes = ours(oracle)
    quiet = io.StringIO()
    with tempfile.TemporaryDirectory() as room, contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        found_items, found = oracle.read(FORMATS / oracle.variant, Path(room))
    near = Counter(near_each(found, boxes))
    mine = Counter(boxes)
    equal = near == mine and (found_items == items or not found_items)
    counts = [f"{len(found_items)} / {len(items)}" if found_items else "", f"{len(found)} / {len(boxes)}"]
    verdict = ("yes" if equal else "NO") + (f" ({oracle.known})" if oracle.known else "")
    return [oracle.variant, oracle.program, *counts, verdict], near - mine, mine - near


def near_each(found: Iterable[Box], boxes: list[Box]) -> Iterator[Box]:
    """Give the box of ours in place of one that differs by rounding only (0.02 pixels)."""
    for one in found:
        same = [
            own
            for own in boxes
            if own[:2] == one[:2] and all(abs(a - b) < 0.021 for a, b in zip(own[2:], one[2:], strict=True))
        ]
        yield same[0] if same else one


def main() -> int:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    print("| format | oracle | items (theirs / ours) | boxes | equal |\n|---|---|---|---|---|")
    failed = 0
    for oracle in ORACLES:
        try:
            line, only_theirs, only_ours = compare(oracle)
        except ModuleNotFoundError as error:
            line, only_theirs, only_ours = (
                [oracle.variant, oracle.program, "", "", f"{error.name} is not installed"],
                Counter(),
                Counter(),
            )
        print("| " + " | ".join(line) + " |", flush=True)
        if "NO" in line[-1]:
            failed += 1
            print(f"  only theirs: {sorted(only_theirs)}\n  only ours: {sorted(only_ours)}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
