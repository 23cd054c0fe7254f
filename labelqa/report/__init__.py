"""Pages for people: one HTML file that needs no network and no script.

This room draws and knows no other: it takes words, numbers, tables, axes and pictures, never a result. What a page says
is put together by who has something to say (`labelqa.audit.sections`).

Conventions
-----------
A page is a plain dict of blocks, and stays one until the end: numbers become text in the template only, so that
`summary.json` holds them in full. Every text is escaped; what is undefined is shown as a dash. Colours go with dash
patterns, charts and pictures have their content in words beside them, and black follows the reader's light or dark
mode.

Questions and functions
-----------------------
How do I get the page of a finished audit again, after a new version or for another place?
    `write_report`.
How does one item look, with everybody's boxes on it?
    `picture`, which gives a `DrawnPicture`.

Where things are
----------------
- `blocks`: the pieces of a page; `phrases`: numbers in sentences.
- `charts`: what draws on matplotlib axes, as SVG that sits in a page.
- `album`: the items of a page as small thumbnails under everybody's boxes, each made once.
- `page`: from the dict to HTML (`templates/`). `saved`: the page and its parts in the folder of an audit.

A new kind of block is a function in `blocks`, a macro in `templates/blocks.html.j2`, and an entry in the schema of
`summary.json` (`tests/audit/summary_schema.py`).

References
----------
- M. Okabe, K. Ito (2008). Color universal design: the colours, which people with any kind of colour vision tell apart.
- W3C (2023). Web content accessibility guidelines 2.2: contrast, words beside pictures, keyboard.
"""

from labelqa.report._pictures import DrawnPicture, picture
from labelqa.report.saved import write_report

__all__ = ["DrawnPicture", "picture", "write_report"]


def __dir__() -> list[str]:
    return sorted(__all__)
