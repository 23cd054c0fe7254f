"""All pictures of one page: each is made once and named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from labelqa._plot import COLOURS
from labelqa.annotations import Annotations
from labelqa.report._pictures import picture
from labelqa.report.blocks import Block

if TYPE_CHECKING:
    from labelqa.images import ImageSource


class Album:
    """Makes the pictures of a page on demand, gives annotators their colours, and keeps the thumbnails.

    Parameters
    ----------
    annotations
        Items and boxes.
    images
        The pictures; None: boxes are drawn on empty frames.
    n_bytes
        What one thumbnail may take.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from labelqa import Annotations
    >>> from labelqa.images import ImageSource
    >>> from labelqa.report.album import Album
    >>> said = pd.DataFrame({"item_id": ["p1"], "annotator_id": ["ann"], "label": ["dent"]})
    >>> images = ImageSource.from_bytes({"p1": np.zeros((30, 40, 3), np.uint8)})
    >>> album = Album(Annotations.from_frames(labels=said), images)
    >>> [shown["thumbnail"] for shown in album.show("p1")], list(album.thumbnails)
    (['picture_001'], ['picture_001'])
    """

    def __init__(self, annotations: Annotations, images: ImageSource | None = None, *, n_bytes: int = 12_000) -> None:
        self._annotations = annotations
        self._images = images
        self._n_bytes = n_bytes
        self._names: dict[bytes, str] = {}

    @property
    def thumbnails(self) -> Mapping[str, bytes]:
        """WebP bytes by the name that the page uses."""
        return {name: data for data, name in self._names.items()}

    @property
    def has_pictures(self) -> bool:
        """Whether there is anything to show: images, or boxes to draw on an empty frame."""
        return self._images is not None or len(self._annotations.boxes) > 0

    @property
    def is_coloured_once(self) -> bool:
        """Whether an annotator has the same colour in all pictures."""
        return len(self._annotations.annotators) <= len(COLOURS)

    def show(
        self,
        item_id: str,
        *,
        focus: str | None = None,
        annotator: str | None = None,
        caption: str | None = None,
        annotators: Sequence[str] = (),
    ) -> list[Block]:
        """Give one picture as a list, empty where there is nothing to show; see `labelqa.report.picture`."""
        if self.is_coloured_once:
            annotators = self._annotations.annotators
        made = picture(
            self._annotations, item_id, images=self._images, focus=focus, annotator=annotator, annotators=annotators,
            n_bytes=self._n_bytes,
        )  # fmt: skip
        if made is None:
            return []
        data = made.thumbnail
        # the same cut of the same picture is kept once
        name = None if data is None else self._names.setdefault(data, f"picture_{len(self._names) + 1:03d}")
        return [{**made.drawing, "thumbnail": name, "caption": caption}]

    def annotators_of(self, items: Iterable[str]) -> list[str]:
        """Give who drew on these items, in order: pictures that stand together share their colours."""
        boxes = self._annotations.boxes
        return sorted(set(boxes.loc[boxes["item_id"].isin(list(items)), "annotator_id"]))

    def legend(self, shown: Sequence[Block]) -> list[Block] | None:
        """Give the legend of one card's pictures, where colours are not the same on the whole page."""
        if self.is_coloured_once:
            return None
        styles: dict[str, Any] = {layer["annotator_id"]: layer["style"] for one in shown for layer in one["layers"]}
        return [{"annotator_id": who, "style": style} for who, style in sorted(styles.items())] or None

    def common_legend(self) -> list[Block]:
        """Give the legend of the whole page, where there is one: who drew at all."""
        if not self.is_coloured_once:
            return []
        drawn = set(self._annotations.boxes["annotator_id"])
        everybody = enumerate(self._annotations.annotators)
        return [{"annotator_id": who, "style": style} for style, who in everybody if who in drawn]
