"""Files of SONATA that contradict themselves, or say what would be lost: told by file and place, not read as another
network."""

import json

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import SpikelearnError
from spikelearn.io.sonata_files import read_report, read_spikes

h5py = pytest.importorskip("h5py")


@pytest.fixture
def folder(tmp_path):
    """source -> cells with weights and parameters of each, a current, a report and spikes."""
    net = sl.Network(dt=0.1, seed=3)
    source = net.population(3, sl.SpikeList([1.0, 2.0, 3.0], [0, 1, 2]), name="source")
    cells = net.population(4, sl.LIFAlpha(tau_m=[8.0, 9.0, 10.0, 11.0]), name="cells")
    weights, delays = np.arange(100.0, 1300.0, 100.0).reshape(3, 4), np.arange(1.0, 13.0).reshape(3, 4)
    net.connect(source, cells, "exc", weight=weights, delay=delays, name="edges")
    net.drive(cells[1:3], sl.StepCurrent([5.0, 15.0], [600.0, 0.0]))
    net.record(cells, "V_m", every=0.5)
    net.to_sonata(tmp_path, 30.0)
    return tmp_path


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def data(file, name, values):
    told = dict(file[name].attrs)
    del file[name]
    file[name] = values
    file[name].attrs.update(told)


def simulation(change):
    return lambda folder: edit(folder / "simulation_config.json", change)


def circuit(change):
    return lambda folder: edit(folder / "circuit_config.json", change)


def inputs(name, **values):
    return simulation(lambda content: content["inputs"][name].update(values))


def report(**values):
    return simulation(lambda content: next(iter(content["reports"].values())).update(values))


def node_set(name, **values):
    return lambda folder: edit(folder / "node_sets.json", lambda content: content[name].update(values))


def parameters(**values):
    return lambda folder: edit(
        folder / "components" / "point_neurons" / "1.json", lambda content: content.update(values)
    )


def stored(file, name, values):
    def change(folder):
        with h5py.File(folder / file, "r+") as opened:
            data(opened, name, values)

    return change


NODES, EDGES = "network/1_nodes.h5", "network/0_edges.h5"
CELLS, ALL = "nodes/cells", "edges/edges"
BAD = {
    "a place that is not in its group": (
        stored(NODES, f"{CELLS}/node_group_index", [0, 1, 2, 4]), r"1_nodes.h5, nodes 'cells', group 0: .* 0 to 4",
    ),
    "a place before its group": (stored(NODES, f"{CELLS}/node_group_index", [0, 1, 2, -1]), "group_index is from -1"),
    "a group that is not there": (stored(NODES, f"{CELLS}/node_group_id", [0, 0, 0, 5]), "group 5: there is no such"),
    "a type that is not there": (stored(NODES, f"{CELLS}/node_type_id", [1, 1, 1, 7]), "node_type_id 7 is not in"),
    "fewer types than nodes": (stored(NODES, f"{CELLS}/node_type_id", [1, 1]), "as many node_type_id .* 2, 4 and 4"),
    "an edge's place": (stored(EDGES, f"{ALL}/edge_group_index", np.arange(1, 13)), "edges 'edges', group 0"),
    "fewer sources than targets": (stored(EDGES, f"{ALL}/source_node_id", [0, 1]), "as many sources as targets"),
    "an infinite weight": (
        stored(EDGES, f"{ALL}/0/syn_weight", np.full(12, np.inf)), "0_edges.h5, edges 'edges': weight .*finite",
    ),
    "half a synapse": (lambda folder: add(folder, "nsyns", np.full(12, 1.5)), "numbers as nsyns, got 1.5 of edge 0"),
    "less than no synapses": (lambda folder: add(folder, "nsyns", np.full(12, -1)), "as nsyns, got -1 of edge 0"),
    "a delay that rounds to none": (
        stored(EDGES, f"{ALL}/0/delay", np.full(12, 0.04)), "edges 'edges': edge 0 has a delay of 0.04 ms; .*one step",
    ),
    "a parameter that is text": (parameters(C_m="250"), "'C_m' of '1.json': expected a number, got '250'"),
    "a parameter that is a list": (parameters(C_m=[1.0, 2.0, 3.0, 4.0]), "'C_m' of '1.json': expected a number"),
    "a parameter that is true": (parameters(C_m=True), "'C_m' of '1.json': expected a number, got True"),
    "a parameter that is nothing": (parameters(C_m=None), "'C_m' of '1.json': expected a number, got None"),
    "a parameter out of range": (parameters(C_m=-250.0), "1_nodes.h5, nodes 'cells': C_m of LIFAlpha: .*got -250"),
    "text as v_init": (
        lambda folder: (edit(folder / "simulation_config.json", lambda c: c.update(conditions={"v_init": "low"})))
        or remove_v_init(folder), "conditions: v_init: expected a number",
    ),
    "inputs that are a list": (simulation(lambda c: c.update(inputs=[])), "config.json: inputs: expected a JSON"),
    "an input that is text": (simulation(lambda c: c["inputs"].update(x="y")), "inputs: x: expected a JSON object"),
    "a manifest that is a list": (circuit(lambda c: c.update(manifest=[1])), "manifest: expected a JSON object"),
    "networks that are a list": (circuit(lambda c: c.update(networks=[])), "networks: expected a JSON object"),
    "nodes that are no list": (circuit(lambda c: c["networks"].update(nodes={})), "networks: nodes: expected a list"),
    "an unknown simulator, whose unit of currents nobody knows": (
        simulation(lambda c: c.update(target_simulator="Arbor")), "target_simulator 'ARBOR' is not known",
    ),
    "spikes of others than the node_set": (
        inputs("spikes of source", node_set="cells"), "input 'spikes of source': .*has spikes of source, .* of cells",
    ),
    "spikes before 0": (stored("inputs/spikes.h5", "spikes/source/timestamps", [-1.0, 1.0, 2.0]), "'source': .*-1 ms"),
    "a set of nodes that are not there": (node_set("driven 0", node_id=[1, 9]), "'current 0.0': there is no node 9"),
    "a set of another population": (node_set("driven 0", population="cels"), "input 'current 0.0': there is no node 1"),
    "an attribute that none has": (node_set("driven 0", layer="L4"), "no node of source, cells is in the set of nodes"),
    "a current of no length": (inputs("current 0.0", duration=0.0), "input 'current 0.0': StepCurrent: expected times"),
    "a current by a table": (inputs("current 0.0", module="csv"), "'current 0.0': module 'csv' cannot .*only IClamp"),
    "perhaps": (inputs("current 0.0", enabled="no"), "input 'current 0.0': enabled: expected True or False, got 'no'"),
    "a report of a part": (report(start_time=10.0), "report 'V_m of cells': from 10 to .* the whole run"),
    "a report that ends": (report(end_time=20.0), "report 'V_m of cells': from 0 to 20 ms: .*the whole run"),
    "a report of a field": (report(module="extracellular"), "report 'V_m of cells': module 'extracellular' cannot"),
    "a report between steps": (report(dt=0.25), "report 'V_m of cells': every of .*multiple of dt"),
}  # fmt: skip


CELL_TYPES = "network/1_node_types.csv"
TABLES = {
    "a type twice": (lambda text: text + text.splitlines()[1] + "\n", "1_node_types.csv: expected different .* got 1"),
    "a type that is text": (lambda text: text.replace("\n1 ", "\none "), "as node_type_id, got 'one'"),
    "a type that is no whole number": (lambda text: text.replace("\n1 ", "\n1.0 "), "as node_type_id, got 1.0"),
    "a row that ends": (lambda text: text.rpartition(" ")[0] + "\n", "expected 5 values in each row"),
    "a row with more": (lambda text: text.rstrip() + " more\n", "expected 5 values in each row"),
    "a column twice": (lambda text: text.replace("model_type ", "population "), "others with different names"),
    "another alphabet": (lambda text: text.replace("cells", "\xe9"), "is no table of types in UTF-8"),
    "no rows": (lambda text: text.splitlines()[0] + "\n", "expected a model_type of each node; node 0 has none"),
}


@pytest.mark.parametrize("what", TABLES)
def test_tables_of_types_that_are_not_as_they_should_be_are_named(what, folder):
    change, words = TABLES[what]
    text = (folder / CELL_TYPES).read_text()
    assert change(text) != text
    (folder / CELL_TYPES).write_bytes(change(text).encode("latin-1"))
    with pytest.raises(SpikelearnError, match=words):
        sl.from_sonata(folder / "simulation_config.json")


def test_tables_of_types_may_have_a_mark_of_their_encoding_and_spaces_at_the_end(folder):
    text = (folder / CELL_TYPES).read_text()
    (folder / CELL_TYPES).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", " \n").encode())
    assert sl.from_sonata(folder / "simulation_config.json").populations["cells"].size == 4


def test_spikes_without_nodes_are_told(tmp_path):
    with h5py.File(tmp_path / "spikes.h5", "w") as file:
        file["spikes/a/timestamps"] = [1.0]
    with pytest.raises(SpikelearnError, match="/spikes/a: expected datasets .*there is no node_ids"):
        read_spikes(tmp_path / "spikes.h5")


@pytest.mark.parametrize(
    ("what", "values", "words"),
    [
        ("index_pointers", [0], "expected index_pointers from 0 on"),
        ("index_pointers", [0, 2, 1], "expected index_pointers from 0 on"),
        ("index_pointers", [0, 1, 1], r"got shape \(3, 2\), 1 elements"),
        ("time", [0.0, 3.0, -1.0], "time step above 0 ms, got .*-1 ms"),
        ("time", [np.nan, 3.0, 1.0], "expected data of .times, elements."),
    ],
)
def test_reports_that_contradict_themselves_are_told(what, values, words, tmp_path):
    given = {"node_ids": [3, 5], "index_pointers": [0, 1, 2], "time": [0.0, 3.0, 1.0], what: values}
    with h5py.File(tmp_path / "report.h5", "w") as file:
        file["report/cells/data"] = np.zeros((3, 2))
        for name, each in given.items():
            file[f"report/cells/mapping/{name}"] = each
    with pytest.raises(SpikelearnError, match=f"report.h5: /report/cells: .*{words}"):
        read_report(tmp_path / "report.h5")


def test_samples_that_float32_cannot_have_are_told_before_anything_is_written(tmp_path):
    net = sl.Network()
    cells = net.population(1, sl.LinearRate(tau=1.0), name="cells", initial={"y": 1e300})
    net.record(cells, "y")
    with pytest.raises(SpikelearnError, match=r"samples of reports are float32, and 'y' of 'cells' has \d"):
        net.run(1.0).to_sonata(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def add(folder, name, values):
    with h5py.File(folder / EDGES, "r+") as file:
        file[f"{ALL}/0/{name}"] = values


def remove_v_init(folder):
    with h5py.File(folder / NODES, "r+") as file:
        del file[f"{CELLS}/0/v_init"]


@pytest.mark.parametrize("what", BAD)
def test_what_contradicts_itself_is_named_with_its_file(what, folder):
    change, words = BAD[what]
    change(folder)
    with pytest.raises(SpikelearnError, match=words):
        sl.from_sonata(folder / "simulation_config.json")


def test_the_files_are_read_unchanged(folder):
    """The control of all of the above."""
    net = sl.from_sonata(folder / "simulation_config.json")
    assert len(net.run(30.0).spikes("cells").times) > 0


def test_a_current_that_is_switched_off_does_not_flow(folder):
    inputs("current 0.0", enabled=False)(folder)
    assert not sl.from_sonata(folder / "simulation_config.json").description().drives


def test_spikes_in_seconds_are_not_read_as_ms(tmp_path):
    with h5py.File(tmp_path / "spikes.h5", "w") as file:
        file["spikes/a/timestamps"], file["spikes/a/node_ids"] = [0.001, 0.5], [0, 1]
        file["spikes/a/timestamps"].attrs["units"] = "s"
    EXACT.check(read_spikes(tmp_path / "spikes.h5")["a"].times, [1.0, 500.0])
    with h5py.File(tmp_path / "spikes.h5", "r+") as file:
        file["spikes/a/timestamps"].attrs["units"] = "samples"
    with pytest.raises(SpikelearnError, match="/spikes/a: expected times in ms or s, got 'samples'"):
        read_spikes(tmp_path / "spikes.h5")


def test_what_is_left_out_must_be_there(tmp_path):
    net = sl.Network()
    net.record(net.population(2, sl.LIF(), name="cells"), ["spikes", "V_m"])
    run = net.run(1.0)
    with pytest.raises(SpikelearnError, match=r"has no 'V_n' \(did you mean 'V_m'\?\)"):
        run.to_sonata(tmp_path / "out", leave_out=["V_n"])
    assert list(run.to_sonata(tmp_path / "out", leave_out=["V_m"])) == ["spikes"]


def test_a_network_that_is_half_written_over_another_is_none(folder, monkeypatch):
    from spikelearn.interop.sonata import writing

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "_write_edges", killed)
    with pytest.raises(KeyboardInterrupt):
        sl.from_sonata(folder / "simulation_config.json").to_sonata(folder, 30.0)
    with pytest.raises(SpikelearnError, match="simulation_config.json: cannot be read"):
        sl.from_sonata(folder / "simulation_config.json")
