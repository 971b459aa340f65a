"""Brian2's own examples, which are not part of spikelearn, on both: where BRIAN2_EXAMPLES is their folder."""

import pytest

from benchmarks.brian2_examples import EXAMPLES, examples_folder, pair, too_different

FOLDER = examples_folder()


@pytest.mark.skipif(FOLDER is None, reason="BRIAN2_EXAMPLES is no folder with Brian2's examples")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.path)
def test_an_example_gives_what_it_gives_on_brian2(example):
    seeds = range(1, 6) if example.random else [1]
    rows = [pair(example, FOLDER, seed, quick=True) for seed in seeds]
    wrong, number = too_different(rows)
    assert number and not wrong
