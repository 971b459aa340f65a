"""Graphs of NIR that cannot be read, and networks that cannot be written: what is wrong is told, by name."""

import sys
from pathlib import Path

import numpy as np
import pytest
from tolerances import ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ExperimentError, SpikelearnError

nir = pytest.importorskip("nir")

from nir_graphs import small  # noqa: E402

ROOT = Path(__file__).parents[2]


def graph_with(edges=(("input", "fc"), ("fc", "lif"), ("lif", "output")), **nodes):
    graph = small(**nodes)
    graph.edges = list(edges)
    return graph


def sub(**nodes):
    return nir.NIRGraph(nodes, [], type_check=False)


class Surprise(nir.NIRNode):
    def __init__(self):
        self.input_type = self.output_type = {}


def conv(size=4, **how):
    """Input -> Conv1d -> as many neurons as a kernel of 1 gives, with something else about the convolution."""
    given = {"input_shape": None, "weight": np.ones((1, 1, 1)), "stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    return small(fc=nir.Conv1d(**{**given, "bias": np.zeros(1), **how}), input=nir.Input(np.array([1, size])))


def flatten(start, end, declared=None):
    return small(fc=nir.Flatten({"input": declared}, start, end), input=nir.Input(np.array([1, 2])))


def set_after(name, value):
    """A value that nir's own constructors would refuse."""
    graph = small()
    setattr(graph.nodes["lif"], name, value)
    return graph


def subgraph_of(n_in, n_out):
    inner = {"a": nir.Input(np.array([n_in])), "lif": nir.LIF(*LIF), "b": nir.Output(np.array([n_out]))}
    return graph_with(
        [("input", "fc"), ("fc", "lif")], fc=nir.NIRGraph(inner, [("a", "lif"), ("lif", "b")], type_check=False)
    )


LIF = np.array([[0.01, 0.02], [1.0, 2.0], [0.0, 0.1], [1.0, 1.5]])
ONES = nir.Scale(np.ones(2))
ONE_CHANNEL = nir.Input(np.array([1, 2]))
BAD = {
    "no graph": (lambda: 3, {}, "expected a nir.NIRGraph or the path of a file, got 3"),
    "no file": (lambda: "nowhere.nir", {}, "there is no file nowhere.nir"),
    "another file": (lambda: ROOT / "README.md", {}, "README.md is no NIR graph"),
    "unknown node": (lambda: graph_with(fc=Surprise()), {}, "node 'fc' of the NIR graph is a Surprise"),
    "edge from nowhere": (lambda: graph_with([("x", "fc")]), {}, r"edge \('x', 'fc'\).*there is no node 'x'"),
    "edge twice": (lambda: graph_with([("input", "fc")] * 2), {}, r"edge \('input', 'fc'\).*is there twice"),
    "two nodes of a name": (
        lambda: graph_with(a=sub(b=nir.Input(np.array([1]))), **{"a.b": nir.Input(np.array([1]))}), {},
        "two nodes of the NIR graph are named 'a.b'",
    ),
    "two inputs of a subgraph": (
        lambda: graph_with([("input", "fc")], fc=sub(a=nir.Input(np.array([2])), b=nir.Input(np.array([2])))), {},
        "subgraph 'fc' has 2 Input nodes; expected one",
    ),
    "matrix of another size": (
        lambda: small(w=np.ones((2, 3))), {}, r"node 'fc' \(Affine\) of the NIR graph: expected 3 inputs, got 2",
    ),
    "more outputs than neurons": (
        lambda: small(fc=nir.Linear(np.ones((3, 2)))), {},
        r"node 'lif' \(LIF\).*expected 2 inputs, got 3 from 'input through fc'",
    ),
    "bias of another size": (
        lambda: small(fc=nir.Affine(np.ones((2, 2)), np.ones(3))), {}, r"node 'fc' .*expected 2 numbers as bias, got 3",
    ),
    "loop without a neuron": (
        lambda: graph_with([("a", "b"), ("b", "a"), ("a", "lif")], a=ONES, b=ONES), {},
        r"node 'a' \(Scale\).*feeds itself, with no neuron between",
    ),
    "no input": (lambda: graph_with([("fc", "lif")]), {}, r"node 'fc' \(Affine\).*has no input"),
    "no time constant": (
        lambda: small(lif=nir.LIF(np.zeros(2), *LIF[1:])), {}, r"node 'lif' \(LIF\).*tau must be more than 0 s, got 0",
    ),
    "not finite": (
        lambda: small(lif=nir.LIF(*LIF[:2], np.array([np.nan, 0.0]), LIF[3])), {}, "expected finite numbers as v_leak",
    ),
    "reset above threshold": (
        lambda: small(lif=nir.LIF(*LIF, np.full(2, 3.0))), {}, r"node 'lif' \(LIF\).*V_reset must lie below V_th",
    ),
    "step too long for Euler": (
        lambda: small(), {"dt": 15.0, "method": "euler"}, "needs a step of at most 0.01 s, got dt = 15 ms",
    ),
    "names that are numbers": (
        lambda: nir.NIRGraph({0: nir.Input(np.array([2]))}, [], type_check=False), {}, "expected text as names",
    ),
    "edge of three": (lambda: graph_with([("input", "fc", "lif")]), {}, "expected two names of nodes"),
    "edge to an Input": (
        lambda: graph_with([("input", "lif"), ("lif", "input")]), {}, r"edge \('lif', 'input'\) .* leads to an Input",
    ),
    "resistance of 0": (
        lambda: small(lif=nir.LIF(LIF[0], np.array([1.0, 0.0]), *LIF[2:])), {}, r"node 'lif' \(LIF\).*r above 0, got 0",
    ),
    "negative resistance": (
        lambda: small(lif=nir.IF(np.array([1.0, -2.0]), np.ones(2))), {}, r"node 'lif' \(IF\).*r above 0, got -2",
    ),
    "weights that are no numbers": (
        lambda: small(fc=nir.Linear(np.array([["a", "b"], ["c", "d"]]))), {}, r"'fc' \(Linear\).*as weight, got a",
    ),
    "complex weights": (lambda: small(fc=nir.Linear(np.eye(2) * 1j)), {}, r"'fc' \(Linear\).*as weight, got 1j"),
    "weight NaN": (lambda: small(w=((1.0, np.nan), (0.0, 0.0))), {}, r"'fc' \(Affine\).*as weight, got nan"),
    "bias inf": (
        lambda: small(fc=nir.Affine(np.eye(2), np.array([0.0, np.inf]))), {}, r"'fc' \(Affine\).*as bias, got inf",
    ),
    "parameters of two shapes": (lambda: set_after("r", np.ones(3)), {}, r"'lif' \(LIF\).*different shapes"),
    "an Input of half a neuron": (lambda: small(input=nir.Input(np.array([2.5]))), {}, "'input' .*whole numbers"),
    "subgraph of another input": (lambda: subgraph_of(3, 2), {}, r"'fc.a' \(Input\).*has shape \(3,\) and gets \(2,\)"),
    "subgraph of another output": (lambda: subgraph_of(2, 3), {}, r"'fc.b' \(Output\).* \(3,\) and gets \(2,\)"),
    "a size that does not fit, on the way to nothing": (
        lambda: graph_with([("input", "fc"), ("fc", "lif"), ("lif", "x")], x=nir.Linear(np.ones((3, 3)))), {},
        r"node 'x' \(Linear\).*expected 3 inputs, got 2",
    ),
    "stride 0": (lambda: conv(stride=0), {}, r"'fc' \(Conv1d\).*stride: .* at least 1, got 0"),
    "stride between": (lambda: conv(stride=1.5), {}, "stride: expected whole numbers .*got 1.5"),
    "dilation 0": (lambda: conv(dilation=0), {}, "dilation: .* at least 1, got 0"),
    "groups 0": (lambda: conv(groups=0), {}, "groups: .* at least 1, got 0"),
    "negative padding": (lambda: conv(padding=-1), {}, "padding: .* at least 0, got -1"),
    "padding for two": (lambda: conv(padding=(1, 2)), {}, "padding: expected one number, or 1, got 2"),
    "no kernel": (lambda: conv(weight=np.ones((1, 1, 0))), {}, r"weights of shape \(1, 1, 0\)"),
    "another input": (lambda: conv(input_shape=5), {}, r"its input has shape \(5,\), and it gets \(1, 4\)"),
    "flatten too far": (lambda: flatten(0, 2), {}, r"'fc' \(Flatten\).*from 0 to 2 are none .*shape \(1, 2\)"),
    "flatten backwards": (lambda: flatten(1, 0), {}, "from 1 to 0 are none"),
    "flatten what is another": (lambda: flatten(0, -1, np.array([2, 1])), {}, r"shape \(2, 1\), and it gets \(1, 2\)"),
    "endless delay": (lambda: small(fc=nir.Delay(np.array([0.0, np.inf]))), {}, "finite numbers as delay, got inf"),
    "long delay of an array": (
        lambda: small(fc=nir.Delay(np.array([0.0, 1e6]))), {"inputs": np.ones((3, 2))}, "shorter than 6553.5 ms",
    ),
    "complex input": (lambda: small(), {"inputs": np.ones((5, 2)) * 1j}, "input 'input': expected a source"),
    "rows of another shape": (
        lambda: graph_with([], input=nir.Input(np.array([2, 3]))), {"inputs": np.ones((5, 3, 2))},
        r"'input': expected finite numbers of shape \(steps, 2, 3\), got .*\(5, 3, 2\)",
    ),
    "negative delay": (
        lambda: small(fc=nir.Delay(np.array([0.0, -1.0]))), {}, "expected delays of at least 0 s, got -1",
    ),
    "delay between steps": (
        lambda: small(fc=nir.Delay(np.array([0.0, 0.00015]))), {"inputs": np.ones((3, 2))}, "no multiple of dt = 0.1",
    ),
    "flat input of a convolution": (
        lambda: small(fc=nir.Conv2d(None, np.ones((1, 1, 1, 1)), 1, 0, 1, 1, np.zeros(1))), {},
        r"node 'fc' \(Conv2d\).*expected input of 3 dimensions.*got shape \(2,\)",
    ),
    "large kernel": (
        lambda: small(fc=nir.Conv1d(None, np.ones((1, 1, 5)), 1, 0, 1, 1, np.zeros(1)), input=ONE_CHANNEL), {},
        "its kernel of 5 does not fit into input of 2",
    ),
    "channels": (
        lambda: small(fc=nir.Conv1d(None, np.ones((1, 2, 1)), 1, 0, 1, 1, np.zeros(1)), input=ONE_CHANNEL), {},
        "do not fit input of 1 channels",
    ),
    "method": (lambda: small(), {"method": "heun"}, "method of from_nir"),
    "unknown input": (lambda: small(), {"inputs": {"inptu": sl.Poisson(1)}}, r"no Input 'inptu' \(did you mean"),
    "input of another size": (
        lambda: small(), {"inputs": np.ones((5, 3))}, r"input 'input': expected finite numbers of shape \(steps, 2\)",
    ),
    "input that is text": (lambda: small(), {"inputs": "spikes"}, "input 'input': expected a source"),
    "one input for two": (
        lambda: small(more=nir.Input(np.array([2]))), {"inputs": sl.Poisson(1)}, "has 2 Input nodes, input, more",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_graphs_and_inputs_are_told(what):
    graph, how, message = BAD[what]
    with pytest.raises(SpikelearnError, match=message):
        sl.from_nir(graph(), **how)


def two_layers():
    net = sl.Network(dt=0.1)
    one = net.population(2, sl.LIFDelta(t_ref=0.0), name="one")
    other = net.population(2, sl.LIFDelta(t_ref=0.0), name="other")
    return net, one, other


CANNOT = {
    "model": (lambda net, one, other: net.population(1, sl.AdEx(), name="a"), "population 'a' is of AdEx neurons"),
    "refractory": (lambda net, one, other: net.population(1, sl.LIFDelta(), name="a"), "'a': t_ref is 2.0 ms; NIR has"),
    "two synapses": (
        lambda net, one, other: net.population(1, sl.LIF(t_ref=0.0, tau_syn_exc=3.0), name="a"), "one current",
    ),
    "unfiltered current": (
        lambda net, one, other: net.population(1, sl.LIF(t_ref=0.0, I_e=3.0), name="a"), "'a': I_e is 3.0 pA",
    ),
    "in time": (
        lambda net, one, other: net.population(1, sl.LIFDelta(t_ref=0.0, I_e=sl.Timed([0, 1], 5.0)), name="a"),
        "'a': I_e changes in time",
    ),
    "sequential": (
        lambda net, one, other: net.population(1, sl.CubaLIF(sequential=1), name="a"), "'a': sequential is 1",
    ),
    "initial": (
        lambda net, one, other: net.population(1, sl.LIFDelta(t_ref=0.0), name="a", initial={"V_m": -60.0}),
        "'a': its initial V_m is given; NIR has no initial state",
    ),
    "rule": (
        lambda net, one, other: net.connect(one, other, weight=1.0, plasticity=sl.STDP(W_max=10.0), name="p"),
        "projection 'p': its weights learn by STDP",
    ),
    "short-term": (
        lambda net, one, other: net.connect(one, other, synapse=sl.TsodyksMarkram(), name="p"),
        "projection 'p': NIR has no .* synapses",
    ),
    "delays": (
        lambda net, one, other: net.connect(one, other, delay=np.array([[0.1, 0.2], [0.3, 0.1]]), name="p"),
        "projection 'p': its delays differ between synapses",
    ),
    "name": (lambda net, one, other: net.connect(one, other, name="a/b"), "the name 'a/b' has a '/'"),
    "drive": (lambda net, one, other: net.drive(one, sl.PoissonInput(10.0), weight=1.0), "NIR cannot say drives"),
    "modulator": (lambda net, one, other: net.modulator(), "NIR cannot say modulators"),
    "off": (lambda net, one, other: net.switch_off(net.connect(one, other)), "NIR cannot say what is switched off"),
}  # fmt: skip


@pytest.mark.parametrize("what", CANNOT)
def test_what_nir_cannot_say_is_named(what):
    net, one, other = two_layers()
    add, message = CANNOT[what]
    add(net, one, other)
    with pytest.raises(DescriptionError, match=f"to_nir: .*{message}"):
        net.to_nir()


CHANGED = {
    "a current": (lambda net: net.set(net.populations["lif"], I_e=1.0), "I_e of population 'lif' was changed"),
    "the bias": (lambda net: net.set(net._drives[0], values=[[1.0, 2.0]]), "NIR cannot say drives"),
    "initial": (lambda net: net.set(net.populations["lif"], V_m=0.5), "'lif': its initial V_m is given; NIR has no"),
    "no bias": (lambda net: net.remove(net._drives[0]), "the current of population 'lif' was removed"),
    "refractory": (lambda net: net.set(net.populations["lif"], t_ref=1.0), "'lif': t_ref is 1.0 ms"),
    "delay": (lambda net: net.set(net.projections["fc"], delay=0.5), "delay of projection 'fc' was changed"),
}


@pytest.mark.parametrize("what", CHANGED)
def test_what_is_changed_and_cannot_be_said_is_named(what):
    change, message = CHANGED[what]
    net = sl.from_nir(small())
    change(net)
    with pytest.raises(DescriptionError, match=f"to_nir: .*{message}"):
        net.to_nir()


def test_a_matrix_that_does_not_fit_into_memory_is_told():
    net = sl.Network()
    many = net.population(1 << 20, sl.LIFDelta(t_ref=0.0), name="many")
    net.connect(many, many, rule=sl.Pairs([0], [1]), weight=1.0, name="p")
    with pytest.raises(DescriptionError, match="projection 'p': .* 1,048,576 x 1,048,576, .*no memory"):
        net.to_nir()


@pytest.mark.parametrize("leak", [[0.0, 0.0], [0.3, 0.3], [0.0, 0.1]])
def test_a_readout_starts_at_its_leak_however_it_is_changed(leak):
    net = sl.from_nir(small(lif=nir.LI(LIF[0], LIF[1], np.array(leak))))
    net.set(net.populations["lif"], tau=5.0)
    node = net.to_nir().nodes["lif"]
    np.testing.assert_array_equal(node.tau, 0.005)
    np.testing.assert_array_equal(node.v_leak, leak)


def test_with_another_leak_a_neuron_starts_there_as_nodes_do():
    net = sl.from_nir(small())
    net.set(net.populations["lif"], E_L=[0.2, 0.3])
    np.testing.assert_array_equal(net.to_nir().nodes["lif"].v_leak, [0.2, 0.3])


def test_an_initial_state_that_is_that_of_nir_can_be_given():
    net = sl.Network()
    net.population(2, sl.LIFDelta(t_ref=0.0, E_L=[-70.0, -60.0]), name="p", initial={"V_m": [-70.0, -60.0]})
    np.testing.assert_array_equal(net.to_nir().nodes["p"].v_leak, [-70.0, -60.0])


def test_a_frozen_rule_is_written_as_its_weights():
    net, one, other = two_layers()
    net.connect(one, other, weight=2.0, plasticity=sl.STDP(W_max=10.0), plastic=False, name="p")
    scale = -np.expm1(-0.01) * 10.0 / 250.0
    ULP(4).check(net.to_nir().nodes["p"].weight, np.full((2, 2), 2.0 / scale))


def test_shared_weights_that_are_changed_one_by_one_are_told():
    conv = nir.Conv1d(None, np.ones((1, 1, 2)), 1, 0, 1, 1, np.zeros(1))
    net = sl.from_nir(small(fc=conv, input=nir.Input(np.array([1, 3]))))
    net.set_weights(net.projections["fc"], net.weights(net.projections["fc"]) * 2.0)
    with pytest.raises(DescriptionError, match="weights of projection 'fc' were changed"):
        net.to_nir()


def test_a_missing_package_is_told_with_the_way_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "nir", None)
    for use in (lambda: sl.from_nir("x.nir"), lambda: two_layers()[0].to_nir()):
        with pytest.raises(ExperimentError, match=r"NIR graphs need nir.*pip install 'spikelearn\[nir\]'"):
            use()


def test_what_is_flat_stays_as_it_is():
    """start_dim is 1 by default: nir says of input (2,) that its output is (2, 1)."""
    drive = sl.from_nir(small(fc=nir.Flatten({"input": None})), np.ones((5, 2)))._drives[0].source
    assert drive.values.shape[1] == 2


@pytest.mark.parametrize("shape", [(2, 3), (6,), (1, 2, 3)])
def test_rows_of_an_input_may_be_flat_or_of_its_shape(shape):
    neurons = nir.LIF(*(np.broadcast_to(each[0], (2, 3)) for each in LIF))
    graph = nir.NIRGraph.from_list(neurons, type_check=False)
    given = np.arange(12.0).reshape(2, *shape)
    drive = sl.from_nir(graph, given)._drives[0].source
    np.testing.assert_array_equal(drive.values[:2], given.reshape(2, 6))
