"""What a user gives to `sl.event_gradient` and gets from it; its numbers are tested in naive and reference."""

from dataclasses import replace

import numpy as np
import pytest
from tolerances import METHOD, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, SimulationError
from spikelearn.learning.event_losses import FirstSpikeCrossEntropy, FirstSpikeError, PotentialCrossEntropy

DURATION = 30.0
LOSSES = {
    "first spikes": lambda cells: FirstSpikeError(cells, [5.0, 9.0, 7.0, 8.0]),
    "which fires first": lambda cells: FirstSpikeCrossEntropy(cells, [1, 0], tau=1.5),
    "highest potential": lambda cells: PotentialCrossEntropy(cells, "I_syn_exc", [0, 1], gain=0.02),
    "integral of the potential": lambda cells: PotentialCrossEntropy(cells, "V_m", [0, 1], "integral", gain=0.3),
}


def small(weight=300.0, model=sl.LIF):
    """Two sources and four cells, of which the last never fires."""
    net = sl.Network(dt=0.1, seed=1)
    sources = net.population(2, sl.SpikeList([1.0, 1.7, 3.1], [0, 1, 0]), name="sources")
    cells = net.population(4, model(E_L=0.0, V_reset=0.0, V_th=1.0), name="cells")
    weights = weight * np.array([[0.9, 1.0, 1.2, 0.1], [1.1, 0.8, 0.7, 0.1]])
    return net, sources, cells, net.connect(sources, cells, weight=weights, name="made")


@pytest.mark.parametrize("name", LOSSES)
def test_the_derivatives_of_a_loss_are_those_of_central_differences(name):
    def of(weight):
        net, _, cells, made = small(weight)
        return sl.event_gradient(net, LOSSES[name](cells), DURATION), made

    found, made = of(300.0)
    difference = (of(300.1)[0].loss - of(299.9)[0].loss) / 0.2
    by_factor = np.sum(found.weights[made] * small(1.0)[0].projections["made"].weight.values)
    assert by_factor != 0.0
    # An error of 0.1^2 times the third derivative, as the loss goes over hundreds of pA.
    METHOD(2, 0.1, 0.01 * abs(by_factor)).check(difference, by_factor)
    ULP(10).check(found.loss, found.losses.sum())


def test_a_gradient_has_the_shapes_of_what_it_is_of_and_leaves_the_network_as_it_was():
    net, sources, cells, made = small()
    listed = net.connect(sources, cells, rule=sl.Pairs([0, 1], [2, 3]), weight=1.0, name="listed")
    found = sl.event_gradient(net, FirstSpikeCrossEntropy(cells, [0], tau=1.0), DURATION)
    assert found.weights[made].shape == found.delays[made].shape == (2, 4)
    assert found.weights[listed].shape == found.delays[listed].shape == (2,)
    assert {name: each.shape for (p, name), each in found.initial.items() if p is cells} == dict.fromkeys(
        ("V_m", "I_syn_exc", "I_syn_inh"), (4,)
    )
    assert found.times[sources].shape == (3,) and np.all(found.times[sources][:2] != 0.0)
    assert net.time == 0.0 and net.run(5.0).t_stop == 5.0


def test_a_neuron_that_never_fires_gets_no_derivatives_through_its_spikes():
    net, _, cells, made = small()
    found = sl.event_gradient(net, FirstSpikeCrossEntropy(cells, [3], tau=1.0), DURATION)
    first = found.trains.first(cells)
    assert first[3] == -1 and np.all(found.trains.spikes(cells).ids[first[:3]] == [0, 1, 2])
    assert not np.any(found.weights[made][:, 3]) and np.all(found.weights[made][:, :3])


def test_what_a_loss_reads_is_what_the_engine_records():
    net, _, cells, _ = small()
    net.record(cells)
    net.record(cells, "V_m", every=0.1)
    run = net.run(DURATION, engine="events")
    trains = sl.event_gradient(net, lambda trains: (0.0, {}), DURATION).trains
    np.testing.assert_array_equal(trains[cells, "spike"], run.spikes(cells).times)
    V_m = run.trace(cells, "V_m").values
    highest = trains[cells, "maximum", "V_m"]
    assert np.all(highest >= V_m.max(axis=0)) and np.all(highest[:3] == pytest.approx(1.0))
    # Samples of 0.1 ms of a potential that jumps back by 1 at each of up to ten spikes.
    METHOD(1, 0.1, 10.0).check(trains[cells, "integral", "V_m"], 0.1 * V_m.sum(axis=0))
    with pytest.raises(ValueError, match="read-only"):
        trains[cells, "maximum", "V_m"][0] = 0.0


def refused(net, complaint, loss=lambda trains: (0.0, {}), error=DescriptionError):
    with pytest.raises(error, match=complaint):
        sl.event_gradient(net, loss, DURATION)


def test_what_has_no_derivative_is_refused_by_name():
    net, sources, cells, _ = small()
    net.drive(cells, sl.PoissonInput(100.0), weight=1.0)
    refused(net, "drive of 'cells': PoissonInput is random")
    net, sources, cells, _ = small()
    net.connect(sources, cells, synapse=sl.TsodyksMarkram(), weight=1.0, name="short")
    refused(net, "projection 'short': synapses with a state are not supported, got TsodyksMarkram")
    net, sources, cells, _ = small()
    net.connect(sources, cells, plasticity=sl.STDP(W_max=1.0), weight=1.0, name="learning")
    refused(net, "projection 'learning': engine='events' does not change weights, got STDP")
    net = sl.Network()
    net.population(1, sl.AdEx(), name="adex")
    refused(net, "population 'adex': AdEx has no closed form")
    net, _, _, made = small()
    net.set_weights(made, np.ones((2, 4)))
    refused(net, "weights that were set with set_weights")
    refused("network", "expected a Network, got 'network'")


def test_a_spike_where_the_margin_is_not_zero_is_an_error():
    form = sl.LIF.closed_form

    def off(
        V_m, I_syn_exc, I_syn_inh,
        tau_m, tau_syn_exc, tau_syn_inh, rate_exc, rate_inh, R, I_e, E_L, V_th, V_reset,
    ):  # fmt: skip
        return V_m - 0.9 * V_th

    wrong = replace(sl.LIF, closed_form=replace(form, margin=off))
    net, _, cells, _ = small(model=wrong)
    refused(
        net, "population 'cells', neuron 2: the time of its spike at .* ms has no derivative", error=SimulationError
    )


@pytest.mark.parametrize(
    ("reading", "complaint"),
    [
        (lambda cells: (cells, "maximum", "V"), "population 'cells' has no variable 'V'"),
        (lambda cells: (cells, "spikes"), "expected .* got .'spikes'. of 'cells'"),
        (lambda cells: (cells, "mean", "V_m"), "expected .* got .'mean', 'V_m'. of 'cells'"),
        (lambda cells: "cells", "expected .* got 'cells'"),
        (lambda cells: ("cells", "spike"), "expected a population of this network, got 'cells'"),
    ],
)
def test_readings_that_there_are_not_are_named(reading, complaint):
    net, _, cells, _ = small()
    refused(net, complaint, lambda trains: (trains[reading(cells)], {}))


@pytest.mark.parametrize(
    ("loss", "complaint"),
    [
        (lambda cells: FirstSpikeError(cells, [1.0]), r"targets of FirstSpikeError: expected shape \(4,\), got \(1,\)"),
        (lambda cells: FirstSpikeCrossEntropy(cells, [0, 2], tau=1.0), "labels: expected .* got .0, 2."),
        (lambda cells: PotentialCrossEntropy(cells, "V_m", [0, 1, 0]), "labels: expected"),
        (lambda cells: lambda trains: (0.0, {(cells, "maximum", "V_m"): np.ones(3)}), r"of shape \(4,\), got \(3,\)"),
    ],
)
def test_losses_that_do_not_fit_are_refused(loss, complaint):
    net, _, cells, _ = small()
    refused(net, complaint, loss(cells))
