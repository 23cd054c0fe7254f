"""Generate sample_data/inspection: pictures of machined metal, defects, and five annotators with documented habits.

    python sample_data/make_inspection.py [FOLDER]

Everything is made from one seed with numpy and Pillow; nothing is photographed and nobody is portrayed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]

SEED = 20
WIDTH, HEIGHT = 240, 180
CLASSES = ("ok", "scratch", "dent", "stain", "crack")
ANNOTATORS = ("ann", "ben", "cho", "dee", "eli")
N_ITEMS = 288
N_DARK, N_BLURRED, N_COPIES = 8, 8, 12
N_SHARED = 200  # items labelled by three annotators; the others by one
SMALL = 17.0  # pixels: dee overlooks most defects whose longer side is below this


@dataclass
class Scene:
    """One picture: its true class, its true boxes, and what was planted."""

    item_id: str
    label: str
    pixels: Floats
    boxes: list[Box] = field(default_factory=list)
    planted: str = ""


# --- pictures -----------------------------------------------------------------------------------------------------


def metal(rng: np.random.Generator) -> Floats:
    """Brushed or milled grey metal under uneven light: (HEIGHT, WIDTH, 3), 0 to 255."""
    noise = rng.normal(0, 1, (HEIGHT, WIDTH))
    length = int(rng.integers(15, 50))
    kernel = np.hanning(length)
    kernel /= np.sqrt((kernel**2).sum())
    along = rng.integers(2)
    brushed = np.apply_along_axis(lambda line: np.convolve(line, kernel, "same"), int(along), noise)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    angle = rng.uniform(0, 2 * np.pi)
    light = 18 * ((x / WIDTH - 0.5) * np.cos(angle) + (y / HEIGHT - 0.5) * np.sin(angle))
    spot = 22 * np.exp(-(((x - rng.uniform(0, WIDTH)) / 110) ** 2 + ((y - rng.uniform(0, HEIGHT)) / 90) ** 2))
    grey = rng.uniform(115, 150) + 5 * brushed + light + spot + rng.normal(0, 1.5, (HEIGHT, WIDTH))
    tint = 1 + rng.normal(0, 0.012, 3)
    return np.clip(grey[..., None] * tint, 0, 255)


def _line_mask(points: Floats, width: float) -> Floats:
    """Draw an anti-aliased line: three times as large, then reduced."""
    canvas = Image.new("L", (WIDTH * 3, HEIGHT * 3))
    ImageDraw.Draw(canvas).line([tuple(3 * p) for p in points], fill=255, width=max(2, round(3 * width)), joint="curve")
    return np.asarray(canvas.resize((WIDTH, HEIGHT), Image.Resampling.BOX), dtype=np.float64) / 255


def _blob_mask(centre: Floats, radii: Floats, rng: np.random.Generator) -> Floats:
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    wobble = 1 + sum(rng.normal(0, 0.1) * np.cos(k * turn + rng.uniform(0, 6)) for k in (2, 3, 5))
    points = centre + np.stack([np.cos(turn), np.sin(turn)], axis=1) * radii * np.asarray(wobble)[:, None]
    canvas = Image.new("L", (WIDTH * 3, HEIGHT * 3))
    ImageDraw.Draw(canvas).polygon([tuple(3 * p) for p in points], fill=255)
    return np.asarray(canvas.resize((WIDTH, HEIGHT), Image.Resampling.BOX), dtype=np.float64) / 255


def _path(centre: Floats, size: float, jag: float, rng: np.random.Generator) -> Floats:
    # never along an axis: the box of such a line would be thinner than a hand can draw
    angle, steps = rng.uniform(0.4, np.pi / 2 - 0.4) + rng.integers(2) * np.pi / 2, max(4, int(size / 5))
    along = np.linspace(-0.5, 0.5, steps)[:, None] * size * np.array([np.cos(angle), np.sin(angle)])
    across = np.cumsum(rng.normal(0, jag, steps)) if jag > 1 else rng.normal(0, jag, steps)
    return centre + along + (across - across.mean())[:, None] * np.array([-np.sin(angle), np.cos(angle)])


def defect(kind: str, pixels: Floats, centre: Floats, size: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw one defect of about `size` pixels; give the new pixels and the mask it covers."""
    if kind == "scratch":
        points = _path(centre, size, 0.5, rng)
        mask = _line_mask(points, 1.6)
        shade = _line_mask(points + 1.4, 1.2)
        return pixels + (70 * mask - 35 * shade)[..., None], np.maximum(mask, shade)
    if kind == "crack":
        mask = _line_mask(_path(centre, size, 2.4, rng), 1.9)
        return pixels * (1 - 0.75 * mask[..., None]), mask
    radii = size / 2 * rng.uniform(0.75, 1.0, 2)
    mask = _blob_mask(centre, radii, rng)
    if kind == "stain":
        soft = (
            np.asarray(Image.fromarray((255 * mask).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1)), float) / 255
        )
        colour = np.array([0.72, 0.58, 0.42]) if rng.random() < 0.7 else np.array([0.5, 0.6, 0.75])
        return pixels * (1 - soft[..., None] * (1 - colour)), mask
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    u, v = (x - centre[0]) / radii[0], (y - centre[1]) / radii[1]
    bowl = np.exp(-1.2 * (u**2 + v**2)) * (u + v)
    return pixels + (75 * bowl * (u**2 + v**2 < 3))[..., None], (u**2 + v**2 <= 1.0).astype(np.float64)


def tight_box(mask: Floats) -> Box:
    """Give the smallest box round the mask, in pixels."""
    rows, columns = np.flatnonzero(mask.max(axis=1) > 0.3), np.flatnonzero(mask.max(axis=0) > 0.3)
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _gap(a: Box, b: Box) -> float:
    return max(max(a[0], b[0]) - min(a[2], b[2]), max(a[1], b[1]) - min(a[3], b[3]))


def scene(item_id: str, label: str, rng: np.random.Generator) -> Scene:
    """Make one picture: no defect, one, or a few; four in ten of the defective ones have neighbours."""
    made = Scene(item_id, label, metal(rng))
    if label == "ok":
        return made
    n_wanted = int(rng.choice([1, 2, 3], p=[0.45, 0.35, 0.2]))
    near = rng.random() < 0.6
    for _ in range(60):
        if len(made.boxes) == n_wanted:
            break
        size = rng.uniform(10, 16) if rng.random() < 0.3 else rng.uniform(24, 64)
        centre = np.array([rng.uniform(35, WIDTH - 35), rng.uniform(30, HEIGHT - 30)])
        if near and made.boxes:
            x0, y0, x1, y1 = made.boxes[-1]
            size = rng.uniform(22, 40)
            step = np.array([x1 - x0, y1 - y0]) / 2 + size / 2 + rng.uniform(2, 5)
            turn = rng.choice([-1, 1])
            centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2]) + (
                np.array([turn * step[0], rng.uniform(-4, 4)])
                if rng.random() < 0.5
                else np.array([rng.uniform(-4, 4), turn * step[1]])
            )
        if not (
            14 + size / 2 < centre[0] < WIDTH - 14 - size / 2 and 14 + size / 2 < centre[1] < HEIGHT - 14 - size / 2
        ):
            continue
        pixels, mask = defect(label, made.pixels, centre, size, rng)
        box = tight_box(mask)
        if any(_gap(box, other) < 2 for other in made.boxes):
            continue
        made.pixels = np.clip(pixels, 0, 255)
        made.boxes.append(box)
    return made


def scenes(rng: np.random.Generator) -> list[Scene]:
    """All pictures: the plain ones, some of them dark or blurred, and near-duplicates of a few."""
    made = [scene(f"part_{k:03d}", CLASSES[k % len(CLASSES)], rng) for k in range(N_ITEMS)]
    defective = [k for k, one in enumerate(made) if one.label != "ok"]
    chosen = rng.choice(defective, N_DARK + N_BLURRED + N_COPIES, replace=False)
    for k in chosen[:N_DARK]:
        made[k].pixels *= 0.14
        made[k].planted = "dark"
    for k in chosen[N_DARK : N_DARK + N_BLURRED]:
        image = Image.fromarray(made[k].pixels.astype(np.uint8)).filter(ImageFilter.GaussianBlur(4))
        made[k].pixels = np.asarray(image, dtype=np.float64)
        made[k].planted = "blurred"
    for nth, k in enumerate(chosen[N_DARK + N_BLURRED :]):
        twin = Scene(f"part_{N_ITEMS + nth:03d}", made[k].label, made[k].pixels * 1.04 + 2, list(made[k].boxes))
        twin.pixels = np.clip(twin.pixels + rng.normal(0, 1.5, twin.pixels.shape), 0, 255)
        twin.planted = f"copy of {made[k].item_id}"
        made.append(twin)
    return made


# --- annotators ---------------------------------------------------------------------------------------------------


def drawn(one: Scene, who: str, rng: np.random.Generator) -> list[tuple[Box, str]]:
    """Boxes and classes as one annotator draws them, by the habit documented in inspection/README.md."""
    boxes = [box for box in one.boxes if not (who == "dee" and _side(box) < SMALL and rng.random() < 0.8)]
    boxes = [box for box in boxes if rng.random() > 0.015]
    if who == "cho":
        boxes = _joined(boxes, 14.0)
    out = []
    for box in boxes:
        x0, y0, x1, y1 = box
        width, height = x1 - x0, y1 - y0
        if who == "ben":
            x0, x1, y0, y1 = x0 - 0.125 * width, x1 + 0.125 * width, y0 - 0.125 * height, y1 + 0.125 * height
        spread = {"ann": 0.5, "dee": 0.8}.get(who, 1.0)
        edges = np.array([x0, y0, x1, y1]) + rng.normal(0, spread, 4)
        x0, y0, x1, y1 = np.clip(edges, 0, [WIDTH, HEIGHT, WIDTH, HEIGHT]).round(1)
        out.append(((float(x0), float(y0), float(x1), float(y1)), said(one.label, who, rng)))
    return out


def _side(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _joined(boxes: list[Box], gap: float) -> list[Box]:
    out: list[Box] = []
    for box in sorted(boxes):
        near = [other for other in out if _gap(box, other) < gap]
        group = [box, *near]
        out = [other for other in out if other not in near]
        out.append(
            (min(b[0] for b in group), min(b[1] for b in group), max(b[2] for b in group), max(b[3] for b in group))
        )
    return out


def said(label: str, who: str, rng: np.random.Generator) -> str:
    """Give the class an annotator names: eli mixes up cracks and scratches, everybody errs now and then."""
    if who == "eli" and label in ("crack", "scratch") and rng.random() < 0.45:
        return "scratch" if label == "crack" else "crack"
    if rng.random() < {"ann": 0.01}.get(who, 0.04):
        return str(rng.choice([other for other in CLASSES if other not in (label, "ok")]))
    return label


def annotate(made: list[Scene], rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Let the annotators work through the pictures; give the tables of the folder by name."""
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("labels", "boxes", "views", "gold", "gold_boxes", "planted")
    }
    shared = set(rng.choice(len(made), N_SHARED, replace=False).tolist())
    start = pd.Timestamp("2026-03-02T08:00:00Z")
    for nth, k in enumerate(rng.permutation(len(made)).tolist()):
        one = made[k]
        copied = one.planted.startswith("copy")
        team = rng.choice(ANNOTATORS, 3 if k in shared and not copied else 1, replace=False)
        for who in team.tolist():
            at = start + pd.Timedelta(minutes=int(nth / len(made) * 8 * 7 * 24 * 60 + rng.integers(0, 240)))
            view = {"item_id": one.item_id, "annotator_id": who, "status": "labelled"}
            view |= {
                "seconds": round(float(rng.gamma(4, 5 + 2 * len(one.boxes))), 1),
                "created_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            }
            rows["views"].append(view)
            if one.planted == "dark" and len(team) > 1 and rng.random() < 0.3:
                view["status"] = "skipped"
                continue
            label = said(one.label, who, rng)
            if copied:
                label = str(rng.choice([other for other in CLASSES if other not in (one.label, "ok")]))
            rows["labels"].append({"item_id": one.item_id, "annotator_id": who, "label": label})
            for box, kind in drawn(one, who, rng):
                corners = dict(zip(("x_min", "y_min", "x_max", "y_max"), box, strict=True))
                rows["boxes"].append(
                    {"item_id": one.item_id, "annotator_id": who, "label": label if copied else kind, **corners}
                )
        rows["gold"].append({"item_id": one.item_id, "label": one.label})
        for box in one.boxes:
            corners = dict(zip(("x_min", "y_min", "x_max", "y_max"), box, strict=True))
            rows["gold_boxes"].append({"item_id": one.item_id, "label": one.label, **corners})
        if one.planted:
            rows["planted"].append({"item_id": one.item_id, "planted": one.planted})
    order = ["item_id", "annotator_id", "x_min", "y_min"]
    tables = {name: pd.DataFrame(table) for name, table in rows.items()}
    for name, table in tables.items():
        tables[name] = table.sort_values([c for c in order if c in table], ignore_index=True)
    paths = [f"images/{one.item_id}.jpg" for one in made]
    tables["items"] = pd.DataFrame(
        {"item_id": [one.item_id for one in made], "path": paths, "width": WIDTH, "height": HEIGHT}
    )
    return tables


def main(folder: Path) -> None:
    """Write the pictures and the tables."""
    rng = np.random.default_rng(SEED)
    made = scenes(rng)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for one in made:
        image = Image.fromarray(np.clip(one.pixels, 0, 255).astype(np.uint8))
        image.save(folder / "images" / f"{one.item_id}.jpg", quality=80, optimize=True)
    for name, table in annotate(made, rng).items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "inspection")
