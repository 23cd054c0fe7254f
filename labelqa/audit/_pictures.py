"""Which pictures can be read in full."""

from __future__ import annotations

from labelqa.audit._job import Job
from labelqa.errors import shown
from labelqa.report._part import Part

#: A dictionary of patches is worth its time from this many pictures on.
_ENOUGH = 1000


def readable_part(job: Job) -> Part:
    """Read every picture once; list those that cannot be."""
    images = job.inputs.images
    if images is None:
        return Part.nothing("there are no pictures")
    found = images.check()
    found = found.loc[~found["item_id"].isin(images.missing)].reset_index(drop=True)
    problem = ""
    if len(found):
        first = f"{found['problem'].iloc[0]}"
        problem = f"{len(found):,} pictures cannot be read ({shown(found['item_id'])}); set aside. {first}"
    return Part(
        facts={
            "n_pictures": len(images),
            "n_missing": len(images.missing),
            "n_unreadable": len(found),
            "problem": problem,
        },
        tables={"unreadable": found},
    )


def features_part(job: Job) -> Part:
    """Describe every readable picture by numbers, once for all steps that need them.

    All kinds of features serve to compare pictures; the baseline trains on the exportable ones alone.
    """
    if job.images is None:
        return Part.nothing("there are no pictures")
    from labelqa.features import EXPORTABLE, KINDS, image_features

    kinds = KINDS if len(job.images) >= _ENOUGH else EXPORTABLE
    features = image_features(job.images, kinds=kinds, seed=job.seed)
    return Part(
        facts={"n_items": len(features), "n_features": features.shape[1]}, tables={"features": features.reset_index()}
    )
