"""What users of other simulators ask of a network that runs, written as they would."""

import copy

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.errors import DescriptionError


def network():
    net = sl.Network(dt=0.1, seed=1)
    inputs, cells = net.population(40, sl.Poisson(rate=30), name="inputs"), net.population(10, sl.LIF(), name="cells")
    made = net.connect(inputs, cells, weight=sl.Uniform(100, 300), delay=1.0)
    net.record(cells)
    return net, inputs, cells, made


def test_a_callback_reads_and_writes_weights():
    net, _, _, made = network()

    def forget(step, weights):
        weights *= 0.9

    net.on_step(forget, made.weights(), every=10.0)
    before = net.weights(made)
    np.testing.assert_allclose(net.run(100).weights(made), before * 0.9**10)


def test_a_callback_counts_spikes_and_reads_parameters():
    net, inputs, cells, _ = network()
    total, above = np.zeros(10, np.int64), np.zeros(10)

    def count(step, counts, total, V_m, V_th, above):
        total += counts
        for i in range(len(V_m)):
            above[i] = max(above[i], V_m[i] - V_th[i])

    net.on_step(count, cells.counts(), total, cells.state("V_m"), cells.parameter("V_th"), above, every=1.0)
    run = net.run(200)
    assert total.sum() == len(run.spikes(cells).times) > 0
    assert np.all(above <= 0.0)


def test_a_callback_sees_parameters_that_were_set():
    net, _, cells, _ = network()
    seen = np.zeros(10)

    def copy_parameter(step, V_th, seen):
        seen[:] = V_th

    net.on_step(copy_parameter, cells.parameter("V_th"), seen)
    net.run(1)
    assert np.all(seen == -55.0)
    net.set(cells, V_th=-52.0)
    net.run(1)
    assert np.all(seen == -52.0)
    net.every(1, lambda net: net.set(cells[:3], V_th=-50.0 - net.time))
    net.run(2)
    assert seen.tolist() == [-53.0] * 3 + [-52.0] * 7


def test_a_function_in_python_prints_and_keeps_a_list(capsys):
    net, _, cells, _ = network()
    rates = []

    def watch(net):
        rates.append(len(net.spikes(cells).times) / len(cells) / 0.05)
        print(f"{net.time:5.0f} ms: {rates[-1]:.1f} Hz")

    net.every(50, watch)
    run = net.run(200)
    assert np.mean(rates) == len(run.spikes(cells).times) / 10 / 0.2
    assert capsys.readouterr().out.count("ms:") == 4


def test_an_environment_in_python_closes_the_loop():
    net, _, cells, made = network()
    position = [0.0]

    def move(net):
        position[0] += 0.01 * len(net.spikes(cells).times) - 0.1
        net.set_weights(made, np.full(400, 150.0 if position[0] > 0.0 else 250.0))

    net.every(10, move)
    net.run(1000)
    assert abs(position[0]) < 2.0


def test_voltage_is_recorded_of_all_neurons_coarsely_and_of_two_in_every_step():
    net, _, cells, _ = network()
    net.record(cells, "V_m", every=10)
    net.record(cells[:2], "V_m", name="fine")
    run = net.run(100)
    assert run.trace(cells, "V_m", recording="fine").values.shape == (1000, 2)
    assert run.trace(cells, "V_m", recording="V_m").values.shape == (10, 10)


def test_a_lesion_and_its_recovery():
    net, _, cells, made = network()
    rates = []
    for change in (lambda: None, lambda: net.switch_off(made), lambda: net.switch_on(made)):
        change()
        rates.append(len(net.run(300).spikes(cells).times))
    assert rates[1] <= 2 and min(rates[0], rates[2]) > 50


def test_recordings_drives_and_projections_come_after_the_first_run():
    net, inputs, cells, _ = network()
    first = net.run(100)
    V_m = net.record(cells[:3], "V_m", every=1)
    current = net.drive(cells, sl.StepCurrent([0], [500]))
    inhibitory = net.population(5, sl.LIF(I_e=1000), name="inhibitory")
    inhibition = net.connect(inhibitory, cells, port="inh", weight=-5000, delay=1.0)
    second = net.run(100)
    assert second.trace(V_m).values.shape == (100, 3)
    assert len(second.spikes(cells).times) < len(first.spikes(cells).times)
    net.switch_off(inhibition)
    third = net.run(100)
    net.remove(current)
    assert len(third.spikes(cells).times) > len(first.spikes(cells).times) > 0
    assert len(net.run(100).spikes(cells).times) < len(third.spikes(cells).times)


@pytest.mark.parametrize("threads", [1, 2])
def test_all_kinds_of_parts_come_after_the_first_run_and_earlier_runs_stay_readable(threads):
    net = sl.Network(dt=0.1, seed=1, threads=threads)
    cells = net.population(8, sl.LIF(I_e=450), name="cells")
    V_m = net.record(cells[:2], "V_m")
    first = net.run(10)
    assert net.record(cells[4:], "V_m") is V_m
    assert first.trace(V_m).values.shape == (100, 2) and net.run(10).trace(V_m).values.shape == (100, 6)
    dopamine = net.modulator("dopamine", tau=100)
    net.release(dopamine, [25, 55], 1.0)
    inputs = net.population(20, sl.Poisson(50), name="inputs")
    rule = sl.DopamineSTDP(dopamine, W_max=100)
    learns = net.connect(inputs, cells, weight=sl.Uniform(0, 50), plasticity=rule, name="learns")
    static = net.connect(inputs, cells, weight=20, name="static")
    net.homeostasis(learns, sl.Normalisation(800, every=5))
    highest = net.signal("highest")

    def keep(step, V_m, values):
        values[0] = V_m.max()

    net.on_step(keep, cells.state("V_m"), highest.values)
    net.record(highest)
    drive = net.drive(cells, sl.PoissonInput(500), "exc", weight=20)
    third = net.run(10)
    assert third.trace(highest, "value").values.shape == (100, 1)
    net.switch_off(static, drive, learns)
    weights = net.weights(learns)
    assert np.all(net.run(20).weights(learns) == weights)
    net.switch_on(static, drive, learns)
    net.remove(drive)
    copied = copy.deepcopy(net)
    run = net.run(20)
    assert np.any(run.weights(learns) != weights) and np.all(third.weights(learns) == weights)
    assert np.all(copied.run(20).weights("learns") == run.weights(learns))
    with pytest.raises(DescriptionError, match="no projection called 'learns' in this run"):
        first.weights(learns)
