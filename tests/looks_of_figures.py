"""What a figure looks like, as text and numbers, and whether it looks as it did when it was recorded.

The look of a figure is a list of entries, each a text (kinds, colours, widths, labels) and numbers (limits, extents and
means of what is drawn, in data coordinates). Texts must be equal. Numbers may differ by a share of the axis, since
where a network is chaotic another processor draws other spikes; texts then have # for numbers.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

NUMBER = re.compile(r"[-+−]?\d[\d.,]*(?:e[-+]?\d+)?")
FOLDER = Path(__file__).resolve().parent / "looks"
OF_OTHER_SEEDS = pytest.StashKey()
"""Of a test that records: figure -> the same with other seeds. What is the same in all must stay so."""


def look_of(figure, exact):
    """Entries [text, numbers, scale] of a figure. exact: with the numbers of texts, and of points and paths."""
    return Looker(exact).figure(figure)


def difference(found, recorded, share):
    """In what a look differs from the one recorded, as text; None if it does not."""
    for k, (one, other) in enumerate(zip(found, recorded, strict=False)):
        if one[0] != other[0]:
            return f"entry {k}: {one[0]!r}, recorded {other[0]!r}"
        if len(one[1]) != len(other[1]):
            return f"entry {k}, {one[0]!r}: {one[1]}, recorded {other[1]}"
        for a, b, scale in zip(one[1], other[1], other[2], strict=True):
            if abs(a - b) > share * abs(scale) + 1e-9:
                return f"entry {k}, {one[0]!r}: {one[1]}, recorded {other[1]}"
    if len(found) != len(recorded):
        more, name = (found, "not recorded") if len(found) > len(recorded) else (recorded, "recorded, not drawn")
        return f"{name}: {more[min(len(found), len(recorded))][0]!r}"
    return None


def fixed(look, others, share):
    """A look with a hundredth of the scale where a number is the same in looks of other seeds.

    share: of the scale, below which numbers are the same. Where texts or the number of entries differ nothing is.
    """
    return [
        _fixed(entry, [other[k] for other in others if len(other) == len(look)], share) for k, entry in enumerate(look)
    ]


def _fixed(entry, others, share):
    text, numbers, scales = entry
    if not others or any(other[0] != text or len(other[1]) != len(numbers) for other in others):
        return entry
    columns = zip(numbers, *(other[1] for other in others), strict=True)
    narrow = [
        0.01 * scale if max(column) - min(column) <= share * abs(scale) else scale
        for column, scale in zip(columns, scales, strict=True)
    ]
    return [text, numbers, _rounded(narrow)]


def recorded_file(test_file):
    return FOLDER / test_file.parent.name / f"{test_file.stem}.json"


def read(test_file):
    path = recorded_file(test_file)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(test_file, looks):
    path = recorded_file(test_file)
    path.parent.mkdir(parents=True, exist_ok=True)
    tests = []
    for name, figures in sorted(looks.items()):
        shown = [",\n  ".join(json.dumps(entry, ensure_ascii=False) for entry in figure) for figure in figures]
        together = "],\n [".join(shown)
        tests.append(f"{json.dumps(name)}: [\n [{together}]\n]")
    path.write_text("{\n" + ",\n".join(tests) + "\n}\n", encoding="utf-8")


class Looker:
    def __init__(self, exact):
        self.exact = exact

    def figure(self, figure):
        width, height = figure.get_size_inches()
        entries = [[f"Figure {width:.3g} x {height:.3g}", [], []]]
        for text in figure.texts:
            entries.append(self.text(text, None))
        for ax in figure.axes:
            entries += self.axes(ax)
        return entries

    def axes(self, ax):
        from matplotlib import collections, image, legend, lines, patches, text

        place, where = ax.get_subplotspec(), ax.name
        if place is not None:
            rows, columns, first, last = place.get_geometry()
            cells = place.get_gridspec()
            sizes = _short(cells.get_height_ratios()), _short(cells.get_width_ratios())
            where += f" {first}-{last} of {rows} x {columns} {sizes[0]} {sizes[1]}"
        spines = getattr(ax, "spines", {})
        seen = {name: spine for name, spine in spines.items() if spine.get_visible()}
        sides = [f"{name} {_width(spine)} {_hex(spine.get_edgecolor())}" for name, spine in seen.items()]
        axes = "; ".join(self.axis(axis) for axis in (ax.xaxis, ax.yaxis))
        limits = [*_scaled(ax.get_xlim(), ax.get_xscale()), *_scaled(ax.get_ylim(), ax.get_yscale())]
        spans = [limits[1] - limits[0]] * 2 + [limits[3] - limits[2]] * 2
        entries = [[f"Axes {where}; {axes}; {sides} {ax.get_aspect()}", _rounded(limits), _rounded(spans)]]
        self.ax, self.spans = ax, spans[::2]
        titles = [ax.title, ax._left_title, ax._right_title]
        entries += [self.text(title, None) for title in titles if title.get_text()]
        for axis, span in ((ax.xaxis, self.spans[0]), (ax.yaxis, self.spans[1])):
            if type(axis.get_major_locator()).__name__ == "FixedLocator":
                at = _scaled(axis.get_major_locator().locs, axis.get_scale())
                labels = [self.masked(each.get_text()) for each in axis.get_ticklabels()]
                entries.append([f"Ticks {axis.axis_name} {labels}", _rounded(at), _rounded([span] * len(at))])
        kinds = (
            (lines.Line2D, self.line), (collections.Collection, self.collection), (image.AxesImage, self.image),
            (legend.Legend, self.legend), (text.Text, lambda each: self.text(each, ax)), (patches.Patch, self.patch),
        )  # fmt: skip
        for child in ax.get_children():
            if child is ax.patch or child in titles or child in spines.values():
                continue
            for kind, seen_as in kinds:
                if isinstance(child, kind):
                    self.add(entries, seen_as(child))
                    break
        return entries

    def axis(self, axis):
        sizes = {name: each for name, each in axis.get_tick_params().items() if "size" in name or "length" in name}
        label, grid = axis.label, axis.get_gridlines()[:1]
        lines = "".join(f" grid {_width(line)} {_hex(line.get_color())}" for line in grid if line.get_visible())
        said = f"{self.masked(label.get_text())!r} {label.get_fontsize():.3g} {_hex(label.get_color())}"
        return f"{axis.get_scale()} {said} {_short(sizes)}{lines}"

    def add(self, entries, entry):
        """Artists of one look, one after the other, are one entry."""
        if entry is None:
            return
        if entries and entries[-1][0] == entry[0] and len(entry[1]) == 6 == len(entries[-1][1]):
            old, new = entries[-1][1], entry[1]
            joined = [f(a, b) for f, a, b in zip((min, max, _mean) * 2, old, new, strict=True)]
            entries[-1][1] = _rounded(joined)
            return
        entries.append(entry)

    def drawn(self, kind, artist, look, x, y, transform):
        return [f"{kind} {self.common(artist)} {' '.join(look)}", *self.points(x, y, transform)]

    def points(self, x, y, transform):
        """Min, max and mean of points, in both directions, and what they are compared with: the spans of the axes.

        What is no data, such as a share of the axes, does not depend on spikes, and is compared with a hundredth.
        """
        found, spans, data = [], [], transform.contains_branch_seperately(self.ax.transData)
        scales = self.ax.get_xscale(), self.ax.get_yscale()
        for values, scale, span, is_data in zip((x, y), scales, self.spans, data, strict=True):
            values = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan).ravel()
            values = np.asarray(_scaled(values[np.isfinite(values)], scale if is_data else "linear"))
            values = values[np.isfinite(values)]
            found += [values.min(), values.max(), values.mean()] if values.size else [0.0] * 3
            spans += [span if is_data else 0.01] * 3
        return _rounded(found), _rounded(spans)

    def line(self, line):
        x, y = line.get_xdata(orig=False), line.get_ydata(orig=False)
        look = [
            _hex(line.get_color()), f"lw={line.get_linewidth():.3g}", f"dashes={_short(line._unscaled_dash_pattern)}",
            f"{line.get_marker()}", f"ms={line.get_markersize():.3g}", f"mew={line.get_markeredgewidth():.3g}",
            _hex(line.get_markerfacecolor()), _hex(line.get_markeredgecolor()), line.get_drawstyle(),
            f"{self.masked(str(line.get_label()))!r}", f"n={len(x)}" if self.exact else "",
        ]  # fmt: skip
        return self.drawn("Line", line, look, x, y, line.get_transform())

    def collection(self, collection):
        offsets, paths = np.ma.asarray(collection.get_offsets()), collection.get_paths()
        vertices = [path.vertices for path in paths[:500] if len(path.vertices)]
        at, transform = np.concatenate(vertices) if vertices else np.zeros((0, 2)), collection.get_transform()
        if offsets.size and np.any(offsets):
            at, transform = offsets, collection.get_offset_transform()
        faces, edges = collection.get_facecolor()[:3], collection.get_edgecolor()[:3]
        shades = collection.get_array() is not None
        look = [
            "" if shades else f"{[_hex(each) for each in faces]}", f"{[_hex(each) for each in edges]}",
            f"lw={_short(collection.get_linewidth()[:2])}",
            f"{collection.get_cmap().name} {type(collection.norm).__name__}" if shades else "",
            f"n={max(len(paths), len(offsets))}" if self.exact else "",
            f"sizes={_short(collection.get_sizes()[:3])}" if hasattr(collection, "get_sizes") else "",
            f"{self.masked(str(collection.get_label()))!r}",
        ]  # fmt: skip
        return self.drawn(type(collection).__name__, collection, look, *at.T, transform)

    def image(self, image):
        values, (low, high) = np.ma.asarray(image.get_array(), dtype=float), image.get_clim()
        shape = "x".join(map(str, values.shape)) if self.exact else values.ndim
        look = f"{image.get_cmap().name} {type(image.norm).__name__} {image.origin} {image.get_interpolation()} {shape}"
        numbers = [
            *image.get_extent(),
            low,
            high,
            float(np.nanmin(values)),
            float(np.nanmax(values)),
            float(np.nanmean(values)),
        ]
        scale = [*([self.spans[0]] * 2), *([self.spans[1]] * 2), *([(high or 0.0) - (low or 0.0)] * 5)]
        return [f"Image {self.common(image)} {look}", _rounded([x or 0.0 for x in numbers]), _rounded(scale)]

    def patch(self, patch):
        look = [
            _hex(patch.get_facecolor()), _hex(patch.get_edgecolor()), f"lw={patch.get_linewidth():.3g}",
            f"{patch.get_linestyle()} {patch.get_hatch()} {self.masked(str(patch.get_label()))!r}",
        ]  # fmt: skip
        vertices = patch.get_patch_transform().transform(patch.get_path().vertices)
        return self.drawn(type(patch).__name__, patch, look, *vertices.T, patch.get_data_transform())

    def legend(self, legend):
        texts = [(self.masked(each.get_text()), f"{each.get_fontsize():.3g}") for each in legend.get_texts()]
        anchor, where = legend._bbox_to_anchor, ""
        if anchor is not None:
            inside = anchor.transformed(self.ax.transAxes.inverted())
            where = f"at {_short([round(each, 2) for each in inside.bounds])}"
        return [f"Legend {legend._loc} {legend._ncols} {legend.get_frame_on()} {where} {texts}", [], []]

    def text(self, text, ax):
        if not text.get_text():
            return None
        look = [
            f"{self.masked(text.get_text())!r} size={text.get_fontsize():.3g} {_hex(text.get_color())}",
            f"{text.get_ha()} {text.get_va()} {text.get_rotation():.3g} {text.get_fontweight()}",
        ]  # fmt: skip
        numbers, scale, (x, y) = [], [], text.get_position()
        if ax is not None and text.get_transform() == ax.transData:
            numbers, scale = self.points([x], [y], ax.transData)
        elif ax is not None and isinstance(x, float) and not hasattr(text, "xy"):
            look.append(f"at {x:.3g} {y:.3g}" if self.exact else "")
        if hasattr(text, "xy"):
            look.append(f"shift {_short(text.xyann)}" if self.exact or text.anncoords == "offset points" else "")
            if ax is not None and text.xycoords == "data":
                numbers, scale = self.points(*([each] for each in text.xy), ax.transData)
        return [f"Text {self.common(text)} {' '.join(look)}", numbers, scale]

    def common(self, artist):
        alpha = artist.get_alpha()
        alpha = "" if alpha is None else f" alpha={_short(alpha)}"
        return f"z={artist.get_zorder():.3g}{alpha}{'' if artist.get_visible() else ' hidden'}"

    def masked(self, text):
        return text if self.exact else NUMBER.sub("#", text)


def _width(artist):
    return f"{artist.get_linewidth():.3g}"


def _scaled(values, scale):
    if scale == "log":
        return [math.log10(value) if value > 0 else float("nan") for value in np.asarray(values, dtype=float)]
    return [float(value) for value in values]


def _mean(a, b):
    return 0.5 * (a + b)


def _rounded(values):
    return [float(f"{value:.5g}") if math.isfinite(value) else 0.0 for value in values]


def _short(value):
    if isinstance(value, dict):
        return {name: _short(each) for name, each in sorted(value.items())}
    if isinstance(value, list | tuple | np.ndarray):
        return [_short(each) for each in value]
    return float(f"{value:.4g}") if isinstance(value, float | np.floating) else value


def _hex(colour):
    from matplotlib.colors import to_hex

    if isinstance(colour, str) and colour in ("auto", "none"):
        return colour
    array = np.asarray(colour, dtype=object)
    return to_hex(colour, keep_alpha=True) if array.size else "none"
