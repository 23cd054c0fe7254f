"""How often a unit that is wrong is found, and how often one is found where none is.

`python -m benchmarks.study_units` prints docs/studies/units.md. Scenes are drawn at random, with annotators who miss
objects and whose edges lie beside the true ones; then one annotator's boxes are put in another unit. The real sets are
taken as they are (every finding is a false one), and with one annotator's boxes in another unit.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks._boxes_data import folder
from labelqa import Annotations
from labelqa._units import ALIKE, BOX_EDGES, GAIN, MIN_BOXES, NEAR_A_PIXEL, OVERLAP, SURE_OF_A_PIXEL, WAYS, Drawn, Pairs

EDGES = list(BOX_EDGES)
N_SCENES = 20
SIZES = ((1280, 720), (640, 480), (1000, 1000), (3000, 4000))
#: What a box becomes: the inverse of the way in which it is read again.
PUT = {
    "x and y exchanged": lambda c, w, h: c[:, [1, 0, 3, 2]],
    "per cent": lambda c, w, h: c / np.column_stack([w, h, w, h]) * 100,
    "a hundred times too large": lambda c, w, h: c * 100,
    "picture turned by 90 degrees": lambda c, w, h: np.column_stack([h - c[:, 3], c[:, 0], h - c[:, 1], c[:, 2]]),
    "all edges by +1": lambda c, w, h: c + 1,
    "right and lower edge by -1": lambda c, w, h: c - [0, 0, 1, 1],
}
#: What the finding says; of one annotator, turned boxes, exchanged axes and exchanged sizes are all the same.
WORDS = {
    "x and y exchanged": ("exchanged", "change places"),
    "per cent": ("per cent",),
    "a hundred times too large": ("100 times", "divided by 100"),
    "picture turned by 90 degrees": ("turned by 90", "turned by 270", "change places"),
    "all edges by +1": ("(all edges +1)",),
    "right and lower edge by -1": ("(right and lower edge -1)",),
}
UNITS = (
    "exchanged",
    "per cent",
    "times too large",
    "turned",
    "change places",
    "divided by",
    "by a pixel",
    "from 0 to 1",
    "20 times",
)


def scene(
    rng: np.random.Generator, *, n_items: int = 30, n_annotators: int = 3, spread: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw one to six objects on pictures of one size; a tenth is missed, edges vary by `spread`, pixels or a share."""
    width, height = SIZES[rng.integers(len(SIZES))]
    rows = []
    for item in range(n_items):
        n = rng.integers(1, 7)
        size = rng.uniform(0.05, 0.35, (n, 2)) * [width, height]
        corner = rng.uniform(0, 1, (n, 2)) * ([width, height] - size)
        true = np.hstack([corner, corner + size])
        for annotator in range(n_annotators):
            drawn = true[rng.random(n) > 0.1]
            side = np.tile(drawn[:, 2:] - drawn[:, :2], 2) if spread < 1 else 1.0
            drawn = drawn + rng.normal(0, spread, drawn.shape) * side
            drawn = np.clip(drawn, 0, [width, height, width, height])
            rows += [(f"i{item}", f"a{annotator}", "thing", *box) for box in drawn]
    boxes = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label", *EDGES])
    items = pd.DataFrame({"item_id": boxes["item_id"].unique(), "width": width, "height": height})
    return boxes, items


def put(boxes: pd.DataFrame, items: pd.DataFrame, annotator: str, unit: str) -> pd.DataFrame:
    """Give the boxes with those of one annotator in another unit."""
    mine = boxes["annotator_id"] == annotator
    frame = boxes.loc[mine, ["item_id"]].merge(items, on="item_id", how="left")
    corners = PUT[unit](boxes.loc[mine, EDGES].to_numpy(), frame["width"].to_numpy(), frame["height"].to_numpy())
    out = boxes.copy()
    out.loc[mine, EDGES] = corners
    return out


def said(boxes: pd.DataFrame, items: pd.DataFrame | None) -> list[str]:
    """Findings on units, with whom they name."""
    checks = Annotations.from_frames(boxes=boxes, items=items).checks
    told = checks[checks["finding"].map(lambda text: any(word in text for word in UNITS))]
    return [f"{row.finding} [{row.examples}]" for row in told.itertuples()]


def rates(
    n_annotators: int, *, with_sizes: bool, spread: float = 0.05, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """Unit -> share of scenes where the annotator is found by it, and where anything else is found."""
    rng = np.random.default_rng(seed)
    out: dict[str, tuple[float, float]] = {}
    for unit in ("none", *PUT):
        hits = others = 0
        for _ in range(N_SCENES):
            boxes, items = scene(rng, n_annotators=n_annotators, spread=spread)
            given = boxes if unit == "none" else put(boxes, items, "a0", unit)
            told = said(given, items if with_sizes else items[["item_id"]])
            right = [text for text in told if any(word in text for word in WORDS.get(unit, ()))]
            hits += bool(right)
            others += len(told) > len(right)
        out[unit] = (hits / (N_SCENES), others / (N_SCENES))
    return out


def real(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Boxes of a real set, and the sizes of its pictures; those of crowdboxes are the farthest edges."""
    boxes = pd.read_csv(folder(name) / "boxes_annotators.csv")
    boxes = boxes.rename(columns={"image_id": "item_id", "annotator": "annotator_id"}).astype({"item_id": str})
    if name == "pedestrians":
        return boxes, pd.DataFrame({"item_id": boxes["item_id"].unique(), "width": 1280, "height": 720})
    reach = boxes.groupby("item_id", as_index=False)[["x_max", "y_max"]].max()
    return boxes, reach.rename(columns={"x_max": "width", "y_max": "height"})


def real_rows(name: str) -> list[str]:
    """One line for the set as it is, and one for each unit: the share of annotators found by it."""
    boxes, items = real(name)
    counts = boxes["annotator_id"].value_counts()
    asked = sorted(counts.index[counts >= MIN_BOXES])[:4]
    drawn = Drawn.of(boxes, items)
    pairs = Pairs.of(drawn)
    as_given = pairs.alike(drawn, pairs.overlap(drawn))
    otherwise = np.array([pairs.alike(drawn, pairs.overlap(drawn, way)) for way in WAYS])
    numbers = (np.nanmin(as_given), np.nanmax(otherwise), np.nanmax(otherwise - as_given))
    lines = [f"| {name} | as it is | {len(said(boxes, items))} findings | {' | '.join(f'{x:.2f}' for x in numbers)} |"]
    for unit, words in WORDS.items():
        hits = [_names(said(put(boxes, items, who, unit), items), who, words) for who in asked]
        lines.append(f"| {name} | {unit} | {np.mean(hits):.2f} of {len(asked)} annotators | | | |")
    return lines


def _names(told: list[str], who: str, words: tuple[str, ...]) -> bool:
    return any(f"'{who}: " in text and any(word in text for word in words) for text in told)


def section() -> str:
    """The page."""
    lines = [
        "## Units of boxes", "", "Printed by `python -m benchmarks.study_units`.", "",
        f"An annotator of at least {MIN_BOXES} boxes is told when at least {ALIKE:.0%} of them overlap another's box "
        f"(IoU {OVERLAP}) when they are read in another way, {GAIN:.0%} more than as given; or when the frame says so.",
        "", "### Scenes at random", "",
        f"{N_SCENES} scenes of 30 pictures for each cell; one annotator's boxes are in another unit. Found: that "
        "annotator, by the right word. Else: any other finding on units.", "",
        "| annotators | sizes known | edges vary by | unit | found | else |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for n_annotators, with_sizes, spread in (
        (3, True, 1),
        (3, True, 0.05),
        (3, True, 0.15),
        (3, False, 1),
        (1, True, 1),
    ):
        for unit, (hit, other) in rates(n_annotators, with_sizes=with_sizes, spread=spread).items():
            known = "yes" if with_sizes else "no"
            vary = f"{spread:.0%} of the side" if spread < 1 else "a pixel"
            lines.append(f"| {n_annotators} | {known} | {vary} | {unit} | {hit:.2f} | {other:.2f} |")
    lines += [
        "", "### Real annotators", "",
        "Of the set as it is: the lowest share of an annotator's boxes that overlap another's as given, the highest in "
        "any other way of reading, and the largest gain of such a way, all over annotators.", "",
        "| set | unit | found | least alike as given | most alike otherwise | largest gain |",
        "|---|---|---|---|---|---|",
        *real_rows("pedestrians"), *real_rows("crowdboxes"),
        "",
        "What cannot be found: exchanged axes of one annotator alone on square pictures, per cent "
        "and turned pictures where no size is known, and a pixel where edges vary by more: its mean has to be within "
        f"{NEAR_A_PIXEL} of a whole pixel with a standard error of at most {SURE_OF_A_PIXEL}.",
    ]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    print(section())
