"""The model that the labels of this audit teach, kept for later use."""

from __future__ import annotations

import json

from labelqa._files import write_text
from labelqa._result import json_safe
from labelqa.audit._job import Job
from labelqa.audit._retrain import best_labels, features_of
from labelqa.errors import MissingExtra
from labelqa.report._part import Part


def model_part(job: Job) -> Part:
    """Fit the baseline on the best labels there are and write it to `model/`."""
    if job.images is None or job.parts["label consensus"].reason is not None:
        return Part.nothing("without pictures and labels of whole items there is no model")
    from labelqa import baseline
    from labelqa.features import FeatureRecipe

    features = features_of(job)
    labels, source = best_labels(job, set(features.index))
    if labels.nunique() < 2:
        return Part.nothing("the labels hold a single class, so there is nothing for a model to tell apart")
    model = baseline.fit(features.loc[labels.index], labels, recipe=FeatureRecipe(), seed=job.seed)
    folder = job.folder / "model"
    facts = {"n_items": len(labels), "labels": source, "classes": list(model.classes), "file": "model/baseline.skops"}
    try:
        baseline.save(model, folder / "baseline.skops")
    except MissingExtra as error:
        facts |= {"file": None, "not_kept": str(error)}
    write_text(folder / "metadata.json", json.dumps(json_safe({**model.metadata, **facts}), indent=1))
    return Part(facts=facts)
