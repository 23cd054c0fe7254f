"""The transforms that `check_augmentation` tries where none are named: one plain change each, always applied."""

from __future__ import annotations

from typing import Any

_REPLICATE = 1


def _affine(**options: Any) -> dict[str, Any]:
    return {"Affine": {"border_mode": _REPLICATE, "rotate_method": "ellipse", "p": 1.0, **options}}


def _crop(side: float) -> dict[str, Any]:
    """Enlarge so that `side` of width and height is seen, from anywhere: a crop that knows no image size."""
    return _affine(scale=1 / side, keep_ratio=True, translate_percent=[-(1 / side - 1) / 2, (1 / side - 1) / 2])


_LEFT_RIGHT = {"HorizontalFlip": {"p": 1.0}}
_UPSIDE_DOWN = {"VerticalFlip": {"p": 1.0}}

CATALOGUE: dict[str, list[dict[str, Any]]] = {
    "mirror left-right": [_LEFT_RIGHT],
    "mirror top-bottom": [_UPSIDE_DOWN],
    "half turn": [_LEFT_RIGHT, _UPSIDE_DOWN],
    "quarter turn": [{"Transpose": {"p": 1.0}}, _LEFT_RIGHT],
    "tilt to 15 degrees": [_affine(rotate=[-15, 15])],
    "shift to 10 %": [_affine(translate_percent=[-0.1, 0.1])],
    "zoom 80-125 %": [_affine(scale=[0.8, 1.25], keep_ratio=True)],
    "crop to 70 % of each side": [_crop(0.7)],
    "crop to 40 % of each side": [_crop(0.4)],
    "light and contrast": [{"RandomBrightnessContrast": {"brightness_limit": 0.3, "contrast_limit": 0.3, "p": 1.0}}],
    "blur": [{"GaussianBlur": {"sigma_limit": [1.0, 1.5], "blur_limit": 0, "p": 1.0}}],
    "noise": [{"GaussNoise": {"std_range": [0.05, 0.1], "p": 1.0}}],
    "hue": [{"HueSaturationValue": {"hue_shift_limit": 40, "sat_shift_limit": 30, "val_shift_limit": 0, "p": 1.0}}],
    "no colour": [{"ToGray": {"p": 1.0}}],
}
#: Those of them that do nothing to a grey picture.
COLOUR_ONLY = ("hue", "no colour")
