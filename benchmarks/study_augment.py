"""Which augmentations destroy labels, on real images; what albumentations does to boxes; what an export keeps."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(os.environ.get("LABELQA_REAL_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
_TURNS = [
    "mirror left-right",
    "mirror top-bottom",
    "half turn",
    "crop to 70 % of each side",
    "crop to 40 % of each side",
]
_ALSO = ["light and contrast", "noise", "hue"]


def section() -> str:
    parts = ["## Augmentation and export", "", "`python -m benchmarks.results augment`", ""]
    return "\n".join(parts + _digits() + _cifar() + _ellipses() + _export())


def _digits() -> list[str]:
    from sklearn.datasets import load_digits

    from labelqa.augment import check_augmentation

    digits = load_digits()
    found = check_augmentation((digits.images * 15.9375).astype(np.uint8), digits.target, transforms=_TURNS)
    lines = [f"### scikit-learn's digits ({found.n_items:,} images, accuracy {found.accuracy:.3f})", ""]
    lines += _table(found.table)
    turns = found.turns.groupby("transform", sort=False)
    for name, rows in turns:
        said = ", ".join(f"{r.from_label} into {r.to_label} ({r.share:.0%})" for r in rows.itertuples())
        lines.append(f"- {name} turns {said}")
    return [*lines, ""]


def _cifar() -> list[str]:
    from labelqa.augment import check_augmentation

    path = DATA / "cifar10n" / "cifar10n.parquet"
    if not path.is_file():
        return [f"CIFAR-10N: not run, no {path.name} (set LABELQA_REAL_DATA).", ""]
    table = pd.read_parquet(path, columns=["item_id", "image", "label_1"])
    images = dict(zip(table["item_id"].astype(str), table["image"], strict=True))
    labels = pd.Series(table["label_1"].to_numpy(), index=table["item_id"].astype(str))
    found = check_augmentation(images, labels, transforms=[*_TURNS, *_ALSO], max_items=5000)
    lines = [f"### CIFAR-10N, one human label ({found.n_items:,} images, accuracy {found.accuracy:.3f})", ""]
    return [*lines, *_table(found.table), ""]


def _table(table: pd.DataFrame) -> list[str]:
    lines = [
        "| transform | verdict | kept without copies [95 %] | kept after retraining | effect on plain images | points "
        "[95 %] |",
        "|---|---|---|---|---|---|",
    ]
    for row in table.itertuples():
        gain = f"{100 * row.gain:+.1f} [{100 * row.gain_low:+.1f}, {100 * row.gain_high:+.1f}]"
        kept = f"{row.kept:.2f} [{row.kept_low:.2f}, {row.kept_high:.2f}]"
        lines.append(f"| {row.transform} | {row.verdict} | {kept} | {row.kept_retrained:.2f} | {row.effect} | {gain} |")
    return [*lines, ""]


def _ellipses() -> list[str]:
    """How far the box of a rotated object is from its own box, and what a mask is worth."""
    from labelqa.augment import augment

    y, x = np.mgrid[:200, :200] + 0.5
    mask = ((x - 100) / 40) ** 2 + ((y - 100) / 30) ** 2 <= 1
    image = np.repeat(mask[:, :, None] * np.uint8(255), 3, axis=2)
    box = pd.DataFrame({"item_id": ["a"], "label": ["x"], "x_min": 60.0, "y_min": 70.0, "x_max": 140.0, "y_max": 130.0})
    lines = ["### Boxes of an ellipse turned by 45 degrees: overlap (IoU) with the tight box of its pixels", ""]
    lines += ["| box | IoU |", "|---|---|"]
    for name, options, masks in (
        ("`largest_box` (albumentations' default)", {}, None),
        ("`ellipse` (labelqa's presets)", {"rotate_method": "ellipse"}, None),
        ("from the mask", {}, {"a/given/1": mask}),
    ):
        policy = {"transforms": [{"Affine": {"rotate": [45, 45], "p": 1.0, **options}}]}
        made = augment({"a": image}, box, policy=policy, masks=masks)
        seen = np.argwhere(made.images["a_aug1"][:, :, 0] > 127)
        tight = np.array([*seen.min(axis=0)[::-1], *(seen.max(axis=0)[::-1] + 1)], dtype=float)
        lines.append(f"| {name} | {_iou(made.boxes[['x_min', 'y_min', 'x_max', 'y_max']].to_numpy()[0], tight):.3f} |")
    return [*lines, ""]


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    shared = np.prod(np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None))
    return float(shared / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared))


def _export() -> list[str]:
    """The sample set's model from JPEG files: graph against Python."""
    from labelqa import baseline, deploy
    from labelqa.augment import augment
    from labelqa.images import ImageSource

    sample = Path(__file__).resolve().parents[1] / "sample_data" / "inspection"
    gold = pd.read_csv(sample / "gold.csv", dtype="str").set_index("item_id")["label"]
    source = ImageSource.from_folder(sample / "images", list(gold.index))
    train, test = source.item_ids[::2], source.item_ids[1::2]
    model = baseline.fit(source.select(train), gold[train])
    copies = augment(source.select(test), policy="inspection", n_copies=3)
    held_out = {**source.select(test).pictures, **copies.images}
    with tempfile.TemporaryDirectory() as folder:
        done = deploy.export(model, folder, name="parts", items=held_out)
        said = deploy.predict(done.path, {item: source.pictures[item] for item in test})
    wanted = model.predict_proba(source.select(test)).loc[said.item_ids]
    furthest = np.abs(said.probabilities - wanted.to_numpy()).max()
    same = sum(a == b for a, b in zip(said.labels, wanted.idxmax(axis=1), strict=True))
    return [
        "### Export of the sample set's model, from pixels to probabilities in one graph",
        "",
        "| what | value |",
        "|---|---|",
        f"| items of the parity gate ({len(test)} held-out JPEG files and {len(copies.images)} augmented copies) "
        f"| {done.n_parity} |",
        f"| largest difference of a probability (allowed 1e-4) | {done.max_difference:.1e} |",
        f"| labels that change | {done.n_label_changes} |",
        f"| JPEG files predicted from the file alone: largest difference, equal labels | {furthest:.1e}, {same} of "
        f"{len(test)} |",
        f"| size of model.onnx, kB | {done.n_bytes / 1000:.0f} |",
        f"| Python / graph, one image at a time, time ratio | {done.python_ms / done.graph_ms:.1f} |",
        "",
    ]


if __name__ == "__main__":
    print(section())
