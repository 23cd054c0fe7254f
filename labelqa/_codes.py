"""Ids and classes as integers: encoded once, sorted by item, shared by every statistic."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.sorting import offsets_of, stable_order
from labelqa.errors import OptionError, TableError, shown, value_shown

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

#: What is nobody's name.
_OBJECTS = (list, dict, set, tuple, np.ndarray)
#: Columns of text that keep what is missing missing, in every pandas; ``astype("str")`` of pandas 2 writes "nan".
TEXT = pd.StringDtype(na_value=np.nan)


@dataclass(frozen=True, eq=False)
class LabelCodes:
    """Labels of whole items as integer codes, sorted by item, then annotator, then label.

    Attributes
    ----------
    items, annotators, classes
        What each code stands for: object arrays of shapes (I,), (A,), (K,). Ids are strings; classes keep the values
        they were given as. All three are in natural order (numbers by size, other values by their text), so that codes
        do not depend on the order of rows.
    item, annotator, label
        int32 arrays of shape (n,), one entry per label.
    row
        int64 array of shape (n,): the row of the source table each entry came from.
    """

    items: NDArray[np.object_]
    annotators: NDArray[np.object_]
    classes: NDArray[np.object_]
    item: Ints
    annotator: Ints
    label: Ints
    row: Longs

    @property
    def n_items(self) -> int:
        """Number of items, those without a label included where they were named."""
        return len(self.items)

    @property
    def n_annotators(self) -> int:
        """Number of annotators."""
        return len(self.annotators)

    @property
    def n_classes(self) -> int:
        """Number of classes, unused ones included where they were named."""
        return len(self.classes)

    @cached_property
    def offsets(self) -> Longs:
        """Where each item's labels start and end: shape (I + 1,)."""
        return np.asarray(offsets_of(self.item, self.n_items))

    @cached_property
    def annotator_label(self) -> Longs:
        """Annotator and label as one number (n,): where an array (A, K), seen flat, has the two."""
        return self.annotator.astype(np.int64) * self.n_classes + self.label

    def of_labels(self, kept: NDArray[np.bool_]) -> LabelCodes:
        """Keep some labels (n,); items, annotators and classes stay."""
        columns = {name: getattr(self, name)[kept] for name in ("item", "annotator", "label", "row")}
        return replace(self, **columns)

    def of_items(self, kept: NDArray[np.bool_]) -> LabelCodes:
        """Keep some items (I,) with their labels; annotators and classes stay."""
        place = (np.cumsum(kept) - 1).astype(np.int32)
        codes = self.of_labels(kept[self.item])
        return replace(codes, items=self.items[kept], item=place[codes.item])


@dataclass(frozen=True, eq=False)
class BoxCodes:
    """Boxes as arrays: boxes within views within items.

    A view is one annotator's set of boxes on one item, possibly empty; skipped views are not here.

    Attributes
    ----------
    items, annotators, classes
        What each code stands for, as in `LabelCodes`.
    sizes
        float64 (I, 2): width and height of each item in pixels, nan where unknown.
    item_offsets
        int64 (I + 1,): the views of item i are ``[item_offsets[i], item_offsets[i + 1])``, sorted by annotator.
    view_item, view_annotator
        int32 (V,).
    view_offsets
        int64 (V + 1,): the boxes of view v, sorted by (x_min, y_min, x_max, y_max, label).
    xyxy
        float64 (B, 4), pixels.
    label
        int32 (B,).
    row
        int64 (B,): the row of `Annotations.boxes` each box came from.
    """

    items: NDArray[np.object_]
    annotators: NDArray[np.object_]
    classes: NDArray[np.object_]
    sizes: Floats
    item_offsets: Longs
    view_item: Ints
    view_annotator: Ints
    view_offsets: Longs
    xyxy: Floats
    label: Ints
    row: Longs


def natural_order(values: Sequence[Any] | NDArray[np.object_]) -> NDArray[np.int64]:
    """Order in which people list values: all numbers by size, otherwise by text.

    Returns
    -------
    array of shape (n,)
        Positions that sort `values`; ties (1 and "1") are settled by text.
    """
    texts = np.asarray([str(value) for value in values], dtype=object)
    in_order = np.argsort(texts.astype(str), kind="stable")
    # one text that is no number settles it without reading the rest
    if not len(texts) or np.isnan(_as_numbers(texts[:1])).any():
        return in_order
    numbers = _as_numbers(texts[in_order])
    # "nan" and "inf" are texts here, not numbers
    return in_order[np.argsort(numbers, kind="stable")] if bool(np.isfinite(numbers).all()) else in_order


def _as_numbers(texts: NDArray[np.object_]) -> Floats:
    return pd.to_numeric(pd.Series(texts, dtype="str"), errors="coerce").to_numpy(np.float64)


def encode_ids(column: pd.Series, name: str) -> tuple[Ints, NDArray[np.object_]]:
    """Give codes and the ids they stand for, as strings in natural order; 7, 7.0 and "7" are one id.

    Raises
    ------
    TableError
        Where an id is missing; the first rows are named.
    """
    missing = column.isna().to_numpy()
    if missing.any():
        rows = np.flatnonzero(missing)
        raise TableError(
            f"Column {name!r} has no value in {len(rows):,} rows (first: {shown(rows.tolist())}); every row needs one: "
            "fill it in or leave the rows out."
        )
    if column.dtype == object and pd.api.types.infer_dtype(column) != "string":
        odd = next((value for value in column if isinstance(value, _OBJECTS)), None)
        if odd is not None:
            raise TableError(
                f"Column {name!r} holds a {type(odd).__name__} ({value_shown(odd)}) where a name is needed; give one "
                "text or number per row."
            )
        # as text at once: 1 and True are equal to each other, and are two ids
        column = column.map(id_text)
    codes, values = pd.factorize(column)
    if isinstance(values.dtype, pd.StringDtype):
        return _merge_equal(codes, values.to_numpy(dtype=object))
    texts = np.asarray([id_text(value) for value in values], dtype=object)
    return _merge_equal(codes, texts)


def id_text(value: Any) -> str:
    """Give an id as text; whole numbers lose their ".0", which reading a table adds where other rows are empty."""
    value = _plain(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Decimal) and value.is_finite():
        # equal decimals (1, 1.0, 1.00) have one text
        return format(value.normalize(), "f")
    return str(value)


def _merge_equal(codes: NDArray[Any], texts: NDArray[np.object_]) -> tuple[Ints, NDArray[np.object_]]:
    """Join codes whose texts are equal and put them in natural order."""
    within, unique = pd.factorize(texts)
    order = natural_order(unique)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    table = rank[within] if len(within) else np.empty(0, np.int64)
    # no values at all: every code is -1 and stands for none
    merged = table[codes] if len(table) else np.zeros(len(codes), np.int64)
    return merged.astype(np.int32), np.asarray(unique, dtype=object)[order]


def encode_labels(
    column: pd.Series, classes: Sequence[Hashable] | None = None, name: str = "label"
) -> tuple[Ints, NDArray[np.object_]]:
    """Give class codes (-1 where a label is missing) and the classes.

    Labels keep their values; where a column mixes types (1 and "1"), all become text, see `of_one_type`. With `classes`
    given, that list is the order and the extent, unused classes included.

    Raises
    ------
    TableError
        Where labels occur that `classes` does not list.
    OptionError
        Where `classes` lists a class twice.
    """
    try:
        codes, values = pd.factorize(of_one_type(column))
    except TypeError as error:
        raise TableError(
            f"Column {name!r} holds values that cannot be told apart ({error}); give texts, numbers or frozensets."
        ) from error
    kept = [_plain(value) for value in values]
    if classes is not None:
        return _encode_into(codes, kept, list(classes), name)
    texts = np.asarray([label_text(value) for value in kept], dtype=object)
    merged, order = _merge_equal(np.maximum(codes, 0), texts)
    merged[codes < 0] = -1
    by_text = dict(zip(texts, kept, strict=True))
    out = np.empty(len(order), dtype=object)
    out[:] = [by_text[text] for text in order]
    return merged, out


def _encode_into(
    codes: NDArray[Any], values: list[Any], classes: list[Hashable], name: str
) -> tuple[Ints, NDArray[np.object_]]:
    known = {_label_key(value): position for position, value in enumerate(classes)}
    if len(known) < len(classes):
        raise OptionError(f"classes={classes!r} lists a class twice; name each class once.")
    unknown = [value for value in values if _label_key(value) not in known]
    if unknown:
        raise TableError(
            f"Column {name!r} has {len(unknown)} labels that classes= does not list ({shown(unknown)}); "
            "add them to classes= or correct the labels."
        )
    table = np.asarray([known[_label_key(value)] for value in values] + [-1], dtype=np.int32)
    out = np.empty(len(classes), dtype=object)
    out[:] = classes
    return table[codes], out


def _label_key(value: Any) -> Any:
    return value if isinstance(value, frozenset) else id_text(value)


def of_one_type(column: pd.Series) -> pd.Series:
    """Give a column whose values are of one type; where they are of several (1 and "one", 1 and True), all become text.

    Numpy's scalars become Python's. What is missing stays missing, and a categorical column keeps its order.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        categories = pd.Series(column.cat.categories)
        told = of_one_type(categories)
        if told is categories:
            return column
        return column.cat.rename_categories(list(told)) if told.is_unique else column.map(label_text).astype(object)
    if column.dtype != object or pd.api.types.infer_dtype(column, skipna=True) == "string":
        return column
    # a list, not `map`, which would guess a type from what it gets
    plain = [None if missing else _plain(value) for value, missing in zip(column, column.isna(), strict=True)]
    if len({type(value) for value in plain if value is not None}) > 1:
        plain = [None if value is None else label_text(value) for value in plain]
    return pd.Series(plain, index=column.index, name=column.name, dtype=object)


def label_text(value: Any) -> str:
    """Give a label as text, as `id_text` does with an id."""
    # the text of a set must not depend on the order in which it happens to be stored
    return "|".join(sorted(map(str, value))) if isinstance(value, frozenset) else id_text(value)


def _plain(value: Any) -> Any:
    if isinstance(value, np.datetime64):
        return pd.Timestamp(value)
    if isinstance(value, np.timedelta64):
        return pd.Timedelta(value)
    return value.item() if isinstance(value, np.generic) else value


def label_codes(
    item: tuple[Ints, NDArray[np.object_]],
    annotator: tuple[Ints, NDArray[np.object_]],
    label: tuple[Ints, NDArray[np.object_]],
) -> LabelCodes:
    """Sort encoded columns by item, annotator and label; rows without a label are left out, their items are not."""
    (items, item_ids), (annotators, annotator_ids), (labels, classes) = item, annotator, label
    order = np.flatnonzero(labels >= 0).astype(np.int64)
    for codes, count in ((labels, len(classes)), (annotators, len(annotator_ids)), (items, len(item_ids))):
        order = stable_order(codes, count, order)
    return LabelCodes(
        items=item_ids,
        annotators=annotator_ids,
        classes=classes,
        item=items[order],
        annotator=annotators[order],
        label=labels[order],
        row=order,
    )


def box_codes(items: pd.DataFrame, views: pd.DataFrame, boxes: pd.DataFrame, edges: Sequence[str]) -> BoxCodes:
    """Arrange checked tables as boxes within views within items; every box must have its view."""
    item_ids = items["item_id"].to_numpy(object)
    item_ids = item_ids[natural_order(item_ids)]
    annotator_ids = encode_ids(views["annotator_id"], "annotator_id")[1]
    item_index, annotator_index = pd.Index(item_ids), pd.Index(annotator_ids)

    def view_key(table: pd.DataFrame) -> Longs:
        item = item_index.get_indexer(pd.Index(table["item_id"])).astype(np.int64)
        annotator = annotator_index.get_indexer(pd.Index(table["annotator_id"])).astype(np.int64)
        return np.asarray(item * len(annotator_ids) + annotator)

    view_keys = np.sort(view_key(views))
    view_item = (view_keys // max(len(annotator_ids), 1)).astype(np.int32)
    label, classes = encode_labels(boxes["label"])
    xyxy = boxes[list(edges)].to_numpy(np.float64)
    of_view = np.searchsorted(view_keys, view_key(boxes)).astype(np.int32)
    order = np.lexsort((label, xyxy[:, 3], xyxy[:, 2], xyxy[:, 1], xyxy[:, 0], of_view))
    sizes = items.set_index("item_id").loc[item_ids, ["width", "height"]].to_numpy(np.float64)
    return BoxCodes(
        items=item_ids,
        annotators=annotator_ids,
        classes=classes,
        sizes=sizes,
        item_offsets=np.asarray(offsets_of(view_item, len(item_ids))),
        view_item=view_item,
        view_annotator=(view_keys % max(len(annotator_ids), 1)).astype(np.int32),
        view_offsets=np.asarray(offsets_of(of_view, len(view_keys))),
        xyxy=np.ascontiguousarray(xyxy[order]),
        label=label[order],
        row=order.astype(np.int64),
    )
