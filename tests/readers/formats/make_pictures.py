"""The pictures beside the fixtures: one shade each, of the size that the scene says, under 300 bytes.

Run it to write them anew: `python tests/readers/formats/make_pictures.py`.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

HERE = Path(__file__).parent
#: Name of the picture -> width, height, shade.
SCENE = {"a": (100, 80, 60), "b": (200, 100, 120), "c": (64, 48, 180), "d": (64, 48, 240)}
#: Path below this folder -> picture of the scene.
PICTURES = {
    **{
        f"class_folders/usual/{person}/{label}/{name}.png": name
        for person, sorted_into in (
            ("ann", {"a": "dent", "b": "ok", "c": "crack"}),
            ("bob", {"a": "dent", "b": "dent"}),
            ("eva", {"a": "Füße", "b": "ok", "c": "crack"}),
        )
        for name, label in sorted_into.items()
    },
    "class_folders/unusual/byclass/dent/a.png": "a",
    "class_folders/unusual/byclass/猫/b.png": "b",
    "class_folders/unusual/byclass/dent/deep/c.png": "c",
    "class_folders/unusual/byclass/d.png": "d",
    "class_folders/twice/dent/a.png": "a",
    "class_folders/twice/crack/a.png": "a",
    **{
        f"yolo/usual/{person}/images/{path}.png": path[-1]
        for person in ("ann", "bob", "eva")
        for path in ("train/a", "train/b", "val/c")
    },
    **{f"yolo/obb/images/{name}.png": name for name in "abc"},
    **{f"yolo/darknet/obj_train_data/{name}.png": name for name in "abc"},
    "yolo/roboflow/train/images/a_png.rf.0a1b2c3d.png": "a",
    "yolo/roboflow/train/images/b_png.rf.1b2c3d4e.png": "b",
    "yolo/roboflow/valid/images/c_png.rf.2c3d4e5f.png": "c",
    "yolo/unusual/images/5f1c2d3e-a.png": "a",
    "yolo/unusual/images/7a8b9c0d-b.png": "b",
    "yolo/unusual/images/9e8f7a6b-c.png": "c",
    **{f"toloka/unusual/pictures/{name}.png": name for name in "abc"},
    **{f"imagefolder/usual/{person}/{name}.png": name for person in ("ann", "bob", "eva") for name in "abc"},
    "imagefolder/unusual/train/a.png": "a",
    "imagefolder/unusual/train/sub/b.png": "b",
    "imagefolder/numbers/a.png": "a",
    "imagefolder/numbers/c.png": "c",
}


def png(width: int, height: int, shade: int) -> bytes:
    """A grey PNG of one shade."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([shade]) * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def main() -> None:
    """Write every picture."""
    for path, name in PICTURES.items():
        target = HERE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(png(*SCENE[name]))


if __name__ == "__main__":
    main()
