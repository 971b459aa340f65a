"""Mathematics as MathML, which browsers draw by themselves: pages need no script and no network for it."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _display(translator: Any, node: nodes.math_block) -> None:
    text = node.astext()
    rows = [row.strip() for row in text.split(r"\\") if row.strip()]
    if "&" in text and r"\begin" not in text:
        text = r"\begin{align}" + r" \\ ".join(rows) + r"\end{align}"
    translator.body.append(f'<div class="displayed-math">{convert(text, display="block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
