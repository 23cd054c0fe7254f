"""How other programs read the fixtures of the formats; see `benchmarks.oracles_formats`.

Each reader takes the folder of a variant and an empty room of its own, and gives the stems of the pictures and the
boxes. A program is imported where it is used.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

FORMATS = Path(__file__).resolve().parents[1] / "tests" / "readers" / "formats"
Box = tuple[str, str, float, float, float, float]
#: (stems of the pictures, boxes) as a program reads them
Read = tuple[set[str], list[Box]]


def stem(item: Any) -> str:
    """The name of a picture without folder and suffix; other dots belong to the name."""
    return Path(str(item).replace("\\", "/")).name.removesuffix(".png")


def box(item: Any, label: Any, corners: Iterable[Any]) -> Box:
    x0, y0, x1, y1 = (round(float(value), 2) for value in corners)
    return (stem(item), str(label), x0, y0, x1, y1)


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
            pictures(
                here / "images",
                {**SCENE, "a_1.png": "a", "b_1.png": "b", **{f"rooms/{name}.png": "b" for name in "abcde"}},
            )
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
            for labels in sorted({path.parent for path in data.parent.rglob("labels/**/*.txt")}):
                images = Path(str(labels).replace("/labels", "/images"))
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


def labelformat_read(folder: Path, room: Path) -> Read:
    """labelformat takes one label a data row, so that each label gets a file of its own."""
    from labelformat.formats.labelbox import LabelboxObjectDetectionInput

    def each() -> Iterator[Read]:
        for n, line in enumerate((folder / "export.ndjson").read_text("utf-8").splitlines()):
            row = json.loads(line)
            (project,) = row["projects"].values()
            for m, label in enumerate(list(project["labels"])):
                project["labels"] = [label]
                path = room / f"{n}-{m}.ndjson"
                path.write_text(json.dumps(row))
                (found,) = LabelboxObjectDetectionInput(path, ",".join(CLASSES)).get_labels()
                name = found.image.filename
                rows = [(one.category.name, one.box) for one in found.objects]
                boxes = [box(name, label, (b.xmin, b.ymin, b.xmax, b.ymax)) for label, b in rows]
                yield {Path(name).stem}, boxes

    return together(each())


def panoptes_read(folder: Path, room: Path) -> Read:
    """Rectangles as Zooniverse's own program extracts them, and turns them when it compares them."""
    from panoptes_aggregation.extractors.shape_extractor import shape_extractor
    from panoptes_aggregation.extractors.utilities import annotation_by_task
    from panoptes_aggregation.reducers.shape_metric_IoU import panoptes_to_geometry

    tools = dict(zip(("0", "1", "2", "3"), CLASSES, strict=True))
    items: set[str] = set()
    boxes: list[Box] = []
    with (folder / "classifications.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            items.add(row["subject_ids"])
            said = annotation_by_task({name: json.loads(row[name]) for name in ("annotations", "metadata")})
            for shape in ("rectangle", "rotateRectangle"):
                found = shape_extractor(dict(said), shape=shape, task="T0").get("frame0", {})
                turned = {key.split("_")[1][4:] for key in found if key.endswith("angle")}
                for tool in {key.split("_")[1][4:] for key in found}:
                    if (shape == "rectangle") == (tool == "3") or (shape == "rotateRectangle" and tool not in turned):
                        continue
                    names = ("x", "y", "width", "height", *(("angle",) if tool in turned else ()))
                    params = [found[f"T0_tool{tool}_{name}"][0] for name in names]
                    boxes.append(box(row["subject_ids"], tools[tool], panoptes_to_geometry(params, shape).bounds))
    return items, boxes
