"""Real data and the browser: where they are absent the tests that need them skip, in CI they fail."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
os.environ.setdefault("MPLBACKEND", "agg")

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = Path("/usr/bin/chromium")


def _absent(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; in CI this test must run")
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def _no_figures_left() -> Iterator[None]:
    """Close what a test has drawn: matplotlib warns from twenty open figures on."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real multi-annotator data, read in place."""
    folder = Path(os.environ.get("LABELQA_REAL_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        _absent(f"no real data at {folder} (set LABELQA_REAL_DATA)")
    return folder


@pytest.fixture(scope="session")
def sample() -> Path:
    """Folder of the generated sample set."""
    return ROOT / "sample_data" / "inspection"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    if not CHROMIUM.exists():
        _absent(f"no browser at {CHROMIUM} (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield chromium
        chromium.close()
