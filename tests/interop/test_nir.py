"""Networks from and to NIR: the paper's neuron, models of other programs, random graphs, round trips, bad input."""

import copy
import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest
from tolerances import EXACT, METHOD, ULP

import spikelearn as sl

nir = pytest.importorskip("nir")

from nir_graphs import Graphs, small  # noqa: E402
from nir_twin import simulated  # noqa: E402

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data" / "nir"
N_GRAPHS = 200
FLOAT32 = METHOD(1, 2.0**-24, constant=200.0)
"""What 200 steps in float32 may add up to: snnTorch and Norse compute in it, from numbers of the order of 1."""


def script(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def as_spikes(values, dt):
    """Rows of 0 and 1 as spikes at the beginnings of the steps."""
    steps, ids = np.nonzero(values.reshape(len(values), -1))
    return sl.SpikeList(steps * dt, ids)


def outputs(net, steps, engine=None):
    """Neuron node -> (steps, n), what it gives out in each step of the input, later by its lag."""
    dt, lags = net.dt, net.origin.lag
    late = {name: round(lag / dt) if net.origin.method == "euler" else 1 for name, lag in lags.items()}
    variables = {}
    for name in lags:
        model = net.populations[name].model.model
        if "spike" in model.kinds:
            net.record(net.populations[name], "spikes")
        else:
            variables[name] = next(iter(model.state))
            net.record(net.populations[name], variables[name], every=dt)
    run = net.run((steps + max(late.values())) * dt, engine=engine)
    found = {}
    for name in lags:
        if name in variables:
            found[name] = run.trace(name, variables[name]).values[late[name] - 1 :][:steps]
            continue
        rows = np.zeros((steps, net.populations[name].size))
        spikes = run.spikes(name)
        at = np.rint(spikes.times / dt).astype(int) - late[name]
        counts = (at >= 0) & (at < steps)
        rows[at[counts], spikes.ids[counts]] = 1.0
        found[name] = rows
    return found


# The paper's neuron


def test_the_exact_engine_has_the_potential_of_the_paper_and_every_platform_is_off_or_late():
    script_of_table = script(ROOT / "scripts" / "nir_lif.py")
    table = {name: (largest, off) for name, largest, _, off in script_of_table.rows()}
    largest, off = table.pop(script_of_table.HERE["events"])
    # the solution of the paper adds up its times of sampling, 1000 of them
    METHOD(1, 1e-9, constant=3.4).check(largest, 0.0)
    EXACT.check(off, np.zeros(4))
    assert len(table) == 11
    for platform, (largest, off) in table.items():
        assert largest > 6e-3 or np.any(np.array(off) != 0.0), platform
    page = (ROOT / "docs" / "interop" / "nir.md").read_text()
    assert script_of_table.page() in page, "run scripts/nir_lif.py and put its table into docs/interop/nir.md"


def test_the_spikes_of_the_exact_engine_are_those_that_the_paper_prints():
    given = np.load(DATA / "lif_paper.npz")["input"].astype(float)
    _, times = script(ROOT / "scripts" / "nir_lif.py").ours("events", given)
    # printed by paper/01_lif/lif_exact_sim.ipynb, in s with six decimals
    METHOD(1, 0.5e-3).check(times, np.array([46.084, 51.090, 71.092, 76.091]))


# Models of other programs, which data/make_nir.py exported and ran

PUBLISHED = {"snntorch_braille": "braille_noDelay_bias_zero.nir", "torch_cnn": "cnn_sinabs.nir"}
MODELS = ["snntorch_dense", "snntorch_synaptic", "snntorch_conv", "norse_box", "norse_cuba", *PUBLISHED]


def compare_with(found, expected):
    """Spikes are the same, all of them; values to what float32 allows."""
    for node, values in expected.items():
        spikes = set(np.unique(values)) <= {0.0, 1.0}
        (EXACT if spikes else FLOAT32).check(found[node], values, node)
        assert np.any(values)


@pytest.mark.parametrize("given_as", ["array", "spikes"])
@pytest.mark.parametrize("name", MODELS)
def test_models_of_snntorch_and_norse_have_the_same_spikes(name, given_as):
    data = np.load(DATA / f"{name}.npz")
    given, dt = data["given"].astype(float), float(data["dt"])
    inputs = given if given_as == "array" else as_spikes(given, dt)
    net = sl.from_nir(DATA / PUBLISHED.get(name, f"{name}.nir"), inputs, dt=dt, method="euler")
    expected = {key[len("found ") :]: data[key].astype(float) for key in data.files if key.startswith("found ")}
    compare_with(outputs(net, len(given)), expected)


def test_the_exact_method_has_other_spikes_than_euler():
    """The control of the test above: with the exact solution, spikes move."""
    data = np.load(DATA / "norse_box.npz")
    net = sl.from_nir(DATA / "norse_box.nir", data["given"].astype(float), dt=1.0, method="exact")
    assert np.abs(outputs(net, len(data["given"]))["1"] - data["found 1"]).sum() > 10


# Random graphs


def random_input(graph, seed, steps=40):
    generator = np.random.default_rng(seed)
    shapes = {name: node.input_type["input"] for name, node in graph.nodes.items() if isinstance(node, nir.Input)}
    return {name: (generator.random((steps, *shape)) < 0.4) * 1.0 for name, shape in shapes.items()}


@pytest.mark.parametrize(
    "seeds",
    [pytest.param(range(k, k + 20), marks=pytest.mark.slow if k >= 100 else []) for k in range(0, N_GRAPHS, 20)],
    ids=str,
)
def test_random_graphs_do_what_they_do_node_by_node(seeds):
    n_spikes = 0
    for seed in seeds:
        graph = Graphs(seed).graph()
        given = random_input(graph, seed)
        for k, method in enumerate(("exact", "euler")):
            expected = simulated(graph, given, 1e-3, method)
            inputs = given if (seed + k) % 2 else {name: as_spikes(values, 1.0) for name, values in given.items()}
            found = outputs(sl.from_nir(graph, inputs, dt=1.0, method=method), 40)
            assert len(found) >= 1
            for name, values in found.items():
                spikes = set(np.unique(expected[name])) <= {0.0, 1.0}
                tolerance = EXACT if spikes else ULP(2000, np.abs(expected[name]).max())
                tolerance.check(values, expected[name], f"{seed} {method} {name}")
                n_spikes += spikes * values.sum()
    assert n_spikes > 1000


def same(one, other, where=""):
    """Whether two nodes, or graphs, are the same in every number, name, type, shape and order."""
    assert type(one) is type(other), where
    if isinstance(one, dict):
        assert list(one) == list(other), where
        for key in one:
            same(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, nir.NIRNode):
        same(vars(one), vars(other), where)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype and one.shape == other.shape and np.array_equal(one, other), where
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for a, b in zip(one, other, strict=True):
            same(a, b, where)
    else:
        assert one == other, where


@pytest.mark.parametrize("method", ["exact", "euler"])
def test_round_trips_of_random_graphs_are_exact(method):
    for seed in range(N_GRAPHS):
        graph = Graphs(seed).graph()
        before = copy.deepcopy(graph)
        net = sl.from_nir(graph, dt=1.0, method=method)
        same(before, graph, f"given graph {seed}")
        found = net.to_nir()
        same(graph, found, f"graph {seed}")
        assert found is not graph and found is not net.origin.graph


def test_round_trips_through_files_are_exact(tmp_path):
    for seed in range(0, N_GRAPHS, 10):
        first, second = tmp_path / "first.nir", tmp_path / "second.nir"
        nir.write(first, Graphs(seed, for_files=True).graph())
        nir.write(second, sl.from_nir(first, dt=1.0).to_nir())
        same(nir.read(first, type_check=False), nir.read(second, type_check=False), f"graph {seed}")


def test_what_is_changed_after_reading_is_written_and_nothing_else():
    """A parameter of one neuron, and one weight, of those of 200 graphs that have a weight of their own."""
    n_changed = 0
    for seed in range(N_GRAPHS):
        graph = Graphs(seed).graph()
        net = sl.from_nir(graph, dt=1.0)
        names = [n for n, node in graph.nodes.items() if isinstance(node, nir.LIF | nir.CubaLIF | nir.IF)]
        if not names:
            continue
        name = names[-1]
        threshold = graph.nodes[name].v_threshold.ravel()
        net.set(net.populations[name][:1], V_th=np.nextafter(float(threshold[0]) + 1.0, np.inf))
        expected = copy.deepcopy(graph)
        node = expected.nodes[name]
        node.v_threshold = node.v_threshold.astype(float)
        node.v_threshold.flat[0] = float(threshold[0]) + 1.0
        found = net.to_nir()
        same(expected, found, f"graph {seed}")
        again = sl.from_nir(found, dt=1.0)
        pairs = zip(again.populations[name].model.parameters, net.populations[name].model.parameters, strict=True)
        assert all(np.all(np.asarray(a) == np.asarray(b)) for a, b in pairs)
        n_changed += 1
    assert n_changed > 50


@pytest.mark.parametrize("method", ["exact", "euler"])
def test_changed_weights_are_written(method):
    net = sl.from_nir(small(), method=method)
    weights = net.synapses(net.projections["fc"]).matrix((2, 2))
    weights[0, 1] *= 2.0  # from the first input to the second neuron
    net.set_weights(net.projections["fc"], weights)
    found = net.to_nir().nodes["fc"].weight
    ULP(2).check(found, np.array([[1.0, 2.0], [6.0, 4.0]]))
    EXACT.check(found[[0, 0, 1], [0, 1, 1]], [1.0, 2.0, 4.0])


@pytest.mark.parametrize("method", ["exact", "euler"])
def test_with_another_time_constant_the_weights_of_what_moves_a_potential_are_others(method):
    """What arrives moves V_m as far as before, so that the graph has other weights of the same network."""
    net = sl.from_nir(small(), as_spikes(np.ones((50, 2)), 0.1), method=method)
    net.set(net.populations["lif"][:1], tau_m=30.0)
    again = sl.from_nir(net.to_nir(), as_spikes(np.ones((50, 2)), 0.1), method=method)
    ULP(20).check(again.weights(again.projections["fc"]), net.weights(net.projections["fc"]))
    ULP(20).check(again.get(again.populations["lif"], "tau_m"), net.get(net.populations["lif"], "tau_m"))


@pytest.mark.parametrize("kind", ["LIF", "LI", "CubaLIF", "CubaLI"])
def test_a_step_as_long_as_a_time_constant_leaves_nothing_of_the_past(kind):
    """beta = 0 in snnTorch: Euler's 1 - dt/tau."""
    tau = {"tau_syn": np.full(2, 0.002), "tau_mem": np.full(2, 0.001)} if "Cuba" in kind else {"tau": np.full(2, 0.001)}
    firing = {"v_threshold": np.full(2, 1.5)} if kind.endswith("F") else {}
    node = getattr(nir, kind)(**tau, r=np.ones(2), v_leak=np.array([0.0, 0.25]), **firing)
    graph = small(lif=node)
    given = (np.random.default_rng(1).random((60, 2)) < 0.3) * 0.5
    found = outputs(sl.from_nir(graph, given, dt=1.0, method="euler"), 60)["lif"]
    ULP(50, 4.0).check(found, simulated(graph, {"input": given}, 1e-3, "euler")["lif"])
    assert 10 < np.count_nonzero(found) and np.ptp(found) >= 1.0


# Networks that were not read from NIR


def own_network(seed=3):
    generator = np.random.default_rng(seed)
    net = sl.Network(dt=0.5, seed=seed)
    source = net.population(12, sl.Poisson(60.0), name="source")
    delta = net.population(8, sl.LIFDelta(t_ref=0.0, tau_m=generator.uniform(5, 20, 8), I_e=150.0), name="delta")
    cuba = net.population(7, sl.CubaLIF(w_in=2.0, V_th=generator.uniform(-60, -55, 7), I_e=50.0), name="cuba")
    units = net.population(3, sl.McCullochPitts(theta=2.0), name="units")
    readout = net.population(2, sl.CubaLI(), name="readout")
    rate = net.population(2, sl.LinearRate(tau=20.0), name="rate")
    alone = net.population(2, sl.LIFDelta(t_ref=0.0, I_e=[500.0, 600.0]), name="alone")
    net.connect(source, delta, weight=generator.normal(2.0, 1.0, (12, 8)), delay=1.5)
    net.connect(delta, cuba, rule=sl.FixedProbability(0.5), weight=sl.Uniform(1000.0, 6000.0))
    net.connect(cuba, delta, weight=-1.0, delay=np.repeat(generator.integers(1, 5, 7)[:, None] * 0.5, 8, axis=1))
    net.connect(cuba, units, rule=sl.Pairs([0, 1, 2, 3, 4, 5, 6], [0, 0, 1, 1, 2, 2, 2]), weight=1.0)
    net.connect(delta, readout, weight=100.0)
    net.connect(readout, rate, "exc", on="rate", payload="V_m", weight=0.1)
    net.connect(units, rate, "inh", weight=0.5)
    net.connect(units, delta, weight=1.0, delay=np.repeat(generator.integers(1, 5, 8)[None] * 0.5, 3, axis=0))
    net.connect(alone, alone, weight=1.0, delay=np.array([[2.0, 1.0], [2.0, 1.0]]))
    return net


def test_a_network_of_ones_own_is_the_same_after_a_round_trip(tmp_path):
    net = own_network()
    graph = net.to_nir()
    graph.check_types()
    nir.write(tmp_path / "own.nir", graph)
    source = net.populations["source"]
    net.record(source)
    for name in ("delta", "cuba", "units", "alone"):
        net.record(net.populations[name])
    net.record(net.populations["readout"], "V_m", every=0.5)
    net.record(net.populations["rate"], "y", every=0.5)
    run = net.run(200.0)
    given = sl.SpikeList(run.spikes(source).times, run.spikes(source).ids)
    again = sl.from_nir(nir.read(tmp_path / "own.nir"), {"source": given}, dt=0.5)
    assert again.origin.outputs == {"output": "rate"}
    for name in ("delta", "cuba", "units", "alone"):
        again.record(again.populations[name])
    again.record(again.populations["readout"], "V_m", every=0.5)
    again.record(again.populations["rate"], "y", every=0.5)
    second = again.run(200.0)
    for name in ("delta", "cuba", "units", "alone"):
        assert len(run.spikes(name).times) > 10, name
        EXACT.check(second.spikes(name).times, run.spikes(name).times, name)
        EXACT.check(second.spikes(name).ids, run.spikes(name).ids, name)
    for name, variable in (("readout", "V_m"), ("rate", "y")):
        first, other = (each.trace(name, variable).values for each in (run, second))
        ULP(5000, np.abs(first).max()).check(other, first, name)
    same(again.to_nir(), nir.read(tmp_path / "own.nir", type_check=False))


def test_lif_neurons_become_cuba_lif_with_the_same_response_to_fine_steps():
    """NIR's input is there throughout a step, that of LIF arrives at its end: they differ as dt."""
    apart = []
    for dt in (0.1, 0.05):
        net = sl.Network(dt=dt)
        source = net.population(1, sl.SpikeList([1.0, 3.0]), name="source")
        cell = net.population(1, sl.LIF(t_ref=0.0, E_L=0.0, V_reset=0.0, V_th=100.0), name="cell")
        net.connect(source, cell, weight=1000.0, delay=1.0)
        again = sl.from_nir(net.to_nir(), sl.SpikeList([1.0, 3.0]), dt=dt)
        traces = []
        for each in (net, again):
            each.record(each.populations["cell"], "V_m", every=0.1)
            traces.append(each.run(20.0).trace("cell", "V_m").values)
        apart.append(np.abs(traces[0] - traces[1]).max())
    # V_m rises by up to 8 mV/ms, 2 nA through 250 pF
    assert 0.0 < apart[1] < 0.6 * apart[0] and apart[0] < 8.0 * 0.1


def test_parts_that_are_added_to_a_network_from_nir_are_written_beside_its_graph():
    net = sl.from_nir(small())
    readout = net.population(1, sl.CubaLI(), name="readout")
    net.connect(net.populations["lif"], readout, weight=2.0, name="to readout")
    graph = net.to_nir()
    assert list(graph.nodes) == ["input", "fc", "lif", "output", "readout", "to readout", "output_2"]
    assert graph.edges[-3:] == [("lif", "to readout"), ("to readout", "readout"), ("readout", "output_2")]
    same(small().nodes["fc"], graph.nodes["fc"])


# How it is used


def test_the_example_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "interop" / "nir.md").read_text()
    names = {}
    exec(text.split("```python\n")[1].split("```")[0], names)
    assert len(names["run"].spikes("lif").times) > 0
    # V_m >= 0.2 is v > the double before
    EXACT.check(nir.read("changed.nir").nodes["lif"].v_threshold, np.full(3, np.nextafter(0.2, 0.0)))


def test_an_input_without_spikes_is_given_them_later():
    given = as_spikes(np.ones((100, 2)), 0.1)
    first, later = sl.from_nir(small(), given), sl.from_nir(small())
    later.set(later.populations["input"], times=given.times, ids=given.ids)
    found = [outputs(net, 100)["lif"] for net in (first, later)]
    assert found[0].sum() > 5
    EXACT.check(*found)


def test_names_of_inputs_and_outputs_are_told():
    net = sl.from_nir(small(), np.ones((3, 2)))
    assert (net.origin.inputs, net.origin.outputs) == ({"input": ""}, {"output": "lif"})
    assert "input" not in net.populations and net.projections == {}
    net = sl.from_nir(small(), sl.Poisson(10.0))
    assert (net.origin.inputs, net.origin.outputs) == ({"input": "input"}, {"output": "lif"})
    assert list(net.projections) == ["fc"] and "outputs {'output': 'lif'}" in repr(net.origin)


def test_an_output_behind_a_linear_node_is_a_population_of_sums():
    graph = small()
    graph.nodes["last"] = nir.Affine(np.array([[1.0, 10.0], [0.0, 1.0], [2.0, 0.0]]), np.array([0.5, 0.0, 0.0]))
    graph.nodes["output"] = nir.Output(np.array([3]))
    graph.edges[-1:] = [("lif", "last"), ("last", "output")]
    net = sl.from_nir(graph, np.ones((200, 2)), method="euler")
    assert net.origin.outputs == {"output": "output"}
    found = outputs(net, 200)
    assert found["lif"].sum() > 5
    EXACT.check(found["output"], found["lif"] @ graph.nodes["last"].weight.T + [0.5, 0.0, 0.0])


def test_parameters_of_one_number_are_those_of_a_layer():
    one = nir.LIF(*np.array([[0.01], [1.0], [0.0], [1.0]]))
    all_alike = nir.LIF(*np.array([[0.01] * 2, [1.0] * 2, [0.0] * 2, [1.0] * 2]))
    found = [outputs(sl.from_nir(small(lif=lif), np.ones((50, 2))), 50)["lif"] for lif in (one, all_alike)]
    assert found[0].shape == (50, 2)
    EXACT.check(*found)
    same(sl.from_nir(small(lif=one)).to_nir(), small(lif=one))


def test_engines_threads_copies_and_checkpoints_agree(tmp_path):
    data = np.load(DATA / "snntorch_braille.npz")
    graph, given = DATA / PUBLISHED["snntorch_braille"], data["given"][:60].astype(float)
    first = outputs(sl.from_nir(graph, given, method="euler"), 60)
    others = {
        "stepper": outputs(sl.from_nir(graph, given, method="euler"), 60, engine="stepper"),
        "threads": outputs(sl.from_nir(graph, given, method="euler", threads=2), 60),
        "copy": outputs(pickle.loads(pickle.dumps(sl.from_nir(graph, given, method="euler"))), 60),
    }
    assert first["lif2"].sum() > 50
    for found in others.values():
        for name, values in first.items():
            EXACT.check(found[name], values)
    net = sl.from_nir(graph, given, method="euler")
    net.run(1.0, checkpoint=tmp_path / "state")
    restored = sl.Network.restore(tmp_path / "state")
    assert restored.origin.outputs == net.origin.outputs
    same(restored.to_nir(), nir.read(graph, type_check=False))


def test_integrators_without_a_leak_are_exact_on_the_exact_engine():
    """With a constant current, v = r I t: a spike every v_threshold / (r I) = 4 ms."""
    graph = nir.NIRGraph.from_list(nir.IF(np.array([100.0]), np.array([1.0])), type_check=False)
    net = sl.from_nir(graph, np.full((300, 1), 2.5))
    net.record(net.populations["if"])
    ULP(100).check(net.run(30.0, engine="events").spikes("if").times, 4.0 * np.arange(1, 8))
