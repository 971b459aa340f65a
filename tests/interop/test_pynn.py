"""spikelearn as a back-end of PyNN: what a script may say, and what is computed, where no other simulator is needed.

tests/interop/test_pynn_numbers.py compares with pyNN.nest.
"""

import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyNN")

from pyNN import errors
from pyNN.random import NumpyRNG, RandomDistribution
from pynn_data import spikes_of, v_of

import spikelearn as sl
import spikelearn.pynn as sim
from spikelearn.interop.pynn import simulator

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def new_simulation():
    sim.setup(timestep=0.1)
    yield
    sim.end()


def driven(n=1, **parameters):
    """Neurons that fire regularly."""
    cells = sim.Population(n, sim.IF_curr_exp(i_offset=1.0, **parameters))
    cells.record(["spikes", "v"])
    return cells


def test_an_import_of_spikelearn_imports_no_pynn():
    code = "import sys, spikelearn; assert 'pyNN' not in sys.modules and 'neo' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_network_is_that_of_the_same_parameters():
    cells = driven(3, tau_m=15.0, cm=0.8, tau_refrac=2.0, v_rest=-63.0)
    sim.run(100)
    net = sl.Network(dt=0.1)
    model = sl.LIF(E_L=-63, V_th=-50, V_reset=-65, C_m=800, tau_m=15, t_ref=2, tau_syn_exc=5, tau_syn_inh=5, I_e=1000)
    same = net.population(3, model, initial={"V_m": -65})
    net.record(same)
    net.record(same, "V_m", include_start=True)
    run = net.run(100)
    assert np.array_equal(v_of(cells), run.trace(same, "V_m").values)
    for k, train in enumerate(spikes_of(cells)):
        assert len(train) > 3 and np.array_equal(train, run.spikes(same[k : k + 1]).times)


def test_pieces_are_the_whole_and_callbacks_are_called():
    cells = driven(2)
    called = []

    def each_10(t):
        called.append(round(t, 6))
        return t + 10.0

    sim.run(40.0, callbacks=[each_10])
    sim.run_until(100)
    pieces = v_of(cells)
    sim.setup(timestep=0.1)
    cells = driven(2)
    sim.run(100)
    assert np.array_equal(pieces, v_of(cells))
    assert called == [0, 10, 20, 30, 40]
    assert sim.get_current_time() == 100.0
    with pytest.raises(ValueError, match="in the past"):
        sim.run_until(50)


def test_parameters_are_read_as_they_were_set():
    cells = sim.Population(4, sim.IF_cond_exp(tau_m=[10.0, 11.0, 12.0, 13.0], cm=0.7))
    assert cells.get("tau_m").tolist() == [10, 11, 12, 13]
    assert cells.get("cm", gather=True) == 0.7
    cells[1:3].set(tau_m=20.0)
    cells[0].tau_m = 9.0
    assert cells.get("tau_m").tolist() == [9, 20, 20, 13]
    assert cells[1:3].get(["tau_m", "cm"]) == [20, 0.7]
    assert cells[2:][0:1].get("tau_m") == 20
    cells.set(v_rest=lambda i: -70.0 + i)
    assert cells.get("v_rest").tolist() == [-70, -69, -68, -67]
    assert cells[3].v_rest == -67 and cells[0].get_parameters()["cm"] == 0.7
    with pytest.raises(errors.NonExistentParameterError):
        cells.set(tau_n=3.0)
    with pytest.raises(errors.NonExistentParameterError):
        cells.get("tau_n")
    with pytest.raises(errors.InvalidParameterValueError):
        cells.set(tau_m="a string")
    with pytest.raises(errors.InvalidParameterValueError, match="finite"):
        cells.set(tau_m=float("nan"))


def test_parameters_change_between_runs_as_in_spikelearn():
    cells = driven(3)
    sim.run(50)
    cells[1:].set(i_offset=[2.0, 0.0])
    cells.initialize(v=-60.0)
    sim.run(50)
    net = sl.Network(dt=0.1)
    model = sl.LIF(E_L=-65, V_th=-50, V_reset=-65, C_m=1000, tau_m=20, t_ref=0.1, tau_syn_exc=5, tau_syn_inh=5)
    same = net.population(3, model, initial={"V_m": -65})
    net.set(same, I_e=1000)
    net.record(same, "V_m", include_start=True)
    first = net.run(50)
    net.set(same, I_e=[1000, 2000, 0], V_m=-60)
    both = [run.trace(same, "V_m").values for run in (first, net.run(50))]
    assert np.array_equal(v_of(cells), np.concatenate(both))


def test_initial_values_of_views_and_random_ones():
    cells = sim.Population(4, sim.IF_curr_exp(), initial_values={"v": [-61.0, -62.0, -63.0, -64.0]})
    cells[0:2].initialize(v=-55.0)
    cells[3].set_initial_value("v", -52.0)
    assert [cell.get_initial_value("v") for cell in cells] == [-55, -55, -63, -52]
    cells.record("v")
    sim.run(1)
    assert v_of(cells)[0].tolist() == [-55, -55, -63, -52]
    sim.setup()
    cells = sim.Population(4, sim.IF_curr_exp())
    cells.initialize(v=RandomDistribution("uniform", (-60, -50), rng=NumpyRNG(3)))
    cells.record("v")
    sim.run(1)
    assert v_of(cells)[0].tolist() == cells.initial_values["v"].evaluate().tolist()
    assert len(np.unique(v_of(cells)[0])) == 4


def test_segments_of_several_runs_and_of_resets():
    cells = driven(1)
    for amplitude in (1.0, 1.2):
        cells.set(i_offset=amplitude)
        sim.run(60)
        sim.reset(annotations={"amplitude": amplitude})
    cells.set(i_offset=1.0)
    sim.run(60)
    block = cells.get_data()
    assert [segment.name for segment in block.segments] == ["segment000", "segment001", "segment002"]
    assert block.segments[1].annotations == {"amplitude": 1.2}
    assert np.array_equal(v_of(cells, 0), v_of(cells, 2))
    assert not np.array_equal(v_of(cells, 0), v_of(cells, 1))


def test_cleared_data_are_gone_and_the_rest_goes_on():
    cells = driven(1)
    sim.run(30)
    first = cells.get_data(clear=True).segments[0]
    sim.run(30)
    second = cells.get_data().segments[0]
    signals = [segment.filter(name="v")[0] for segment in (first, second)]
    assert [float(signal.t_start) for signal in signals] == [0.0, 30.0]
    assert [len(signal) for signal in signals] == [301, 301]
    assert signals[0][-1] == signals[1][0]
    trains = [segment.spiketrains[0].magnitude for segment in (first, second)]
    assert trains[0].max() <= 30 < trains[1].min()


def test_sampling_intervals_and_late_recordings():
    cells = sim.Population(3, sim.IF_cond_exp(i_offset=0.5))
    cells[0:1].record("v", sampling_interval=0.5)
    sim.run(10)
    cells[1:2].record("v", sampling_interval=0.5)
    sim.run(10)
    v = v_of(cells)
    assert v.shape == (41, 2)
    assert not np.any(np.isnan(v[:, 0]))
    assert np.all(np.isnan(v[:20, 1])) and np.array_equal(v[20:, 0], v[20:, 1])
    with pytest.raises(ValueError, match="same sampling interval"):
        cells.record("v", sampling_interval=1.0)
    with pytest.raises(sl.errors.ParameterError, match="sampling_interval"):
        sim.Population(1, sim.IF_cond_exp()).record("v", sampling_interval=0.15)
    with pytest.raises(errors.RecordingError):
        cells.record("w")


def test_all_variables_are_recorded_in_their_units():
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0]))
    kinds = {
        sim.IF_cond_exp: {"gsyn_exc": 0.01}, sim.IF_curr_exp: {"isyn_exc": 0.01},
        sim.EIF_cond_exp_isfa_ista: {"gsyn_exc": 0.01}, sim.IF_cond_exp_gsfa_grr: {"gsyn_exc": 0.01},
    }  # fmt: skip
    for kind, jumps in kinds.items():
        cells = sim.Population(1, kind())
        cells.record([each for each in kind.recordable if each != "spikes"])
        sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.01, delay=1.0))
        sim.run_until(sim.get_current_time() + 20)
        for signal in cells.get_data().segments[0].analogsignals:
            assert str(signal.dimensionality) == kind.units[signal.name], signal.name
            if signal.name in jumps:
                assert signal.magnitude.max() == pytest.approx(jumps[signal.name], rel=1e-12)
        sim.setup()
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0]))


def test_two_spikes_of_a_source_in_one_step_count_twice():
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[[5.02, 5.03, 9.0], [7.0]]))
    source.record("spikes")
    cells = sim.Population(2, sim.IF_curr_delta(tau_m=1e9, v_thresh=100.0))
    cells.record("v")
    sim.Projection(source, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=3.0, delay=1.0))
    sim.run(20)
    v = v_of(cells)
    assert v[60, 0] == -65 and v[61, 0] == -59 and v[-1].tolist() == pytest.approx([-56, -62])
    source.set(spike_times=[[25.01, 25.02], []])
    sim.run(10)
    assert v_of(cells)[-1].tolist() == pytest.approx([-50, -62])
    assert [train.tolist() for train in spikes_of(source)] == [[5.02, 5.03, 9.0, 25.01, 25.02], [7.0]]


def test_weights_in_all_forms():
    pre, post = sim.Population(3, sim.IF_curr_exp()), sim.Population(2, sim.IF_curr_exp())
    made = sim.Projection(pre, post, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.5, delay=0.3))
    assert len(made) == made.size() == 6
    assert made.get("weight", format="array").tolist() == [[0.5, 0.5]] * 3
    made.set(weight=np.arange(6.0).reshape(3, 2))
    assert sorted(made.get("weight", format="list")) == [(i, j, 2.0 * i + j) for i in range(3) for j in range(2)]
    made.set(weight=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert made.get("weight", format="array").tolist() == [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
    made.set(weight=RandomDistribution("uniform", (0, 1), rng=NumpyRNG(1)), delay="0.2 + 0.1*d")
    weights, delays = made.get(["weight", "delay"], format="array")
    assert len(np.unique(weights)) == 6 and delays[0].tolist() == pytest.approx([0.2, 0.3])
    made.set(delay=0.3421)
    assert made.get("delay", format="list", with_address=False) == [0.3] * 6
    made[1].weight = 0.25
    assert made[1].weight == 0.25 and [each.weight for each in made.connections][1] == 0.25
    assert made[0].presynaptic_cell == pre[made[0].presynaptic_index]
    with pytest.raises(errors.ConnectionError, match="at least one time step"):
        made.set(delay=0.01)
    with pytest.raises(AttributeError, match="it has"):
        made[0].wieght = 3


def test_assemblies_and_views_at_both_ends():
    spikes = sim.Population(4, sim.SpikeSourceArray(spike_times=[[1.0], [3.0], [5.0], [7.0]]))
    one, other = (sim.Population(n, sim.IF_curr_delta(tau_m=1e9, v_thresh=100.0)) for n in (2, 3))
    one.record("v"), other.record("v")
    both = one[1:] + other
    made = sim.Projection(spikes[1:], both, sim.AllToAllConnector(), sim.StaticSynapse(weight="1 + d", delay=1.0))
    sim.run(20)
    expected = -65 + made.get("weight", format="array").sum(axis=0)
    found = np.concatenate([v_of(one)[-1], v_of(other)[-1]])
    assert found.tolist() == pytest.approx([-65, *expected])
    assert made.get("weight", format="array").shape == (3, 4)


def test_static_weights_and_delays_change_between_runs():
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0, 21.0, 41.0]))
    cells = sim.Population(1, sim.IF_curr_delta(tau_m=1e9, v_thresh=100.0))
    cells.record("v")
    made = sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=1.0, delay=1.0))
    sim.run(20)
    made.set(weight=2.0)
    sim.run(20)
    made.set(delay=3.0)
    sim.run(20)
    jumps = np.flatnonzero(np.diff(v_of(cells)[:, 0]) > 0.5)
    assert jumps.tolist() == [19, 219, 439]
    assert v_of(cells)[-1, 0] == pytest.approx(-60)


def test_currents_act_from_their_start_and_may_change():
    cells = sim.Population(3, sim.IF_curr_exp(v_thresh=100.0))
    cells.record("v")
    pulse = sim.DCSource(amplitude=0.5, start=0.0, stop=10.0)
    steps = sim.StepCurrentSource(times=[0.0, 10.0], amplitudes=[0.5, 0.0])
    pulse.inject_into(cells[0:1])
    cells[1].inject(steps)
    cells[2:].set(i_offset=0.5)
    pulse.record()
    sim.run(10)
    cells[2:].set(i_offset=0.0)
    sim.run(10)
    v = v_of(cells)
    assert v[1, 0] > -65 and np.array_equal(v[:, 0], v[:, 2]) and np.array_equal(v[:, 1], v[:, 2])
    current = pulse.get_data()
    assert current.magnitude[:, 0].tolist() == [0.5] * 100 + [0.0] * 101
    pulse.amplitude, pulse.stop = 1.0, 100.0
    assert pulse.get_parameters()["amplitude"] == 1.0
    wave = sim.ACSource(amplitude=0.5, offset=0.1, frequency=50.0, phase=90.0, start=20.0, stop=30.0)
    wave.record()
    cells[1:2].inject(wave)
    sim.run(10)
    assert v_of(cells)[300, 0] > v_of(cells)[200, 0]
    time = np.arange(100) * 0.1
    expected = 0.1 + 0.5 * np.cos(2 * np.pi * 0.05 * time)
    assert wave.get_data().magnitude[-101:-1, 0] == pytest.approx(expected)
    with pytest.raises(TypeError, match="spike source"):
        pulse.inject_into(sim.Population(1, sim.SpikeSourceArray()))


def test_currents_in_pieces_are_those_at_once_and_add_up():
    found = []
    for pieces in ([1200.0], [0.1, 39.9, 960.0, 200.0]):
        sim.setup(timestep=0.1, rng_seed=7)
        cells = sim.Population(4, sim.IF_curr_exp(v_thresh=1e3))
        cells.record("v")
        noise = sim.NoisyCurrentSource(mean=0.1, stdev=0.5, start=5.0, stop=1100.0, dt=0.3)
        wave = sim.ACSource(amplitude=0.2, frequency=30.0, start=3.0, stop=1e9)
        pulses = [sim.DCSource(amplitude=0.1 * (k + 1), start=10.0 * k, stop=100.0 + k) for k in range(4)]
        noise.inject_into(cells[0:2]), wave.inject_into(cells[1:3])
        for cell, pulse in zip(cells, pulses, strict=True):
            cell.inject(pulse)
        noise.record()
        for duration in pieces:
            sim.run(duration)
        found.append((v_of(cells), noise.get_data().magnitude[:, 0]))
    assert np.array_equal(found[0][0], found[1][0]) and np.array_equal(found[0][1], found[1][1])
    v, current = found[0]
    inside = current[50:11000]
    assert (
        np.array_equal(inside[0::3][:3649], inside[2::3][:3649])
        and not np.any(current[:50])
        and not np.any(current[11000:])
    )
    assert inside.mean() == pytest.approx(0.1, abs=5 * 0.5 / np.sqrt(3650))
    assert inside.std() == pytest.approx(0.5, rel=5 / np.sqrt(2 * 3650))
    decay, gain = np.exp(-0.1 / 20), -np.expm1(-0.1 / 20) * 20
    potential = np.zeros(len(v))
    pulse = np.where(np.arange(len(v)) < 1000, 0.1, 0.0)
    for k in range(1, len(v)):
        potential[k] = decay * potential[k - 1] + gain * (current[k - 1] + pulse[k - 1])
    np.testing.assert_allclose(v[:, 0] + 65, potential, atol=1e-10)


def test_the_code_on_the_page_runs(capsys):
    page = (Path(__file__).parents[2] / "docs/interop/pynn.md").read_text(encoding="utf-8")
    names = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, names)
    assert 0 < names["dopamine"].level < 1 and len(names["made"]) == 200
    assert "modulator" in capsys.readouterr().out


def test_procedural_scripts():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        cells = sim.create(sim.IF_curr_exp, {"tau_m": 10.0}, n=3)
        source = sim.create(sim.SpikeSourcePoisson, {"rate": 100.0}, n=2)
        sim.set(cells, v_rest=-64.0)
        sim.initialize(cells, v=-64.0)
        made = sim.connect(source, cells, weight=0.5, delay=0.5, p=1)
        sim.connect(cells[0], cells[1], weight=0.5)
        sim.record("v", cells, "unused.pkl")
        sim.run(20)
    assert len(made) == 6 and v_of(cells).shape == (201, 3)
    simulator.state.write_on_end.clear()


def test_data_are_written_and_read(tmp_path):
    from neo.io import PickleIO

    cells = driven(2)
    cells.annotate(kind="test")
    sim.run(50)
    cells.write_data(str(tmp_path / "both.pkl"))
    block = PickleIO(str(tmp_path / "both.pkl")).read_block()
    assert block.annotations["simulator"] == "spikelearn" and block.annotations["kind"] == "test"
    assert np.array_equal(block.segments[0].analogsignals[0].magnitude, v_of(cells))
    cells.save_positions(str(tmp_path / "positions"))
    assert np.loadtxt(tmp_path / "positions")[1].tolist() == [1, 1, 0, 0]


def test_one_cell_to_one_and_random_numbers_of_the_back_end():
    one, other = sim.Population(1, sim.IF_curr_exp()), sim.Population(1, sim.IF_curr_exp())
    weight = RandomDistribution("uniform", (0.5, 0.6), rng=sim.NativeRNG(seed=3))
    made = sim.Projection(one, other, sim.OneToOneConnector(), sim.StaticSynapse(weight=weight))
    assert [(i, j) for i, j, _ in made.get("weight", format="list")] == [(0, 0)]
    three = sim.Population(3, sim.IF_curr_exp())
    made = sim.Projection(three, three, sim.OneToOneConnector(), sim.StaticSynapse(weight=weight))
    assert [(i, j) for i, j, _ in made.get("weight", format="list")] == [(0, 0), (1, 1), (2, 2)]


def test_spikes_off_the_grid_are_exact():
    sim.setup(timestep=0.1, spike_precision="off_grid")
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.234]))
    cells = sim.Population(2, sim.IF_curr_exp(i_offset=[0.0, 1.0], tau_refrac=1.05))
    sim.Projection(source, cells[0:1], sim.AllToAllConnector(), sim.StaticSynapse(weight=0.5, delay=1.03))
    cells.record(["spikes", "v"])
    sim.run(20)
    sim.run(30)
    v = v_of(cells)
    assert v.shape == (501, 2) and v[22, 0] == -65 < v[23, 0]
    since = 0.1 * np.arange(23, 100) - 2.264
    expected = -65 + 0.5 * 5 / 15 * 20 * (np.exp(-since / 20) - np.exp(-since / 5))
    np.testing.assert_allclose(v[23:100, 0], expected, rtol=1e-12)
    period = 20 * np.log(20 / 5)
    assert spikes_of(cells)[1] == pytest.approx([period], rel=1e-13)
    with pytest.raises(sl.errors.DescriptionError, match="cannot be changed"):
        cells.set(i_offset=0.5)
        sim.run(1)
    sim.setup(timestep=0.1, spike_precision="off_grid")
    source = sim.Population(1, sim.SpikeSourceInhGamma())
    with pytest.warns(RuntimeWarning, match="SpikeSourceInhGamma makes its spikes"):
        sim.run(5)
    sim.run(5)
    sim.setup(timestep=0.1, spike_precision="off_grid")
    cells = sim.Population(1, sim.IF_cond_exp(i_offset=1.0))
    cells.record("spikes")
    with pytest.warns(RuntimeWarning, match="LIFConductance"):
        sim.run(50)
    assert np.rint(spikes_of(cells)[0] / 0.1) * 0.1 == pytest.approx(spikes_of(cells)[0])
    with pytest.raises(ValueError, match="spike_precision"):
        sim.setup(spike_precision="fine")


def test_time_goes_on_without_neurons_and_they_may_come_later():
    sim.run(10)
    cells = driven(1)
    sim.run(30)
    signal = cells.get_data().segments[0].filter(name="v")[0]
    assert sim.get_current_time() == 40 and float(signal.t_start) == 10 and len(signal) == 301
    assert signal.magnitude[0, 0] == -65 < signal.magnitude[1, 0]


@pytest.mark.parametrize("options", [{"engine": "stepper"}, {"threads": 2}], ids=str)
def test_engines_and_threads_compute_the_same(options):
    found = []
    for given in ({}, options):
        sim.setup(timestep=0.1, rng_seed=5, **given)
        source = sim.Population(20, sim.SpikeSourcePoisson(rate=200.0))
        gamma = sim.Population(20, sim.SpikeSourceGamma(alpha=3, beta=500.0))
        cells = sim.Population(10, sim.IF_cond_exp())
        cells.record(["v", "spikes"])
        timing, dependence = sim.SpikePairRule(A_plus=0.1), sim.MultiplicativeWeightDependence(w_max=0.1)
        rule = sim.STDPMechanism(timing, dependence, weight=0.02, delay=1.0)
        made = sim.Projection(source, cells, sim.FixedProbabilityConnector(0.5, rng=NumpyRNG(1)), rule)
        sim.Projection(gamma, cells, sim.OneToOneConnector(), sim.SimpleStochasticSynapse(weight=0.02, p=0.5))
        sim.run(60)
        found.append((v_of(cells), np.array(made.get("weight", format="list"))))
    for one, other in zip(*found, strict=True):
        assert np.array_equal(one, other)


def test_a_network_that_cannot_be_built_can_be_mended():
    cells = driven(2)
    cells.set(v_reset=-40.0)
    with pytest.raises(sl.errors.ParameterError, match="V_reset must lie below V_th"):
        sim.run(1)
    cells.set(v_reset=-65.0)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[0.2]))
    timing, dependence = sim.SpikePairRule(), sim.AdditiveWeightDependence(w_max=1.0)
    synapse = sim.STDPMechanism(timing, dependence, weight=0.5, delay=0.1)
    made = sim.Projection(source, cells, sim.FromListConnector([(0, 0), (0, 1)]), synapse)
    made.set(weight=[3.0, 0.5])
    with pytest.raises(sl.errors.ParameterError, match="the limits W_min and W_max"):
        sim.run(1)
    made.set(weight=0.5)
    sim.run(0)
    assert v_of(cells).tolist() == [[-65.0, -65.0]]
    assert len(sim.network().projections) == 1
    sim.run(1)
    assert v_of(cells).shape == (11, 2)


def test_what_cannot_be_is_named():
    source = sim.Population(1, sim.SpikeSourceArray())
    cells = sim.Population(1, sim.IF_curr_exp())
    made = sim.Projection(source, cells, sim.AllToAllConnector(), sim.TsodyksMarkramSynapse(weight=0.1))
    made.initialize(u=0.0)
    with pytest.raises(NotImplementedError, match="initial values of 'u'"):
        made.initialize(u=0.3)
    with pytest.raises(errors.NoModelAvailableError):
        sim.STDPMechanism(sim.SpikePairRule(), None)
    with pytest.raises(errors.NoModelAvailableError):
        sim.PointNeuron(sim.LIF(), fast="a receptor")
    cells = sim.Population(2, sim.IF_curr_exp())
    with pytest.raises(NotImplementedError, match="location"):
        sim.DCSource().inject_into(cells, location="soma")
    with pytest.raises(errors.InvalidParameterValueError, match="increasing"):
        sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0, 2.0]))
    cells.set(v_reset=-40.0)
    with pytest.raises(sl.errors.ParameterError, match="V_reset must lie below V_th"):
        sim.run(1)
