"""What docs/learners.md shows is run as it stands."""

import re
from pathlib import Path

from spikelearn.learning.rules import RULES

PAGE = (Path(__file__).parents[2] / "docs" / "learners.md").read_text(encoding="utf-8")


def test_the_page_runs_from_top_to_bottom(capsys):
    names: dict[str, object] = {"__name__": "page"}
    for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
        exec(compile(block, "docs/learners.md", "exec"), names)
    printed = capsys.readouterr().out.splitlines()
    assert printed[1] == "[(5, 30), (30, 3)]"
    assert float(printed[-1]) > 0.5  # three classes


def test_the_page_lists_every_rule():
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE)) == set(RULES)
