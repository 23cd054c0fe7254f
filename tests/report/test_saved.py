"""The page of a finished audit, made anew from what is in its folder."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from labelqa.errors import OptionError, TableError
from labelqa.report import blocks, write_report
from labelqa.report.saved import write_page

CHART = {"line": "<svg>line</svg>"}
THUMBNAIL = {"picture_001": b"bytes"}


def page(title: str) -> blocks.Block:
    layers: list[blocks.Block] = []
    picture = {"view": [0, 0, 4, 3], "alt": "p", "thumbnail": "picture_001", "caption": None, "layers": layers}
    content = [blocks.chart("line", caption="C", alt="A"), blocks.cards([blocks.card("p", [], [picture])])]
    section = blocks.section("s", "S", content)
    return {"title": title, "version": "1", "lead": [], "figures": [], "sections": [section]}


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """The folder of an audit, by the summary's schema of today; its page is older than its summary."""
    folder = tmp_path / "audit"
    write_page(folder, page("Old"), charts=CHART, thumbnails=THUMBNAIL)
    (folder / "summary.json").write_text(json.dumps({"schema_version": 2, "page": page("New")}), encoding="utf-8")
    return folder


def test_a_page_lies_beside_what_it_is_made_from(finished):
    assert (finished / "charts" / "line.svg").read_text() == "<svg>line</svg>"
    assert (finished / "pictures" / "picture_001.webp").read_bytes() == b"bytes"
    assert "<h1>Old</h1>" in (finished / "report.html").read_text()


def test_a_page_is_made_anew_in_its_place(finished):
    assert write_report(finished) == finished / "report.html"
    text = (finished / "report.html").read_text()
    assert "<h1>New</h1>" in text
    assert "<svg>line</svg>" in text
    assert "base64,Ynl0ZXM=" in text


def test_another_page_is_replaced_only_where_asked(finished, tmp_path):
    audit = SimpleNamespace(folder=finished)
    other = tmp_path / "page.html"
    assert write_report(audit, other) == other
    other.write_text("mine")
    with pytest.raises(OptionError, match=r"page\.html exists; choose another file, or replace it with overwrite=True"):
        write_report(audit, other)
    assert other.read_text() == "mine"
    write_report(audit, other, overwrite=True)
    assert "<h1>New</h1>" in other.read_text()


def test_a_folder_without_a_finished_audit_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no finished audit \(no summary\.json\)"):
        write_report(tmp_path)


@pytest.mark.parametrize("version", [1, 3, None])
def test_a_summary_of_another_version_is_refused(finished, version):
    (finished / "summary.json").write_text(json.dumps({"schema_version": version, "page": page("New")}))
    with pytest.raises(TableError, match=rf"has schema version {version}, this labelqa reads 2; run the audit again"):
        write_report(finished)
