"""What docs/changing.md shows is run as it stands."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "changing.md"


def test_the_example_of_the_page_runs(capsys):
    [block] = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    exec(compile(block, "docs/changing.md", "exec"), {})
    assert capsys.readouterr().out == "12.0 400.1\n"
