"""Loops over neurons work on vectors of doubles: read in what the compiler made of them.

A loop that stopped vectorising would give the same results several times more slowly, and no other test would notice.
"""

import math
import re

import numpy as np
import pytest
from llvmlite import binding

import spikelearn as sl
from spikelearn.codegen import jit
from spikelearn.codegen.modules import Kernel, compiled_anew, kernel_of
from spikelearn.kernels import sources
from spikelearn.kernels.exponential import exponential
from spikelearn.learning.gradient import Differentiable
from spikelearn.neurons import MODELS, RATE_MODELS

pytestmark = pytest.mark.skipif(jit.JIT_DISABLED, reason="plain Python has no machine code")

INSTRUCTIONS = ("memset", "fabs", "sqrt", "fma", "fmuladd", "minnum", "maxnum", "floor", "ceil", "copysign", "masked",
                "smin", "smax", "umin", "umax", "abs", "ctlz", "fshl", "vector")  # fmt: skip
"""Intrinsics of LLVM that a machine has instructions for, whole vectors at a time; of others it makes calls."""


def in_llvm(kernel, *arguments):
    """What LLVM's optimiser made of an entry; compiled anew, as what comes from disk has no text."""
    return compiled_anew(kernel, arguments).inspect_llvm()


def vectors_stored(text):
    """How many vectors of numbers the best loop stores in a turn, of loops that calculate with vectors and call nothing
    on the way; counts of refractory steps are float32."""
    best = 0
    for block in re.split(r"\n(?=[\w.$\"-]+:)", text):
        name = block.split(":")[0]
        if not re.search(rf"label %{re.escape(name)}\b", block):
            continue
        called = re.findall(r"call [^@\n]*@([\w.$]+)", block)
        if any(not re.match(rf"llvm\.({'|'.join(INSTRUCTIONS)})\b", function) for function in called):
            continue
        if re.search(r" f(add|sub|mul|div) <\d+ x double>", block):
            stored = len(re.findall(r"store <\d+ x (?:double|float)>", block))
            best = max(best, stored + len(re.findall(r"call [^@\n]*@llvm\.memset", block)))
    return best


def advance(model, n=3):
    """What LLVM made of the loop that advances a population."""
    return compiled_advance(model, n).inspect_llvm()


def compiled_advance(model, n):
    net = sl.Network(dt=0.1, seed=1)
    net.population(n, model())
    calls = net.build("compiled").program.plans[0].stages["advance"]
    call = next(call for call in calls if call.label.startswith("advance"))
    return compiled_anew(call.kernel, call.arguments)


@pytest.mark.parametrize("model", [*MODELS, *RATE_MODELS], ids=lambda model: model.name)
def test_the_loop_of_every_model_calculates_with_vectors(model):
    wanted = len(model.state) + len(model.ports) - len(model.added_to) - handed_through(model)
    assert (vectors_stored(advance(model)) >= wanted) == (not model.properties.not_vectorised)


@pytest.mark.skipif(not binding.get_host_cpu_features().get("avx512f"), reason="no vectors of 512 bits")
def test_vectors_are_the_widest_where_there_are_many_neurons_or_numbers():
    many, few = compiled_advance(sl.LIF, 200), compiled_advance(sl.LIF, 100)
    assert "<8 x double>" in many.inspect_llvm()
    assert many.wide and not few.wide  # for few, LLVM takes those that it prefers for this processor
    net = sl.Network(dt=0.1)
    net.drive(net.population(200, sl.LIF()), sl.PoissonInput(10_000.0), weight=1.0)
    [call] = [call for call in net.build("compiled").program.plans[0].stages["receive"]]
    text = in_llvm(call.kernel, *call.arguments)
    assert "icmp uge <32 x i16>" in text and "mul <8 x i64>" in text


@pytest.mark.skipif(not binding.get_host_cpu_features().get("avx512f"), reason="no vectors of 512 bits")
def test_what_is_left_over_from_vectors_of_eight_is_done_in_vectors_of_four():
    text = advance(sl.LIF, 200)
    assert "store <8 x double>" in text and "store <4 x double>" in text


def handed_through(model):
    """How many variables the step gives back as they are, for `at_event` to change: the loop need not store them."""
    if model.at_event is None:
        return 0
    generator, same = np.random.default_rng(1), np.ones(len(model.state), bool)
    for _ in range(20):
        given = generator.random(model.step.py_func.__code__.co_argcount)
        same &= np.array(model.step.py_func(*given)[:-1]) == given[: len(same)]
    return int(same.sum())


SWEPT = [
    sl.LIF,
    sl.ThreeCompartment,
    pytest.param(sl.AdEx, marks=pytest.mark.slow),
    pytest.param(sl.LIFConductance, marks=pytest.mark.slow),
]
"""By default one that spikes and one that does not."""


@pytest.mark.parametrize("model", SWEPT, ids=lambda model: model.name)
def test_loops_over_all_trials_of_a_batch_do_too_forwards_and_backwards(model):
    net = sl.Network(dt=0.1)
    source, cells = net.population(2, sl.PerfectIntegrator()), net.population(3, model(), name="cells")
    net.connect(source, cells, weight=1.0, on="rate", payload="r")
    net.connect(cells, cells, weight=1.0)
    phase = sl.Phase(1.0, reset=[source, cells], discard_events=True)
    surrogate = "fast_sigmoid" if model.margin else None
    adjoint = Differentiable(net, sl.Trials([phase], n=2), surrogate)._adjoint
    [back] = adjoint._prepared({(cells, next(iter(model.state)))})
    for sweep, least in ((adjoint.parts[-1].sweep, len(model.state)), (back.sweep, 2)):
        [call] = [call for call in sweep.calls if call.label.endswith("step of cells")]
        assert vectors_stored(in_llvm(call.kernel, *call.arguments)) >= least, call.label


EQUATIONS = {
    "exact": ("dV_m/dt = (E_L - V_m) / tau : volt", "exact"),
    "exp, rk4": ("dV_m/dt = (E_L - V_m + D * exp((V_m - V_th) / D)) / tau : volt", "rk4"),
    "hyperbolic": ("dV_m/dt = (E_L - V_m + D * tanh(V_m / D) - D / cosh(V_m / D) + D * sinh(V_m / E_L)) / tau : volt",
                   "euler"),
    "exprel": ("dV_m/dt = (E_L - V_m + D / exprel(V_m / D) + D * expm1(V_m / V_th)) / tau : volt", "euler"),
}  # fmt: skip


@pytest.mark.parametrize("name", EQUATIONS)
def test_loops_that_come_from_equations_do_too(name):
    equations, method = EQUATIONS[name]
    used = {"E_L": (-70.0, "mV"), "V_th": (-55.0, "mV"), "tau": (10.0, "ms"), "D": (2.0, "mV")}
    model = sl.NeuronModel.from_equations(
        equations, threshold="V_m > V_th", reset="V_m = E_L", refractory=2.0, ports={"exc": "V_m"}, method=method,
        parameters={key: value for key, value in used.items() if key in equations or key in ("E_L", "V_th")},
    )  # fmt: skip
    assert vectors_stored(advance(model)) >= len(model.state) + len(model.ports) - len(model.added_to)


def test_uniform_noise_does_too():
    numbers = (1, 2, 0, 10, 0.5, 1.0, 1, 0.0, np.zeros(3), 1, np.zeros(3))
    assert vectors_stored(in_llvm(kernel_of(sources.noise_current), *numbers)) >= 1


LOOP = """
from spikelearn.codegen.jit import kernel


@kernel
def function(step, x, y):
    for i in range(len(x)):
        y[i] = {}
"""


@pytest.mark.parametrize(
    ("expression", "vectors"),
    [("2.0 * x[i] + 1.0", True), ("exponential(x[i])", True), ("math.exp(x[i])", False), ("math.cos(x[i])", False),
     ("2.0 * y[i - 1] + 1.0 if i > 0 else x[i]", False)],
)  # fmt: skip
def test_a_call_or_a_loop_that_needs_its_last_result_is_seen_not_to(expression, vectors):
    kernel = Kernel(LOOP.format(expression), "A loop", "function", {"math": math, "exponential": exponential})
    assert (vectors_stored(in_llvm(kernel, np.zeros(3), np.zeros(3))) > 0) == vectors


def test_arrays_of_neurons_begin_at_a_cache_line_so_that_no_vector_lies_in_two():
    net = sl.Network(dt=0.1)
    cells = net.population(100, sl.LIF())
    net.drive(cells, sl.NoiseCurrent(std=1.0), port="exc")
    [block] = net.build("compiled").program.plans[0].blocks.values()
    for arrays in (block.state, block.inputs, block.currents, block.noise):
        assert arrays and all(array.ctypes.data % 64 == 0 for array in arrays.values())
