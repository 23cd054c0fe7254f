"""What is none of what a public function takes is refused in one plain sentence, at every door."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import labelqa
from labelqa import agreement, audit, augment, baseline, compare, consensus, deploy, features, images, noise, report
from labelqa.errors import OptionError, TableError

PATHS = {
    "read": lambda path, _: labelqa.read(path),
    "convert": lambda path, tmp: labelqa.convert(path, tmp / "out"),
    "load_audit": lambda path, _: audit.load_audit(path),
    "write_report": lambda path, _: report.write_report(path),
    "from_folder": lambda path, _: images.ImageSource.from_folder(path),
    "load": lambda path, _: baseline.load(path),
    "versions": lambda path, _: deploy.versions(path, name="parts"),
    "aliases": lambda path, _: deploy.aliases(path, name="parts"),
    "promote": lambda path, _: deploy.promote(path, name="parts"),
    "predict": deploy.predict,
    "model_probabilities": lambda path, _: noise.model_probabilities(path, np.zeros((1, 4, 4, 3), np.uint8)),
    "read_decisions": lambda path, _: noise.read_decisions(path),
}
ANNOTATIONS = {
    "write": lambda given, tmp: labelqa.write(given, tmp / "out"),
    "picture": lambda given, _: report.picture(given, "1"),
    "krippendorff_alpha": lambda given, _: agreement.krippendorff_alpha(given),
    "box_agreement": lambda given, _: agreement.box_agreement(given),
    "consensus_labels": lambda given, _: consensus.consensus_labels(given),
    "consensus_boxes": lambda given, _: consensus.consensus_boxes(given),
    "box_issues": lambda given, _: noise.box_issues(given),
    "scope": lambda given, _: compare.scope(given),
}
PICTURES = {
    "fit_recipe": features.fit_recipe,
    "image_features": features.image_features,
    "image_issues": noise.image_issues,
    "duplicates": noise.duplicates,
    "augment": augment.augment,
}


@pytest.mark.parametrize("door", sorted(PATHS))
@pytest.mark.parametrize("given", [3, None, ["a"]], ids=["number", "none", "list"])
def test_what_is_no_path(door, given, tmp_path):
    with pytest.raises((OptionError, TableError), match=r"is no path; give the path|Found a .*; (give|needed)"):
        PATHS[door](given, tmp_path)


@pytest.mark.parametrize("door", sorted(ANNOTATIONS))
@pytest.mark.parametrize("given", [3, None, "said.csv"], ids=["number", "none", "text"])
def test_what_is_no_annotations(door, given, tmp_path):
    with pytest.raises(TableError, match=f"Found a {type(given).__name__}.*; needed is"):
        ANNOTATIONS[door](given, tmp_path)


@pytest.mark.parametrize("door", sorted(PICTURES))
def test_what_is_no_pictures(door):
    with pytest.raises(TableError, match="Found a int as images; give a folder"):
        PICTURES[door](3)
    with pytest.raises(TableError, match="2 pictures are none, such as that of item '0', which is a int; give paths"):
        PICTURES[door]([1, 2])


def test_what_is_no_baseline(tmp_path):
    with pytest.raises(TableError, match=r"Found a int as the model; give what labelqa\.baseline\.fit gave"):
        baseline.save(3, tmp_path / "model.skops")


def test_pictures_that_a_table_or_annotations_name(tmp_path):
    from PIL import Image

    Image.new("RGB", (4, 3)).save(tmp_path / "a.png")
    items = pd.DataFrame({"item_id": ["1", "2"], "path": [str(tmp_path / "a.png"), str(tmp_path / "b.png")]})
    of_table = images.as_source(items)
    of_annotations = images.as_source(labelqa.Annotations.from_frames(items=items, labels=_labels()))
    for source in (of_table, of_annotations):
        assert (source.item_ids, source.missing) == (["1"], ("2",))


def test_augment_takes_the_pictures_that_items_name_like_every_other_door(tmp_path):
    items = pd.DataFrame({"item_id": ["1", "2"], "path": [str(tmp_path / "a.png"), None]})
    annotations = labelqa.Annotations.from_frames(items=items, labels=_labels())
    with pytest.raises(TableError, match=r"2 of 2 items have no image \('1', '2'\); give images=, correct the path"):
        augment.augment(annotations, annotations)


def _labels():
    return pd.DataFrame({"item_id": ["1", "2"], "annotator_id": "ann", "label": ["a", "b"]})
