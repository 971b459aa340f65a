"""Each block of Python on a page of the site runs, one after the other as a reader would run them.

All pages run in this process, which compiles once. Blocks that begin with ```py are pieces of code that do not stand
alone, and are not run.
"""

import re
import tomllib

import matplotlib
import pytest
from site_pages import ROOT

from spikelearn.equations.brian import import_brian2

DOCS = ROOT / "docs"
NEEDS_MORE = ("interop",)
"""Pages whose code needs files and packages of others; the tests of each of these formats have what they show."""
GENERATED = ("_site", "examples", "tutorials", "reference/api", "gallery/models", "theory/rules")
TESTED_BY_THEMSELVES = ("changing.md", "learners.md")
"""In unit/, which also compare what they print."""
PAGES = [
    page
    for page in sorted(DOCS.rglob("*.md"))
    if not any(page.is_relative_to(DOCS / folder) for folder in (*GENERATED, *NEEDS_MORE))
    and str(page.relative_to(DOCS)) not in TESTED_BY_THEMSELVES
    and "```python\n" in page.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    text = page.read_text(encoding="utf-8")
    if "from brian2 import" in text:
        import_brian2()  # without the warnings of what Brian2 imports
    with matplotlib.rc_context():
        for found in re.finditer(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
            before = "\n" * text[: found.start(1)].count("\n")  # so that an error names the line of the page
            exec(compile(before + found.group(1), str(page), "exec"), names)


def test_code_that_is_meant_to_run_says_so():
    """Another name of the language would leave it out without a word."""
    for page in DOCS.rglob("*.md"):
        if "_site" not in page.parts:
            assert not re.search(r"^```(Python|python3|ipython)", page.read_text(encoding="utf-8"), re.MULTILINE), page


def test_installation_names_every_extra():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    told = re.findall(r"^\| (`.+?) \|", (DOCS / "start" / "install.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for row in told for name in re.findall(r"`(\w+)`", row)} == set(extras) - {"docs", "test"}
