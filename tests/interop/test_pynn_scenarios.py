"""PyNN's own system scenarios, which it runs with NEST, NEURON and Brian2, with spikelearn."""

import pytest

pytest.importorskip("pyNN", reason="needs PyNN: pip install 'spikelearn[pynn]'")

from pynn_scenarios import outcomes, source

FAILING: dict[str, str] = {}
"""Scenarios that cannot pass, and why."""


@pytest.fixture(scope="module")
def found():
    folder = source()
    if folder is None:
        pytest.skip("PyNN's wheel has no tests: PYNN_SOURCE is to be the folder of its source, see pynn_scenarios.py")
    return outcomes("spikelearn.pynn", folder)


def test_every_scenario_passes(found):
    failed = {name: message for name, (outcome, message) in found.items() if outcome != "passed"}
    assert failed.keys() == FAILING.keys(), failed


def test_there_are_as_many_as_in_pynn_0_13(found):
    assert len(found) >= 65
