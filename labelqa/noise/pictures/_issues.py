"""Pictures that no label can be trusted on: dark, blurred, broken, unlike the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._options import check_choice, check_jobs
from labelqa._plot import COLOURS, axes
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.errors import TableError
from labelqa.images import as_source
from labelqa.noise._finding import queue_rows
from labelqa.noise.pictures._fingerprints import REFERENCE_SIDE, fingerprints

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

#: Kind of fault -> what it is, in words for the reviewer; the most serious first.
KINDS = {
    "missing": "there is no picture",
    "unreadable": "the file is corrupt or cut short",
    "low_information": "almost nothing to see",
    "dark": "too dark",
    "bright": "too bright",
    "blurred": "blurred",
    "orientation": "stored turned; shown sideways where the tag is ignored",
    "odd_size": "size unlike the others",
    "odd_aspect": "shape unlike the others",
    "greyscale": "grey among colour pictures",
}
#: How often a picture with such a fault has to go, before anybody looked: it raises the item, nothing more.
P_FAULT = {
    "missing": 0.99,
    "unreadable": 0.99,
    "low_information": 0.95,
    "dark": 0.9,
    "bright": 0.9,
    "blurred": 0.9,
    "orientation": 0.5,
    "odd_size": 0.3,
    "odd_aspect": 0.3,
    "greyscale": 0.3,
}
#: Limits that do not depend on the set.
DARK, BRIGHT, ENTROPY = 0.32, 0.93, 2.0
#: Sharpness (log10) below which a picture of at least `REFERENCE_SIDE` pixels is blurred, and what is added for each
#: halving below that, three times at most: a small picture cannot hold much blur.
BLUR, BLUR_STEP = -1.3, 0.1
#: A size is odd from this factor of area, a shape from this factor of aspect, both also beyond 5 robust deviations.
SIZE_FACTOR, ASPECT_FACTOR, DEVIATIONS = 4.0, 2.0, 5.0
#: Channels closer than this are grey; and grey is odd where half of the set has at least this much colour.
GREY, COLOURFUL = 0.006, 0.04
#: A dark picture has few levels by being dark; below this there is nothing to see either way.
BLANK = 1.0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ImageIssues(Result):
    """Which pictures have faults, each with its number and limit.

    Attributes
    ----------
    n_items, n_flagged
        Pictures looked at, and how many have any fault.
    n_unreadable
        Files that are missing, corrupt or cut short.
    reason
        Why nothing was found, where there was nothing to look at.
    table
        One row per fault: `item_id`, `kind`, `value`, `limit`, `detail` (in words).
    measures
        One row per picture: `problem`, `width`, `height`, `orientation`, `dark_end`, `bright_end` (5th and 99th
        percentile of brightness), `entropy` (bits), `contrast`, `sharpness` (log10), `colour`, `hash` (perceptual, 64
        bits), `digest` (of the file).
    """

    n_items: int
    n_flagged: int
    n_unreadable: int
    reason: str | None
    table: pd.DataFrame
    measures: pd.DataFrame

    def to_queue(self) -> pd.DataFrame:
        """Give the rows that `review_queue` takes: one per fault, and one for every picture without."""
        rows = self.measures[["item_id"]].merge(self.table, on="item_id", how="left")
        faults = [None if pd.isna(kind) else str(kind) for kind in rows["kind"]]
        words = [
            None if kind is None else f"{KINDS[kind]}: {detail}"
            for kind, detail in zip(faults, rows["detail"], strict=True)
        ]
        return queue_rows(
            item_id=rows["item_id"],
            kind="image",
            p_fault=[np.nan if kind is None else P_FAULT[kind] for kind in faults],
            reason=pd.Series(words, dtype=object),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how many pictures have each fault."""
        counts = self.table["kind"].value_counts().reindex(list(KINDS), fill_value=0)
        counts = counts[counts > 0][::-1]
        ax = axes(ax, height=0.8 + 0.35 * max(len(counts), 1))
        ax.barh([kind.replace("_", " ") for kind in counts.index], counts.to_numpy(), color=COLOURS[0])
        ax.set_xlabel("pictures")
        return ax


@takes_tables()
def image_issues(
    images: Any,
    *,
    items: Annotations | pd.DataFrame | Iterable[Any] | None = None,
    kinds: Iterable[str] | None = None,
    n_jobs: int | None = None,
) -> ImageIssues:
    """Find pictures with faults: a label drawn on a picture nobody can see is a guess.

    Every picture is opened once. Blur is judged at a common size, relative to the picture's own contrast; size, shape
    and colour are judged against the rest of the set.

    Parameters
    ----------
    images
        A folder, or any form `labelqa.images.as_source` takes.
    items
        Whose pictures; those without one are flagged as missing. By default all.
    kinds
        The faults wanted, among the keys of `KINDS`; by default all.
    n_jobs
        Threads; None or -1 for one per core. Memory is bounded by a batch of pictures.

    Raises
    ------
    TableError
        For a folder without pictures.
    OptionError
        For an unknown kind.

    Examples
    --------
    >>> import numpy as np
    >>> from labelqa.noise import image_issues
    >>> noisy = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    >>> noisy[2] //= 8
    >>> image_issues(noisy).table[["item_id", "kind", "value", "limit"]]
      item_id  kind     value  limit
    0       2  dark  0.109804   0.32
    """
    wanted = list(KINDS) if kinds is None else list(kinds)
    for kind in wanted:
        check_choice("kinds", kind, KINDS)
    check_jobs(n_jobs)
    source = as_source(images, items)
    if not len(source) and not source.missing:
        raise TableError(f"There are no pictures in {images!r}; give a folder that holds image files.")
    return judge(fingerprints(source, n_jobs=n_jobs), wanted)


def judge(measures: pd.DataFrame, kinds: Iterable[str]) -> ImageIssues:
    """Compare measures with their limits."""
    readable = measures["problem"].isna()
    parts = [_broken(measures.loc[~readable], kinds)]
    known = measures.loc[readable]
    for kind, (value, limit, is_odd, words) in _rules(known).items():
        if kind not in kinds or not is_odd.any():
            continue
        parts.append(
            pd.DataFrame(
                {
                    "item_id": known["item_id"].to_numpy()[is_odd],
                    "kind": kind,
                    "value": value[is_odd],
                    "limit": np.broadcast_to(limit, value.shape)[is_odd],
                    "detail": [words(v) for v in value[is_odd]],
                }
            )
        )
    table = pd.concat([part for part in parts if len(part)] or parts[:1])
    order = {kind: place for place, kind in enumerate(KINDS)}
    place = pd.Series(range(len(measures)), index=measures["item_id"])
    table = table.assign(_item=table["item_id"].map(place), _kind=table["kind"].map(order))
    table = table.sort_values(["_item", "_kind"]).drop(columns=["_item", "_kind"]).reset_index(drop=True)
    return ImageIssues(
        n_items=len(measures),
        n_flagged=int(table["item_id"].nunique()),
        n_unreadable=int((~readable).sum()),
        reason=None if readable.any() else "No picture can be read.",
        table=table,
        measures=measures,
    )


def _broken(failed: pd.DataFrame, kinds: Iterable[str]) -> pd.DataFrame:
    is_missing = failed["problem"].str.startswith("there is no", na=False)
    table = pd.DataFrame(
        {
            "item_id": failed["item_id"],
            "kind": np.where(is_missing, "missing", "unreadable"),
            "value": np.nan,
            "limit": np.nan,
            "detail": failed["problem"],
        }
    )
    return table.loc[table["kind"].isin(list(kinds))]


_Rule = tuple[Floats, Any, NDArray[np.bool_], Callable[[float], str]]


def _rules(known: pd.DataFrame) -> dict[str, _Rule]:
    """For each kind: value (n,), limit, whether it is a fault (n,), and what to say of a value."""
    column = {name: known[name].to_numpy(np.float64) for name in known.columns if name not in _TEXTS}
    dark, bright = column["bright_end"], column["dark_end"]
    is_dark = dark < DARK
    is_blank = column["entropy"] < np.where(is_dark, BLANK, ENTROPY)
    long_side = np.fmax(column["width"], column["height"])
    blur = BLUR + BLUR_STEP * np.clip(np.log2(REFERENCE_SIDE / np.maximum(long_side, 1)), 0, 3)
    # a blank picture is not blurred: there is nothing that could be sharp
    is_blurred = (column["sharpness"] < blur) & ~is_blank
    area, area_limit, is_odd_size = _odd(column["width"] * column["height"], SIZE_FACTOR)
    aspect, aspect_limit, is_odd_aspect = _odd(column["width"] / np.maximum(column["height"], 1), ASPECT_FACTOR)
    # darkness and emptiness take the colour away as well
    is_colourful = len(known) > 0 and float(np.median(column["colour"])) >= COLOURFUL
    is_grey = (column["colour"] < GREY) & ~is_dark & ~is_blank & is_colourful
    return {
        "low_information": (column["entropy"], ENTROPY, is_blank, lambda v: f"only {v:.1f} bits of brightness levels"),
        "dark": (dark, DARK, is_dark, lambda v: f"the brightest parts reach {v:.0%} of white"),
        "bright": (bright, BRIGHT, bright > BRIGHT, lambda v: f"even the darkest parts are at {v:.0%} of white"),
        "blurred": (column["sharpness"], blur, is_blurred, lambda v: f"fine detail is 10^{v:.1f} of the contrast"),
        "orientation": (column["orientation"], 1.0, column["orientation"] != 1, lambda v: f"orientation tag {v:.0f}"),
        "odd_size": (area, area_limit, is_odd_size, lambda v: f"{v:.2g} times the usual number of pixels"),
        "odd_aspect": (aspect, aspect_limit, is_odd_aspect, lambda v: f"{v:.2g} times the usual width for its height"),
        "greyscale": (column["colour"], GREY, is_grey, lambda _: "grey, while the set is in colour"),
    }


_TEXTS = ("item_id", "problem", "hash", "digest")


def _odd(values: Floats, factor: float) -> tuple[Floats, float, NDArray[np.bool_]]:
    """Compare with the set's median: ratio (n,), the factor beyond which one is odd, whether it is (n,)."""
    if not len(values):
        return values, factor, np.zeros(0, bool)
    logs = np.log(values)
    away = logs - np.median(logs)
    limit = max(np.log(factor), DEVIATIONS * 1.4826 * float(np.median(np.abs(away))))
    return np.exp(away), float(np.exp(limit)), np.abs(away) > limit
