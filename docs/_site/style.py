"""One style for all figures that the site draws: that of `spikelearn.plots`."""

from __future__ import annotations

from typing import Any

import matplotlib
from cycler import cycler

from spikelearn.plots.style import INK, PALETTE, TEXT_SIZE


def one_style(gallery: Any, name: str) -> None:
    """Called by sphinx-gallery before each script."""
    matplotlib.rcdefaults()
    matplotlib.use("agg")
    matplotlib.rcParams |= {
        "axes.prop_cycle": cycler(color=PALETTE), "axes.spines.top": False, "axes.spines.right": False,
        "axes.edgecolor": INK, "axes.labelcolor": INK, "axes.linewidth": 0.8, "axes.titlesize": TEXT_SIZE + 1,
        "axes.labelsize": TEXT_SIZE + 1, "xtick.labelsize": TEXT_SIZE, "ytick.labelsize": TEXT_SIZE,
        "xtick.color": INK, "ytick.color": INK, "legend.fontsize": TEXT_SIZE, "legend.title_fontsize": TEXT_SIZE,
        "lines.linewidth": 1.2,
        "figure.dpi": 120.0,
    }  # fmt: skip
