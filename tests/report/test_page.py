"""The rendered page: escaped, self-contained, small, accessible in light, dark and print."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelqa._plot import axes
from labelqa.annotations import Annotations
from labelqa.errors import OptionError
from labelqa.images import ImageSource
from labelqa.report import blocks, picture
from labelqa.report.album import Album
from labelqa.report.charts import chart_svg
from labelqa.report.page import interval, render, text

NASTY = "<b>\"x\" & 'y'</b><script>alert(1)</script>"


def bars(ax: Any) -> None:
    axes(ax).barh([NASTY, "ok"], [0.4, 0.9])


def make_annotations(n: int, *, annotators: tuple[str, ...] = ("ann", NASTY), side: int = 240) -> Annotations:
    boxes = pd.DataFrame(
        [(f"p{k}", who, "dent", 20 + 3 * j, 30, 90 + 4 * j, 80) for k in range(n) for j, who in enumerate(annotators)],
        columns=["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"],
    )
    items = pd.DataFrame({"item_id": [f"p{k}" for k in range(n)], "width": side, "height": 180})
    return Annotations.from_frames(boxes=boxes, items=items)


def make_images(n: int, side: int = 240) -> ImageSource:
    rng = np.random.default_rng(0)
    return ImageSource.from_bytes({f"p{k}": rng.integers(0, 255, (180, side, 3), dtype=np.uint8) for k in range(n)})


def make_page(n: int = 6) -> tuple[dict[str, Any], Album]:
    annotations = make_annotations(n)
    album = Album(annotations, make_images(n), n_bytes=2500)
    cards = []
    for k in range(n):
        shown = album.show(f"p{k}", focus=annotations.boxes["box_id"].iloc[2 * k], caption=NASTY)
        lines = [blocks.line("dent → scratch", NASTY)]
        cards.append(blocks.card(NASTY, lines, shown, legend=album.legend(shown), rank=k + 1))
    scores = pd.DataFrame(
        {"label": [NASTY, "ok"], "n": [1200, 3], "value": [0.5, np.nan], "low": [0.4, np.nan], "high": [-0.6, np.nan]}
    )
    columns = [
        blocks.column("label", NASTY),
        blocks.column("n", "n", "count"),
        blocks.column("value", "value", between=("low", "high"), form="number"),
    ]
    content = [
        blocks.heading(NASTY),
        blocks.text(NASTY),
        blocks.note(NASTY),
        blocks.listing([NASTY]),
        blocks.table(scores, columns, caption=NASTY, label=NASTY, limit=1, file="all.csv"),
        blocks.chart("bars", caption=NASTY, alt=NASTY),
        blocks.legend(album.common_legend()),
        blocks.cards(cards),
        blocks.code(f"labelqa audit {NASTY}", label="Command"),
    ]
    page = {
        "title": NASTY,
        "version": "0",
        "lead": [{"head": "How good:", "text": NASTY}],
        "figures": [blocks.figure(NASTY, 0.5, NASTY, low=0.4, high=0.6)],
        "sections": [blocks.section("all", f"Section {NASTY}", content)],
    }
    return page, album


@pytest.fixture(scope="module")
def html() -> str:
    page, album = make_page()
    return render(page, charts={"bars": chart_svg(bars, name="bars")}, thumbnails=album.thumbnails)


def test_every_text_is_escaped(html):
    assert "<script" not in html
    assert "<b>" not in html
    assert html.count("alert(1)") > 15


def test_nothing_is_loaded(html):
    links = re.findall(r'(?:href|src|url)\s*[=(]\s*["\']?([^"\')> ]+)', html)
    assert {link[:5] for link in links} <= {"#all", "data:", "#bars"}
    assert "@import" not in html


def test_ids_are_unique(html):
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_chart_is_the_same_in_every_run():
    assert chart_svg(bars, name="bars") == chart_svg(bars, name="bars")
    assert "#010203" not in chart_svg(bars, name="bars")


def test_two_hundred_flags_fit():
    page, album = make_page(200)
    html = render(page, charts={"bars": chart_svg(bars, name="bars")}, thumbnails=album.thumbnails)
    # pure noise is the worst case for WebP
    assert html.count("data:image/webp") == 200
    assert len(html.encode()) < 1_500_000


def test_many_annotators_have_a_legend_in_each_card():
    everybody = tuple(f"w{k:02d}" for k in range(9))
    album = Album(make_annotations(2, annotators=everybody), make_images(2))
    assert album.common_legend() == []
    assert [entry["annotator_id"] for entry in album.legend(album.show("p0"))] == list(everybody)


def test_large_pictures_are_cut_round_the_box():
    annotations = make_annotations(1, side=1280)
    shown = picture(annotations, "p0", images=make_images(1, 1280), focus=annotations.boxes["box_id"].iloc[0]).drawing
    x, _, w, _ = shown["view"]
    assert w < 400
    assert x <= 20
    assert x + w >= 90
    assert shown["alt"].startswith("Part of item p0")
    assert [layer["is_focus"] for layer in shown["layers"]] == [False, True]


def test_boxes_without_image_have_a_frame():
    album = Album(make_annotations(1))
    (shown,) = album.show("p0")
    assert shown["thumbnail"] is None
    assert "no image" in shown["alt"]
    assert album.show("unknown") == []


def test_items_are_found_by_id_of_any_type():
    annotations = Annotations.from_frames(
        boxes=pd.DataFrame(
            [(7, "ann", 0, 0, 9, 9)], columns=["item_id", "annotator_id", "x_min", "y_min", "x_max", "y_max"]
        )
    )
    for item in (7, 7.0, "7", np.int64(7)):
        assert picture(annotations, item).drawing["item_id"] == "7"


def test_an_order_that_leaves_somebody_out_is_refused():
    with pytest.raises(OptionError, match=r"leaves out 'ann', who drew on item p0; name all annotators"):
        picture(make_annotations(1), "p0", annotators=[NASTY])


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        (None, "number", "–"),
        (float("nan"), "percent", "–"),
        (-0.1234, "number", "\u22120.123"),
        (0.1234, "percent", "12.3\u00a0%"),
        (-0.0126, "points", "\u22121.3"),
        (12345, "count", "12,345"),
        ("a", "number", "a"),
        (True, "text", "True"),
    ],
)
def test_numbers_become_text(value, form, expected):
    assert text(value, form) == expected


def test_intervals_become_text():
    assert interval(0.1, 0.25, "percent") == "[10.0, 25.0]"
    assert interval(None, 0.25) == ""


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_page_is_accessible(html, browser, tmp_path: Path, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "page.html").as_uri())
    found = Axe().run(page)
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    page.close()
    assert found.violations_count == 0, found.generate_report()
    assert overflow <= 0
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


@pytest.mark.browser
def test_page_prints_dark_on_white_even_in_dark_mode(html, browser, tmp_path: Path):
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    page = browser.new_page(color_scheme="dark")
    page.goto((tmp_path / "page.html").as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    paper, nav = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('nav')).display]"
    )
    page.close()
    assert paper == "rgb(255, 255, 255)"
    assert nav == "none"
