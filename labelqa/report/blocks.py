"""The pieces a page is made of, as plain dicts: numbers stay numbers until the template writes them.

A page has `title`, `version`, `lead` (sentences with a head), `figures` and `sections`; a section has blocks, each made
by one function here and written by the macro of the same name in `templates/blocks.html.j2`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from labelqa._result import json_safe

__all__ = [
    "Block",
    "card",
    "cards",
    "chart",
    "code",
    "column",
    "figure",
    "figures",
    "heading",
    "legend",
    "line",
    "listing",
    "note",
    "records",
    "section",
    "table",
    "text",
]

Block = dict[str, Any]


def section(name: str, title: str, content: Sequence[Block]) -> Block:
    """Give a part of the page with its own entry in the list of contents; `name` is its anchor."""
    return {"id": name, "title": title, "blocks": list(content)}


def text(*paragraphs: str) -> Block:
    """Give paragraphs."""
    return {"kind": "text", "paragraphs": list(paragraphs)}


def heading(words: str) -> Block:
    """Give a heading inside a section."""
    return {"kind": "heading", "text": words}


def note(words: str) -> Block:
    """Give a remark that stands out: what cannot be said, and why."""
    return {"kind": "note", "text": words}


def listing(items: Sequence[str]) -> Block:
    """Give findings, one sentence each."""
    return {"kind": "list", "items": list(items)}


def code(words: str, *, label: str) -> Block:
    """Give a command."""
    return {"kind": "code", "label": label, "text": words}


def figure(name: str, value: Any, meaning: str, *, low: Any = None, high: Any = None, form: str = "number") -> Block:
    """Give one number with its interval and what it means."""
    return json_safe({"name": name, "value": value, "low": low, "high": high, "form": form, "meaning": meaning})  # type: ignore[no-any-return]


def figures(items: Sequence[Block]) -> Block:
    """Give numbers side by side."""
    return {"kind": "figures", "items": list(items)}


def chart(name: str, *, caption: str, alt: str) -> Block:
    """Give a chart by name."""
    return {"kind": "chart", "chart": name, "caption": caption, "alt": alt}


def column(key: str, title: str, form: str = "text", *, between: tuple[str, str] | None = None) -> Block:
    """Describe a table column; `between` names the columns that hold the ends of its interval."""
    described = {"key": key, "title": title, "form": form}
    return described if between is None else {**described, "low": between[0], "high": between[1]}


def table(
    rows: pd.DataFrame, columns: Sequence[Block], *, caption: str, label: str, limit: int | None = None, file: str = ""
) -> Block:
    """Give a table, cut to `limit` rows with a line that says where the rest is."""
    kept = rows if limit is None else rows.head(limit)
    keys = {key for one in columns for key in (one["key"], one.get("low"), one.get("high")) if key}
    is_cut = len(kept) < len(rows)
    where = f", all in {file}" if file else ""
    return {
        "kind": "table",
        "caption": caption,
        "label": label,
        "columns": list(columns),
        "rows": json_safe(kept[[key for key in kept.columns if key in keys]]),
        "more": f"{len(kept):,} of {len(rows):,} rows{where}." if is_cut else "",
    }


def cards(entries: Sequence[Block], *, wide: bool = False) -> Block:
    """Give pictures with words."""
    return {"kind": "cards", "cards": list(entries), "wide": wide}


def card(
    title: str,
    lines: Sequence[Block],
    pictures: Sequence[Block],
    *,
    legend: Sequence[Block] | None = None,
    rank: int | None = None,
) -> Block:
    """Give one card: its lines, its pictures and, where colours differ from card to card, who has which."""
    entries = None if legend is None else list(legend)
    return {"rank": rank, "title": title, "pictures": list(pictures), "lines": list(lines), "legend": entries}


def line(words: str, head: str = "") -> Block:
    """Give one line of a card."""
    return {"head": head, "text": words}


def legend(entries: Sequence[Block]) -> Block:
    """Give the colour and dash of each annotator: `annotator_id`, `style`."""
    return {"kind": "legend", "entries": list(entries)}


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the rows as dicts by column name."""
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
