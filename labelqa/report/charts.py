"""A result's own `plot()` as SVG that sits in a page: text stays text, black follows the page's colour."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from labelqa.report import blocks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What is drawn in the text colour is drawn in this one first, so that it can be told from data drawn in black.
_INK = "#010203"
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "axes.titlecolor": _INK,
    "axes.titlesize": "medium",
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
    "font.size": 9.5,
}


class Charts:
    """Draws the charts of a page where they are shown, and keeps them by name.

    Examples
    --------
    >>> from labelqa.report.charts import Charts
    >>> charts = Charts()
    >>> block = charts.draw("line", lambda ax: ax.plot([0, 1]), caption="It rises.", alt="A rising line")
    >>> block["chart"], list(charts.svgs)
    ('line', ['line'])
    """

    def __init__(self) -> None:
        self._svgs: dict[str, str] = {}

    @property
    def svgs(self) -> Mapping[str, str]:
        """The `<svg>` elements by name."""
        return self._svgs

    def draw(
        self,
        name: str,
        draw: Callable[[Axes], object],
        *,
        caption: str,
        alt: str,
        width: float = 6.2,
        height: float = 3.4,
    ) -> blocks.Block:
        """Draw a chart, see `chart_svg`, and give the block that shows it."""
        self._svgs[name] = chart_svg(draw, name=name, width=width, height=height)
        return blocks.chart(name, caption=caption, alt=alt)


def chart_svg(draw: Callable[[Axes], object], *, name: str, width: float = 6.2, height: float = 3.4) -> str:
    """Draw on new axes and give the `<svg>` element.

    Parameters
    ----------
    draw
        Takes the axes; a result's bound `plot` is one.
    name
        Makes the ids inside the picture unique on a page, and the same in every run.
    width, height
        In inches; the page scales the picture to its column.

    Examples
    --------
    >>> from labelqa.report.charts import chart_svg
    >>> chart_svg(lambda ax: ax.plot([0, 1]), name="line")[:4]
    '<svg'
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # the metadata that names date and program would change the file from day to day
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.subplots())
        stream = io.StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata=nothing)
    return _fit_into_page(stream.getvalue(), name)


def _fit_into_page(svg: str, name: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # as wide as its drawing, or as its column where that is narrower
    svg = re.sub(
        r'(<svg[^>]*?) width="([\d.]+)pt" height="[\d.]+pt"|(<svg[^>]*?) height="[\d.]+pt" width="([\d.]+)pt"',
        lambda found: f'{found[1] or found[3]} style="max-width: {float(found[2] or found[4]) / 11.5:.1f}rem"',
        svg,
    )
    # its one rule would apply to the whole page; page.css has it for charts
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{name}-\2"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    svg = re.sub(r"font-family: [^;\"]+", "font-family: inherit", svg)
    svg = re.sub(r"(font: (?:\w+ )*?[\d.]+px )[^;\"]+", r"\1inherit", svg)
    svg = svg.replace(_INK, "currentColor").replace("#000000", "currentColor")
    # pale greys are bands behind the data, dark ones lesser text: both follow the page; white and black stay
    svg = re.sub(r"#([de][0-9a-f]|f[0-9a-e])\1\1\b", "var(--frame)", svg)
    svg = re.sub(r"#([1-6][0-9a-f])\1\1\b", "var(--soft)", svg)
    # six digits place a point to a millionth of a pixel; two are plenty and half the size
    svg = re.sub(r"(\d+\.\d{2})\d+", r"\1", svg)
    return re.sub(r"\n\s*", "\n", svg)
