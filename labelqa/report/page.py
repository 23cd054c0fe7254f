"""From the plain dict of an audit to one HTML file: numbers become text here and nowhere else."""

from __future__ import annotations

import base64
import functools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelqa.errors import visible
from labelqa.report._pictures import STYLES
from labelqa.report.phrases import NBSP

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"

#: What stands where a number is undefined; the reason is beside it in words.
UNDEFINED = "–"


def render(page: Mapping[str, Any], *, charts: Mapping[str, str], thumbnails: Mapping[str, bytes]) -> str:
    """Write a page as one HTML file that loads nothing and runs no script.

    Parameters
    ----------
    page
        `title`, `version`, `lead` (sentences: `head`, `text`), `figures` and `sections`, see `labelqa.report.blocks`.
    charts
        Chart name -> `<svg>` element, as `chart_svg` makes it.
    thumbnails
        Picture name -> WebP bytes.

    Examples
    --------
    >>> from labelqa.report import blocks
    >>> from labelqa.report.page import render
    >>> section = blocks.section("all", "All", [blocks.text("a < b")])
    >>> page = {"title": "Small", "version": "1", "lead": [], "figures": [], "sections": [section]}
    >>> "<p>a &lt; b</p>" in render(page, charts={}, thumbnails={})
    True
    """
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            page=page,
            charts=charts,
            thumbnails={name: base64.b64encode(data).decode("ascii") for name, data in thumbnails.items()},
            styles=STYLES,
            css=(TEMPLATES / "page.css").read_text(encoding="utf-8"),
        )
    )


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        # what cannot be seen is written as its code: it could turn the direction of the page
        finalize=lambda value: visible(value, kept="\n\t") if type(value) is str else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        text=text, interval=interval, cell=cell, trusted=_trusted, path=_path, is_number=_is_number
    )
    return environment


def text(value: Any, form: str = "number") -> str:
    """Write one value: "number" (three decimals), "count", a share in "percent" or "points" (signed), or "text"."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return UNDEFINED
    if form == "text" or isinstance(value, str | bool):
        return str(value)
    if form == "count":
        return f"{value:,.0f}"
    if form == "percent":
        return f"{100 * value:.1f}{NBSP}%"
    if form == "points":
        return f"{100 * value:+.1f}".replace("-", "\u2212")
    return f"{value:.3f}".replace("-", "\u2212")


def interval(low: Any, high: Any, form: str = "number") -> str:
    """Write an interval as ``[low, high]``; nothing where it is undefined."""
    if low is None or high is None:
        return ""
    unit = f"{NBSP}%" if form == "percent" else ""
    return f"[{text(low, form).removesuffix(unit)}, {text(high, form).removesuffix(unit)}]"


def cell(row: Mapping[str, Any], column: Mapping[str, Any]) -> str:
    """Write the value of one table cell."""
    return text(row.get(column["key"]), column.get("form", "text"))


def _is_number(column: Mapping[str, Any]) -> bool:
    return bool(column.get("form", "text") != "text")


def _trusted(markup: str) -> Any:
    """Mark charts and the style sheet as markup: matplotlib has escaped the texts in a chart."""
    from markupsafe import Markup

    return Markup(markup)  # noqa: S704 - made by this package, never from input


def _path(boxes: list[list[float]]) -> str:
    """Draw rectangles as one SVG path."""
    return "".join(f"M{x0:g} {y0:g}H{x1:g}V{y1:g}H{x0:g}Z" for x0, y0, x1, y1 in boxes)
