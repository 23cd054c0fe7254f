"""What differs between annotations as a source holds them and as they shall be, node by node of the source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pandas as pd

from labelqa._checks import BOX_EDGES
from labelqa._codes import id_text
from labelqa._labels import id_texts
from labelqa.annotations import Annotations
from labelqa.readers._frames import PLACE, PLACES, Frames

Place = tuple[Any, Any]
_KEYS = ["item_id", "annotator_id"]
#: Corners closer than this are the same: what arithmetic of shares and percent may lose, in pixels.
_SAME = 1e-6


@dataclass(frozen=True)
class Change:
    """One change to a source.

    Attributes
    ----------
    kind
        "drop item", "drop view", "relabel", "drop label", "add label", "relabel box", "move box", "drop box" or "add
        box".
    item, annotator
        Whom it is about; nobody for an item.
    box_id
        Of a box that is added.
    places
        The nodes, (file, place in it), that say what changes; of what is added, those of the item.
    old, new
        The label before and after.
    was, corners
        x_min, y_min, x_max, y_max in pixels before and after.
    is_foreign
        Whether all places for what is added are other people's.
    is_last
        Whether the view stays and says nothing any more, and no row of its own lists it.
    """

    kind: str
    item: str
    annotator: str | None = None
    places: tuple[Place, ...] = ()
    box_id: str | None = None
    old: Any = None
    new: Any = None
    was: tuple[float, ...] = ()
    corners: tuple[float, ...] = ()
    is_foreign: bool = False
    is_last: bool = False


@dataclass
class Differences:
    """The changes, and what differs that no source can be made to say: what it is -> how often."""

    changes: list[Change] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)


def compare(frames: Frames, spelt: dict[Place, Any], before: Annotations, after: Annotations) -> Differences:
    """Find the changes.

    Parameters
    ----------
    frames
        What was read from the source, with places.
    spelt
        The label at each place as the source spells it.
    before
        The same after all checks.
    after
        As it shall be.
    """
    out = Differences()
    boxes = before.boxes
    counted = set(zip(boxes[PLACE], boxes["annotator_id"], strict=True)) if PLACE in boxes else set()
    source = _Source(frames, spelt, counted)
    kept = set(after.items["item_id"])
    gone = [item for item in before.items["item_id"] if item not in kept]
    out.changes += [Change("drop item", item, places=source.of_item(item)) for item in gone]
    _compare_items(before, after, out)
    left = {name: _of_items(getattr(before, name), kept) for name in ("views", "labels", "boxes")}
    _compare_views(left["views"], after, source, out)
    out.changes += _label_changes(left["labels"], after.labels, source)
    out.changes += _box_changes(left["boxes"], after.boxes, source)
    out.changes = list(_with_last(out.changes, after, source))
    return out


def _with_last(changes: list[Change], after: Annotations, source: _Source) -> Iterator[Change]:
    """Mark what empties a view that stays."""
    says = _pairs(after.labels) | _pairs(after.boxes)
    stays = _pairs(after.views) - says
    for change in changes:
        is_last = change.kind in ("drop label", "drop box") and (change.item, change.annotator) in stays
        is_last = is_last and not source.of_view("views", change.item, str(change.annotator))
        yield replace(change, is_last=True) if is_last else change


def _pairs(table: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(table["item_id"], table["annotator_id"], strict=True))


def _of_items(table: pd.DataFrame, items: set[str]) -> pd.DataFrame:
    return table.loc[table["item_id"].isin(items)]


class _Source:
    """The raw rows of a source by their keys."""

    def __init__(self, frames: Frames, spelt: dict[Place, Any], counted: set[tuple[Place, str]]) -> None:
        self.spelt = spelt
        self._counted = counted
        self._tables = {}
        for name in ("labels", "boxes", "views", PLACES):
            table = frames.tables.get(name)
            if table is not None and PLACE in table:
                ids = {column: _texts(table[column]) for column in _KEYS if column in table}
                self._tables[name] = table.assign(**ids)

    @cached_property
    def _items(self) -> dict[str, list[tuple[str | None, Place]]]:
        out: dict[str, list[tuple[str | None, Place]]] = {}
        for item, person, place in self._rows(PLACES):
            out.setdefault(item, []).append((person if isinstance(person, str) else None, place))
        return out

    @cached_property
    def _views(self) -> dict[tuple[str, str, str], list[Place]]:
        out: dict[tuple[str, str, str], list[Place]] = {}
        for name in ("views", "labels"):
            for item, person, place in self._rows(name):
                out.setdefault((name, item, person), []).append(place)
        return out

    @cached_property
    def _twins(self) -> dict[tuple[Place, str], list[Place]]:
        boxes = self._tables["boxes"]
        keys = [column for column in (*_KEYS, "label", *BOX_EDGES) if column in boxes]
        groups: dict[int, list[Place]] = {}
        numbers = boxes.groupby(keys, sort=False, dropna=False).ngroup()
        for place, number in zip(boxes[PLACE], numbers, strict=True):
            groups.setdefault(number, []).append(place)
        people = boxes["annotator_id"]
        return {(place, who): groups[n] for place, who, n in zip(boxes[PLACE], people, numbers, strict=True)}

    def _rows(self, name: str) -> Iterator[Any]:
        if name in self._tables:
            yield from self._tables[name][[*_KEYS, PLACE]].itertuples(index=False)

    def of_item(self, item: str) -> tuple[Place, ...]:
        """Give all places of an item."""
        return tuple(place for _, place in self._items.get(item, ()))

    def of_person(self, item: str, person: str) -> tuple[tuple[Place, ...], bool]:
        """Give the places of an item where a person's answers go, and whether they are somebody else's."""
        found = self._items.get(item, ())
        own = tuple(place for who, place in found if who is None or who == person)
        return (own, False) if own or not found else (self.of_item(item), True)

    def of_view(self, name: str, item: str, person: str) -> tuple[Place, ...]:
        """Give the places of a person's views or labels of an item."""
        return tuple(self._views.get((name, item, person), ()))

    def of_box(self, row: dict[str, Any]) -> tuple[Place, ...]:
        """Give the place of a box, and those of others that say the same and were not counted."""
        place, person = row.get(PLACE), row["annotator_id"]
        if place is None:
            return ()
        others = (one for one in self._twins[place, person] if (one, person) not in self._counted)
        return (place, *dict.fromkeys(others))


def _texts(ids: pd.Series) -> pd.Series:
    out = pd.Series(None, index=ids.index, dtype=object)
    known = ids.notna()
    out[known] = id_texts(ids[known])
    return out


def _compare_items(before: Annotations, after: Annotations, out: Differences) -> None:
    known = before.items.set_index("item_id")
    new = ~after.items["item_id"].isin(known.index)
    out.lost["items that the source does not have"] += int(new.sum())
    same = after.items.loc[~new].set_index("item_id")
    for column in [column for column in same.columns if column not in known.columns]:
        out.lost[f"column {column!r} of items, which the source does not have"] += int(same[column].notna().sum())
    for column in [column for column in same.columns if column in known.columns and column != PLACE]:
        old, now = known.loc[same.index, column].astype(object), same[column].astype(object)
        unlike = ~(old.eq(now) | (old.isna() & now.isna()))
        out.lost[f"{column!r} of items, which was changed"] += int(unlike.sum())


def _compare_views(before: pd.DataFrame, after: Annotations, source: _Source, out: Differences) -> None:
    joined = before.merge(after.views, on=_KEYS, how="outer", suffixes=("", " after"), indicator=True)
    gone = joined.loc[joined["_merge"] == "left_only"]
    for item, person in zip(gone["item_id"], gone["annotator_id"], strict=True):
        out.changes.append(Change("drop view", item, person, source.of_view("views", item, person)))
    both = joined["_merge"] == "both"
    for column in ("seconds", "created_at"):
        old, new = joined[column], joined[f"{column} after"]
        unlike = both & ~(old.eq(new) | (old.isna() & new.isna()))
        out.lost[f"{column!r} of views, which was changed"] += int(unlike.sum())
    skipped = (joined["status"] == "skipped") != (joined["status after"] == "skipped")
    out.lost["views that became skipped, or no longer are"] += int((both & skipped).sum())
    acted = pd.MultiIndex.from_frame(pd.concat([after.labels[_KEYS], after.boxes[_KEYS]]))
    added = pd.MultiIndex.from_frame(joined.loc[joined["_merge"] == "right_only"][_KEYS])
    out.lost["views of somebody new that hold nothing"] += int((~added.isin(acted)).sum())


def _label_changes(before: pd.DataFrame, after: pd.DataFrame, source: _Source) -> Iterator[Change]:
    """Compare the labels of each person and item: equal ones stay, the others change in order."""
    was, now = _by_key(before), _by_key(after)
    for (item, person), rows in was.items():
        wanted = [row["label"] for row in now.pop((item, person), [])]
        if not wanted:
            # earlier answers go too, or they would count again
            places = source.of_view("labels", item, person)
            yield Change("drop label", item, person, places, old=rows[0]["label"])
            continue
        unlike = []
        for row in rows:
            equal = next((nth for nth, label in enumerate(wanted) if _said(row, source) == id_text(label)), None)
            if equal is None:
                unlike.append(row)
            else:
                wanted.pop(equal)
        for nth, row in enumerate(unlike):
            places = (row[PLACE],) if PLACE in row else ()
            if nth < len(wanted):
                yield Change("relabel", item, person, places, old=row["label"], new=wanted[nth])
            else:
                yield Change("drop label", item, person, places, old=row["label"])
        for label in wanted[len(unlike) :]:
            yield _added("add label", item, person, source, new=label)
    for (item, person), rows in now.items():
        for row in rows:
            yield _added("add label", item, person, source, new=row["label"])


def _said(row: dict[str, Any], source: _Source) -> str:
    return id_text(source.spelt.get(row[PLACE], row["label"]) if PLACE in row else row["label"])


def _by_key(table: pd.DataFrame) -> dict[tuple[str, str], list[dict[str, Any]]]:
    out: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in _records(table):
        out.setdefault((row["item_id"], row["annotator_id"]), []).append(row)
    return out


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(column): value for column, value in row.items()} for row in table.to_dict("records")]


def _box_changes(before: pd.DataFrame, after: pd.DataFrame, source: _Source) -> Iterator[Change]:
    now = {row["box_id"]: row for row in _records(after)}
    for row in _records(before):
        wanted = now.pop(row["box_id"], None)
        item, person, was = row["item_id"], row["annotator_id"], tuple(row[edge] for edge in BOX_EDGES)
        if wanted is None or (wanted["item_id"], wanted["annotator_id"]) != (item, person):
            yield Change("drop box", item, person, source.of_box(row), old=row["label"], was=was)
            if wanted is not None:
                now[row["box_id"]] = wanted
            continue
        corners = tuple(float(wanted[edge]) for edge in BOX_EDGES)
        if id_text(wanted["label"]) != _said(row, source):
            yield Change(
                "relabel box", item, person, source.of_box(row), old=row["label"], new=wanted["label"], was=was
            )
        if not all(abs(old - new) <= _SAME for old, new in zip(was, corners, strict=True)):
            moved = {"old": row["label"], "new": wanted["label"], "was": was, "corners": corners}
            yield Change("move box", item, person, source.of_box(row), **moved)
    for row in now.values():
        corners = tuple(float(row[edge]) for edge in BOX_EDGES)
        item, person = row["item_id"], row["annotator_id"]
        what = {"box_id": row["box_id"], "new": row["label"], "corners": corners}
        yield _added("add box", item, person, source, **what)


def _added(kind: str, item: str, person: str, source: _Source, **what: Any) -> Change:
    places, is_foreign = source.of_person(item, person)
    return Change(kind, item, person, places, is_foreign=is_foreign, **what)
