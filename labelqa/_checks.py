"""The checks of each table, and what they found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._cells import durations, plain_numbers, times
from labelqa._codes import TEXT, encode_ids, id_text, of_one_type
from labelqa._findings import Findings
from labelqa._suspects import tell_spellings, without_placeholders
from labelqa._tables import A_TABLE
from labelqa._units import BOX_EDGES, frames_of, tell_units
from labelqa.errors import TableError, shown

STATUSES = ("labelled", "empty", "skipped")
_KEYS = ["item_id", "annotator_id"]
#: Pixels from the corner of a picture: the largest pictures that are labelled (slides, satellites) have 1e6.
MAX_EXTENT = 1e7
#: The class of boxes that came without one.
ONLY_CLASS = "object"


def need_columns(table: pd.DataFrame, name: str, needed: Sequence[str]) -> None:
    """Refuse what is no table, and a table that lacks columns.

    Raises
    ------
    TableError
        Names the type found, or the missing columns and those found.
    """
    if not isinstance(table, pd.DataFrame):
        raise TableError(
            f"Found a {type(table).__name__} as {name}; needed is {A_TABLE}. Read a file with labelqa.read(path)."
        )
    missing = [column for column in needed if column not in table.columns]
    if missing:
        raise TableError(
            f"The {name} table has no column {shown(missing)} (found: {shown(list(table.columns), 12)}); "
            f"rename yours with .rename(columns={{...}}), or let labelqa.read(path) map them."
        )
    doubled = table.columns[table.columns.duplicated()]
    if len(doubled):
        raise TableError(f"The {name} table has the column {shown(doubled)} more than once; keep one of them.")


def need_numbers(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Refuse columns that hold no real numbers, and two columns of one name (7, 7.0 and "7" are one).

    Returns
    -------
    DataFrame
        The same, numbers that came as objects as numbers.

    Raises
    ------
    TableError
        With the names of the columns.
    """
    names = pd.Index([id_text(column) for column in table.columns], dtype=object)
    twice = names[names.duplicated()].unique()
    if len(twice):
        raise TableError(f"{name} has {len(twice):,} columns more than once ({shown(twice)}); keep one of each.")
    found = table.infer_objects()
    is_number = [pd.api.types.is_numeric_dtype(kind) and kind.kind != "c" for kind in found.dtypes]
    texts = [column for column, is_good in zip(table.columns, is_number, strict=True) if not is_good]
    if texts:
        raise TableError(
            f"{name} has columns that hold no numbers ({shown(texts)}); leave them out, or make item_id of the one "
            "that names the items."
        )
    return found


def items(given: pd.DataFrame | None, found: Findings) -> pd.DataFrame:
    """Check the items: one row per id, sizes positive or unknown."""
    if given is None:
        given = pd.DataFrame({"item_id": pd.Series([], dtype="str")})
    need_columns(given, "items", ["item_id"])
    table = _with_text_ids(given, ["item_id"])
    for column in ("path", "width", "height"):
        if column not in table:
            table[column] = None if column == "path" else np.nan
    for column in ("width", "height"):
        table[column] = plain_numbers(table, column, "items", found)
        bad = table.index[(table[column] <= 0) | (table[column] > MAX_EXTENT)]
        if len(bad):
            raise TableError(
                f"Column {column!r} of items has {len(bad)} values that are not above 0 (rows {shown(bad)}), "
                f"or above {MAX_EXTENT:,.0f}; "
                "give the size in pixels, or leave it empty where it is unknown."
            )
    unique = table.drop_duplicates().drop_duplicates("item_id", keep=False)
    twice = table.loc[~table["item_id"].isin(unique["item_id"]), "item_id"].unique()
    if len(twice):
        raise TableError(
            f"{len(twice)} items are listed more than once with different facts ({shown(twice)}); "
            "keep one row per item."
        )
    found.add("items", "item listed more than once", len(table) - len(unique), "joined")
    return _leading(unique, ["item_id", "path", "width", "height"])


def labels(given: pd.DataFrame | None, repeats: str, found: Findings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Check the labels; give the labels that count, and all labels of repeated (item, annotator) pairs."""
    if given is None:
        empty = pd.DataFrame({column: pd.Series([], dtype="str") for column in (*_KEYS, "label")})
        return empty, empty
    need_columns(given, "labels", [*_KEYS, "label"])
    table = _leading(_with_text_ids(given, _KEYS), [*_KEYS, "label"])
    missing = table["label"].isna()
    found.add("labels", "row without a label", int(missing.sum()), "left out", table.loc[missing, "item_id"])
    table = _labels_of_one_type(_without(table, missing), "labels", found)
    tell_spellings(table, "labels", found)
    again = table.duplicated(_KEYS, keep=False)
    repeated = table.loc[again].reset_index(drop=True)
    if not again.any():
        return table, repeated
    if repeats == "keep":
        found.add("labels", "label by an annotator who labelled the item before", _n_extra(table), "kept")
        return table, repeated
    if repeats == "refuse":
        refuse_repeats(repeated)
    chosen = _latest(table, found)
    return chosen, repeated


def _without(table: pd.DataFrame, left_out: pd.Series) -> pd.DataFrame:
    return table.loc[~left_out].reset_index(drop=True) if left_out.any() else table


def _labels_of_one_type(table: pd.DataFrame, name: str, found: Findings) -> pd.DataFrame:
    """Turn labels of several types into text: 1 and True are equal to each other, and no file holds 1 beside "one"."""
    given = table["label"]
    same = of_one_type(given)
    if same is not given and not same.astype(object).equals(given.astype(object)):
        kinds = sorted({type(value).__name__ for value in given})
        found.add(name, "labels of several types", len(table), "all read as text", kinds)
    return table.assign(label=same)


def _n_extra(table: pd.DataFrame) -> int:
    return int(table.duplicated(_KEYS).sum())


def refuse_repeats(repeated: pd.DataFrame, *, is_asked: bool = True) -> None:
    """Refuse repeated (item, annotator) pairs with the list: because it was asked for, or as no time tells the latest.

    Raises
    ------
    TableError
        Where there is any.
    """
    pairs = repeated[_KEYS].drop_duplicates()
    if len(pairs):
        listed = shown([f"{item} by {annotator}" for item, annotator in pairs.itertuples(index=False)], 10)
        what = f"{len(pairs):,} times an annotator labelled an item more than once"
        if is_asked:
            raise TableError(f"{what} ({listed}); remove the extra rows, or count each with repeats='keep'.")
        raise TableError(
            f"{what} and no time tells which label is the latest ({listed}); add a created_at column, remove the extra "
            "rows, or count each with repeats='keep'."
        )


def _latest(table: pd.DataFrame, found: Findings) -> pd.DataFrame:
    given = table["created_at"] if "created_at" in table else pd.Series(pd.NaT, index=table.index)
    timed = table.assign(_time=times(given, "labels", found))
    last = timed.groupby(_KEYS)["_time"].transform("max")
    unknown = timed.groupby(_KEYS)["_time"].transform(lambda values: values.isna().any())
    late = timed.loc[unknown | (timed["_time"] == last)]
    contradicting = late.groupby(_KEYS)["label"].transform("nunique") > 1
    refuse_repeats(late.loc[contradicting], is_asked=False)
    kept = late.drop_duplicates(_KEYS).drop(columns="_time")
    n_same = _n_extra(table.drop_duplicates([*_KEYS, "label"], keep="first"))
    n_dropped = len(table) - len(kept)
    found.add("labels", "same label by the same annotator again", n_dropped - n_same, "joined")
    found.add("labels", "earlier label by the same annotator", n_same, "left out: the latest by created_at counts")
    return kept.reset_index(drop=True)


def boxes(given: pd.DataFrame | None, item_table: pd.DataFrame, faulty: str, found: Findings) -> pd.DataFrame:
    """Check the boxes: finite corners, an area, inside the frame where its size is known."""
    columns = ["box_id", *_KEYS, "label", *BOX_EDGES]
    if given is None:
        texts = {column: pd.Series([], dtype="str") for column in columns[:4]}
        return pd.DataFrame({**texts, **{edge: pd.Series([], dtype=np.float64) for edge in BOX_EDGES}})
    need_columns(given, "boxes", [*_KEYS, *BOX_EDGES])
    table = _with_text_ids(given, _KEYS)
    for edge in BOX_EDGES:
        table[edge] = plain_numbers(table, edge, "boxes", found)
    bad = table.index[~np.isfinite(table[list(BOX_EDGES)].to_numpy(np.float64)).all(axis=1)]
    if len(bad):
        raise TableError(
            f"{len(bad)} boxes have a corner that is missing or infinite (rows {shown(bad)}); give four finite numbers "
            "in pixels, or leave these rows out."
        )
    check_extent(table[list(BOX_EDGES)].to_numpy(np.float64), "boxes")
    if "label" not in table:
        table["label"] = ONLY_CLASS
        found.add("boxes", "no class column", len(table), f"all called {ONLY_CLASS!r}")
    missing = table["label"].isna()
    found.add("boxes", "box without a class", int(missing.sum()), "left out", table.loc[missing, "item_id"])
    table = _labels_of_one_type(_without(table, missing), "boxes", found)
    tell_spellings(table, "boxes", found)
    table = without_placeholders(table, found, is_kept=faulty != "fix")
    is_foreign = tell_units(table, item_table, found)
    table = _fix_boxes(table, item_table, is_foreign, faulty, found)
    table = table.sort_values([*_KEYS, *BOX_EDGES], kind="stable").reset_index(drop=True)
    if "box_id" not in table:
        nth = (table.groupby(_KEYS).cumcount() + 1).astype(str)
        table["box_id"] = table["item_id"] + "/" + table["annotator_id"] + "/" + nth
    table["box_id"] = _texts(table["box_id"], "box_id")
    twice = table.loc[table["box_id"].duplicated(), "box_id"].unique()
    if len(twice):
        raise TableError(
            f"{len(twice)} values of box_id occur more than once ({shown(twice)}); each box needs its own."
        )
    return _leading(table, columns)


def check_extent(corners: NDArray[np.float64], what: str) -> None:
    """Refuse boxes (n, 4) that no picture holds, and whose areas cannot be computed.

    Raises
    ------
    TableError
        For a corner beyond `MAX_EXTENT`, and for sides above 0 whose product is not a normal number.
    """
    far = (np.abs(corners) > MAX_EXTENT).any(axis=1)
    if far.any():
        raise TableError(
            f"{int(far.sum()):,} {what} have a corner beyond {MAX_EXTENT:,.0f} pixels (rows "
            f"{shown(np.flatnonzero(far).tolist())}), further than any picture reaches; give pixels, or leave these "
            "rows out."
        )
    sides = corners[:, 2:] - corners[:, :2]
    thin = (sides > 0).all(axis=1) & (sides[:, 0] * sides[:, 1] < np.finfo(np.float64).tiny)
    if thin.any():
        raise TableError(
            f"{int(thin.sum()):,} {what} have an area too small for a number (rows "
            f"{shown(np.flatnonzero(thin).tolist())}); give pixels, or leave these rows out."
        )


def _fix_boxes(
    table: pd.DataFrame, item_table: pd.DataFrame, is_foreign: NDArray[np.bool_], faulty: str, found: Findings
) -> pd.DataFrame:
    corners = table[list(BOX_EDGES)].to_numpy(np.float64)
    # an unknown size has no frame to leave, and what is in another unit is not cut to it
    limit = frames_of(table, item_table)
    if faulty == "fix":
        limit[is_foreign] = np.nan
    low, high = np.where(np.isnan(limit), -np.inf, 0.0), np.where(np.isnan(limit), np.inf, limit)
    clipped = np.hstack([np.clip(corners[:, :2], low, high), np.clip(corners[:, 2:], low, high)])
    turned = (corners[:, 2] < corners[:, 0]) | (corners[:, 3] < corners[:, 1])
    flat = ~turned & ((corners[:, 2] == corners[:, 0]) | (corners[:, 3] == corners[:, 1]))
    outside = ~flat & ~turned & ((clipped[:, 2] <= clipped[:, 0]) | (clipped[:, 3] <= clipped[:, 1]))
    leaving = ~outside & ~turned & (clipped != corners).any(axis=1)
    # `box_id` numbers boxes, it does not make two boxes with the same corners different
    twice = table.drop(columns="box_id", errors="ignore").duplicated([*_KEYS, "label", *BOX_EDGES]).to_numpy()
    kinds = (
        # somebody drew it, so it counts as a disagreement until a reviewer removes it
        (flat, "box without area", "kept: it matches nothing"),
        (turned, "box whose corners are the wrong way round", "left out"),
        (outside, "box wholly outside the frame", "left out"),
        (leaving, "box reaching outside the frame", "clipped"),
        (twice & ~outside & ~turned, "box drawn twice to the digit", "left out"),
    )
    if faulty == "refuse":
        for mask, finding, _ in kinds:
            if mask.any():
                raise TableError(
                    f"{int(mask.sum())} times a {finding} (rows {shown(np.flatnonzero(mask).tolist())}); correct these "
                    "rows, or choose faulty_boxes='fix' to have them clipped or left out and counted."
                )
    for mask, finding, action in kinds:
        found.add("boxes", finding, int(mask.sum()), action if faulty == "fix" else "kept", table.loc[mask, "item_id"])
    if faulty == "keep":
        return table
    table[list(BOX_EDGES)] = clipped
    kept: pd.DataFrame = table.loc[~(turned | outside | twice)].reset_index(drop=True)
    return kept


def views(
    given: pd.DataFrame | None,
    label_table: pd.DataFrame,
    box_table: pd.DataFrame,
    source: Sequence[pd.DataFrame | None],
    found: Findings,
) -> pd.DataFrame:
    """Check the views, or derive them from the `source` tables; add the ones that labels or boxes prove.

    A row that was left out (a box without area, say) still proves that somebody looked.
    """
    acted = pd.concat([label_table[_KEYS], box_table[_KEYS]], ignore_index=True)
    if given is None:
        table, pair = _derived_views(acted, (label_table, box_table), source)
        table = _times_of_labels(table, label_table)
    else:
        need_columns(given, "views", _KEYS)
        table = _with_text_ids(given, _KEYS)
        pair = _pairs([table, acted])
    for column, missing in (("seconds", np.nan), ("created_at", pd.NaT)):
        if column not in table:
            table[column] = missing
    table["seconds"] = durations(table["seconds"], "views", found)
    table["created_at"] = times(table["created_at"], "views", found)
    table, proven = _latest_views(table, acted, pair, found)
    table = _statuses(table, proven, found)
    unread = _flags(table, "unread")
    table = table.assign(unread=unread) if unread.any() else table.drop(columns="unread", errors="ignore")
    return _leading(table, [*_KEYS, "status", "seconds", "created_at"])


def _derived_views(
    acted: pd.DataFrame, checked: Sequence[pd.DataFrame], source: Sequence[pd.DataFrame | None]
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Give each pair of item and annotator that anything was said of, and the numbers of these and of the acted."""
    # a table that lost no row says nothing that is not in its checked one
    lost = [table for table, kept in zip(source, checked, strict=True) if table is not None and len(table) > len(kept)]
    every = pd.concat([acted, *(_with_text_ids(table[_KEYS], _KEYS) for table in lost)]) if lost else acted
    pair = _pairs([every])
    is_first = ~pd.Series(pair).duplicated().to_numpy()
    return every.loc[is_first].reset_index(drop=True), np.append(pair[is_first], pair[: len(acted)])


def _latest_views(
    table: pd.DataFrame, acted: pd.DataFrame, pair: NDArray[np.int64], found: Findings
) -> tuple[pd.DataFrame, pd.Series]:
    """Give one row per view, by item and annotator, the missing ones added; and whether labels or boxes prove it.

    `pair` numbers the rows of the table and of what was acted on, as `_pairs` does.
    """
    said, done = pair[: len(table)], pair[len(table) :]
    doubled = pd.Series(said).duplicated().to_numpy()
    found.add(
        "views", "view listed more than once", int(doubled.sum()), "the latest counts", table.loc[doubled, "item_id"]
    )
    # what has no time is the smallest of integers, and so comes first
    order = np.lexsort([table["created_at"].astype("int64").to_numpy(), said])
    is_last = np.append(np.diff(said[order]) != 0, True)[: len(order)]
    order = order[is_last]
    new = np.flatnonzero(~pd.Series(done).duplicated().to_numpy() & ~np.isin(done, said))
    said, listed = said[order], table.iloc[order].reset_index(drop=True)
    if len(new):
        listed = listed.reindex(range(len(order) + len(new)))
        for key in _KEYS:
            listed[key] = pd.concat([table[key].iloc[order], acted[key].iloc[new]], ignore_index=True)
        said = np.append(said, done[new])
        order = np.argsort(said, kind="stable")
        said, listed = said[order], listed.iloc[order].reset_index(drop=True)
    return listed, pd.Series(np.isin(said, done))


def _pairs(tables: Sequence[pd.DataFrame]) -> NDArray[np.int64]:
    """Number the pairs of item and annotator of tables, one below the other, in the order of their texts."""
    columns = [pd.concat([table[key] for table in tables]) if len(tables) > 1 else tables[0][key] for key in _KEYS]
    codes = [pd.factorize(column, sort=True) for column in columns]
    (item, _), (annotator, people) = codes
    return np.asarray(item.astype(np.int64) * max(len(people), 1) + annotator)


def _times_of_labels(acted: pd.DataFrame, label_table: pd.DataFrame) -> pd.DataFrame:
    extra = [column for column in ("seconds", "created_at") if column in label_table]
    if not extra:
        return acted
    return acted.merge(label_table[[*_KEYS, *extra]].drop_duplicates(_KEYS), on=_KEYS, how="left")


def _flags(table: pd.DataFrame, column: str) -> pd.Series:
    """Give a column of yes and no, also where it was written as text; no where it is not there."""
    if column not in table:
        return pd.Series(False, index=table.index)
    return table[column].map(lambda value: str(value).strip().lower() in ("true", "1", "1.0")).astype(bool)


def _statuses(table: pd.DataFrame, proven: pd.Series, found: Findings) -> pd.DataFrame:
    if "status" not in table:
        table["status"] = np.where(proven, "labelled", "empty")
        return table
    given = table["status"]
    unknown = given[given.notna() & ~given.isin(STATUSES)].unique()
    if len(unknown):
        raise TableError(
            f"Column 'status' of views has unknown values ({shown(unknown)}); use {shown(STATUSES)}, or leave it empty."
        )
    wrong = proven & given.isin(["empty", "skipped"])
    found.add("views", "view called empty or skipped that has labels or boxes", int(wrong.sum()), "called labelled",
              table.loc[wrong, "item_id"])  # fmt: skip
    # what was drawn and is not read is no view with nothing drawn
    unread = _flags(table, "unread")
    bare = ~proven & (given == "labelled") & ~unread
    found.add("views", "view called labelled that has no label and no box", int(bare.sum()), "called empty",
              table.loc[bare, "item_id"])  # fmt: skip
    found.add("views", "view whose answer is not read", int((unread & ~proven).sum()), "labelled, and not compared",
              table.loc[unread & ~proven, "item_id"])  # fmt: skip
    done = proven | (unread & (given != "skipped"))
    table["status"] = np.where(done, "labelled", np.where(given == "skipped", "skipped", "empty"))
    return table


def add_unknown_items(
    item_table: pd.DataFrame, view_table: pd.DataFrame, *, listed: bool, found: Findings
) -> pd.DataFrame:
    """Add the items that only the views name, as they do all others; where an item table was given, report them."""
    named = view_table["item_id"].drop_duplicates()
    unknown = named[~named.isin(item_table["item_id"])]
    if listed:
        found.add(
            "items", "item that the items table does not list", len(unknown), "added without path and size", unknown
        )
    added = (
        pd.concat([item_table, pd.DataFrame({"item_id": unknown})], ignore_index=True) if len(unknown) else item_table
    )
    codes, _ = encode_ids(added["item_id"], "item_id")
    return added.iloc[np.argsort(codes, kind="stable")].reset_index(drop=True)


def _texts(column: pd.Series, name: str) -> pd.Series:
    if column.dtype == TEXT and not column.hasnans:
        return column.astype("str")  # they are texts already
    codes, values = encode_ids(column, name)
    return pd.Series(values[codes], index=column.index, dtype="str")


def _with_text_ids(given: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    table = given.reset_index(drop=True)
    return table.assign(**{column: _texts(table[column], column) for column in columns})


def _leading(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    rest = [column for column in table.columns if column not in columns]
    return table[[*columns, *rest]].reset_index(drop=True)


__all__ = ["BOX_EDGES", "ONLY_CLASS", "STATUSES", "Findings", "id_text"]
