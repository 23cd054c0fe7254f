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
from labelqa.images import ImageSource
from labelqa.report import _blocks as blocks
from labelqa.report._album import Pictures
from labelqa.report._change import verdict
from labelqa.report._charts import chart_svg
from labelqa.report._page import interval, render, text
from labelqa.report._pictures import Album

NASTY = "<b>\"x\" & 'y'</b><script>alert(1)</script>"


def bars(ax: Any) -> None:
    axes(ax).barh([NASTY, "ok"], [0.4, 0.9])


def make_pictures(
    n: int, *, images: bool = True, annotators: tuple[str, ...] = ("ann", NASTY), side: int = 240
) -> Pictures:
    rng = np.random.default_rng(0)
    boxes = pd.DataFrame(
        [(f"p{k}", who, "dent", 20 + 3 * j, 30, 90 + 4 * j, 80) for k in range(n) for j, who in enumerate(annotators)],
        columns=["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"],
    )
    items = pd.DataFrame({"item_id": [f"p{k}" for k in range(n)], "width": side, "height": 180})
    annotations = Annotations.from_frames(boxes=boxes, items=items)
    pixels = {f"p{k}": rng.integers(0, 255, (180, side, 3), dtype=np.uint8) for k in range(n if images else 0)}
    return Pictures(
        Album(
            items=annotations.items,
            boxes=annotations.boxes,
            images=ImageSource.from_bytes(pixels) if images else None,
            annotators=annotations.annotators,
            bytes_each=2500,
        )
    )


def make_page(n: int = 6, **how: Any) -> tuple[dict[str, Any], Pictures]:
    pictures = make_pictures(n, **how)
    cards = []
    for k in range(n):
        shown = pictures.show(f"p{k}", focus=pictures.album.boxes["box_id"].iloc[2 * k], caption=NASTY)
        cards.append(
            {
                "rank": k + 1,
                "title": NASTY,
                "pictures": shown,
                "legend": pictures.legend(shown),
                "lines": [blocks.line("dent → scratch", NASTY)],
            }
        )
    scores = pd.DataFrame(
        {"label": [NASTY, "ok"], "n": [1200, 3], "value": [0.5, np.nan], "low": [0.4, np.nan], "high": [-0.6, np.nan]}
    )
    columns = [
        blocks.column("label", NASTY),
        blocks.column("n", "n", "count"),
        blocks.column("value", "value", between=("low", "high"), form="number"),
    ]
    section = {
        "id": "all",
        "title": f"Section {NASTY}",
        "blocks": [
            blocks.heading(NASTY),
            blocks.text(NASTY),
            blocks.note(NASTY),
            blocks.listing([NASTY]),
            blocks.table(scores, columns, caption=NASTY, label=NASTY, limit=1, file="all.csv"),
            blocks.chart("bars", caption=NASTY, alt=NASTY),
            {"kind": "legend", "entries": pictures.common_legend()},
            blocks.cards(cards),
            {"kind": "code", "label": "Command", "text": f"labelqa audit {NASTY}"},
        ],
    }
    page = {
        "title": NASTY,
        "version": "0",
        "lead": [{"head": "How good:", "text": NASTY}],
        "figures": [blocks.figure(NASTY, 0.5, NASTY, low=0.4, high=0.6)],
        "sections": [section],
    }
    return page, pictures


@pytest.fixture(scope="module")
def html() -> str:
    page, pictures = make_page()
    return render(page, charts={"bars": chart_svg(bars, name="bars")}, thumbnails=pictures.thumbnails)


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
    page, pictures = make_page(200)
    html = render(page, charts={"bars": chart_svg(bars, name="bars")}, thumbnails=pictures.thumbnails)
    # pure noise is the worst case for WebP
    assert html.count("data:image/webp") == 200
    assert len(html.encode()) < 1_500_000


def test_many_annotators_have_a_legend_in_each_card():
    pictures = make_pictures(2, annotators=tuple(f"w{k:02d}" for k in range(9)))
    shown = pictures.show("p0")
    assert pictures.common_legend() == []
    assert [entry["annotator_id"] for entry in pictures.legend(shown)] == [f"w{k:02d}" for k in range(9)]


def test_large_pictures_are_cut_round_the_box():
    pictures = make_pictures(1, side=1280)
    box = pictures.album.boxes["box_id"].iloc[0]
    (shown,) = pictures.show("p0", focus=box)
    x, _, w, _ = shown["view"]
    assert w < 400
    assert x <= 20
    assert x + w >= 90
    assert shown["alt"].startswith("Part of item p0")
    assert [layer["is_focus"] for layer in shown["layers"]] == [False, True]


def test_boxes_without_image_have_a_frame():
    pictures = make_pictures(1, images=False)
    (shown,) = pictures.show("p0")
    assert shown["thumbnail"] is None
    assert "no image" in shown["alt"]
    assert pictures.show("unknown") == []


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        (None, "number", "–"),
        (float("nan"), "percent", "–"),
        (-0.1234, "number", "\u22120.123"),
        (0.1234, "percent", "12.3\u00a0%"),
        (-1.26, "points", "\u22121.3"),
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


@pytest.mark.parametrize(
    ("n_needed", "words"), [(18816.0, "18,800 trusted test items"), (96.0, "96 trusted test items")]
)
def test_an_open_verdict_says_how_many_test_items_it_takes(n_needed, words):
    facts = {"verdict": "inconclusive", "difference": 3.3, "low": -0.7, "high": 7.3, "margin": 0.5}
    assert f"to find a difference of 0.5 points takes about {words}." in verdict({**facts, "n_needed": n_needed})
