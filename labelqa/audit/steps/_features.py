"""Pictures as numbers."""

from __future__ import annotations

from labelqa.audit._found import Case, Found, Nothing, PictureFeatures

#: A dictionary of patches is worth its time from this many pictures on.
_ENOUGH = 1000


def features(case: Case, found: Found) -> PictureFeatures | Nothing:
    """Describe every readable picture by numbers, once for all steps that need them.

    All kinds of features serve to compare pictures; the baseline trains on the exportable ones alone.
    """
    if case.images is None:
        return Nothing("There are no pictures.")
    from labelqa.features import EXPORTABLE, KINDS, image_features

    kinds = KINDS if len(case.images) >= _ENOUGH else EXPORTABLE
    table = image_features(case.images, kinds=kinds, seed=case.seed)
    return PictureFeatures(n_items=len(table), n_features=table.shape[1], features=table)
