"""The scripts of docs/coming_from, each beside the same in the simulator that it comes from."""

from __future__ import annotations

import difflib
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from oracles.brian2_oracle import import_brian2
from tolerances import EXACT, NINE_DIGITS, STAT, ULP

from spikelearn.equations.brian import quiet

DOCS = Path(__file__).parents[2] / "docs" / "coming_from"


def ran(name, of):
    """The variables of our script and of theirs."""
    folder = DOCS / of
    if of == "brian2":
        import_brian2().start_scope()
    with quiet():
        theirs = runpy.run_path(str(folder / f"{name}_{of}.py"))
    return runpy.run_path(str(folder / f"{name}.py")), theirs


def same_samples(ours, theirs, name, tolerance):
    """NEST has no sample at the end of the last step, which it has not delivered yet."""
    steps = np.round(theirs["times"] / 0.1).astype(int)
    at = np.isin(np.round(ours["times"] / 0.1).astype(int), steps)
    assert len(steps) > 990 and at.sum() == len(steps)
    tolerance.check(np.asarray(ours[name])[at], theirs[name])


def test_a_neuron_with_a_constant_current():
    ours, theirs = ran("one_neuron", "nest")
    same_samples(ours, theirs, "V_m", NINE_DIGITS)
    assert len(theirs["spikes"]) > 5
    ULP(4).check(ours["spikes"], theirs["spikes"])


def test_two_neurons():
    ours, theirs = ran("two_neurons", "nest")
    assert np.ptp(theirs["V_m"]) > 0.1
    same_samples(ours, theirs, "V_m", NINE_DIGITS)


def test_a_neuron_with_noise():
    """Samples 20 ms apart are independent: 5,000 of them."""
    ours, theirs = ran("one_neuron_with_noise", "nest")
    deviation = theirs["deviation"]
    assert deviation > 0.3
    STAT(5000, 2**0.5 * deviation).check(ours["mean"], theirs["mean"])
    STAT(2 * 5000, 2**0.5 * deviation).check(ours["deviation"], deviation)


def test_two_populations():
    """Each has 200 neurons, whose rates deviate by less than 4 Hz from their mean."""
    ours, theirs = ran("populations", "nest")
    assert theirs["rates"].min() > 2.0
    STAT(200, 2**0.5 * 4.0).check(ours["rates"], theirs["rates"])


def test_plastic_synapses():
    ours, theirs = ran("plastic_synapses", "nest")
    assert np.ptp(theirs["weights"]) > 5.0
    NINE_DIGITS.check(ours["weights"], theirs["weights"])


def test_space():
    """The number of synapses is a sum of independent ones: its deviation is less than its root."""
    ours, theirs = ran("space", "nest")
    STAT(1, (2 * theirs["synapses"]) ** 0.5).check(ours["synapses"], theirs["synapses"])
    STAT(theirs["synapses"] // 10, 2**0.5 * 0.15).check(ours["apart"], theirs["apart"])


def test_brunel():
    """Rates of seeds deviate by less than 1 Hz, in both: seen over 24 seeds of a network of this size."""
    ours, theirs = ran("brunel", "nest")
    assert theirs["rates"].min() > 10.0
    STAT(1, 2**0.5 * 1.0).check(ours["rates"], theirs["rates"])


def test_short_term_plasticity():
    ours, theirs = ran("short_term", "nest")
    assert np.ptp(theirs["V_m"]) > 1.0
    same_samples(ours, theirs, "V_m", NINE_DIGITS)


def test_rates_of_neurons_with_other_drives():
    ours, theirs = ran("neurons", "brian2")
    assert np.ptp(theirs["rates"]) > 100.0
    EXACT.check(ours["rates"], theirs["rates"])


@pytest.mark.parametrize("name", ["synapses", "gap_junctions", "changing_in_time"])
def test_potentials(name):
    """What Brian2 records at the beginning of a step is recorded here at the end of the step before."""
    ours, theirs = ran(name, "brian2")
    assert np.ptp(theirs["v"]) > 0.9
    NINE_DIGITS.check(ours["v"][:-1], theirs["v"][1:])


def test_plasticity():
    ours, theirs = ran("stdp", "brian2")
    assert np.ptp(theirs["weights"]) > 0.2
    NINE_DIGITS.check(ours["weights"], theirs["weights"])


def test_spikes_of_hodgkin_and_huxley():
    """Both integrate by the same method, so spikes are counted alike."""
    ours, theirs = ran("if_curve", "brian2")
    assert theirs["counts"][-1] > 20 > theirs["counts"][0] == 0
    EXACT.check(ours["counts"], theirs["counts"])


def test_rate_of_a_network():
    """Between seeds it deviates by 0.15 Hz (docs/benchmarks.md)."""
    ours, theirs = ran("cuba", "brian2")
    STAT(1, 2**0.5 * 0.15).check(ours["rate"], theirs["rate"])


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_the_page_says_how_many_lines_the_scripts_have_and_share(page):
    counted = re.findall(r"^\| \[(\w+)\]\(.*?\| (\d+) \| (\d+) \| (\d+) \|", page.read_text(), re.MULTILINE)
    scripts = {path.stem for path in (DOCS / page.stem).glob("*.py")}
    assert {name for name, *_ in counted} == {name for name in scripts if not name.endswith(f"_{page.stem}")}
    for name, ours, theirs, same in counted:
        texts = [code_of(DOCS / page.stem / f"{each}.py") for each in (name, f"{name}_{page.stem}")]
        blocks = difflib.SequenceMatcher(None, *texts, autojunk=False).get_matching_blocks()
        assert (int(ours), int(theirs), int(same)) == (*map(len, texts), sum(block.size for block in blocks)), name


def code_of(path):
    """Lines without the docstring and empty ones."""
    return [line for line in path.read_text().splitlines()[1:] if line.strip()]
