"""The four plain tables that everything reads, checked once.

Conventions
-----------
`Annotations` holds `items`, `views`, `labels` and `boxes` as pandas tables; ids are text, boxes are corners in pixels,
times are UTC. What the checks found and did stands in `Annotations.checks`; nothing is changed in place. Statistics
read the tables through integer codes that are made once.

Questions
---------
- What has to be in my tables, and what is done with faulty rows? `Annotations.from_frames`.
- What was corrected, left out or derived? `Annotations.checks`, `Annotations.views_derived`.

Map
---
`Annotations` and its tables. Reading files: `labelqa.readers`.

References
----------
Boxes and frames as in Lin et al., "Microsoft COCO: common objects in context", ECCV 2014.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from labelqa import _checks
from labelqa._checks import BOX_EDGES
from labelqa._codes import BoxCodes, LabelCodes, box_codes, encode_ids, encode_labels, label_codes
from labelqa._findings import Findings
from labelqa._options import check_choice
from labelqa._tables import A_TABLE, takes_tables
from labelqa._units import without_contradicted_sizes
from labelqa.errors import TableError, shown

__all__ = ["Annotations"]

#: What `repeats=` may be, see `Annotations.from_frames`.
REPEATS = ("latest", "keep", "refuse")
#: What `faulty_boxes=` may be, see `Annotations.from_frames`.
FAULTY_BOXES = ("fix", "keep", "refuse")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Annotations:
    """Who looked at what, and what they said: four tables that are checked once and never changed in place.

    Make one with `labelqa.read` or `Annotations.from_frames`.

    Attributes
    ----------
    items
        One row per item: `item_id` (str), `path`, `width`, `height` (pixels, nan where unknown), and any further
        columns that were given.
    views
        One row per (item, annotator) that happened: `item_id`, `annotator_id`, `status` ("labelled", "empty" or
        "skipped"), `seconds`, `created_at`.
    labels
        One row per whole-item label: `item_id`, `annotator_id`, `label`. Labels keep their values; where a column mixes
        types (1 and "one"), all are text.
    boxes
        One row per box: `box_id`, `item_id`, `annotator_id`, `label`, `x_min`, `y_min`, `x_max`, `y_max` (pixels).
    repeats
        All labels of every (item, annotator) that has more than one, before one of them was chosen.
    checks
        What was found and done: `table`, `finding`, `n`, `action`, `examples`.
    views_derived
        Whether the views were derived from labels and boxes; then nobody can be known to have looked and drawn nothing.
    """

    items: pd.DataFrame
    views: pd.DataFrame
    labels: pd.DataFrame
    boxes: pd.DataFrame
    repeats: pd.DataFrame
    checks: pd.DataFrame
    views_derived: bool

    @classmethod
    @takes_tables()
    def from_frames(
        cls,
        labels: pd.DataFrame | None = None,
        boxes: pd.DataFrame | None = None,
        views: pd.DataFrame | None = None,
        items: pd.DataFrame | None = None,
        *,
        repeats: str = "latest",
        faulty_boxes: str = "fix",
    ) -> Annotations:
        """Check tables and put them together.

        Parameters
        ----------
        labels, boxes, views, items
            Tables with the columns named in the class description; all are optional, and so are `label` of boxes
            (one class is assumed), `status`, `seconds` and `created_at` of views, and all but `item_id` of items.
            The input is not changed.
        repeats
            What happens where an annotator labels an item more than once. "latest": the label with the latest
            `created_at` counts; where times are missing or equal, labels that contradict each other are refused and
            equal ones are joined. "keep": each counts. "refuse": any repeat is an error.
        faulty_boxes
            "fix": boxes are clipped to the frame where its size is known; boxes with swapped corners, wholly outside
            the frame or drawn twice to the digit are left out, and so are placeholders, all alike and tiny, of a class
            that says there is nothing; boxes without area stay, and match nothing; all are counted in `checks`.
            "keep": no box is changed. "refuse": any of these is an error.

        Raises
        ------
        TableError
            For missing columns or ids, coordinates that are nan or infinite, an item listed twice with different
            facts, an unknown status, refused repeats and refused boxes.
        OptionError
            For an unknown `repeats` or `faulty_boxes`.

        Examples
        --------
        >>> import pandas as pd
        >>> from labelqa import Annotations
        >>> said = pd.DataFrame(
        ...     [(1, "ann", "ok"), (1, "bob", "ok"), (2, "ann", "dent")], columns=["item_id", "annotator_id", "label"]
        ... )
        >>> Annotations.from_frames(labels=said)
        Annotations(2 items, 2 annotators, 3 views (derived), 3 labels, 0 boxes)
        """
        check_choice("repeats", repeats, REPEATS)
        check_choice("faulty_boxes", faulty_boxes, FAULTY_BOXES)
        found = Findings()
        item_table = without_contradicted_sizes(boxes, _checks.items(items, found), found)
        label_table, repeated = _checks.labels(labels, repeats, found)
        box_table = _checks.boxes(boxes, item_table, faulty_boxes, found)
        view_table = _checks.views(views, label_table, box_table, (labels, boxes), found)
        item_table = _checks.add_unknown_items(item_table, view_table, listed=items is not None, found=found)
        return cls(
            items=item_table,
            views=view_table,
            labels=label_table,
            boxes=box_table,
            repeats=repeated,
            checks=found.table(),
            views_derived=views is None,
        )

    @property
    def annotators(self) -> list[str]:
        """All annotator ids, in natural order."""
        return [str(value) for value in encode_ids(self.views["annotator_id"], "annotator_id")[1]]

    @cached_property
    def label_codes(self) -> LabelCodes:
        """The labels as integer codes, made once."""
        return as_label_codes(self.labels)

    @cached_property
    def box_codes(self) -> BoxCodes:
        """The boxes as arrays within views, made once; without views that were skipped or whose answer is not read."""
        views = self.views.loc[self.views["status"] != "skipped"]
        if "unread" in views:
            keys = ["item_id", "annotator_id"]
            drawn = pd.MultiIndex.from_frame(self.boxes[keys])
            views = views.loc[~views["unread"] | pd.MultiIndex.from_frame(views[keys]).isin(drawn)]
        return box_codes(self.items, views, self.boxes, BOX_EDGES)

    def select(self, items: Iterable[Any] | None = None, annotators: Iterable[Any] | None = None) -> Annotations:
        """Keep only some items or annotators.

        Parameters
        ----------
        items, annotators
            Ids of those that stay; None keeps all.

        Raises
        ------
        TableError
            Where an id is not in the tables.

        Examples
        --------
        >>> import pandas as pd
        >>> said = pd.DataFrame(
        ...     [(1, "ann", "ok"), (1, "bob", "ok"), (2, "bob", "dent")], columns=["item_id", "annotator_id", "label"]
        ... )
        >>> Annotations.from_frames(labels=said).select(annotators=["bob"])
        Annotations(2 items, 1 annotators, 2 views (derived), 2 labels, 0 boxes)
        """
        parts = {name: getattr(self, name) for name in ("items", "views", "labels", "boxes", "repeats")}
        for column, wanted, known in (
            ("item_id", items, set(self.items["item_id"])),
            ("annotator_id", annotators, set(self.annotators)),
        ):
            if wanted is None:
                continue
            if isinstance(wanted, str | bytes) or not isinstance(wanted, Iterable):
                name = f"{column.removesuffix('_id')}s"
                raise TableError(f"{name}={wanted!r} is no list of ids; give a list, even of one: [{wanted!r}].")
            ids = {_checks.id_text(value) for value in wanted}
            if ids - known:
                raise TableError(
                    f"{len(ids - known)} {column} values are unknown ({shown(sorted(ids - known))}); "
                    f"choose among the {len(known):,} in the tables."
                )
            for name, table in parts.items():
                if column in table:
                    parts[name] = table.loc[table[column].isin(ids)].reset_index(drop=True)
        return Annotations(**parts, checks=self.checks, views_derived=self.views_derived)

    def __repr__(self) -> str:
        derived = " (derived)" if self.views_derived else ""
        return (
            f"Annotations({len(self.items):,} items, {len(self.annotators):,} annotators, "
            f"{len(self.views):,} views{derived}, {len(self.labels):,} labels, {len(self.boxes):,} boxes)"
        )

    def _repr_html_(self) -> str:
        checks = self.checks.to_html(border=0, index=False) if len(self.checks) else "<p>Nothing to report.</p>"
        return f"<p><b>{self!r}</b></p>{checks}"


def __dir__() -> list[str]:
    return __all__


def as_annotations(data: Annotations | pd.DataFrame, *, repeats: str = "keep") -> Annotations:
    """Take `Annotations`, or one table of labels or of boxes (told apart by the column `x_min`).

    Raises
    ------
    TableError
        Where `data` is neither, or a column is missing.
    OptionError
        For an unknown `repeats`.
    """
    check_choice("repeats", repeats, REPEATS)
    if isinstance(data, Annotations):
        return data
    if not isinstance(data, pd.DataFrame):
        raise TableError(
            f"Found a {type(data).__name__}; needed is labelqa.Annotations or {A_TABLE}. "
            "Read a file with labelqa.read(path)."
        )
    if "x_min" in data.columns:
        return Annotations.from_frames(boxes=data)
    return Annotations.from_frames(labels=data, repeats=repeats)


def as_label_codes(
    data: Annotations | pd.DataFrame, classes: Sequence[Hashable] | None = None, *, repeats: str = "keep"
) -> LabelCodes:
    """Encode whole-item labels.

    Parameters
    ----------
    data
        `Annotations`, or a table with `item_id`, `annotator_id`, `label`. Rows whose label is missing keep their item.
    classes
        The list of classes in order, where unused ones count or order matters.
    repeats
        For a table: "keep" counts every label of an annotator who labelled an item twice, "refuse" makes it an error;
        "latest" is for `Annotations.from_frames`, which sees the times.

    Raises
    ------
    TableError
        For missing columns or ids, labels outside `classes`, or refused repeats.
    """
    check_choice("repeats", repeats, ("keep", "refuse"))
    if isinstance(data, Annotations):
        if classes is None and repeats == "keep":
            return data.label_codes
        data = data.labels
    if not isinstance(data, pd.DataFrame):
        raise TableError(
            f"Found a {type(data).__name__}; needed is labelqa.Annotations, or a table with item_id, annotator_id and "
            "label."
        )
    _checks.need_columns(data, "labels", ("item_id", "annotator_id", "label"))
    codes = label_codes(
        encode_ids(data["item_id"], "item_id"),
        encode_ids(data["annotator_id"], "annotator_id"),
        encode_labels(data["label"], classes),
    )
    if repeats == "refuse":
        same = (np.diff(codes.item) == 0) & (np.diff(codes.annotator) == 0)
        _checks.refuse_repeats(
            pd.DataFrame(
                {
                    "item_id": codes.items[codes.item[1:][same]],
                    "annotator_id": codes.annotators[codes.annotator[1:][same]],
                }
            )
        )
    return codes
