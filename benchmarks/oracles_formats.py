"""What other programs read from the fixtures of the formats, beside what `expected.json` says.

`python benchmarks/oracles_formats.py` prints a table `format | oracle | items | boxes | equal`. It needs none of the
programs: those that are not installed are left out and named. They are never a dependency of labelqa:
`pip install datumaro globox supervision pycocotools label-studio-sdk labelme argilla datasets shapely`.

Boxes are compared as a multiset of (file stem, class, corners to 0.01 pixel), without the annotator, as most programs
know none. Where a program reads otherwise by design, the row says how it was compared (`known` in the table).
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMATS = Path(__file__).resolve().parents[1] / "tests" / "readers" / "formats"
Box = tuple[str, str, float, float, float, float]
#: (stems of the pictures, boxes) as a program reads them
Read = tuple[set[str], list[Box]]


@dataclass(frozen=True)
class Oracle:
    """One comparison: a variant, a program, how it reads, and which boxes of ours it can hold."""

    variant: str
    program: str
    read: Callable[[Path, Path], Read]
    keep: Callable[[Box], bool] = lambda box: True
    move: Callable[[Box], Box] = lambda box: box
    known: str = ""


def box(item: Any, label: Any, corners: Iterable[Any]) -> Box:
    x0, y0, x1, y1 = (round(float(value), 2) for value in corners)
    return (Path(str(item).replace("\\", "/")).stem, str(label), x0, y0, x1, y1)


def sized(x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    return x, y, x + width, y + height


def pictures(folder: Path, names: dict[str, str]) -> Path:
    """Write pictures of the scene into a folder: file name -> name in the scene."""
    spec = importlib.util.spec_from_file_location("make_pictures", FORMATS / "make_pictures.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for path, name in names.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(script.png(*script.SCENE[name]))
    return folder


SCENE = {f"{name}.png": name for name in "abc"}


def together(parts: Iterator[Read]) -> Read:
    items: set[str] = set()
    boxes: list[Box] = []
    for some, more in parts:
        items |= some
        boxes += more
    return items, boxes


# ---- datumaro


def datumaro_read(folder: Path, kind: str, shapes: tuple[str, ...] = ("Bbox", "RotatedBbox")) -> Read:
    from datumaro.components.annotation import AnnotationType
    from datumaro.components.dataset import Dataset

    data = Dataset.import_from(str(folder), kind)
    names = [label.name for label in data.categories()[AnnotationType.label]]
    entries = list(data)
    boxes = [
        box(entry.id, names[one.label], sized(*one.get_bbox()))
        for entry in entries
        for one in entry.annotations
        if type(one).__name__ in shapes
    ]
    return {Path(entry.id.split(":")[-1]).stem for entry in entries}, boxes


def datumaro_cvat(folder: Path, room: Path) -> Read:
    def each() -> Iterator[Read]:
        for path in sorted(folder.glob("*.xml")):
            here = room / path.stem
            pictures(here / "images", SCENE | {f"rooms/{name}.png": "b" for name in "abcde"})
            # a job export has the same head as a task export under another name, which datumaro refuses
            text = path.read_text("utf-8").replace("<job>", "<task>").replace("</job>", "</task>")
            (here / path.name).write_text(text, "utf-8")
            yield datumaro_read(here, "cvat", ("Bbox", "RotatedBbox", "Polygon", "PolyLine", "Mask"))

    return together(each())


def datumaro_coco(folder: Path, room: Path) -> Read:
    pictures(room / "images" / "x", SCENE)
    (room / "annotations").mkdir()
    shutil.copy(folder / "annotations.json", room / "annotations" / "instances_x.json")
    return datumaro_read(room, "coco", ("Bbox",))


def datumaro_yolo(folder: Path, room: Path) -> Read:
    return together(
        datumaro_read(part, "yolo") for part in (sorted(folder.glob("*/")) if (folder / "ann").is_dir() else [folder])
    )


def datumaro_voc(folder: Path, room: Path) -> Read:
    def each() -> Iterator[Read]:
        for person in ("ann", "bob", "eva"):
            here = room / person
            shutil.copytree(folder / person, here / "Annotations")
            (here / "ImageSets" / "Main").mkdir(parents=True)
            names = sorted(path.stem for path in (folder / person).glob("*.xml"))
            (here / "ImageSets" / "Main" / "x.txt").write_text("\n".join(names))
            (here / "labelmap.txt").write_text("".join(f"{c}:{n},0,0::\n" for n, c in enumerate(CLASSES)), "utf-8")
            pictures(here / "JPEGImages", SCENE)
            yield datumaro_read(here, "voc")

    return together(each())


CLASSES = ("dent", "crack", "Füße", "猫")


# ---- globox, supervision


def globox_read(data: Iterable[Any]) -> Read:
    data = list(data)
    boxes = [
        box(one.image_id, found.label, (found.xmin, found.ymin, found.xmax, found.ymax))
        for one in data
        for found in one.boxes
    ]
    return {Path(str(one.image_id)).stem for one in data}, boxes


def globox(how: str, pattern: str, **options: Any) -> Callable[[Path, Path], Read]:
    def read(folder: Path, room: Path) -> Read:
        from globox import AnnotationSet

        return together(
            globox_read(getattr(AnnotationSet, how)(path, **options)) for path in sorted(folder.glob(pattern))
        )

    return read


def globox_yolo(folder: Path, room: Path) -> Read:
    from globox import AnnotationSet

    def each() -> Iterator[Read]:
        for labels in sorted(folder.glob("*/labels/*")) or [folder / "obj_train_data"]:
            images = Path(str(labels).replace("/labels/", "/images/"))
            data = AnnotationSet.from_yolo_v5(labels, image_folder=images, image_extension=".png")
            yield together([numbered(globox_read(data), folder)])

    return together(each())


def numbered(read: Read, folder: Path) -> Read:
    """Put names in place of the numbers of YOLO."""
    names = ("dent", "猫") if (folder / "obj.data").exists() else CLASSES
    items, boxes = read
    return items, [(item, names[int(label)], *corners) for item, label, *corners in boxes]  # type: ignore[misc]


def supervision_read(data: Any) -> Read:
    boxes = []
    for path in data.image_paths:
        found = data.annotations[path]
        boxes += [box(path, data.classes[n], row) for row, n in zip(found.xyxy, found.class_id, strict=True)]
    return {Path(path).stem for path in data.image_paths}, boxes


def supervision_yolo(folder: Path, room: Path) -> Read:
    from supervision import DetectionDataset

    def each() -> Iterator[Read]:
        for data in sorted(folder.rglob("data.yaml")):
            home = data.parent
            for labels in sorted(path for path in (home / "labels").glob("*/")) or [home / "labels"]:
                images = home / "images" / labels.relative_to(home / "labels")
                turned = folder.name == "obb"
                yield supervision_read(DetectionDataset.from_yolo(str(images), str(labels), str(data), is_obb=turned))

    return together(each())


def supervision_folders(how: str) -> Callable[[Path, Path], Read]:
    def read(folder: Path, room: Path) -> Read:
        import supervision

        load = getattr(supervision.DetectionDataset, how)
        home = pictures(room / "images", SCENE)
        if how == "from_coco":
            return supervision_read(load(str(home), str(folder / "annotations.json")))
        return together(supervision_read(load(str(home), str(folder / person))) for person in ("ann", "bob", "eva"))

    return read


def supervision_classes(folder: Path, room: Path) -> Read:
    """Class folders hold no boxes: the class of a picture stands as a box without corners."""
    import supervision

    def each() -> Iterator[Read]:
        for person in ("ann", "bob", "eva"):
            data = supervision.ClassificationDataset.from_folder_structure(str(folder / person))
            yield (
                {Path(path).stem for path in data.image_paths},
                [box(path, data.classes[data.annotations[path].class_id[0]], [0] * 4) for path in data.image_paths],
            )

    return together(each())


# ---- the makers' own programs


def pycocotools_read(folder: Path, room: Path) -> Read:
    from pycocotools import mask
    from pycocotools.coco import COCO

    data = COCO(str(folder / "annotations.json"))
    boxes = []
    for one in data.dataset["annotations"]:
        corners = one.get("bbox")
        if not corners and one.get("segmentation") and not isinstance(one["segmentation"], list):
            corners = mask.toBbox(data.annToRLE(one))  # encloses the pixels of a mask; a polygon would be rasterised
        if corners:
            boxes.append(box(one["image_id"], data.cats[one["category_id"]]["name"], sized(*corners)))
    return {str(number) for number in data.imgs}, boxes


def pycocotools_masks(folder: Path, room: Path) -> Read:
    """Every mask and polygon as pycocotools encloses its pixels."""
    from pycocotools import mask
    from pycocotools.coco import COCO

    data = COCO(str(folder / "annotations.json"))
    boxes = [
        box(one["image_id"], data.cats[one["category_id"]]["name"], sized(*mask.toBbox(data.annToRLE(one))))
        for one in data.dataset["annotations"]
        if isinstance(one.get("segmentation"), dict)
    ]
    return {str(number) for number in data.imgs}, boxes


def converter_obb(folder: Path, room: Path) -> Read:
    """Label Studio's own conversion to oriented boxes of YOLO, back in pixels."""
    from label_studio_sdk.converter.utils import convert_annotation_to_yolo_obb

    tasks = json.loads((folder / "export.json").read_text("utf-8"))
    boxes = []
    for task in tasks:
        for one in (found for annotation in task["annotations"] for found in annotation["result"]):
            if one["type"] != "rectanglelabels":
                continue
            sizes = {name: one[name] for name in ("original_width", "original_height")}
            points = convert_annotation_to_yolo_obb(one["value"] | sizes)
            xs = [x * one["original_width"] for x, _ in points]
            ys = [y * one["original_height"] for _, y in points]
            corners = (min(xs), min(ys), max(xs), max(ys))
            boxes.append(box(task["id"], one["value"]["rectanglelabels"][0], corners))
    return {str(task["id"]) for task in tasks}, boxes


def converter_brush(folder: Path, room: Path) -> Read:
    from label_studio_sdk.converter.brush import decode_rle

    tasks = json.loads((folder / "export.json").read_text("utf-8"))
    boxes = []
    for task in tasks:
        for one in (found for annotation in task["annotations"] for found in annotation["result"]):
            if one["type"] == "brushlabels":
                shape = (one["original_height"], one["original_width"], 4)
                ys, xs = decode_rle(one["value"]["rle"]).reshape(shape)[:, :, 3].nonzero()
                corners = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
                boxes.append(box(task["id"], one["value"]["brushlabels"][0], corners))
    return {str(task["id"]) for task in tasks}, boxes


def datasets_read(folder: Path, room: Path) -> Read:
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": str(room)}
    from datasets import Image, load_dataset

    def each() -> Iterator[Read]:
        for part in sorted(folder.glob("*/")) if (folder / "ann").is_dir() else [folder]:
            data = load_dataset("imagefolder", data_dir=str(part), cache_dir=str(room))["train"]
            rows = list(data.cast_column("image", Image(decode=False)))
            stems = [Path(row["image"]["path"]).stem for row in rows]
            boxes = []
            for stem, row in zip(stems, rows, strict=True):
                held = row["objects"] or {"bbox": [], "categories": []}
                labels = held.get("categories", held.get("category"))
                boxes += [box(stem, label, sized(*found)) for found, label in zip(held["bbox"], labels, strict=True)]
            yield set(stems), boxes

    return together(each())


def argilla_read(folder: Path, room: Path) -> Read:
    """Records hold classes: each stands as a box without corners."""
    from argilla import Record

    records = [Record.from_dict(one) for one in json.loads((folder / "records.json").read_text("utf-8"))]
    said = [(record.id, one.value) for record in records for one in record.responses if one.value is not None]
    return {record.id for record in records}, [box(item, label, [0] * 4) for item, label in said]


def labelme_read(folder: Path, room: Path) -> Read:
    """labelme's own reader of files; the corners of a mask are its first and last pixel."""
    from labelme._label_file import LabelFile

    def each() -> Iterator[Read]:
        for path in sorted(folder.rglob("*.json")):
            if path.name == "expected.json":
                continue
            name = Path(json.loads(path.read_text("utf-8"))["imagePath"].replace("\\", "/")).name
            here = room / path.parent.name / "x" / path.name
            pictures(room / path.parent.name, {f"pictures/{name}": name[0], f"x/{name}": name[0]})
            data = json.loads(path.read_text("utf-8").replace("..\\\\pictures\\\\", ""))
            for shape in data["shapes"]:
                shape.setdefault("shape_type", "polygon")  # as labelme 3 meant it; labelme 6 refuses the file
            here.write_text(json.dumps(data), "utf-8")
            shapes = [one for one in LabelFile(str(here)).shapes if one["shape_type"] not in ("point", "points")]
            yield {Path(name).stem}, [box(name, one["label"], labelme_corners(one)) for one in shapes]

    return together(each())


def labelme_corners(shape: Any) -> tuple[float, float, float, float]:
    xs, ys = zip(*shape["points"], strict=True)
    if shape["shape_type"] == "circle":
        radius = ((xs[0] - xs[1]) ** 2 + (ys[0] - ys[1]) ** 2) ** 0.5
        return xs[0] - radius, ys[0] - radius, xs[0] + radius, ys[0] + radius
    if shape["shape_type"] == "mask":
        height, width = shape["mask"].shape
        return xs[0], ys[0], xs[0] + width, ys[0] + height
    return min(xs), min(ys), max(xs), max(ys)


def shapely_read(folder: Path, room: Path) -> Read:
    """The turned shapes of the scene by a program for geometry: a rectangle round its middle, an ellipse."""
    from shapely import affinity, geometry

    rectangle = affinity.rotate(geometry.box(80, 40, 120, 60), 30)
    ellipse = affinity.rotate(affinity.scale(geometry.Point(100, 50).buffer(1, quad_segs=4096), 40, 20), 30)
    return {"b"}, [box("b", "猫", rectangle.bounds), box("b", "dent", ellipse.bounds)]


# ---- the table


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
    Oracle("cvat/usual", "datumaro", datumaro_cvat),
    Oracle("cvat/usual", "globox", globox("from_cvat", "*.xml"), lambda found: found[1] != "crack", unturned,
           known="reads <box> only and no rotation"),
    Oracle("cvat/shapes", "datumaro", datumaro_cvat, lambda found: found[0] in "ac",
           known="drops ellipses and cuboids; refuses <job>"),
    Oracle("cvat/unusual", "datumaro", datumaro_cvat),
    Oracle("coco/usual", "pycocotools", pycocotools_read),
    Oracle("coco/usual", "globox", globox("from_coco", "annotations.json"), move=by_name),
    Oracle("coco/usual", "supervision", supervision_folders("from_coco"), move=by_name),
    Oracle("coco/usual", "datumaro", datumaro_coco, move=by_name),
    Oracle("coco/unusual", "pycocotools (masks)", pycocotools_masks, lambda found: found[0] == "3"),
    Oracle("yolo/usual", "datumaro", datumaro_yolo),
    Oracle("yolo/usual", "supervision", supervision_yolo),
    Oracle("yolo/usual", "globox", globox_yolo),
    Oracle("yolo/obb", "supervision", supervision_yolo),
    Oracle("yolo/darknet", "datumaro", datumaro_yolo),
    Oracle("yolo/darknet", "globox", globox_yolo),
    Oracle("voc/usual", "globox", globox("from_pascal_voc", "*/")),
    Oracle("voc/usual", "datumaro", datumaro_voc),
    Oracle("voc/usual", "supervision", supervision_folders("from_pascal_voc"), move=voc_from_one,
           known="takes 1 from x_min and y_min"),
    Oracle("labelme/usual", "labelme", labelme_read),
    Oracle("labelme/unusual", "labelme", labelme_read, known="shape_type filled in; refused without"),
    Oracle("labelme/usual", "globox", globox("from_labelme", "*/", include_poly=True), upright,
           known="knows no oriented_rectangle"),
    Oracle("labelme/usual", "supervision", supervision_folders("from_labelme"), upright,
           known="knows no oriented_rectangle"),
    Oracle("via/usual", "globox", globox("from_via_json", "[abe]*[!d].json", label_key="class"),
           lambda found: upright(found) and found[1] != "crack", known="reads rectangles only"),
    Oracle("label_studio/usual", "label-studio-sdk (OBB)", converter_obb, lambda found: found[1] != "crack"),
    Oracle("label_studio/unusual", "label-studio-sdk (brush)", converter_brush, lambda found: found[1] == "crack"),
    Oracle("imagefolder/usual", "datasets", datasets_read),
    Oracle("imagefolder/numbers", "datasets", datasets_read),
    Oracle("class_folders/usual", "supervision", supervision_classes),
    Oracle("argilla/usual", "argilla", argilla_read),
    Oracle("cvat/shapes", "shapely (ellipse)", lambda folder, room: (set(), shapely_read(folder, room)[1][1:]),
           lambda found: 20 < found[3] < 24),
    Oracle("cvat/usual", "shapely (rectangle)", lambda folder, room: (set(), shapely_read(folder, room)[1][:1]),
           lambda found: not upright(found)),
)  # fmt: skip


def ours(oracle: Oracle) -> Read:
    expected = json.loads((FORMATS / oracle.variant / "expected.json").read_text("utf-8"))
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
