"""Each block of Python on a page for readers runs, one after the other as a reader would run them.

All pages run in this process, which compiles once. Blocks that begin with ```py are not run: a comment above each says
why, and they are compiled. Of shell blocks, test_shell_blocks.py checks the commands.
"""

import contextlib
import re
import tomllib

import matplotlib
import pytest
from site_pages import PAGES, ROOT, blocks, missing

from spikelearn.equations.brian import import_brian2, quiet

DOCS = ROOT / "docs"
TESTED_BY_THEMSELVES = ("README.md", "docs/changing.md", "docs/learners.md")
"""In unit/, which also compare what they print."""


def name_of(page):
    return page.relative_to(ROOT).as_posix()


TO_RUN = [page for page in PAGES if blocks(page, "python") and name_of(page) not in TESTED_BY_THEMSELVES]


@pytest.mark.parametrize("page", TO_RUN, ids=name_of)
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    hidden = contextlib.nullcontext()
    if "brian2" in page.read_text(encoding="utf-8"):
        import_brian2()
        hidden = quiet()  # without the warnings of what Brian2 uses
    try:
        with hidden, matplotlib.rc_context():
            for block in blocks(page, "python"):
                exec(block.compiled(page), names)
    except Exception as error:
        if wanted := missing(error):
            pytest.skip(wanted)
        raise


def test_code_that_does_not_run_is_python_and_says_why():
    for page in PAGES:
        for block in blocks(page, "py"):
            block.compiled(page)
            assert re.fullmatch(r"<!-- Not run: .{10,} -->", block.before), f"{name_of(page)}, line {block.line}"


def test_code_that_is_meant_to_run_says_so():
    """Another name of the language would leave it out without a word."""
    for page in PAGES:
        named = re.findall(r"^ *[`~]{3,}(\w+)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(named) <= {"python", "py", "sh"}, name_of(page)
        within = re.findall(r"^ +[`~]{3,}\w", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert not within, f"{name_of(page)} has indented blocks, which no test would find"


def test_installation_names_every_extra():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    told = re.findall(r"^\| (`.+?) \|", (DOCS / "start" / "install.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for row in told for name in re.findall(r"`(\w+)`", row)} == set(extras) - {"docs", "test"}
