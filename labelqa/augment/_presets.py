"""The named policies, written the way a user would write one."""

from __future__ import annotations

from typing import Any

# Frames are filled by repeating the edge: black corners teach a model to see them, and a mirrored edge shows objects
# that have no box. Rotated boxes are the boxes of the rotated ellipse, which objects fill better than the rectangle.
_REPLICATE = 1

PRESETS: dict[str, dict[str, Any]] = {
    "light": {
        "transforms": [
            {"RandomBrightnessContrast": {"brightness_limit": 0.1, "contrast_limit": 0.1, "p": 0.7}},
            {"Affine": {"scale": [0.95, 1.05], "translate_percent": [-0.03, 0.03], "rotate": [-3, 3],
                        "rotate_method": "ellipse", "border_mode": _REPLICATE, "p": 0.7}},
            {"GaussNoise": {"std_range": [0.01, 0.03], "p": 0.3}},
        ]
    },
    "standard": {
        "transforms": [
            {"HorizontalFlip": {"p": 0.5}},
            {"Affine": {"scale": [0.85, 1.15], "translate_percent": [-0.06, 0.06], "rotate": [-10, 10],
                        "rotate_method": "ellipse", "border_mode": _REPLICATE, "p": 0.8}},
            {"RandomBrightnessContrast": {"brightness_limit": 0.2, "contrast_limit": 0.2, "p": 0.7}},
            {"OneOf": {"transforms": [
                {"GaussianBlur": {"blur_limit": [3, 5], "p": 1.0}},
                {"GaussNoise": {"std_range": [0.02, 0.06], "p": 1.0}},
                {"ImageCompression": {"quality_range": [60, 95], "p": 1.0}},
            ], "p": 0.4}},
        ]
    },
    # parts seen from above: no side is up, light and focus vary, colour and texture carry the defect
    "inspection": {
        "transforms": [
            {"SquareSymmetry": {"p": 0.9}},
            {"Affine": {"scale": [0.95, 1.05], "translate_percent": [-0.03, 0.03], "rotate": [-5, 5],
                        "rotate_method": "ellipse", "border_mode": _REPLICATE, "p": 0.5}},
            {"RandomBrightnessContrast": {"brightness_limit": 0.15, "contrast_limit": 0.15, "p": 0.7}},
            {"RandomGamma": {"gamma_limit": [85, 115], "p": 0.3}},
            {"OneOf": {"transforms": [
                {"MotionBlur": {"blur_limit": [3, 5], "p": 1.0}},
                {"GaussNoise": {"std_range": [0.01, 0.03], "p": 1.0}},
            ], "p": 0.3}},
        ]
    },
}  # fmt: skip
