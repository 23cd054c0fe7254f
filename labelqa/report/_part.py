"""What one step of an audit found, in the form the page is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Facts that JSON can hold, tables, and charts as SVG.

    A part whose facts have a `reason` says why there is nothing to tell.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    charts: dict[str, str] = field(default_factory=dict)

    @property
    def reason(self) -> str | None:
        """Why the step has no result; None where it has one."""
        return self.facts.get("reason")

    @classmethod
    def nothing(cls, reason: str) -> Part:
        """Give a part that only says why there is nothing."""
        return cls(facts={"reason": reason})
