"""The scripts in docs/_site that write pages, for tests; they need no Sphinx."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from _site import docstring, equations, model_pages, reference, rule_pages  # noqa: E402

__all__ = ["ROOT", "docstring", "equations", "model_pages", "reference", "rule_pages"]
