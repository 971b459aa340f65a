"""Networks to SONATA's files and back, with the same spikes; libsonata reads them; errors name what cannot be said."""

import json

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import DescriptionError, RunFileError

h5py = pytest.importorskip("h5py")


def network(model=sl.LIFAlpha, **parameters):
    """Two populations that differ, with positions, currents, views and both signs of weights."""
    net = sl.Network(dt=0.1, seed=3)
    random = np.random.default_rng(1)
    places = np.sort(random.choice(2000 * 20, 400, replace=False))  # no neuron fires twice in a step
    source = net.population(20, sl.SpikeList((places // 20 + 1) / 10, places % 20), name="source")
    cells = net.population(
        30, model(**parameters), name="layer 2/3", initial={"V_m": sl.Uniform(-70.0, -60.0)}, positions=sl.Grid((6, 5))
    )
    more = net.population(10, model(), name="more")
    up, down = (1.0, -1.0) if model not in (sl.LIFConductance, sl.HodgkinHuxley) else (0.02, 0.02)
    net.connect(source, cells, "exc", sl.FixedInDegree(10), weight=sl.Uniform(200.0 * up, 400.0 * up), delay=1.5)
    net.connect(
        cells, more, "exc", sl.FixedProbability(0.5), weight=300.0 * up, delay=sl.Uniform(0.5, 2.0), name="forward"
    )
    net.connect(more, cells, "inh", weight=200.0 * down, axonal_delay=1.0, dendritic_delay=0.4, name="back")
    net.drive(cells[5:9], sl.StepCurrent([20.0, 50.0, 80.0], [300.0, 0.0, 600.0]))
    net.drive(more, sl.StepCurrent([10.0], [200.0]))
    net.record(source)
    net.record(cells)
    net.record(more)
    net.record(cells[:3], "V_m", every=0.5)
    return net


def spikes_of(net, duration=200.0, **options):
    run = net.run(duration, **options)
    return {name: run.spikes(name) for name, label in run.spike_data if label == "spike"}


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        (sl.LIFAlpha, {"tau_m": np.linspace(8.0, 12.0, 30)}),
        (sl.LIF, {"E_L": -68.0, "I_e": np.linspace(0.0, 200.0, 30)}),
        (sl.LIFConductance, {}),
        (sl.AdEx, {"b": np.linspace(10.0, 80.0, 30)}),
        (sl.HodgkinHuxley, {}),
    ],
)
def test_a_network_comes_back_with_the_same_spikes(model, parameters, tmp_path):
    net = network(model, **parameters)
    config = net.to_sonata(tmp_path / "network", 200.0)
    again = sl.from_sonata(config)
    assert sl.sonata_duration(config) == 200.0
    expected, found = spikes_of(net), spikes_of(again)
    assert len(expected["layer 2/3"].times) > 50
    for name in ("layer 2/3", "more"):
        EXACT.check(found[name].times, expected[name].times)
        EXACT.check(found[name].ids, expected[name].ids)
    EXACT.check(again.populations["layer 2/3"].positions, net.populations["layer 2/3"].positions)


def test_synapses_and_traces_come_back_equal(tmp_path):
    net = network()
    again = sl.from_sonata(net.to_sonata(tmp_path / "network", 200.0))
    assert list(again.projections) == ["source->layer 2/3", "forward", "back"]
    for name, projection in net.projections.items():
        for one, other in zip(again.synapses(again.projections[name]), net.synapses(projection), strict=True):
            EXACT.check(one, np.round(other, 1) if name == "forward" and other.dtype.kind == "f" else other)
    one, other = (each.run(200.0).trace("layer 2/3", "V_m") for each in (again, net))
    EXACT.check(one.values, other.values)
    EXACT.check(one.ids, [0, 1, 2])


def test_libsonata_reads_nodes_edges_and_sets(tmp_path):
    libsonata = pytest.importorskip("libsonata")
    net = network(tau_m=np.linspace(8.0, 12.0, 30))
    config = net.to_sonata(tmp_path / "network", 200.0)
    nodes = libsonata.NodeStorage(str(tmp_path / "network" / "network" / "1_nodes.h5")).open_population("layer 2%2F3")
    assert nodes.size == 30
    EXACT.check(nodes.get_dynamics_attribute("tau_m", nodes.select_all()), np.linspace(8.0, 12.0, 30))
    EXACT.check(nodes.get_attribute("x", nodes.select_all()), net.populations["layer 2/3"].positions[:, 0])
    circuit = libsonata.CircuitConfig.from_file(str(config.parent / "circuit_config.json"))
    assert circuit.node_populations == {"source", "layer 2%2F3", "more"} and circuit.edge_population("back").size == 300
    edges = libsonata.EdgeStorage(str(tmp_path / "network" / "network" / "0_edges.h5")).open_population(
        "source->layer 2%2F3"
    )
    synapses = net.synapses(net.projections["source->layer 2/3"])
    EXACT.check(edges.source_nodes(edges.select_all()), synapses.pre)
    EXACT.check(edges.target_nodes(edges.select_all()), synapses.post)
    EXACT.check(edges.get_attribute("syn_weight", edges.select_all()), synapses.weight)
    assert edges.source == "source" and edges.target == "layer 2%2F3"
    spikes = libsonata.SpikeReader(str(tmp_path / "network" / "inputs" / "spikes.h5"))
    assert len(spikes["source"].get()) == 400
    sets = libsonata.NodeSets.from_file(str(tmp_path / "network" / "node_sets.json"))
    assert "driven 0" in sets.names
    assert sets.materialize("driven 0", nodes).flatten().tolist() == [5, 6, 7, 8]
    assert json.loads(config.read_text())["run"] == {"tstop": 200.0, "dt": 0.1, "random_seed": 3}


def test_other_sources_are_the_spikes_of_a_run(tmp_path):
    net = sl.Network(dt=0.1, seed=2)
    source = net.population(50, sl.Poisson(40.0), name="source")
    cells = net.population(10, sl.LIF(), name="cells")
    net.connect(source, cells, "exc", weight=100.0, delay=1.0)
    net.record(cells)
    with pytest.raises(
        DescriptionError, match=r"'source' \(Poisson\): SONATA's sources are lists of spikes; give run="
    ):
        net.to_sonata(tmp_path / "no", 100.0)
    assert not list(tmp_path.iterdir())
    net.record(source)
    run = net.run(100.0)
    again = spikes_of(sl.from_sonata(net.to_sonata(tmp_path / "network", run=run)), 100.0)
    EXACT.check(again["cells"].times, run.spikes("cells").times)
    assert len(run.spikes("cells").times) > 20


def test_the_exact_engine_takes_times_as_they_are(tmp_path):
    net = sl.Network(dt=0.1)
    source = net.population(1, sl.SpikeList([1.2345, 3.3333]), name="source")
    cells = net.population(1, sl.LIF(), name="cells")
    net.connect(source, cells, "exc", weight=5000.0, delay=1.23)
    net.record(cells)
    config = net.to_sonata(tmp_path / "network", 20.0)
    EXACT.check(
        spikes_of(sl.from_sonata(config, exact=True), 20.0, engine="events")["cells"].times,
        spikes_of(net, 20.0, engine="events")["cells"].times,
    )
    # on the grid spikes count at the end of their step, and delays are the nearest number of steps
    rounded = sl.from_sonata(config)
    EXACT.check(rounded.populations["source"].model.times, [1.3, 3.4])
    EXACT.check(rounded.synapses(rounded.projections["source->cells"]).delay, [1.2])


CANNOT = {
    "plasticity": (
        lambda net, a, b: net.connect(a, b, "exc", weight=1.0, plasticity=sl.STDP(), name="p"),
        "projection 'p': plasticity cannot be written to SONATA's files; connect with plastic=False",
    ),
    "short-term": (
        lambda net, a, b: net.connect(a, b, "exc", weight=1.0, synapse=sl.TsodyksMarkram(), name="p"),
        "projection 'p': synapses other than static ones cannot",
    ),
    "model": (
        lambda net, a, b: net.population(1, sl.Pyramidal(), name="p"),
        r"population 'p' \(Pyramidal\) cannot .*can: ",
    ),
    "drive": (
        lambda net, a, b: net.drive(b, sl.PoissonInput(10.0), "exc", 1.0),
        "PoissonInput.* cannot .*only StepCurrent",
    ),
    "modulator": (lambda net, a, b: net.modulator("dopamine", tau=10.0), "modulators cannot be written"),
    "recording": (lambda net, a, b: net.record(b, "rate", every=1.0), r"rate.* cannot .*net.remove\(recording\)"),
    "state": (
        lambda net, a, b: net.population(2, sl.LIF(), initial={"I_syn_exc": 1.0}),
        "initial I_syn_exc cannot .* only V_m",
    ),
    "sign": (lambda net, a, b: net.connect(a, b, "exc", weight=-1.0, name="p"), "projection 'p'.*other sign"),
}


@pytest.mark.filterwarnings("ignore::spikelearn.errors.SignWarning")
@pytest.mark.parametrize("what", CANNOT)
def test_what_sonata_cannot_say_is_named_before_anything_is_written(what, tmp_path):
    add, words = CANNOT[what]
    net = sl.Network()
    a, b = net.population(2, sl.SpikeList([1.0]), name="a"), net.population(2, sl.LIF(tau_syn_inh=3.0), name="b")
    add(net, a, b)
    with pytest.raises(DescriptionError, match=words):
        net.to_sonata(tmp_path / "network", 10.0)
    assert not list(tmp_path.iterdir())


def test_a_duration_is_needed(tmp_path):
    with pytest.raises(DescriptionError, match="to_sonata: expected a duration in ms"):
        network().to_sonata(tmp_path / "network")


def edited(tmp_path, file, change):
    """The files of a network, one of them changed."""
    config = network().to_sonata(tmp_path / "network", 200.0)
    path = tmp_path / "network" / file
    path.write_text(change(path.read_text()))
    return config


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("network/1_node_types.csv", "nest:iaf_psc_alpha", "nest:glif_psc", "model_template 'nest:glif_psc' is no"),
        ("network/1_node_types.csv", "point_neuron ", "biophysical ", "model_type 'biophysical'.*morphology"),
        ("network/0_edge_types.csv", "static_synapse", "stdp_synapse", "model_template 'stdp_synapse' cannot"),
        ("components/point_neurons/1.json", '"C_m"', '"C_x"', "parameter 'C_x' cannot.*did you mean 'C_m'"),
        ("components/synapses/static.json", "{}", '{"tau_psc": 1.0}', r"parameters \['tau_psc'\] of 'static.json'"),
        ("simulation_config.json", '"module": "h5"', '"module": "nwb"', "input 'spikes of source': input_type"),
        ("simulation_config.json", '"variable_name": "V_m"', '"variable_name": "g"', "'g' of .* cannot be recorded"),
        ("simulation_config.json", '"driven 0"', '"driven x"', "there is no set of nodes 'driven x'; there are: "),
        ("simulation_config.json", '"tstop"', '"tstart": 5.0, "tstop"', "tstart is 5.0; networks begin at 0 ms"),
        ("simulation_config.json", '"spikes.h5"', "spikes", "simulation_config.json: is no JSON"),
        ("circuit_config.json", "0_edges.h5", "none.h5", "none.h5: there is no such file"),
        ("circuit_config.json", '"nodes_file"', '"nodes"', "networks: nodes: expected nodes_file in each entry"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_over_is_named_with_its_file(tmp_path, file, old, new, words):
    def change(text):
        assert old in text
        return text.replace(old, new)

    with pytest.raises((DescriptionError, RunFileError), match=words):
        sl.from_sonata(edited(tmp_path, file, change))


def test_delays_below_a_step_are_an_error_unless_they_are_lengthened(tmp_path):
    config = edited(tmp_path, "network/2_edge_types.csv", lambda text: text.replace("1.4", "0.0"))
    with pytest.raises(DescriptionError, match="'back'.*at least one step"):
        sl.from_sonata(config)
    net = sl.from_sonata(config, shortest_delay=0.1)
    assert set(net.synapses(net.projections["back"]).delay.tolist()) == {0.1}


def test_names_of_recordings_and_of_places_come_back(tmp_path):
    """A source may be called like a variable of the manifest, and names do not grow from file to file."""
    net = sl.Network(dt=0.1)
    source = net.population(2, sl.SpikeList([1.0, 2.0], [0, 1]), name="$INPUT_DIR")
    cells = net.population(2, sl.LIFAlpha(), name="cells")
    net.connect(source, cells, weight=500.0)
    net.record(cells, "V_m", every=0.5, name="slow")
    again = sl.from_sonata(sl.from_sonata(net.to_sonata(tmp_path / "one", 5.0)).to_sonata(tmp_path / "two", 5.0))
    assert list(again.populations) == ["$INPUT_DIR", "cells"]
    assert list(again.run(5.0).trace_data) == [("cells", "V_m@slow")]
    EXACT.check(again.populations["$INPUT_DIR"].model.times, [1.0, 2.0])
