"""The scripts in docs/_site that write pages, the blocks of code of pages, and what a test lacks; without Sphinx."""

import re
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from _site import docstring, equations, model_pages, reference, rule_pages  # noqa: E402

__all__ = ["docstring", "equations", "model_pages", "reference", "rule_pages"]

GENERATED = ("_site", "examples", "tutorials", "reference/api", "gallery/models", "theory/rules")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"] + [
    page
    for page in sorted((ROOT / "docs").rglob("*.md"))
    if not any(page.is_relative_to(ROOT / "docs" / folder) for folder in GENERATED)
]
"""All that people wrote for readers."""
INSTALLED_AS = {"sklearn": "scikit-learn", "nest": "nest-simulator", "distributed": "dask"}
"""Package as it is imported -> as pip knows it, where these differ."""


class Block(NamedTuple):
    """A block of code of a page. line: of its first line. before: the line above its fence."""

    code: str
    line: int
    before: str

    def compiled(self, page):
        """Its code, in which errors name the line of the page."""
        return compile("\n" * (self.line - 1) + self.code, str(page), "exec")


def blocks(page, language):
    """The blocks of a page in a language."""
    text = page.read_text(encoding="utf-8")
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return [
        Block(each[1], text[: each.start(1)].count("\n") + 1, text[: each.start()].rstrip("\n").rpartition("\n")[2])
        for each in found
    ]


def missing(error):
    """How to install the package for want of which an error was raised, if one of our extras brings it; else None."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name:
            name = error.name.partition(".")[0]
            project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
            for extra, packages in project["optional-dependencies"].items():
                if INSTALLED_AS.get(name, name).lower() in (re.split(r"[^\w-]", each)[0].lower() for each in packages):
                    return f"needs {name}: pip install 'spikelearn[{extra}]'"
        error = error.__cause__ or error.__context__
    return None
