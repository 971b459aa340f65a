"""Files stay short enough to read: model files like the methods section of a paper, all others within their limit."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("spikelearn", "models", "scripts", "benchmarks", "tests")


def longer_than(limit, *folders):
    """Python files of more lines, in a checkout: path -> number of lines."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert paths
    sizes = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in paths}
    return {path: size for path, size in sizes.items() if size > limit}


def test_no_model_file_has_more_than_300_lines():
    assert not longer_than(300, "models")


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_python_file_has_more_than_600_lines(folder):
    assert not longer_than(600, folder)
