"""Scripts of Brian2's tutorials and examples beside what they became: each runs, and both give the same."""

import difflib
import re
from pathlib import Path

import numpy as np
import pytest
from oracles.brian2_oracle import import_brian2
from tolerances import EXACT, NINE_DIGITS

from spikelearn.equations.brian import quiet

FOLDER = Path(__file__).parents[2] / "docs" / "coming_from"
NAMES = sorted(path.stem for path in (FOLDER / "brian2").glob("*.py") if not path.stem.endswith("_brian2"))


def run(name, **changed):
    """The names that a script leaves. changed: statements that are replaced, by the name that they set."""
    import matplotlib

    matplotlib.use("agg")
    import_brian2().start_scope()
    text = (FOLDER / "brian2" / f"{name}.py").read_text().removesuffix("show()\n")
    for variable, value in changed.items():
        text, n = re.subn(rf"^{variable} = .*$", f"{variable} = {value}", text, flags=re.MULTILINE)
        assert n == 1
    found = {"__name__": "script"}
    with quiet():
        exec(compile(text, name, "exec"), found)
    return found


def test_gap_junctions():
    theirs, ours = run("gap_junctions_brian2"), run("gap_junctions")
    # what Brian2 records at the beginning of a step is recorded here at the end of the one before
    NINE_DIGITS.check(ours["trace"].values[:-1], np.asarray(theirs["trace"].v).T[1:])
    assert np.ptp(ours["trace"].values) > 0.9


def test_if_curve():
    """Both have the same method of integration, so that spikes are counted alike."""
    short = {"duration": "0.3*second", "num_neurons": "20"}
    theirs, ours = run("if_curve_brian2", **short), run("if_curve", **short)
    EXACT.check(ours["count"], np.asarray(theirs["monitor"].count))
    assert ours["count"][-1] > 10 > ours["count"][0] == 0


def test_changing_in_time():
    theirs, ours = run("changing_in_time_brian2"), run("changing_in_time")
    NINE_DIGITS.check(ours["M"].values[:-1, 0], np.asarray(theirs["M"].v)[0][1:])
    assert np.ptp(ours["M"].values) > 0.9


def changed_lines(name):
    """(lines of Brian2's script that are changed or removed, all of its lines), without empty ones."""
    before, after = (
        [line.rstrip() for line in (FOLDER / "brian2" / f"{each}.py").read_text().splitlines() if line.strip()]
        for each in (f"{name}_brian2", name)
    )
    kept = sum(block.size for block in difflib.SequenceMatcher(None, before, after, False).get_matching_blocks())
    return len(before) - kept, len(before)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_says_how_many_lines_change(name):
    changed, of = changed_lines(name)
    page = (FOLDER / "brian2.md").read_text()
    assert f"| [{name}](brian2/{name}.py) | {changed} of {of} |" in page
