"""What the data themselves say against them: spellings, placeholders, units, and sizes that boxes contradict."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from labelqa._codes import encode_ids
from labelqa._findings import Findings

BOX_EDGES = ("x_min", "y_min", "x_max", "y_max")


def frames_of(table: pd.DataFrame, item_table: pd.DataFrame) -> Any:
    """Give the width and height of the picture of each box, (n, 2), nan where unknown."""
    frame = table[["item_id"]].merge(item_table[["item_id", "width", "height"]], on="item_id", how="left")
    return frame[["width", "height"]].to_numpy(np.float64)


def without_contradicted_sizes(given: pd.DataFrame | None, item_table: pd.DataFrame, found: Findings) -> pd.DataFrame:
    """Take sizes of pictures that most boxes contradict for unknown: nothing is cut to a frame that cannot be right.

    A size given before the picture was turned is such a one, and so is that of a picture that was scaled.
    """
    if given is None or not {"item_id", *BOX_EDGES} <= set(given.columns):
        return item_table
    codes, ids = encode_ids(given["item_id"].reset_index(drop=True), "item_id")
    table = pd.DataFrame({"item_id": pd.Series(ids[codes], dtype="str")})
    corners = given[list(BOX_EDGES)].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    limit = frames_of(table, item_table)
    high = corners[:, 2:] > limit
    is_known = np.isfinite(limit).all(axis=1) & np.isfinite(corners).all(axis=1)
    # half a pixel over the edge is rounding
    leaves = is_known & (corners[:, 2:] > limit + 0.5).any(axis=1)
    if not is_known.any() or leaves.sum() <= 0.5 * is_known.sum() or not high.any():
        return item_table
    if table.loc[leaves, "item_id"].nunique() < 2:
        return item_table  # one picture tells nothing of the others
    fits_turned = (corners[leaves][:, 2:] <= limit[leaves][:, ::-1] + 0.5).all()
    hint = ", and fits when width and height change places" if fits_turned else ""
    wrong = table.loc[leaves, "item_id"].unique()
    what = f"size of the picture that most boxes leave{hint}"
    found.add("items", what, len(wrong), "taken as unknown: nothing is clipped", wrong)
    is_wrong = item_table["item_id"].isin(wrong)
    sizes = item_table[["width", "height"]].mask(is_wrong)
    return item_table.assign(width=sizes["width"], height=sizes["height"])


def spelling_key(text: str, kinds: Sequence[str] = ("case", "space", "unicode", "number")) -> str:
    """Give the form in which spellings are compared: by case, space, Unicode form, and how numbers are written."""
    if "unicode" in kinds:
        text = unicodedata.normalize("NFKC", text)
    if "space" in kinds:
        text = re.sub(r"[\s\u200b\ufeff]+", " ", text).strip()
    if "case" in kinds:
        text = unicodedata.normalize("NFC", text.casefold()) if "unicode" in kinds else text.casefold()
    if "number" in kinds and (whole := re.fullmatch(r"([+-]?\d+)\.0+", text)):
        text = whole[1]
    return text


#: Words that say "no label" in other programs.
_MISSING_WORDS = frozenset(("none", "na", "n/a", "null", "nan", "<na>", "nil", "undefined"))


def tell_spellings(table: pd.DataFrame, name: str, found: Findings) -> None:
    """Report classes and annotators that differ only by spelling, and labels that look like missing ones."""
    for column, what in (("label", "classes"), ("annotator_id", "annotators")):
        if column not in table or table[column].dtype.kind in "biufcMm":
            continue
        codes, values = pd.factorize(table[column])
        said = [str(value) for value in values]
        counts = pd.Series(np.bincount(codes[codes >= 0], minlength=len(said)), said).groupby(level=0, sort=False).sum()
        groups: dict[str, list[str]] = {}
        for text in counts.index:
            groups.setdefault(spelling_key(text), []).append(text)
        alike = [texts for texts in groups.values() if len(texts) > 1]
        n = int(sum(counts[text] for texts in alike for text in texts))
        found.add(name, f"{what} that differ only by case, spaces, Unicode form or number format", n,
                  "kept apart: normalise='case,space,unicode,number' joins them",
                  [" / ".join(map(repr, texts)) for texts in alike])  # fmt: skip
        if column == "label":
            words = [text for text in counts.index if text.strip().casefold() in _MISSING_WORDS]
            found.add(name, "label that looks like a missing one", int(counts[words].sum()), "kept as a class", words)


#: Names of classes that say there is nothing to draw.
_NOTHING = frozenset(
    ("no finding", "no findings", "nofinding", "none", "nothing", "normal", "background", "negative", "empty",
     "no object", "no objects", "no label", "healthy", "no defect", "no anomaly", "no mass")
)  # fmt: skip


def without_placeholders(table: pd.DataFrame, found: Findings, *, is_kept: bool) -> pd.DataFrame:
    """Take boxes that stand for "nothing here" out: all of one class, all alike, and tiny or out of any frame.

    They are views with nothing drawn where the name of the class says so, unless all boxes are to be kept, and are
    otherwise reported.
    """
    if table.empty:
        return table
    corners = table[list(BOX_EDGES)].to_numpy(np.float64)
    # in shares of the picture every box is small, and the whole picture is the placeholder
    tiny = 1.0 if corners.max() > 1 else 0.0
    is_odd = ((corners[:, 2:] - corners[:, :2]) <= tiny).all(axis=1) | (corners[:, 2:] <= 0).all(axis=1)
    is_odd |= (corners == [0, 0, 1, 1]).all(axis=1)
    names = table["label"].map(str)
    left_out = np.zeros(len(table), bool)
    for name in pd.unique(names[is_odd]):
        mine = (names == name).to_numpy()
        if not is_odd[mine].all() or len(np.unique(corners[mine], axis=0)) > 1 or mine.sum() < 2:
            continue
        says_nothing = not is_kept and spelling_key(name).replace("_", " ").replace("-", " ") in _NOTHING
        edges = ", ".join(f"{edge:g}" for edge in corners[mine][0])
        found.add("boxes", f"boxes of the class {name!r} that are all {edges}: a placeholder", int(mine.sum()),
                  "read as views with nothing drawn" if says_nothing else "kept: leave them out if they are",
                  table.loc[mine, "item_id"])  # fmt: skip
        left_out |= mine & says_nothing
    return table.loc[~left_out].reset_index(drop=True)


def tell_units(table: pd.DataFrame, item_table: pd.DataFrame, found: Findings) -> None:
    """Report annotators whose coordinates are in another unit than those of the others: shares, or far larger."""
    if table.empty:
        return
    reach = table[list(BOX_EDGES)].abs().groupby(table["annotator_id"]).max().max(axis=1)
    sizes = item_table[["width", "height"]].to_numpy(np.float64)
    in_shares = reach[reach <= 1.0 + 1e-9]
    if len(in_shares) and (len(in_shares) < len(reach) or (np.isfinite(sizes).any() and np.nanmax(sizes) > 1)):
        n = int(table["annotator_id"].isin(in_shares.index).sum())
        found.add("boxes", "boxes with coordinates from 0 to 1, beside pixels", n,
                  "kept: they look like shares of the picture; multiply them by its size", in_shares.index)  # fmt: skip
    if len(reach) > 1:
        usual = float(reach.median())
        far = reach[(reach > 20 * usual) & (reach > 1)]
        n = int(table["annotator_id"].isin(far.index).sum())
        found.add("boxes", "boxes of annotators who reach more than 20 times as far as the others", n,
                  "kept: check the unit", far.index)  # fmt: skip
