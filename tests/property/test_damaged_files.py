"""Files that are damaged in any way, or forged: never a crash, never a hang, never silently other data."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


def read_damaged(folder, first, n):
    """How many files of each reader were refused, and read as they were; fails if one ended the process."""
    command = [sys.executable, "-X", "faulthandler", "-m", "property.damaged_files", str(folder), str(first), str(n)]
    found = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=3000)
    number = (folder / "number").read_text() if (folder / "number").exists() else "none"
    assert found.returncode == 0, f"file {number}: {found.returncode}\n{found.stderr[-3000:]}"
    return Counter(json.loads(found.stdout))


def test_damage_is_reported_or_has_no_effect(tmp_path):
    found = read_damaged(tmp_path, 0, 420)
    for name in ("saved.h5", "streamed.h5", "killed.h5", "sweep.sqlite", "state"):
        assert found[f"{name} refused"] >= 20
    for name in ("saved", "killed", "blocks", "progress"):
        assert found[f"forged_{name}.h5 refused"] >= 10 and found[f"forged_{name}.h5 read"] >= 1


@pytest.mark.slow
def test_ten_thousand_damaged_and_four_thousand_forged_files(tmp_path):
    total = Counter()
    for first in range(1000, 15_000, 1000):
        folder = tmp_path / str(first)
        folder.mkdir()
        total += read_damaged(folder, first, 1000)
    assert sum(total.values()) == 14_000
