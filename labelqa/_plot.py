"""One look for all charts: colours that differ for colour-blind readers, few lines, no frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Okabe and Ito (2008), without yellow, which is too pale on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
#: Dash patterns that go with the colours, so that colour never carries meaning alone.
DASHES = ("", "6 3", "2 2", "8 3 2 3", "4 2", "10 4", "1 3")


def axes(ax: Axes | None, *, width: float = 6.0, height: float = 3.6) -> Axes:
    """Give the caller's axes tidied up, or new ones that a notebook shows by itself."""
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=(width, height), layout="constrained")[1]
    ax.spines[["top", "right"]].set_visible(False)
    return ax
