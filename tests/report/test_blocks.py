"""Each block as a reader finds it on the page, and charts as they sit in it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from labelqa._plot import axes
from labelqa.report import blocks
from labelqa.report.charts import Charts, _fit_into_page, chart_svg
from labelqa.report.page import interval, render, text


def html(*content: blocks.Block, **page: Any) -> str:
    """The body of a page with these blocks, spaces as one."""
    whole = {"title": "T", "version": "1", "lead": [], "figures": [], "sections": [blocks.section("s", "S", content)]}
    drawn = render(whole | page, charts={"line": "<svg>line</svg>"}, thumbnails={"small": b"bytes"})
    return " ".join(drawn.partition("<main>" if not page else "<header>")[2].split())


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (blocks.heading("One"), "<h3>One</h3>"),
        (blocks.text("One", "two"), "<p>One</p> <p>two</p>"),
        (blocks.note("One"), '<p class="note">One</p>'),
        (blocks.listing(["one", "two"]), "<li>one</li> <li>two</li>"),
        (blocks.code("labelqa audit", label="Command"), 'aria-label="Command"><code>labelqa audit</code></pre>'),
        (
            blocks.figures([blocks.figure("Alpha", 0.5, "Beyond chance.", low=0.4, high=0.6)]),
            '<dt>Alpha</dt> <dd class="value">0.500 <span class="interval">[0.400, 0.600]</span></dd> '
            '<dd class="meaning">Beyond chance.</dd>',
        ),
        (
            blocks.figures([blocks.figure("Flagged", 1200, "To do.", form="count")]),
            '<dd class="value">1,200</dd>',
        ),
        (
            blocks.chart("line", caption="It rises.", alt="A line"),
            'aria-label="A line"><svg>line</svg></div> <figcaption>It rises.</figcaption>',
        ),
        (blocks.legend([{"annotator_id": "ann", "style": 3}]), '<path class="s3" d="M0 4H28"/></svg> ann</li>'),
    ],
)
def test_what_a_reader_sees_of_a_block(block, words):
    assert words in html(block)


def test_the_head_of_a_page():
    figure = blocks.figure("Alpha", 0.5, "Beyond chance.")
    shown = html(lead=[{"head": "How good:", "text": "Good."}], figures=[figure])
    assert '<span class="lead-head">How good:</span> Good.' in shown
    assert '<dt>Alpha</dt> <dd class="value">0.500</dd>' in shown
    assert '<a href="#s">S</a>' in shown


def rows(n: int) -> pd.DataFrame:
    return pd.DataFrame({"who": [f"w{k}" for k in range(n)], "share": 0.25, "low": 0.1, "high": 0.5, "other": "unseen"})


COLUMNS = [blocks.column("who", "Who"), blocks.column("share", "Share", "percent", between=("low", "high"))]


def test_a_table_shows_its_columns_with_their_intervals():
    shown = html(blocks.table(rows(1), COLUMNS, caption="C", label="L"))
    assert '<th scope="col">Who</th> <th scope="col" class="n">Share</th>' in shown
    assert '<th scope="row">w0</th> <td class="n">25.0 % <span class="interval">[10.0, 50.0]</span></td>' in shown
    assert "unseen" not in shown
    assert 'class="more"' not in shown


@pytest.mark.parametrize(
    ("n", "limit", "file", "kept", "more"),
    [
        (3, 2, "all.csv", ["w0", "w1"], "2 of 3 rows, all in all.csv."),
        (3, 2, "", ["w0", "w1"], "2 of 3 rows."),
        (2, 2, "all.csv", ["w0", "w1"], ""),
        (3, None, "all.csv", ["w0", "w1", "w2"], ""),
    ],
)
def test_a_table_says_where_the_rest_is(n, limit, file, kept, more):
    table = blocks.table(rows(n), COLUMNS, caption="C", label="L", limit=limit, file=file)
    assert [row["who"] for row in table["rows"]] == kept
    assert table["more"] == more


def picture() -> blocks.Block:
    layers = [{"annotator_id": "ann", "style": 2, "is_focus": True, "boxes": [[1.0, 2.0, 30.5, 40.0]]}]
    return {"view": [1, 2, 40, 30], "alt": "Item p", "thumbnail": "small", "caption": "p", "layers": layers}


def test_a_card_has_its_rank_title_lines_picture_and_legend():
    legend = [{"annotator_id": "ann", "style": 2}]
    card = blocks.card("p", [blocks.line("ann: ok", "Said:"), blocks.line("as is")], [picture()], legend=legend, rank=3)
    shown = html(blocks.cards([card]))
    assert '<span class="rank">3</span> p</p>' in shown
    assert '<span class="head">Said:</span> ann: ok</p> <p>as is</p>' in shown
    assert 'viewBox="1 2 40 30" role="img" aria-label="Item p"' in shown
    assert 'href="data:image/webp;base64,Ynl0ZXM="' in shown
    assert '<path class="s2 focus" d="M1 2H30.5V40H1Z"/>' in shown
    assert 'class="legend small"' in shown
    assert 'class="legend small"' not in html(blocks.cards([blocks.card("p", [], [picture()])]))


@pytest.mark.parametrize("wide", [False, True])
def test_pictures_stand_above_the_words_of_a_card_and_below_those_of_a_wide_one(wide):
    card = blocks.card("The words", [], [picture()])
    shown = html(blocks.cards([card], wide=wide) if wide else blocks.cards([card]))
    assert (shown.index("The words") < shown.index('class="picture"')) is wide
    assert ('class="cards wide"' in shown) is wide


@pytest.mark.parametrize(
    ("value", "form", "words"),
    [
        (float("inf"), "count", "–"),
        (None, "text", "–"),
        (3, "text", "3"),
        (0.5, "text", "0.5"),
        (False, "count", "False"),
        (1234.6, "count", "1,235"),
        (-0.5, "percent", "-50.0\u00a0%"),
        (0.0126, "points", "+1.3"),
        (2, "number", "2.000"),
    ],
)
def test_numbers_by_their_form(value, form, words):
    assert text(value, form) == words


@pytest.mark.parametrize(
    ("low", "high", "form", "words"),
    [
        (0.1, 0.25, "percent", "[10.0, 25.0]"),
        (-0.1, 0.25, "points", "[\u221210.0, +25.0]"),
        (0.1, None, "number", ""),
        (None, 0.25, "number", ""),
    ],
)
def test_intervals_by_their_form(low, high, form, words):
    assert interval(low, high, form) == words


def test_a_chart_is_transparent_and_as_wide_as_it_was_drawn():
    charts = Charts()
    block = charts.draw("line", lambda ax: axes(ax).plot([0, 1]), caption="It rises.", alt="A line", width=4, height=2)
    assert block == blocks.chart("line", caption="It rises.", alt="A line")
    # 4 inches are 288 points, of 11.5 to a rem
    assert list(charts.svgs) == ["line"]
    assert 'style="max-width: 25.0rem"' in charts.svgs["line"]
    assert 'viewBox="0 0 288 144"' in charts.svgs["line"]
    assert "#ffffff" not in charts.svgs["line"]
    assert charts.svgs["line"] == chart_svg(lambda ax: axes(ax).plot([0, 1]), name="line", width=4, height=2)


@pytest.mark.parametrize("size", ['width="115pt" height="20pt"', 'height="20pt" width="115pt"'])
def test_the_size_of_a_chart_is_found_in_either_order(size):
    svg = _fit_into_page(f'<?xml version="1.0"?>\n<svg viewBox="0 0 115 20" {size} version="1.1"></svg>', "line")
    assert svg == '<svg viewBox="0 0 115 20" style="max-width: 10.0rem" version="1.1"></svg>'


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('<a id="p1"/>', '<a id="line-p1"/>'),
        ('<use xlink:href="#p1"/>', '<use xlink:href="#line-p1"/>'),
        ('<use clip-path="url(#p1)"/>', '<use clip-path="url(#line-p1)"/>'),
        ("<metadata>\n2026\n</metadata>", ""),
        ('<style type="text/css">*{}\n</style>', ""),
        ('"font-family: DejaVu Sans; x"', '"font-family: inherit; x"'),
        ("\"font: 9.5px 'DejaVu Sans', sans-serif\"", '"font: 9.5px inherit"'),
        ("#010203 #000000", "currentColor currentColor"),
        ("#dddddd #fefefe #ffffff", "var(--frame) var(--frame) #ffffff"),
        ("#333333 #6f6f6f #707070 #333334", "var(--soft) var(--soft) #707070 #333334"),
        ("1.2345 10.1 7", "1.23 10.1 7"),
        ("a\n   b", "a\nb"),
    ],
)
def test_a_chart_follows_the_page(given, expected):
    assert _fit_into_page(f"<svg>{given}</svg>", "line") == f"<svg>{expected}</svg>"


def test_records_keep_the_names_and_values_of_columns():
    table = pd.DataFrame({"item_id": ["p", "q"], 3: [0.5, None]})
    assert blocks.records(table.astype(object).where(table.notna(), None)) == [
        {"item_id": "p", "3": 0.5},
        {"item_id": "q", "3": None},
    ]
