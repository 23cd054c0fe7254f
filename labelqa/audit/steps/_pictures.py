"""Which pictures can be read in full."""

from __future__ import annotations

from labelqa.audit._found import Case, Found, Nothing, ReadablePictures
from labelqa.errors import shown


def pictures(case: Case, found: Found) -> ReadablePictures | Nothing:
    """Read every picture once; list those that cannot be."""
    images = case.material.images
    if images is None:
        return Nothing("There are no pictures.")
    unreadable = images.check()
    unreadable = unreadable.loc[~unreadable["item_id"].isin(images.missing)].reset_index(drop=True)
    problem = None
    if len(unreadable):
        first = unreadable["problem"].iloc[0]
        problem = f"{len(unreadable):,} pictures cannot be read ({shown(unreadable['item_id'])}); set aside. {first}"
    return ReadablePictures(
        n_pictures=len(images),
        n_missing=len(images.missing),
        n_unreadable=len(unreadable),
        problem=problem,
        unreadable=unreadable,
    )
