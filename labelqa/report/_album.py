"""All pictures of one page: each is made once and named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labelqa._plot import COLOURS
from labelqa.report._blocks import Block, legend_entries
from labelqa.report._pictures import Album, picture


class Pictures:
    """Makes pictures on demand and keeps their thumbnails."""

    def __init__(self, album: Album) -> None:
        self.album = album
        self._names: dict[bytes, str] = {}

    @property
    def thumbnails(self) -> Mapping[str, bytes]:
        """WebP bytes by the name that the page uses."""
        return {name: data for data, name in self._names.items()}

    def show(
        self,
        item_id: str,
        *,
        focus: str | None = None,
        who: str | None = None,
        caption: str | None = None,
        order: Sequence[str] = (),
    ) -> list[Block]:
        """Give one picture as a list, empty where there is nothing to show."""
        if self.album.is_coloured_once:
            order = self.album.annotators
        made = picture(self.album, item_id, focus=focus, who=who, order=order)
        if made is None:
            return []
        told, data = made
        # the same cut of the same picture is kept once
        name = None if data is None else self._names.setdefault(data, f"picture_{len(self._names) + 1:03d}")
        return [{**told, "thumbnail": name, "caption": caption}]

    def annotators_of(self, items: Iterable[str]) -> list[str]:
        """Give who drew on these items, in order: pictures that stand together share their colours."""
        boxes = self.album.boxes
        return sorted(set(boxes.loc[boxes["item_id"].isin(list(items)), "annotator_id"]))

    def legend(self, shown: list[Block]) -> list[Block] | None:
        """Give the legend of one card's pictures, where colours are not the same on the whole page."""
        if self.album.is_coloured_once:
            return None
        styles: dict[str, Any] = {layer["annotator_id"]: layer["style"] for one in shown for layer in one["layers"]}
        return [{"annotator_id": who, "style": style} for who, style in sorted(styles.items())] or None

    def common_legend(self) -> list[Block]:
        """Give the legend of the whole page, where there is one."""
        drawn = set(self.album.boxes["annotator_id"])
        entries = legend_entries(self.album.annotators, len(COLOURS)) if self.album.is_coloured_once else []
        return [entry for entry in entries if entry["annotator_id"] in drawn]
