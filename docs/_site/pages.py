"""Writes the pages that are generated, before Sphinx reads the folder: of the reference, of models and of rules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from _site import model_pages, reference, rule_pages

DOCS = Path(__file__).parents[1]


def write(folder: Path, pages: Mapping[str, str]) -> None:
    """Make the folder hold these pages and no others; a page that is as it was is not touched."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.md"):
        if path.stem not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _write_all(app: Any) -> None:
    write(DOCS / "reference" / "api", reference.pages())
    write(DOCS / "gallery" / "models", model_pages.pages())
    write(DOCS / "theory" / "rules", rule_pages.pages())
    rule_pages.draw(DOCS / "theory" / "rules")
    rule_pages.draw_learning(DOCS / "theory" / "rules")


def setup(app: Any) -> dict[str, bool]:
    app.connect("builder-inited", _write_all, priority=1)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
