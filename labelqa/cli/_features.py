"""Where a verb's numbers come from: pictures, or a table of features."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelqa.cli._options import PATH, option

if TYPE_CHECKING:
    import pandas as pd

    from labelqa.annotations import Annotations
    from labelqa.images import ImageSource

_OPTIONS = (
    option(
        "--images",
        type=PATH,
        help="Folder of the pictures, from which features are computed; by default the files that the items name.",
    ),
    option(
        "--features",
        type=PATH,
        former="--embeddings",
        help="Your own features: CSV or Parquet with item_id and columns of numbers.",
    ),
)


def feature_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --images and --features, of which one at most is given."""
    for add in reversed(_OPTIONS):
        command = add(command)
    return command


def read_features(
    images: Path | None, features: Path | None, items: Annotations | pd.DataFrame
) -> pd.DataFrame | ImageSource:
    """Give the table of features, or the pictures of the items.

    Raises
    ------
    OptionError
        Where both are given, or neither and the items name no pictures.
    TableError
        Where the file of features or the pictures of some items are missing.
    """
    from labelqa.errors import ImageError, OptionError, shown
    from labelqa.images import ImageSource, as_source

    if images is not None and features is not None:
        raise OptionError("Give --images FOLDER or --features FILE, one of them.")
    if features is not None:
        return read_keyed(features)
    source = as_source(items) if images is None else ImageSource.from_folder(str(images), items)
    if not len(source) and images is None:
        raise OptionError("Give --images FOLDER or --features FILE: the items name no picture that is there.")
    if source.missing:
        where = "" if images is None else f" in {images}"
        raise ImageError(
            f"{len(source.missing):,} items have no picture{where} ({shown(source.missing)}); check the folder and the "
            "path column of items."
        )
    return source


def read_keyed(path: Path) -> pd.DataFrame:
    """Read a table of numbers by item id, which may look like a number without being one.

    Raises
    ------
    TableError
        Where there is no such CSV or Parquet file, no column `item_id`, or two columns of one name.
    """
    import pandas as pd

    from labelqa._foreign import check_parquet
    from labelqa.errors import TableError, shown

    if not path.is_file() or path.suffix not in (".csv", ".parquet"):
        raise TableError(f"There is no file {path} with the suffix .csv or .parquet; give a table with item_id.")
    if path.suffix == ".parquet":
        check_parquet(path, path)
        table = pd.read_parquet(path)
    else:
        # pandas would call the second of two columns of one name otherwise
        try:
            heading = pd.read_csv(path, header=None, nrows=1, dtype="str").iloc[0].dropna()
        except pd.errors.EmptyDataError as error:
            raise TableError(f"{path} is empty; give a table with item_id.") from error
        twice = heading[heading.duplicated()].unique()
        if len(twice):
            raise TableError(f"{path} has {len(twice):,} columns more than once ({shown(twice)}); keep one of each.")
        table = pd.read_csv(path, dtype={"item_id": "str"})
    if table.index.name == "item_id":
        return table
    if "item_id" not in table.columns:
        raise TableError(f"{path} has no column 'item_id' (found: {shown(table.columns)}); its rows are joined by it.")
    return table.set_index("item_id")
