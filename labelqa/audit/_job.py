"""What every step of an audit may look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from labelqa.audit._inputs import Inputs
from labelqa.images import ImageSource
from labelqa.report._part import Part


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """Input, seed, and the parts of the steps that are done.

    Attributes
    ----------
    folder
        Where the audit grows.
    images
        The pictures that can be read; None where there are none.
    """

    inputs: Inputs
    seed: int
    folder: Path
    images: ImageSource | None = None
    parts: dict[str, Part] = field(default_factory=dict)
