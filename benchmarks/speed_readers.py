"""Reading files, and writing fixes back into them, against what the plain libraries need for the same bytes.

Every process makes its files anew, from a seed, in a temporary folder. What a peer does is named beside it: none of
them checks anything, and `json.load` makes no tables.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Case

HERE = "benchmarks.speed_readers"
ANNOTATORS, CLASSES = 3, ("scratch", "dent", "crack", "stain")
WIDTH, HEIGHT = 1920, 1080


class OnFiles:
    """A piece of work on files in a folder of its own, which goes with it; `megabytes` is what the files hold."""

    def __init__(self, make: Callable[[Path], Path], work: Callable[[Path], Any]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.path, self._work = make(Path(self._folder.name)), work
        files = [self.path] if self.path.is_file() else [*self.path.rglob("*")]
        self.megabytes = sum(path.stat().st_size for path in files if path.suffix != ".png" and path.is_file()) / 1e6

    def __call__(self) -> Any:
        return self._work(self.path)


Make = Callable[[Path], Path]


def label_studio_file(n_tasks: int) -> Make:
    """Three annotators with seven rectangles each on every task: 36 MB are 3,950 tasks."""

    def make(folder: Path) -> Path:
        rng = np.random.default_rng(0)
        path = folder / "export.json"
        path.write_text(json.dumps([_task(rng, nth) for nth in range(n_tasks)], indent=None), encoding="utf-8")
        return path

    return make


def _task(rng: np.random.Generator, nth: int) -> dict[str, Any]:
    said = [
        {
            "id": ANNOTATORS * nth + who + 1,
            "completed_by": {"id": who + 1, "email": f"annotator{who + 1}@example.com"},
            "result": [_rectangle(rng, f"{nth:x}_{who}_{box}") for box in range(7)],
            "was_cancelled": False,
            "ground_truth": False,
            "created_at": f"2024-03-{who + 1:02d}T10:00:00.000000Z",
            "lead_time": round(float(rng.gamma(3, 8)), 3),
        }
        for who in range(ANNOTATORS)
    ]
    image = f"/data/upload/1/{nth:08x}-image_{nth:06d}.jpg"
    return {"id": nth + 1, "data": {"image": image}, "annotations": said, "predictions": [], "drafts": []}


def _rectangle(rng: np.random.Generator, name: str) -> dict[str, Any]:
    x, y, width, height = (rng.random(4) * [80, 80, 18, 18] + [0, 0, 1, 1]).tolist()
    return {
        "original_width": WIDTH,
        "original_height": HEIGHT,
        "image_rotation": 0,
        "value": {
            "x": x,
            "y": y,
            "width": width,
            "height": height,
            "rotation": 0,
            "rectanglelabels": [CLASSES[rng.integers(len(CLASSES))]],
        },
        "id": name,
        "from_name": "label",
        "to_name": "image",
        "type": "rectanglelabels",
        "origin": "manual",
    }


def coco_file(n_boxes: int) -> Make:
    """Seven boxes an image, of annotators by `rater_id`."""
    return lambda folder: _write_coco(folder / "coco.json", n_boxes, seed=0)


def coco_files(n_files: int) -> Make:
    """A folder of files of 35 boxes, each of five images of its own."""

    def make(folder: Path) -> Path:
        for nth in range(n_files):
            _write_coco(folder / f"batch_{nth:05d}.json", 35, seed=nth, first=5 * nth)
        return folder

    return make


def _write_coco(path: Path, n_boxes: int, *, seed: int, first: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    per_image = 7
    corners = np.round(rng.random((n_boxes, 4)) * [1500, 800, 300, 200] + [0, 0, 10, 10], 2).tolist()
    kinds = rng.integers(1, len(CLASSES) + 1, n_boxes).tolist()
    data = {
        "images": [
            {"id": nth + 1, "file_name": f"image_{nth:06d}.jpg", "width": WIDTH, "height": HEIGHT}
            for nth in range(first, first - (-n_boxes // per_image))
        ],
        "categories": [{"id": nth + 1, "name": name} for nth, name in enumerate(CLASSES)],
        "annotations": [
            {"id": nth + 1, "image_id": first + nth // per_image + 1, "category_id": kind, "bbox": box}
            | {"area": box[2] * box[3], "iscrowd": 0, "rater_id": f"annotator {nth % ANNOTATORS}"}
            for nth, (kind, box) in enumerate(zip(kinds, corners, strict=True))
        ],
    }
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def csv_file(n_rows: int) -> Make:
    """Three labels an item."""

    def make(folder: Path) -> Path:
        rng = np.random.default_rng(0)
        nth = np.arange(n_rows)
        table = pd.DataFrame(
            {
                "item": [f"image_{item:07d}.jpg" for item in nth // ANNOTATORS],
                "annotator": [f"annotator {who}" for who in nth % ANNOTATORS],
                "label": np.array(CLASSES)[rng.integers(0, len(CLASSES), n_rows)],
            }
        )
        table.to_csv(folder / "labels.csv", index=False)
        return folder / "labels.csv"

    return make


def yolo_folder(n_files: int) -> Make:
    """Fifty boxes a picture; the pictures are 64 x 48 pixels, as only their size is read."""

    def make(folder: Path) -> Path:
        from PIL import Image

        rng = np.random.default_rng(0)
        for name in ("images", "labels"):
            (folder / name).mkdir()
        Image.new("L", (64, 48)).save(folder / "one.png")
        picture = (folder / "one.png").read_bytes()
        (folder / "one.png").unlink()
        (folder / "classes.txt").write_text("\n".join(CLASSES), encoding="utf-8")
        for nth in range(n_files):
            (folder / "images" / f"image_{nth:06d}.png").write_bytes(picture)
            kinds = rng.integers(0, len(CLASSES), 50).tolist()
            shares = (rng.random((50, 4)) * [0.6, 0.6, 0.3, 0.3] + [0.2, 0.2, 0.01, 0.01]).tolist()
            lines = [
                f"{kind} " + " ".join(f"{share:.6f}" for share in four)
                for kind, four in zip(kinds, shares, strict=True)
            ]
            (folder / "labels" / f"image_{nth:06d}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return folder

    return make


def _read(path: Path, **how: Any) -> Any:
    import labelqa

    return labelqa.read(path, **how)


def _load(path: Path) -> Any:
    with path.open(encoding="utf-8") as stream:
        return json.load(stream)


def read_label_studio(n_tasks: int) -> OnFiles:
    return OnFiles(label_studio_file(n_tasks), _read)


def load_label_studio(n_tasks: int) -> OnFiles:
    return OnFiles(label_studio_file(n_tasks), _load)


def read_coco(n_boxes: int) -> OnFiles:
    return OnFiles(coco_file(n_boxes), _read)


def load_coco(n_boxes: int) -> OnFiles:
    return OnFiles(coco_file(n_boxes), _load)


def read_coco_files(n_files: int) -> OnFiles:
    return OnFiles(coco_files(n_files), _read)


def load_coco_files(n_files: int) -> OnFiles:
    return OnFiles(coco_files(n_files), lambda path: [_load(each) for each in sorted(path.iterdir())])


def read_csv(n_rows: int) -> OnFiles:
    return OnFiles(csv_file(n_rows), _read)


def pandas_csv(n_rows: int) -> OnFiles:
    return OnFiles(csv_file(n_rows), pd.read_csv)


def pandas_csv_of_objects(n_rows: int) -> OnFiles:
    return OnFiles(csv_file(n_rows), lambda path: pd.read_csv(path, dtype=object))


def pandas_csv_of_texts(n_rows: int) -> OnFiles:
    return OnFiles(csv_file(n_rows), lambda path: pd.read_csv(path, dtype="string"))


def read_yolo(n_files: int) -> OnFiles:
    return OnFiles(yolo_folder(n_files), lambda path: _read(path, annotator="ann"))


def _lines(path: Path) -> list[list[str]]:
    files = sorted((path / "labels").iterdir())
    return [line.split() for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def yolo_texts(n_files: int) -> OnFiles:
    return OnFiles(yolo_folder(n_files), _lines)


def yolo_numbers(n_files: int) -> OnFiles:
    return OnFiles(yolo_folder(n_files), lambda path: [[float(word) for word in line] for line in _lines(path)])


def write_back_label_studio(n_tasks: int) -> OnFiles:
    """A hundred boxes get another class."""
    import labelqa

    def work(path: Path) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            return labelqa.readers.write_back(asked[0], path, Path(folder) / "fixed.json")

    asked: list[Any] = []
    out = OnFiles(label_studio_file(n_tasks), work)
    asked.append(_relabelled(out.path))
    return out


def _relabelled(path: Path) -> Any:
    from labelqa.noise import apply_decisions

    data = _read(path)
    chosen = data.boxes.iloc[:: len(data.boxes) // 100].head(100)
    return apply_decisions(
        data,
        [
            {"item_id": item, "box_id": box, "action": "relabel", "label": "other"}
            for item, box in zip(chosen["item_id"], chosen["box_id"], strict=True)
        ],
    ).annotations


def dump_label_studio(n_tasks: int) -> OnFiles:
    def work(path: Path) -> Any:
        with tempfile.TemporaryFile("w", encoding="utf-8") as stream:
            json.dump(_load(path), stream)

    return OnFiles(label_studio_file(n_tasks), work)


def cases() -> tuple[str, list[Case]]:
    tasks = 3_950
    return "Reading and writing back", [
        Case(
            "Label Studio export, 3 annotators, 7 boxes each a task",
            f"{HERE}:read_label_studio",
            {"json.load": f"{HERE}:load_label_studio"},
            tasks,
        ),
        Case(
            "the same written back, 100 boxes with another class",
            f"{HERE}:write_back_label_studio",
            {"json.load and json.dump": f"{HERE}:dump_label_studio"},
            tasks,
            1,
        ),
        Case("COCO file, boxes", f"{HERE}:read_coco", {"json.load": f"{HERE}:load_coco"}, 3_500),
        Case(
            "COCO files of 35 boxes",
            f"{HERE}:read_coco_files",
            {"json.load": f"{HERE}:load_coco_files"},
            1_000,
        ),
        Case(
            "CSV, rows of item, annotator, label",
            f"{HERE}:read_csv",
            {
                "pandas.read_csv": f"{HERE}:pandas_csv",
                "pandas.read_csv, dtype=object": f"{HERE}:pandas_csv_of_objects",
                'pandas.read_csv, dtype="string"': f"{HERE}:pandas_csv_of_texts",
            },
            1_000_000,
        ),
        Case(
            "YOLO text files of 50 boxes",
            f"{HERE}:read_yolo",
            {"text, split": f"{HERE}:yolo_texts", "text, split, float": f"{HERE}:yolo_numbers"},
            20_000,
        ),
    ]
