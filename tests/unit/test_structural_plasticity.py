"""Rules that read their target at its spike, and that transmit a function of their weight."""

import numpy as np
import pytest
from naive.parrots import TurningParrot
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError
from spikelearn.plasticity import PlasticityRule


def network(plastic=True, **options):
    """Two synapses onto a cell each, one mature and one not; the source fires at 5 ms and at 60 ms."""
    net = sl.Network(dt=0.5)
    source = net.population(1, sl.SpikeList([5.0, 60.0]), name="source")
    cells = net.population(2, sl.LIFDendriticSpike(), name="cells")
    rule = sl.StructuralSTDP(J_max=70.0, lambda_minus=0.05)
    net.connect(source, cells, "dendrite", weight=np.array([[10.5, 9.0]]), dendritic_delay=2.0, plasticity=rule,
                plastic=plastic, name="permanences")  # fmt: skip
    net.record(cells, ["plateaus", "dI_dend"])
    return net


@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_a_synapse_transmits_only_while_its_permanence_is_above_the_threshold(engine):
    run = network().run(100.0, engine=engine)
    # each arrival takes 20 * 0.05 = 1 off the permanence before it is delivered
    assert len(run.spikes("cells", "plateau").times) == 0
    EXACT.check(run.weights("permanences"), [8.5, 7.0])


def test_frozen_synapses_transmit_what_their_permanence_makes_of_them():
    net = network(plastic=False)
    run = net.run(100.0)
    EXACT.check(run.spikes("cells", "plateau").ids, [0])
    EXACT.check(run.weights("permanences"), [10.5, 9.0])
    assert np.all(run.trace("cells", "dI_dend").values[:, 1] == 0.0)
    again = net.run(trials=sl.Trials([sl.Phase(50.0)], 2))
    EXACT.check(again.weights("permanences"), [10.5, 9.0])


@pytest.mark.parametrize("engine", ["nest", "brian2", "events"])
def test_engines_that_deliver_weights_refuse_it_frozen_or_not(engine):
    net = sl.Network(dt=0.1)
    source, cells = net.population(1, sl.SpikeList([5.0])), net.population(1, sl.LIF())
    rule = PlasticityRule(
        "Halved", sl.STDP.Parameters, sl.STDP.pre, sl.STDP.post, sl.STDP.on_pre, sl.STDP.on_post, sl.STDP.constants,
        transmits=half,
    )  # fmt: skip
    net.connect(source, cells, "exc", weight=5.0, plasticity=rule(), plastic=False)
    with pytest.raises(DescriptionError, match="Halved"):
        net.run(1.0, engine=engine)


def half(weight, lambda_, alpha, mu_plus, mu_minus, W_norm):
    return 0.5 * weight


def test_a_rule_that_reads_what_its_target_lacks_is_refused_by_name():
    net = sl.Network()
    cells = net.population(2, sl.LIF())
    with pytest.raises(DescriptionError, match="StructuralSTDP reads it: population 'lif' .* has no state 'z'"):
        net.connect(cells, cells, "exc", weight=5.0, plasticity=sl.StructuralSTDP())


def test_a_function_of_the_weight_with_other_arguments_is_refused():
    stdp = sl.STDP
    with pytest.raises(DescriptionError, match=r"transmits of plasticity rule 'wrong' takes \(permanence\)"):
        PlasticityRule(
            "wrong", stdp.Parameters, stdp.pre, stdp.post, stdp.on_pre, stdp.on_post, stdp.constants,
            transmits=lambda permanence: permanence,
        )  # fmt: skip


@pytest.mark.parametrize("back", [0.5, 3.0, 12.0])
def test_what_is_read_is_that_of_the_step_of_the_spike_however_late_it_reaches_the_synapse(back):
    weights = {}
    for lambda_h in (0.0, 0.01):
        net = sl.Network(dt=0.5)
        source, force = net.population(1, sl.SpikeList([5.0])), net.population(1, sl.SpikeList([24.5]))
        target = net.population(1, TurningParrot(), name="target")
        net.connect(force, target, "exc", weight=1.0, delay=0.5)
        rule = sl.StructuralSTDP(lambda_plus=0.0, lambda_minus=0.0, lambda_h=lambda_h)
        net.connect(source, target, "ignored", weight=5.0, dendritic_delay=back, plasticity=rule, name="learning")
        net.record(target, "z")
        run = net.run(60.0)
        weights[lambda_h] = run.weights("learning")[0]
    z = run.trace("target", "z")
    ULP(4, 5.0).check(weights[0.01] - weights[0.0], 20.0 * 0.01 * (1.0 - z.values[z.times == 25.0, 0][0]))
