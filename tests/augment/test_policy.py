from __future__ import annotations

import json
import subprocess
import sys

import pytest

from labelqa.augment import PRESETS, read_policy
from labelqa.augment._catalogue import CATALOGUE
from labelqa.augment._policy import leaves
from labelqa.errors import OptionError


@pytest.mark.parametrize("name", PRESETS)
def test_preset_survives_json(name):
    policy = read_policy(name)
    assert policy.name == name
    again = read_policy(json.loads(policy.text))
    assert again.text == policy.text


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_file_is_read_like_the_dict(tmp_path, suffix):
    data = {"transforms": [{"Affine": {"rotate": [-10, 10], "p": 0.5}}, "HorizontalFlip"]}
    path = tmp_path / f"mine.{suffix}"
    text = "transforms:\n- Affine: {rotate: [-10, 10], p: 0.5}\n- HorizontalFlip\n"
    path.write_text(json.dumps(data) if suffix == "json" else text)
    assert read_policy(path).name == "mine"
    assert read_policy(str(path)).text == read_policy(data).text


@pytest.mark.parametrize(
    "entry",
    [
        {"HorizontalFlip": {"p": 0.5}}, {"name": "HorizontalFlip", "p": 0.5}, {"HorizontalFlip": {}},
        {"HorizontalFlip": None}, "HorizontalFlip",
    ],
)  # fmt: skip
def test_every_way_to_write_a_transform(entry):
    # half of the images is the default of albumentations
    wanted = '{"__class_fullname__":"Compose","p":1.0,"transforms":[{"__class_fullname__":"HorizontalFlip","p":0.5}]}'
    assert read_policy({"name": "mine", "transforms": [entry]}).text == wanted


def ranges(options):
    """Give what an option varies between, by its name."""
    for name, value in options.items():
        if isinstance(value, dict):
            for axis, inner in value.items():
                yield f"{name}_{axis}", inner
        elif isinstance(value, list):
            yield name, value


@pytest.mark.parametrize("name", PRESETS)
def test_presets_vary_as_far_one_way_as_the_other(name):
    middles = {"rotate": 0, "scale": 1, "translate_percent": 0, "gamma_limit": 100}
    seen = set()
    for leaf in leaves({"transforms": [read_policy(name).tree]}):
        for option, (low, high) in ranges({key: leaf[key] for key in middles if key in leaf}):
            middle = next(value for key, value in middles.items() if option.startswith(key))
            assert middle - low == pytest.approx(high - middle)
            assert low < middle < high
            seen.add(option)
    assert {"rotate", "scale_x", "translate_percent_y"} <= seen or {"rotate", "scale"} <= seen


@pytest.mark.parametrize("policy", [*PRESETS.values(), *({"transforms": one} for one in CATALOGUE.values())])
def test_frames_are_filled_by_repeating_the_edge(policy):
    import cv2

    for leaf in leaves(read_policy(policy).tree):
        if "border_mode" in leaf:
            assert leaf["border_mode"] == cv2.BORDER_REPLICATE
            assert leaf["rotate_method"] == "ellipse"


def test_light_varies_less_than_standard():
    affine = {
        name: next(leaf for leaf in leaves(read_policy(name).tree) if leaf["__class_fullname__"] == "Affine")
        for name in PRESETS
    }
    for option in ("rotate", "scale", "translate_percent"):
        small, large = (dict(ranges({option: affine[name][option]})) for name in ("light", "standard"))
        assert all(small[key][1] < large[key][1] for key in large)


def test_albumentations_pipeline_and_its_own_dict():
    import albumentations

    pipeline = albumentations.Compose([albumentations.OneOf([albumentations.HorizontalFlip(p=1)], p=0.3)], p=0.7)
    wanted = {"p": 0.7, "transforms": [{"OneOf": {"p": 0.3, "transforms": [{"HorizontalFlip": {"p": 1.0}}]}}]}
    assert json.loads(read_policy(pipeline).text) == json.loads(read_policy(wanted).text)
    assert read_policy(albumentations.to_dict(pipeline)).text == read_policy(pipeline).text


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("heavy", "policy='heavy' is no preset.*'light', 'standard', 'inspection'"),
        ({"transforms": [{"Flipp": {}}]}, "transform 'Flipp' is not known.*Choose one of 'AdditiveNoise'"),
        ({"transforms": [{"HorizontalFlp": {}}]}, "Did you mean 'HorizontalFlip'"),
        ({"transforms": [{"Affine": {"rotat": 3}}]}, "'Affine' has no option 'rotat'; choose among .*'rotate'"),
        ({"transforms": [{"Affine": {"rotate": "x"}}]}, "transform 'Affine' is not valid"),
        ({"transforms": [{"OneOf": {"transforms": []}}]}, "'OneOf' needs 'transforms'"),
        ({"transforms": [{"OneOf": {"transforms": [{"Nope": {}}]}}]}, "transform 'Nope' is not known"),
        ({"transforms": [{"Mosaic": {}}]}, "transform 'Mosaic' is not known"),
        ({"transforms": []}, "needed is 'transforms', a list that is not empty"),
        ({"transform": ["Affine"]}, "allowed are 'name' and 'p'"),
        ({"transforms": [7]}, "7 is no transform"),
        (7, "is a int"),
    ],
)
def test_refused_with_the_choices(policy, message):
    with pytest.raises(OptionError, match=message):
        read_policy(policy)


def test_unreadable_files(tmp_path):
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.yaml").write_text("transforms: [")
    (tmp_path / "c.yaml").write_text("- 1")
    for name, message in (("a.json", "cannot be read"), ("b.yaml", "not valid YAML"), ("c.yaml", "holds a list")):
        with pytest.raises(OptionError, match=message):
            read_policy(tmp_path / name)


def test_pipeline_that_is_no_data():
    import albumentations

    def same(image, **_):
        return image

    pipeline = albumentations.Compose([albumentations.Lambda(image=same, name="mine")])
    with pytest.raises(OptionError, match="transform 'Lambda' is not known"):
        read_policy(pipeline)


def test_nobody_is_phoned():
    code = "import os, labelqa.augment._albumentations as a; a.library(); print(os.environ['NO_ALBUMENTATIONS_UPDATE'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={})
    assert done.stdout.strip() == "1"
