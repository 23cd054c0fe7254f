"""From a room's result to a part."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pandas as pd

from labelqa._result import Result
from labelqa.report._part import Part


def part_of(result: Result, *, charts: Mapping[str, str] | None = None, **facts: Any) -> Part:
    """Take the named scalars and the tables of a result.

    Parameters
    ----------
    result
        Of any room. Its tables become tables, all else that JSON can hold becomes facts.
    charts
        Name -> SVG.
    **facts
        Further facts. `reason` stands for a step without a result; a result's own remark is called `warning`.
    """
    values = {one.name: getattr(result, one.name) for one in dataclasses.fields(result) if one.repr}
    tables = {name: value for name, value in values.items() if isinstance(value, pd.DataFrame)}
    plain = {name: value for name, value in values.items() if name not in tables}
    plain["warning"] = plain.pop("reason", None)
    return Part(facts={**plain, **facts}, tables=tables, charts=dict(charts or {}))
