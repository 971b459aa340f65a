"""The profile of a network, and the probe that it is held against."""

import numpy as np
import pytest
from tolerances import EXACT, ULP

import spikelearn as sl
from benchmarks import networks, profile_page
from spikelearn.codegen import jit
from spikelearn.engine.profile import operations_of, profile
from spikelearn.engine.roofline import at, measure_machine
from spikelearn.errors import DescriptionError
from spikelearn.neurons import LIFDelta


def network(threads=1):
    net = sl.Network(dt=0.1, seed=2, threads=threads)
    cells = net.population(40, sl.LIFDelta(t_ref=1.0), name="cells")
    net.connect(cells, cells, rule=sl.FixedInDegree(8), weight=0.5, delay=1.0, name="fixed")
    net.connect(cells, cells, rule=sl.FixedInDegree(5), weight=0.5, delay=1.0, plasticity=sl.STDP(), name="learns")
    net.drive(cells, sl.PoissonInput(5000.0), port="exc", weight=1.0)
    net.record(cells, ["spikes", "V_m"])
    return net, cells


def test_each_call_is_timed_and_counted_and_a_profile_changes_nothing_of_what_comes_after():
    net, cells = network()
    net.run(20.0)
    found = profile(net.build().program, 300)
    timed = {call.label: call for call in found.calls}
    after = net.run(50.0)
    reference, reference_cells = network()
    whole = reference.run(100.0)
    spikes = whole.spikes(reference_cells)
    EXACT.check(after.spikes(cells).times, spikes.times[spikes.times > 50.0 + 1e-9])
    assert all(call.seconds >= 0.0 for call in found.calls) and found.seconds > 0.0 and 0.0 < found.busy <= 1.0
    neurons, fixed, learns = (timed[label].work for label in ("advance cells", "deliver fixed", "deliver learns"))
    assert (neurons.unit, neurons.n) == ("neuron", 40 * 300)
    # V_m, the input and refractory, a float32, are read and written, the current is read, the mask written
    assert neurons.streamed == 2 * 16 + 8 + 8 + 1
    during = np.sum((spikes.times > 19.0 + 1e-9) & (spikes.times < 49.0 + 1e-9))
    assert during > 50 and fixed.unit == learns.unit == "event"
    assert fixed.n + learns.n == sum(
        int(np.sum(found.pre == neuron))
        for found in (whole.synapses("fixed"), whole.synapses("learns"))
        for neuron in spikes.ids[(spikes.times > 19.0 + 1e-9) & (spikes.times < 49.0 + 1e-9)]
    )
    assert fixed.scattered == 40 * 8 and learns.streamed > fixed.streamed > 0


def test_more_than_one_thread_is_refused():
    net, _ = network(threads=2)
    with pytest.raises(DescriptionError, match="threads=1"):
        profile(net.build().program, 10)


@pytest.mark.skipif(jit.JIT_DISABLED, reason="operations are counted in compiled code")
def test_operations_are_those_of_the_formula():
    """E_L + P_mm (V_m - E_L) + P_mI (I + I_e) + in, and a step of the refractory period: 8 in all."""
    assert operations_of(LIFDelta.step) == 8


def test_the_probe_measures_every_loop():
    machine = measure_machine(sizes=(8_000, 16_000), inputs=(4_000,), repeats=1)
    for measured in (machine.read, machine.update, machine.read_by_two, machine.add):
        assert measured and all(0.0 < value < float("inf") for value in measured.values())
    assert machine.operations > 0.0


def test_between_two_sizes_a_limit_is_interpolated_and_beyond_them_it_stays():
    ULP(4).check(at({100: 1.0, 10_000: 3.0}, 1000), 2.0)
    assert at({100: 1.0, 10_000: 3.0}, 1) == 1.0
    assert at({100: 1.0, 10_000: 3.0}, 1e9) == 3.0


def test_a_page_tells_of_every_call_that_takes_time_and_of_the_machine():
    machine = measure_machine(sizes=(8_000,), inputs=(4_000,), repeats=1)
    [small] = [each for each in networks.quick() if each.name == "brunel_500_stdp"]
    text = profile_page.page([small], machine, settle=30.0, n_steps=100, least=0.0)
    assert "| 8,000 |" in text and "| 4,000 |" in text and f"## {small.title}" in text
    for call, unit in (("advance excitatory", "neuron"), ("deliver excitatory->excitatory", "event")):
        [row] = [line for line in text.splitlines() if line.startswith(f"| {call} |")]
        assert f"| {unit} |" in row and "%" in row
