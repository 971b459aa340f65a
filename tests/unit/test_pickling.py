"""Everything can be sent to another process or copied: models, networks and runs."""

import copy
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import cloudpickle
import joblib
import numpy as np
import pytest
from unit import all_parts, every_model
from unit.test_checkpoint import ENVIRONMENT, same

import spikelearn as sl
from spikelearn.connectivity import CONNECTION_RULES
from spikelearn.errors import CheckpointError, DescriptionError
from spikelearn.neurons import MODELS
from spikelearn.neurons.receptors import RECEPTORS
from spikelearn.plasticity import RULES, SIGNAL_RULES, STEP_RULES
from spikelearn.results.sink import MemorySink
from spikelearn.synapses import GRADED_SYNAPSES, SYNAPSES

EXPORTED = [*MODELS, *RULES, *SIGNAL_RULES, *STEP_RULES, *SYNAPSES, *GRADED_SYNAPSES, *RECEPTORS]


def by_joblib(obj, folder):
    joblib.dump(obj, folder / "a")
    return joblib.load(folder / "a")


WAYS = {
    "pickle": lambda obj, folder: pickle.loads(pickle.dumps(obj)),
    "pickle's first protocol": lambda obj, folder: pickle.loads(pickle.dumps(obj, protocol=2)),
    "cloudpickle": lambda obj, folder: pickle.loads(cloudpickle.dumps(obj)),
    "joblib": by_joblib,
    "deepcopy": lambda obj, folder: copy.deepcopy(obj),
    "copy": lambda obj, folder: copy.copy(obj),
}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())


@every_way
@pytest.mark.parametrize("model", EXPORTED, ids=lambda model: model.name)
def test_a_model_of_the_library_is_the_same_object_afterwards(model, way, tmp_path):
    assert way(model, tmp_path) is model


@every_way
def test_what_a_model_is_called_with_comes_along(way, tmp_path):
    neuron = way(sl.LIF(tau_m=np.linspace(8, 15, 8)), tmp_path)
    assert neuron.model is sl.LIF
    np.testing.assert_array_equal(neuron.parameters.tau_m, np.linspace(8, 15, 8))
    assert way(sl.STDP(lambda_=0.25), tmp_path) == sl.STDP(lambda_=0.25)


@every_way
@pytest.mark.parametrize("rule", CONNECTION_RULES, ids=lambda rule: rule.__name__)
def test_connection_rules_come_along(rule, way, tmp_path):
    made = rule(**rule.example)
    assert type(way(made, tmp_path)) is rule
    assert repr(way(made, tmp_path)) == repr(made)


@pytest.mark.parametrize("way", ["pickle", "cloudpickle"])
def test_a_network_of_every_model_comes_along(way, tmp_path):
    described = {name: made for name, made in every_model.networks().items() if not name.startswith("exact")}
    for name, network in described.items():
        net = network()
        assert list(WAYS[way](net, tmp_path).projections) == list(net.projections), name


def firing(net):
    """A network that has run half of its time."""
    return net, net.run(40.0)


def rest(net):
    return all_parts.outcome(net, [net.run(40.0)])


@pytest.mark.parametrize("way", ["pickle", "deepcopy", "copy", "cloudpickle"])
def test_a_copy_of_a_network_that_has_run_continues_bit_for_bit(way, tmp_path):
    net, _ = firing(all_parts.network())
    same(rest(WAYS[way](net, tmp_path)), rest(net))


def test_a_copy_and_its_original_do_not_touch_each_other(tmp_path):
    net, _ = firing(all_parts.network())
    one, other = copy.deepcopy(net), copy.deepcopy(net)
    first = rest(one)
    assert net.time == other.time == 40.0
    same(first, rest(net))
    same(first, rest(other))


def test_a_network_that_has_not_run_can_be_copied_and_the_copy_can_be_extended(tmp_path):
    net = all_parts.network()
    for way in ("pickle", "deepcopy"):
        copied = WAYS[way](net, tmp_path)
        copied.population(1, sl.LIF(), name="one more")
        assert "one more" not in net.populations
    built = all_parts.network()
    built.build()
    copied = pickle.loads(pickle.dumps(built))
    same(rest(copied), rest(net))


def test_parts_that_are_pickled_with_their_network_stay_its_own():
    net = sl.Network(seed=1)
    source = net.population(4, sl.Poisson(200.0), name="source")
    cells = net.population(3, sl.LIF(), name="cells")
    synapses = net.connect(source, cells, "exc", weight=300.0)
    net, source, cells, synapses = pickle.loads(pickle.dumps((net, source, cells, synapses)))
    net.record(cells[:2])
    net.connect(source, cells, "inh", weight=-1.0)
    assert net.populations["cells"] is cells
    assert len(net.run(50.0).weights(synapses)) == 12


def test_the_exact_engine_continues_bit_for_bit():
    net = sl.Network(seed=2)
    source = net.population(20, sl.Poisson(200.0), name="source")
    cells = net.population(5, sl.LIF(), name="cells")
    net.connect(source, cells, "exc", weight=sl.Uniform(100, 300), delay=1.5)
    net.record(cells)
    net.run(30.0, engine="events")
    copied = pickle.loads(pickle.dumps(net))
    one, other = net.run(30.0), copied.run(30.0)
    assert len(one.spikes("cells").times) > 0
    np.testing.assert_array_equal(one.spikes("cells").times, other.spikes("cells").times)


def count_twice(step, first, all_of_them):
    first[0] += 1.0
    all_of_them[1] += all_of_them[0]


@pytest.mark.parametrize("way", ["pickle", "deepcopy", "cloudpickle"])
def test_arrays_of_callbacks_share_memory_in_the_copy_as_in_the_original(way, tmp_path):
    net = sl.Network(dt=1.0)
    net.population(1, sl.LIF(), name="cell")
    counts = np.zeros(2)
    net.on_step(count_twice, counts[:1], counts)
    net.run(3.0)
    assert counts.tolist() == [3.0, 6.0]
    copied = WAYS[way](net, tmp_path)
    copied.run(2.0)
    assert counts.tolist() == [3.0, 6.0]
    first, both = copied.callbacks[0].arguments
    assert (first.tolist(), both.tolist()) == ([5.0], [5.0, 15.0])


@every_way
def test_a_run_comes_along_with_its_synapses(way, tmp_path):
    net, run = firing(all_parts.network())
    copied = way(run, tmp_path)
    same(all_parts.outcome(net, [copied]), all_parts.outcome(net, [run]))
    assert copied.versions == run.versions
    assert (copied.dt, copied.t_stop, copied.seed) == (run.dt, run.t_stop, run.seed)
    with pytest.raises(CheckpointError, match="without its network"):
        copied.checkpoint(tmp_path / "b")
    run.checkpoint(tmp_path / "b")


def simulated(net, duration):
    return net.run(duration)


def test_a_worker_takes_a_network_and_returns_a_run():
    net = all_parts.network()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        run = pool.submit(simulated, net, 40.0).result()
    same(all_parts.outcome(net, [run]), rest(net))


def test_joblib_remembers_what_a_network_gave(tmp_path):
    calls = []

    def simulate(neuron, duration):
        calls.append(duration)
        net = sl.Network(seed=1)
        cells = net.population(3, neuron, name="cells")
        net.record(cells)
        return net.run(duration)

    remembered = joblib.Memory(tmp_path, verbose=0).cache(simulate)
    first = remembered(sl.LIF(I_e=500.0), 50.0)
    again = remembered(sl.LIF(I_e=500.0), 50.0)
    assert calls == [50.0]
    assert len(first.spikes("cells").times) > 0
    np.testing.assert_array_equal(first.spikes("cells").times, again.spikes("cells").times)
    remembered(sl.LIF(I_e=501.0), 50.0)
    assert len(calls) == 2


SCRIPT = """
import pickle, sys
from typing import Annotated, NamedTuple
import cloudpickle
import numpy as np
import spikelearn as sl
from spikelearn.codegen.jit import scalar

def network(seed=1):
    net = sl.Network(dt=1.0, seed=seed)
    for model in (OwnModel, FromText, Composed, sl.MultiThreshold):
        cells = net.population(2, model(), name=model.name)
        net.record(cells)
    net.drive(net.populations["FromText"], sl.StepCurrent([0.0], [500.0]), "soma")
    net.on_step(tell, np.zeros(1))
    return net

@scalar
def own_step(x, in_exc, gain):
    x = x + gain + in_exc
    fired = x > 3.0
    return (0.0 if fired else x), np.uint8(fired)

class OwnParameters(NamedTuple):
    gain: float = 1.0

OwnModel = sl.NeuronModel(
    "OwnModel", OwnParameters, lambda p, dt: {"gain": p.gain}, own_step, {"x": "1"}, {"exc": "1"},
    initial=lambda p: {"x": 0.0},
)
FromText = sl.NeuronModel.from_equations(
    "dV_m/dt = (E_L - V_m + R * I) / tau_m : volt", threshold="V_m > V_th", reset="V_m = E_L", name="FromText",
    ports={"exc": "V_m"}, currents={"soma": "I"},
    parameters={"E_L": (-70, "mV"), "R": (100, "Mohm"), "tau_m": (10, "ms"), "V_th": (-55, "mV")},
)
Composed = sl.LIF.with_receptors(ampa=sl.ExponentialCurrent(tau_syn=2.0), name="Composed")

def tell(step, x):
    x[0] += step

if __name__ == "__main__":
    for pickler in (pickle, cloudpickle):
        net = network()
        before = pickler.dumps(net)
        first = net.run(20.0)
        with open(f"{sys.argv[1]}/{pickler.__name__}", "wb") as file:
            pickle.dump((before, pickler.dumps((net, first)), net.run(20.0)), file)
"""
LOADED = """
import pickle, sys
import numpy as np
with open(sys.argv[1], "rb") as file:
    before, half, second = pickle.load(file)
net, first = pickle.loads(half)
again, unbuilt = net.run(20.0), pickle.loads(before).run(20.0)
n = 0
for key in second.spike_data:
    np.testing.assert_array_equal(again.spikes(key[0]).times, second.spikes(key[0]).times, str(key))
    np.testing.assert_array_equal(unbuilt.spikes(key[0]).times, first.spikes(key[0]).times, str(key))
    n += len(second.spikes(key[0]).times)
assert n > 10, n
"""


def test_models_of_a_script_come_along_with_their_code(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "other.py").write_text(LOADED)
    for arguments in (["script.py", "."], ["other.py", "pickle"], ["other.py", "cloudpickle"]):
        done = subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_a_network_whose_state_is_in_another_simulator_says_so():
    net = sl.Network(seed=1)
    net.population(2, sl.LIF(), name="cells")
    net.run(1.0, engine="nest")
    with pytest.raises(DescriptionError, match=r"has run on NEST\(.* cannot be copied or pickled"):
        pickle.dumps(net)


def test_models_with_values_for_each_neuron_are_equal_if_all_values_are():
    one, same, other = (sl.LIF(tau_m=values) for values in ([1.0, 2.0], np.array([1, 2]), [1.0, 3.0]))
    assert one == same and hash(one) == hash(same) and one != other and one != sl.LIF() and one != sl.STDP()
    assert sl.STDP(lambda_=0.25) != sl.STDP() == sl.STDP()


def test_a_run_is_equal_to_itself_only():
    net = sl.Network(seed=1)
    net.record(net.population(3, sl.Poisson(100.0)))
    first, second = net.run(5.0, engine="stepper"), net.run(5.0, engine="stepper")
    assert first == first and first != second and first in [second, first]


class RunsAgain(MemorySink):
    """A sink that uses its network in the middle of a run."""

    def flush(self, *arguments, **named):
        self.use()
        return super().flush(*arguments, **named)


@pytest.mark.parametrize("use", [lambda net: net.run(1.0), lambda net: net.reset()], ids=["run", "reset"])
def test_a_network_that_runs_can_be_neither_run_nor_reset(use):
    net = sl.Network(seed=1)
    net.record(net.population(3, sl.Poisson(100.0)))
    sink = RunsAgain()
    sink.use = lambda: use(net)
    with pytest.raises(DescriptionError, match="another run of this network has not ended"):
        net.run(50.0, engine="stepper", sink=sink)
    assert net.run(1.0, engine="stepper").t_stop == net.time


def test_a_copy_that_is_made_while_a_network_runs_can_run_at_the_same_time():
    net = sl.Network(seed=1)
    cells = net.population(3, sl.Poisson(100.0))
    net.record(cells)
    copies = []
    sink = RunsAgain()
    sink.use = lambda: copies.append(copy.deepcopy(net))
    net.run(50.0, engine="stepper", sink=sink)
    begun = copies[0].time
    assert 0.0 < begun < 50.0
    rest = copies[0].run(50.0 - begun).spikes("poisson").times
    times = sink.spike_data()["poisson", "spike"].times
    np.testing.assert_array_equal(rest, times[times > begun])
