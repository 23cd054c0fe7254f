"""Pages for people: one HTML file that needs no network and no script.

This room draws and knows no other: it takes words, numbers, tables, axes and pictures, never a result. What a page says
is put together by who has something to say (`labelqa.audit.sections`).

Conventions
-----------
A page is a plain dict of blocks, and stays one until the end: numbers become text in the template only, so that
`summary.json` holds them in full. Every text is escaped; what is undefined is shown as a dash. Colours go with dash
patterns, charts and pictures have their content in words beside them, and black follows the reader's light or dark
mode.

Where things are
----------------
- `blocks`: the pieces of a page; `phrases`: numbers in sentences.
- `Charts`, `chart_svg`: what draws on matplotlib axes, as SVG that sits in a page.
- `Album`, `picture`: items as small thumbnails under everybody's boxes.
- `render`: from the dict to HTML (`templates/`).
- `write_page`, `write_report`: the page and its parts in the folder of an audit, and the page made anew from there;
  `SUMMARY`, `SCHEMA_VERSION`: by what such a folder is known.

A new kind of block is a function in `blocks`, a macro in `templates/blocks.html.j2`, and an entry in the schema of
`summary.json` (`labelqa/audit/summary.schema.json`).
"""

from labelqa.report import blocks, phrases
from labelqa.report._album import Album
from labelqa.report._charts import Charts, chart_svg
from labelqa.report._page import render
from labelqa.report._pictures import Picture, picture
from labelqa.report._saved import SCHEMA_VERSION, SUMMARY, write_page, write_report

__all__ = [
    "SCHEMA_VERSION",
    "SUMMARY",
    "Album",
    "Charts",
    "Picture",
    "blocks",
    "chart_svg",
    "phrases",
    "picture",
    "render",
    "write_page",
    "write_report",
]


def __dir__() -> list[str]:
    return sorted(__all__)
