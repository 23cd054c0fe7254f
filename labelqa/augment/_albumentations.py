"""The one place that imports albumentations: it phones home unless told not to before the import."""

from __future__ import annotations

import importlib
import inspect
import os
import random
import warnings
from functools import cache
from typing import Any

import numpy as np

from labelqa._extras import require

#: Transforms that cannot be rebuilt from (policy, seed, image): they need other images, other kinds of data or code.
_NOT_OFFERED = {
    "BasicTransform", "DualTransform", "ImageOnlyTransform", "Transform3D", "Lambda", "FDA", "HistogramMatching",
    "PixelDistributionAdaptation", "Mosaic", "OverlayElements", "MaskDropout", "CropNonEmptyMaskIfExists",
    "RandomCropNearBBox", "TextImage", "CubicSymmetry", "TimeReverse", "TimeMasking", "FrequencyMasking", "ToFloat",
    "FromFloat", "Normalize",
}  # fmt: skip
#: Combinations of transforms that a policy may nest.
COMBINATIONS = ("OneOf", "SomeOf", "Sequential", "RandomOrder")
#: Transforms whose draw depends on the boxes; the record of such an image keeps its boxes.
NEED_BOXES = ("AtLeastOneBBoxRandomCrop", "BBoxSafeRandomCrop", "RandomSizedBBoxSafeCrop", "ConstrainedCoarseDropout")


@cache
def library() -> Any:
    """Import albumentations without its call for updates.

    Raises
    ------
    MissingExtra
        Where it is not installed.
    """
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    with warnings.catch_warnings():
        # it loads tqdm, which in a notebook asks for widgets that nothing here needs
        warnings.filterwarnings("ignore", message="IProgress not found")
        return require("albumentations", extra="augment", purpose="Augmenting pictures")


@cache
def transform_classes() -> dict[str, Any]:
    """Give the transforms a policy may name: class by name, in the order of the alphabet."""
    module = library()
    base = module.BasicTransform
    return {
        name: found
        for name in sorted(dir(module))
        if inspect.isclass(found := getattr(module, name))
        and issubclass(found, base)
        and name not in _NOT_OFFERED
        and "3D" not in name
    }


def option_names(name: str) -> list[str]:
    """Give the options of a transform or combination."""
    if name in COMBINATIONS:
        known = inspect.signature(getattr(library(), name).__init__).parameters
        return [option for option in known if option not in ("self", "args", "kwargs")]
    fields = transform_classes()[name].InitSchema.model_fields
    return sorted(option for option in fields if option != "strict")


def from_tree(tree: dict[str, Any]) -> Any:
    """Build a transform or combination from the nested dict that `to_tree` gives, or that albumentations wrote."""
    return library().from_dict({"transform": _with_chance(tree)})


def _with_chance(tree: dict[str, Any]) -> dict[str, Any]:
    """Add the class's own `p` where none is written; `from_dict` would take 0.5, also for Resize, whose own is 1."""
    serialization = importlib.import_module("albumentations.core.serialization")
    known = serialization.SERIALIZABLE_REGISTRY.get(serialization.shorten_class_name(str(tree["__class_fullname__"])))
    own = None if known is None else inspect.signature(known.__init__).parameters.get("p")
    has_own = own is not None and own.default is not inspect.Parameter.empty
    out = {"p": own.default, **tree} if own is not None and has_own else dict(tree)
    if isinstance(tree.get("transforms"), list):
        out["transforms"] = [_with_chance(child) for child in tree["transforms"]]
    return out


def to_tree(transform: Any) -> dict[str, Any]:
    """Write a transform or combination as plain nested values, every default included."""
    tree: dict[str, Any] = _plain(transform.to_dict_private())
    return _without_settings(tree)


def _without_settings(tree: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is no option: a pipeline's own settings, and arguments of base classes that are not accepted."""
    if "transforms" in tree:
        kept = {key: value for key, value in tree.items() if key not in _SETTINGS}
        return {**kept, "transforms": [_without_settings(child) for child in tree["transforms"]]}
    name = tree["__class_fullname__"]
    if name not in transform_classes():
        return tree
    known = {"__class_fullname__", *option_names(name)}
    return {key: value for key, value in tree.items() if key in known}


_SETTINGS = ("bbox_params", "keypoint_params", "additional_targets", "is_check_shapes")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic | np.ndarray):
        return _plain(value.tolist())
    return value.value if hasattr(value, "value") else value


def compose(tree: dict[str, Any]) -> Any:
    """Build the pipeline that moves an image, its boxes and points; nothing is filtered but what left the frame."""
    module = library()
    inner = from_tree(tree)
    is_compose = tree["__class_fullname__"] == "Compose"
    transforms = inner.transforms if is_compose else [inner]
    targets: dict[str, Any] = {
        "bbox_params": module.BboxParams("pascal_voc", label_fields=["box_rows"], clip=True),
        "keypoint_params": module.KeypointParams("xy", label_fields=["point_rows"], remove_invisible=True),
    }
    # where nothing moves a pixel, boxes and points pass through as they are
    return module.Compose(
        transforms, p=inner.p if is_compose else 1.0, **(targets if "bboxes" in inner.available_keys else {})
    )


def seed_with(pipeline: Any, seed: int) -> None:
    """Start one random stream shared by all transforms.

    `set_random_seed` would give every transform the same stream, so that their draws would be copies of each other.
    """
    pipeline.set_random_state(np.random.default_rng(seed), random.Random(seed))  # noqa: S311


def transform_of(error: BaseException) -> str | None:
    """Give the name of the transform that an error came out of; None where it was none."""
    trace, found = error.__traceback__, None
    base, group = library().BasicTransform, library().BaseCompose
    while trace is not None:
        owner = trace.tb_frame.f_locals.get("self")
        if isinstance(owner, base) and not isinstance(owner, group):
            found = type(owner).__name__
        trace = trace.tb_next
    return found
