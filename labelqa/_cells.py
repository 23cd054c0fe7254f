"""Cells of tables as people write them: times, durations, numbers; and as people open them in a spreadsheet."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pandas as pd

from labelqa._findings import Findings
from labelqa.errors import TableError, shown

#: Zone names of the mails and tables of North America, and their hours from UTC.
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
#: The least number of seconds since 1970 that is taken for a time (March 1973): 5 or 2024 is something else.
_LEAST = 1e8
_UNITS: tuple[tuple[float, str], ...] = ((1e11, "s"), (1e14, "ms"), (1e17, "us"), (2.0**63, "ns"))


def times(column: pd.Series, name: str, found: Findings) -> pd.Series:
    """Read times as UTC: ISO 8601, with names of zones, Unix times in any unit, days first where that is certain.

    What cannot be read costs that cell and is counted.
    """
    given = column.reset_index(drop=True)
    if isinstance(given.dtype, pd.DatetimeTZDtype) or given.dtype.kind == "M":
        return pd.to_datetime(given, utc=True).set_axis(column.index)
    read = pd.Series(pd.NaT, index=given.index, dtype="datetime64[ns, UTC]")
    known = given.notna()
    numbers = pd.to_numeric(given.where(known), errors="coerce").astype(np.float64)
    _read_unix(read, numbers)
    left = known & numbers.isna()
    if left.any():
        texts = given[left].map(str).str.strip()
        read[left] = _of_texts(texts, name, found)
    bad = known & read.isna()
    found.add(name, "created_at that is no time", int(bad.sum()), "left empty", given[bad])
    return read.set_axis(column.index)


def _read_unix(read: pd.Series, numbers: pd.Series) -> None:
    """Read whole numbers as a day (20240131) or as time since 1970, whose unit their size tells."""
    is_day = numbers.between(19000101, 29991231) & (numbers % 1 == 0)
    if is_day.any():
        days = numbers[is_day].astype(np.int64).astype(str)
        read[is_day] = pd.to_datetime(days, format="%Y%m%d", utc=True, errors="coerce")
    low = _LEAST
    for high, unit in _UNITS:
        within = numbers.between(low, high, inclusive="left") & ~is_day
        low = high
        if within.any():
            read[within] = pd.to_datetime(numbers[within], unit=unit, utc=True, errors="coerce")  # type: ignore[call-overload]


def _of_texts(texts: pd.Series, name: str, found: Findings) -> pd.Series:
    # "GMT+2" is two hours before GMT in POSIX, and two hours after it where people write it
    plain = texts.str.replace(r"\s*(?:UTC|GMT)\s*([+-])(\d{1,2})(?::?(\d\d))?$", _offset, regex=True, case=False)
    plain = plain.str.replace(r"\s*(?:UTC|GMT|Z)$", "Z", regex=True, case=False)
    read = pd.to_datetime(plain, utc=True, errors="coerce", format="ISO8601")
    left = read.isna()
    if left.any():
        read[left] = _of_odd_texts(plain[left])
        odd = left & read.notna()
        found.add(name, "time in another form than ISO 8601", int(odd.sum()), "read", texts[odd])
    return read


def _offset(found: re.Match[str]) -> str:
    return f"{found[1]}{int(found[2]):02d}:{found[3] or '00'}"


def _of_odd_texts(texts: pd.Series) -> pd.Series:
    parts = texts.str.extract(r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
    days = parts[[0, 1]].astype(np.float64)
    # 21 can be no month; where neither number tells in the whole column, nothing is guessed
    first, second = bool((days[0] > 12).any()), bool((days[1] > 12).any())
    is_day = parts[0].notna()
    out = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns, UTC]")
    if is_day.any() and first != second:
        rest = texts[is_day].str.replace(r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})", r"\3-\2-\1" if first else r"\3-\1-\2",
                                         regex=True)  # fmt: skip
        rest = rest.str.replace(r"^(\d{4})-(\d)-", r"\1-0\2-", regex=True).str.replace(
            r"-(\d)(?=\D|$)", r"-0\1", regex=True
        )
        out[is_day] = _mixed(rest)
    named = ~is_day
    if named.any():
        zones = "|".join(_ZONES)
        told = texts[named].str.replace(rf"\b({zones})\b", lambda zone: f"{_ZONES[zone[1]]:+03d}:00", regex=True)
        # "Tue Jan 02 10:00:00 -08:00 2024": the year stands last
        told = told.str.replace(r"^(.*?) ([+-]\d\d:\d\d) (\d{4})$", r"\1 \3 \2", regex=True)
        # words are needed: a bare "12" or "now" is no time
        is_told = told.str.contains(r"\d{4}") & told.str.contains(r"[A-Za-z/:-]")
        out[told.index[is_told]] = _mixed(told[is_told])
    return out


def _mixed(texts: pd.Series) -> pd.Series:
    """Read each time by itself; one outside the years that nanoseconds reach is none, nor one in an unknown zone."""
    with warnings.catch_warnings():
        # pandas 2 passes over an unknown name of a zone, and warns
        warnings.simplefilter("error", FutureWarning)
        try:
            read = pd.to_datetime(texts, utc=True, errors="coerce", format="mixed")
        except FutureWarning:
            if len(texts) == 1:
                return pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns, UTC]")
            parts: pd.Series = pd.concat([_mixed(texts[[place]]) for place in texts.index])
            return parts
    seconds = read.dt.as_unit("s")
    within: pd.Series = seconds.where(seconds.dt.year.between(1678, 2261)).dt.as_unit("ns")
    return within


def durations(column: pd.Series, name: str, found: Findings) -> pd.Series:
    """Read seconds, or hours:minutes:seconds; what cannot be read costs that cell and is counted."""
    read = pd.to_numeric(column, errors="coerce").astype(np.float64)
    left = read.isna() & column.notna()
    if left.any():
        texts = column[left].map(str).str.strip()
        clock = texts.str.extract(r"^(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)$")
        seconds = (
            clock[0].astype(np.float64).fillna(0) * 3600
            + clock[1].astype(np.float64) * 60
            + clock[2].astype(np.float64)
        )
        read[left] = seconds
        bad = left & read.isna()
        found.add(name, "seconds that are no number", int(bad.sum()), "left empty", column[bad])
    return read


#: What a spreadsheet takes for a formula; a plain number is none.
_FORMULA = re.compile(r"^(?![+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$)[=+\-@\t\r]")


def for_people(table: pd.DataFrame) -> pd.DataFrame:
    """Put ``'`` before texts that a spreadsheet would take for a formula, in cells and headings.

    For CSV that people open; JSON and Parquet hold the texts as they are.
    """
    out = table.copy(deep=False)
    for place, kind in enumerate(out.dtypes):
        if isinstance(kind, pd.StringDtype | pd.CategoricalDtype) or kind.kind == "O":
            out.isetitem(place, out.iloc[:, place].astype(object).map(_quoted).array)
    return out.set_axis([_quoted(name) for name in out.columns], axis=1)


def _quoted(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


_COMMA = re.compile(r"^\s*[+-]?\d+,\d+\s*$")


def plain_numbers(table: pd.DataFrame, column: Any, name: str, found: Findings) -> pd.Series:
    """Read numbers; commas as decimal points where the whole column has them and they cannot be thousands.

    Raises
    ------
    TableError
        For values that are no numbers.
    """
    given = table[column]
    read = pd.to_numeric(given, errors="coerce").astype(np.float64)
    bad = table.index[read.isna() & given.notna()]
    if len(bad):
        texts = given.loc[bad].map(str)
        is_comma = texts.map(lambda text: _COMMA.match(text) is not None).all()
        is_thousand = texts.str.strip().str.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}").all()
        if not is_comma or is_thousand or given.dropna().map(str).str.contains(".", regex=False).any():
            raise TableError(
                f"Column {column!r} of {name} has {len(bad)} values that are no numbers (rows {shown(bad)}: "
                f"{shown(given.loc[bad])}); write plain numbers."
            )
        read.loc[bad] = pd.to_numeric(texts.str.replace(",", ".", regex=False), errors="coerce")
        found.add(name, f"decimal comma in column {column!r}", len(bad), "read as a point", given.loc[bad])
    return read  # type: ignore[no-any-return]
