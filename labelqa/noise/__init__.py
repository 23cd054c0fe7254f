"""Which samples are doubtful, in which order to review them, and how many errors remain."""

from __future__ import annotations

from labelqa.noise._confident_learning import ConfidentLearning, confident_learning

__all__ = ["ConfidentLearning", "confident_learning"]
