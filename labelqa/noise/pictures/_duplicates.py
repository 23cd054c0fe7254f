"""The same picture twice: copies, near-copies, those labelled differently, and those on both sides of a split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import id_text
from labelqa._kernels.pictures import hamming
from labelqa._kernels.pictures.measure import thumbnail
from labelqa._labels import check_order, is_ordered, votes_of
from labelqa._options import check_jobs, check_number, check_whole
from labelqa._plot import COLOURS, axes
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.errors import TableError, shown
from labelqa.images import ImageSource, as_source, open_image
from labelqa.noise._finding import queue_rows
from labelqa.noise.pictures._fingerprints import fingerprints, unpack
from labelqa.noise.pictures._issues import ImageIssues

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Side of the square on which pixels of two pictures are compared.
SIDE = 32
#: Two pictures are the same only where their brightness also rises and falls together: two plain surfaces differ little
#: in level without being one picture.
MIN_CORRELATION = 0.9
#: Among more pictures with one and the same hash, each is compared with so many others.
_WINDOW = 64


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Duplicates(Result):
    """Groups of pictures that show the same.

    Attributes
    ----------
    n_items, n_groups
        Pictures compared, and groups of two or more.
    n_redundant
        Pictures more than one per group.
    n_conflicts
        Groups whose pictures are labelled differently: at least one label there is wrong.
    n_leaks
        Groups on both sides of a split: a test on them is not a test.
    reason
        Why nothing was compared, where that is so.
    table
        One row per picture in a group: `group`, `item_id`, `kind` ("exact": the same file; "near"), `label`, `split`,
        `is_conflict`, `is_leak`.
    groups
        One row per group: `group`, `n_items`, `kind`, `labels`, `splits`, `is_conflict`, `is_leak`.
    pairs
        The pairs found: `item_id`, `other_id`, `bits` (in which the hashes differ), `rmse` (0 to 255), `correlation`.
    """

    n_items: int
    n_groups: int
    n_redundant: int
    n_conflicts: int
    n_leaks: int
    reason: str | None
    table: pd.DataFrame
    groups: pd.DataFrame
    pairs: pd.DataFrame

    def to_queue(self) -> pd.DataFrame:
        """Give the rows that `review_queue` takes: one per picture of a group, conflicting ones with their group."""
        table = self.table
        words: dict[Any, str | None] = {}
        for number, members in table.groupby("group"):
            words |= dict(zip(members.index, _reasons(members, number), strict=True))
        return queue_rows(
            item_id=table["item_id"],
            kind="duplicate",
            label=table["label"].astype(object).where(table["is_conflict"], None),
            group=table["group"].astype(np.float64).where(table["is_conflict"]),
            reason=pd.Series(words, dtype=object).reindex(table.index),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how many groups there are of each size, conflicting ones apart."""
        ax = axes(ax)
        sizes = self.groups["n_items"]
        for is_conflict, colour, name in ((False, COLOURS[0], "labels agree"), (True, COLOURS[1], "labels conflict")):
            counts = sizes[self.groups["is_conflict"] == is_conflict].value_counts().sort_index()
            below = 0 if not is_conflict else sizes[~self.groups["is_conflict"]].value_counts()
            bottom = 0 if not is_conflict else [int(below.get(size, 0)) for size in counts.index]  # type: ignore[union-attr]
            ax.bar([str(size) for size in counts.index], counts.to_numpy(), bottom=bottom, color=colour, label=name)
        ax.set_xlabel("pictures in the group")
        ax.set_ylabel("groups")
        ax.legend(frameon=False)
        return ax


@takes_tables()
def duplicates(
    images: Any,
    *,
    labels: Any = None,
    items: Annotations | pd.DataFrame | Iterable[Any] | None = None,
    split: str | pd.Series | Mapping[Any, Any] | None = None,
    measured: ImageIssues | None = None,
    max_bits: int = 7,
    max_rmse: float = 40.0,
    n_jobs: int | None = None,
) -> Duplicates:
    """Find pictures that occur more than once; where their labels differ, one is wrong for sure.

    Candidates are pictures whose perceptual hashes differ in at most `max_bits` of 64 bits, found exactly by
    multi-index hashing; what counts is the pixels of both, on a common 32 x 32 grid.

    Parameters
    ----------
    images
        A folder, or any form `labelqa.images.as_source` takes.
    labels
        What the pictures are labelled as, to find conflicts: `Annotations`, a table, a Series by item id; a list goes
        with an array of as many pictures.
    items
        Whose pictures; by default all, or the items of `labels` where these are `Annotations`.
    split
        Which part each item belongs to (train, test...), to find leaks: the name of a column of the items table, a
        Series by item id, or a mapping; a list goes with an array of as many pictures.
    measured
        The result of `image_issues` on the same pictures, to open them only once.
    max_bits
        Bits in which hashes may differ, at most 11.
    max_rmse
        Root mean squared difference of pixels (0 to 255) above which two pictures are not the same.
    n_jobs
        Threads; None or -1 for one per core.

    Raises
    ------
    TableError
        For a split column that does not exist, and labels or parts of which none is about one of the pictures.
    OptionError
        For `max_bits` outside 0 to 11.

    References
    ----------
    Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012; Zauner,
    "Implementation and benchmarking of perceptual image hash functions", 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from labelqa.noise import duplicates
    >>> noisy = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    >>> noisy[3] = noisy[1]
    >>> duplicates(noisy, labels=["ok", "ok", "ok", "dent"]).table[["group", "item_id", "kind", "label", "is_conflict"]]
       group item_id   kind label  is_conflict
    0      1       1  exact    ok         True
    1      1       3  exact  dent         True
    """
    max_bits = check_whole("max_bits", max_bits, 0, hamming.MAX_RADIUS)
    max_rmse = check_number("max_rmse", max_rmse, 0)
    check_jobs(n_jobs)
    # ids that are named, by items or the keys of a mapping, are ids whatever the pictures came as
    parts = None if isinstance(split, str | Mapping) else split
    check_order(images=images, labels=labels, split=parts, items=None if items is None else frozenset())
    if items is None and isinstance(labels, Annotations) and not isinstance(images, ImageSource):
        items = labels
    source = as_source(images, items)
    measures = fingerprints(source, n_jobs=n_jobs) if measured is None else measured.measures
    known = measures.loc[measures["problem"].isna() & measures["item_id"].isin(source.item_ids)].reset_index(drop=True)
    pairs = _confirmed(source, known, _candidates(known, max_bits), max_rmse)
    label_of = {} if labels is None else _labels(labels)
    split_of = {} if split is None else _splits(split, items if items is not None else labels)
    for name, by_id in (("labels", label_of), ("split", split_of)):
        _refuse_strangers(source, by_id, name)
    return _wrap(known, pairs, label_of, split_of)


def _refuse_strangers(source: ImageSource, by_id: Mapping[str, Any], name: str) -> None:
    ids = [*source.item_ids, *source.missing]
    if by_id and ids and not any(item in by_id for item in ids):
        raise TableError(
            f"None of the {len(by_id):,} items of {name} ({shown(list(by_id))}) is among the {len(ids):,} pictures "
            f"({shown(ids)}); they are joined by item id: check that both use the same ids."
        )


def _candidates(known: pd.DataFrame, max_bits: int) -> Longs:
    """Pairs of rows that may be the same: (p, 3) = (row, row, bits)."""
    words, value = np.unique(known["hash"].to_numpy(np.uint64), return_inverse=True)
    order = np.argsort(value, kind="stable")
    starts = np.searchsorted(value[order], np.arange(len(words) + 1))
    digest = pd.factorize(known["digest"])[0]
    found = []
    for start, end in pairwise(starts):
        rows = order[start:end]
        # copies of one file side by side, so that the window joins them
        rows = rows[np.argsort(digest[rows], kind="stable")]
        steps = range(1, min(_WINDOW, len(rows) - 1) + 1)
        found += [np.column_stack([rows[:-s], rows[s:], np.zeros(len(rows) - s, np.int64)]) for s in steps]
    near = hamming.near_pairs(words, max_bits)
    for a, b, bits in near:
        left, right = order[starts[a] : starts[a + 1]][:_WINDOW], order[starts[b] : starts[b + 1]][:_WINDOW]
        grid = np.array(np.meshgrid(left, right)).reshape(2, -1).T
        found.append(np.column_stack([grid, np.full(len(grid), bits)]))
    if not found:
        return np.empty((0, 3), np.int64)
    pairs = np.vstack(found).astype(np.int64)
    pairs[:, :2] = np.sort(pairs[:, :2], axis=1)
    return pairs


def _confirmed(source: ImageSource, known: pd.DataFrame, pairs: Longs, max_rmse: float) -> pd.DataFrame:
    """Compare pixels, one connected group of candidates after the other: only its pictures are in memory."""
    digest = pd.factorize(known["digest"])[0]
    ids = known["item_id"].to_numpy(object)
    group = hamming.joined(len(known), pairs)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0], group[pairs[:, 0]]))]
    small: dict[int, Floats] = {}
    current, rows = -1, []
    for a, b, bits in pairs.tolist():
        if group[a] != current:
            current, small = int(group[a]), {}
        if digest[a] == digest[b]:
            rows.append((ids[a], ids[b], bits, 0.0, 1.0, "exact"))
            continue
        for row in (a, b):
            if row not in small:
                small[row] = _small(source, ids[row])
        rmse = float(np.sqrt(np.mean((small[a] - small[b]) ** 2)))
        correlation = _correlation(small[a], small[b])
        if rmse < max_rmse and correlation >= MIN_CORRELATION:
            rows.append((ids[a], ids[b], bits, rmse, correlation, "near"))
    return pd.DataFrame(rows, columns=["item_id", "other_id", "bits", "rmse", "correlation", "kind"])


def _small(source: ImageSource, item: str) -> Floats:
    data = source.raw(item)
    pixels = open_image(source.pictures[item]) if data is None else unpack(data)[0]
    return np.asarray(thumbnail(pixels, SIDE))


def _correlation(a: Floats, b: Floats) -> float:
    a, b = a - a.mean(axis=(0, 1)), b - b.mean(axis=(0, 1))
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    # two blank pictures have nothing that could differ
    return float((a * b).sum() / scale) if scale > 1e-6 else float(np.allclose(a, b, atol=1.0))


def _labels(labels: Any) -> dict[str, Any]:
    """Give the most frequent label of every item by id; ties as in `labelqa._labels`."""
    votes = votes_of(labels)
    codes = votes.majority("frequent").code
    return {str(item): votes.codes.classes[code] for item, code in zip(votes.items, codes, strict=True) if code >= 0}


def _splits(split: str | pd.Series | Mapping[Any, Any], items: Any) -> dict[str, Any]:
    if isinstance(split, str):
        table = items.items if isinstance(items, Annotations) else items
        if not isinstance(table, pd.DataFrame) or split not in table.columns or "item_id" not in table.columns:
            has = shown(list(table.columns), 12) if isinstance(table, pd.DataFrame) else "no items table"
            raise TableError(f"There is no column {split!r} in the items table (found: {has}); name one that exists.")
        split = pd.Series(table[split].to_numpy(), index=table["item_id"])
    if is_ordered(split):
        split = pd.Series(list(split), dtype=object)
    return {id_text(item): part for item, part in split.items() if not pd.isna(part)}


def _wrap(
    known: pd.DataFrame, pairs: pd.DataFrame, label_of: Mapping[str, Any], split_of: Mapping[str, Any]
) -> Duplicates:
    ids = known["item_id"].to_numpy(object)
    place = {item: row for row, item in enumerate(ids)}
    links = np.array([[place[a], place[b]] for a, b in zip(pairs["item_id"], pairs["other_id"], strict=True)])
    root = hamming.joined(len(ids), links.reshape(-1, 2).astype(np.int64))
    sizes = np.bincount(root, minlength=len(ids))
    members = np.flatnonzero(sizes[root] > 1)
    members = members[np.argsort(root[members], kind="stable")]
    group = pd.factorize(root[members])[0] + 1
    items = ids[members]
    table = pd.DataFrame(
        {
            "group": group.astype(np.int64),
            "item_id": pd.Series(items, dtype="str"),
            "label": pd.Series([label_of.get(item) for item in items], dtype=object).infer_objects(),
            "split": pd.Series([split_of.get(item) for item in items], dtype=object).infer_objects(),
            "_digest": known["digest"].to_numpy(object)[members],
        }
    )
    by = table.groupby("group")
    table["kind"] = np.where(by["_digest"].transform("nunique") == 1, "exact", "near")
    table["is_conflict"] = _several(table, "label")
    table["is_leak"] = _several(table, "split")
    columns = ["group", "item_id", "kind", "label", "split", "is_conflict", "is_leak"]
    groups = _groups(table)
    return Duplicates(
        n_items=len(known),
        n_groups=len(groups),
        n_redundant=len(table) - len(groups),
        n_conflicts=int(groups["is_conflict"].sum()),
        n_leaks=int(groups["is_leak"].sum()),
        reason=None if len(known) else "No picture can be read.",
        table=table[columns],
        groups=groups,
        pairs=pairs,
    )


def _several(table: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    """Whether a row's group has more than one value in a column."""
    known = table.loc[table[column].notna()]
    n_values = known.assign(_text=known[column].map(id_text)).groupby("group")["_text"].nunique()
    return (table["group"].map(n_values).fillna(0) > 1).to_numpy(bool)


def _groups(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for number, part in table.groupby("group"):
        texts = {
            column: ", ".join(sorted({id_text(value) for value in part[column] if not pd.isna(value)}))
            for column in ("label", "split")
        }
        rows.append(
            {
                "group": number,
                "n_items": len(part),
                "kind": part["kind"].iloc[0],
                "labels": texts["label"],
                "splits": texts["split"],
                "is_conflict": bool(part["is_conflict"].iloc[0]),
                "is_leak": bool(part["is_leak"].iloc[0]),
            }
        )
    columns = ["group", "n_items", "kind", "labels", "splits", "is_conflict", "is_leak"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"is_conflict": bool, "is_leak": bool, "n_items": np.int64})


def _reasons(members: pd.DataFrame, number: Any) -> list[str | None]:
    """Say of each picture of a group what it is the same as."""
    items, labels = members["item_id"].tolist(), members["label"].tolist()
    if members["is_conflict"].iloc[0]:
        named = [f"{item} ({label!s})" for item, label in zip(items, labels, strict=True)]
        return [f"same picture labelled differently: {_few(_others(named, k))}" for k in range(len(items))]
    if members["is_leak"].iloc[0]:
        splits = ", ".join(sorted({str(part) for part in members["split"].dropna()}))
        return [f"same picture as {_few(_others(items, k))} across {splits}" for k in range(len(items))]
    return [None, *(f"same picture as {items[0]} (group {number})" for _ in items[1:])]


def _others(values: list[str], k: int) -> list[str]:
    return values[:k] + values[k + 1 :]


def _few(values: list[str], limit: int = 3) -> str:
    return ", ".join(values[:limit]) + (f" and {len(values) - limit} more" if len(values) > limit else "")
