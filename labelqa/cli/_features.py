"""Where a verb's numbers come from: pictures in a folder, or a table of features."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelqa.cli._options import PATH

if TYPE_CHECKING:
    import pandas as pd

    from labelqa.annotations import Annotations
    from labelqa.images import ImageSource

_OPTIONS = (
    click.option("--images", type=PATH, help="Folder of the pictures, from which features are computed."),
    click.option(
        "--features", type=PATH, help="Your own features: CSV or Parquet with item_id and columns of numbers."
    ),
)


def feature_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --images and --features, one of which is needed."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_features(
    images: Path | None, features: Path | None, items: Annotations | pd.DataFrame
) -> pd.DataFrame | ImageSource:
    """Give the table of features, or the pictures of the items.

    Raises
    ------
    OptionError
        Where neither or both are given.
    TableError
        Where the file of features or the pictures of some items are missing.
    """
    from labelqa.errors import ImageError, OptionError, shown
    from labelqa.images import ImageSource

    if (images is None) == (features is None):
        raise OptionError("Give --images FOLDER or --features FILE, one of them.")
    if features is not None:
        return _table(features)
    source = ImageSource.from_folder(str(images), items)
    if source.missing:
        raise ImageError(
            f"{len(source.missing):,} items have no picture in {images} ({shown(source.missing)}); check the folder "
            "and the path column of items."
        )
    return source


def _table(path: Path) -> pd.DataFrame:
    import pandas as pd

    from labelqa.errors import TableError, shown

    if not path.is_file():
        raise TableError(f"There is no file {path}; give a CSV or Parquet file of features.")
    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    if table.index.name == "item_id":
        return table
    if "item_id" not in table.columns:
        raise TableError(f"{path} has no column 'item_id' (found: {shown(table.columns)}); features are joined by it.")
    return table.set_index("item_id")
