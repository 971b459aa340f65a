"""Adding a model is one file and one line: one of each kind is added to a copy of the package, and tested like all."""

import difflib
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import spikelearn as sl
from spikelearn.codegen import jit

pytestmark = pytest.mark.skipif(jit.JIT_DISABLED, reason="what is tested is run compiled, in another process")

ROOT = Path(__file__).parent.parent.parent

ADDED = {
    "neurons/leaky_resonator.py": ("LeakyResonator", '''
        """Leaky integrate-and-fire neuron with a slow current that resonates (Izhikevich 2001), by Heun's method."""

        from __future__ import annotations

        from typing import Annotated, Any, NamedTuple

        import numpy as np

        from spikelearn.codegen.jit import scalar
        from spikelearn.neurons.model import NeuronModel
        from spikelearn.neurons.properties import Properties
        from spikelearn.units import ms, mV, nS, pA, pF


        class LeakyResonatorParameters(NamedTuple):
            E_L: Annotated[mV, "leak reversal potential"] = -65.0
            V_th: Annotated[mV, "threshold"] = -50.0
            V_reset: Annotated[mV, "potential after a spike"] = -65.0
            C_m: Annotated[pF, "capacitance"] = 200.0
            g_L: Annotated[nS, "leak conductance"] = 10.0
            a: Annotated[nS, "strength of the slow current"] = 2.0
            tau_w: Annotated[ms, "time constant of the slow current"] = 50.0
            I_e: Annotated[pA, "constant current"] = 0.0


        def constants(p: LeakyResonatorParameters, dt: float) -> dict[str, Any]:
            own = {name: getattr(p, name) for name in ("E_L", "V_th", "V_reset", "g_L", "a", "I_e")}
            return {**own, "dt_C": dt / np.asarray(p.C_m), "dt_w": dt / np.asarray(p.tau_w)}


        @scalar
        def step(V_m, w, in_exc, I_exc, E_L, V_th, V_reset, g_L, a, I_e, dt_C, dt_w):
            dV = dt_C * (g_L * (E_L - V_m) - w + I_exc + I_e)
            dw = dt_w * (a * (V_m - E_L) - w)
            V, x = V_m + dV, w + dw
            V_m = V_m + 0.5 * (dV + dt_C * (g_L * (E_L - V) - x + I_exc + I_e)) + in_exc
            w = w + 0.5 * (dw + dt_w * (a * (V - E_L) - x))
            fired = V_m >= V_th
            return V_reset if fired else V_m, w, np.uint8(fired)


        LeakyResonator = NeuronModel(
            "LeakyResonator",
            LeakyResonatorParameters,
            constants,
            step,
            state={"V_m": "mV", "w": "pA"},
            ports={"exc": "mV"},
            currents=("exc",),
            equations="""
            dV_m/dt = (g_L * (E_L - V_m) - w + I_e) / C_m : volt
            dw/dt = (a * (V_m - E_L) - w) / tau_w : amp
            """,
            threshold="V_m >= V_th",
            reset="V_m = V_reset",
            arrivals={"exc": "V_m"},
            properties=Properties(order=2),
        )
        '''),
    "synapses/depressing.py": ("Depressing", '''
        """A synapse that a spike depletes by a constant share (Abbott, Varela, Sen & Nelson 1997)."""

        from __future__ import annotations

        import math
        from typing import Annotated, NamedTuple

        from spikelearn.codegen.jit import scalar
        from spikelearn.synapses.model import SynapseModel
        from spikelearn.units import ms, number


        class DepressingParameters(NamedTuple):
            share: Annotated[number, "what is left after a spike"] = 0.6
            tau_rec: Annotated[ms, "time constant of recovery"] = 80.0


        @scalar
        def release(x, interval, share, tau_rec):
            x = 1.0 + (x - 1.0) * math.exp(-interval / tau_rec)
            return x * share, x


        Depressing = SynapseModel(
            "Depressing",
            DepressingParameters,
            lambda p, dt: {"share": p.share, "tau_rec": p.tau_rec},
            release,
            state=("x",),
            initial=lambda p: {"x": 1.0},
            statements="""
            x = 1 + (x - 1) * exp(-interval / tau_rec)
            released = x
            x = x * share
            """,
        )
        '''),
    "plasticity/anti_hebbian.py": ("AntiHebbian", '''
        """Pairs of spikes depress, arrivals potentiate (Bell, Han, Sugawara & Grant 1997)."""

        from __future__ import annotations

        from typing import Annotated, NamedTuple

        from spikelearn.codegen.jit import scalar
        from spikelearn.plasticity.rule import PlasticityRule, Trace
        from spikelearn.units import ms, weight


        class AntiHebbianParameters(NamedTuple):
            eta: Annotated[weight, "step up at an arrival"] = 0.3
            beta: Annotated[weight, "step down at a spike of the target, for a trace of 1"] = 0.5
            tau: Annotated[ms, "time constant of the trace of arrivals"] = 20.0
            W_min: Annotated[weight, "smallest weight"] = 0.0
            W_max: Annotated[weight, "largest weight"] = 100.0


        @scalar
        def on_pre(weight, K_pre, eta, beta, W_min, W_max):
            return min(weight + eta, W_max)


        @scalar
        def on_post(weight, K_pre, eta, beta, W_min, W_max):
            return max(weight - beta * K_pre, W_min)


        AntiHebbian = PlasticityRule(
            "AntiHebbian",
            AntiHebbianParameters,
            pre=(Trace("K_pre", "tau"),),
            post=(),
            on_pre=on_pre,
            on_post=on_post,
            constants=lambda p, dt: {"eta": p.eta, "beta": p.beta, "W_min": p.W_min, "W_max": p.W_max},
            equations="""
            w : 1
            dK_pre/dt = -K_pre/tau : 1 (event-driven)
            """,
            pre_statements="w = clip(w + eta, W_min, W_max); K_pre += 1",
            post_statements="w = clip(w - beta*K_pre, W_min, W_max)",
        )
        '''),
    "plasticity/depolarisation.py": ("DepolarisationLTP", '''
        """Potentiation while the target is depolarised (Artola, Brocher & Singer 1990): w' = eta x [V_m - theta]+."""

        from __future__ import annotations

        from typing import Annotated, NamedTuple

        from spikelearn.codegen.jit import scalar
        from spikelearn.plasticity.rule import Trace
        from spikelearn.plasticity.signal_rule import SignalRule
        from spikelearn.units import ms, mV, number, weight


        class DepolarisationLTPParameters(NamedTuple):
            eta: Annotated[number, "learning rate, in the unit of the port per mV and ms"] = 1e-3
            theta: Annotated[mV, "potential above which weights grow"] = -69.0
            tau_x: Annotated[ms, "time constant of the trace of arrivals"] = 15.0
            W_min: Annotated[weight, "smallest weight"] = 0.0
            W_max: Annotated[weight, "largest weight"] = 1000.0


        @scalar
        def signal(V_m, event, rate, theta):
            return rate * max(0.0, V_m - theta)


        DepolarisationLTP = SignalRule(
            "DepolarisationLTP",
            DepolarisationLTPParameters,
            pre=(Trace("x", "tau_x"),),
            reads=("V_m",),
            signal=signal,
            constants=lambda p, dt: {"rate": p.eta * dt, "theta": p.theta},
        )
        '''),
    "plasticity/weight_decay.py": ("WeightDecay", '''
        """Weights grow at arrivals and decay while the target is depolarised (Hinton 1989): w' = -rate w."""

        from __future__ import annotations

        from typing import Annotated, NamedTuple

        from spikelearn.codegen.jit import scalar
        from spikelearn.plasticity.step_rule import StepRule
        from spikelearn.units import mV, number, weight


        class WeightDecayParameters(NamedTuple):
            eta: Annotated[number, "growth at an arrival"] = 0.1
            rate: Annotated[number, "decay, per ms"] = 1e-3
            theta: Annotated[mV, "potential above which weights decay"] = -69.0
            W_min: Annotated[weight, "smallest weight"] = 0.0
            W_max: Annotated[weight, "largest weight"] = 1000.0


        @scalar
        def step(weight, arrives, V_m, eta, decay, theta):
            return weight + eta * arrives - (decay * weight if V_m > theta else 0.0)


        WeightDecay = StepRule(
            "WeightDecay",
            WeightDecayParameters,
            step,
            lambda p, dt: {"eta": p.eta, "decay": p.rate * dt, "theta": p.theta},
            reads=("V_m",),
        )
        '''),
    "neurons/receptors/lasting.py": (
        "LastingCurrent",
        '''
        """A current that outlasts what caused it (Egorov et al. 2002)."""

        from __future__ import annotations

        from dataclasses import replace
        from typing import Annotated, NamedTuple

        from spikelearn.neurons.receptors.exponential import ExponentialCurrent
        from spikelearn.units import ms


        class LastingCurrentParameters(NamedTuple):
            tau_syn: Annotated[ms, "time constant of the decay"] = 500.0


        LastingCurrent = replace(
            ExponentialCurrent, name="LastingCurrent", Parameters=LastingCurrentParameters, nest={}
        )
        ''',
    ),
    "connectivity/followers.py": ("Followers", '''
        """Neurons that follow each other on a ring."""

        from __future__ import annotations

        from dataclasses import dataclass

        import numpy as np

        from spikelearn.codegen.jit import scalar
        from spikelearn.connectivity.rule import ConnectionRule, Endpoints, Rows


        @scalar
        def row_of_followers(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
            for i in range(numbers[0]):
                partners[i] = (row + 1 + i) % n_partners
            return numbers[0]


        @dataclass(frozen=True)
        class Followers(ConnectionRule):
            """Each source to the targets that follow it, on a ring.

            k: how many.
            """

            k: int
            by_source = True
            example = {"k": 3}
            row = staticmethod(row_of_followers)

            def rows(self, ends: Endpoints) -> Rows:
                return Rows(np.array([self.k]), degrees=np.array([self.k]))
        '''),
}  # fmt: skip
"""File -> (name, text) of one of each kind."""

COMMON = (
    "unit/test_documentation.py", "unit/test_types.py", "unit/test_vectorised.py",
    "unit/test_rules.py", "unit/test_composition.py", "reference/test_neurons.py", "reference/test_validation.py",
    "naive/test_every_connection_rule.py", "naive/test_rules_pair_by_pair.py", "unit/test_step_rules.py",
)  # fmt: skip
"""Tests that take what they hold for from the lists of the package."""

HELD_TO = {
    "LeakyResonator": 8,
    "Depressing": 4,
    "AntiHebbian": 8,
    "DepolarisationLTP": 4,
    "WeightDecay": 4,
    "LastingCurrent": 8,
    "Followers": 5,
}
"""How many tests, at the fewest, each joins."""


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy of the package and of its tests, with one of each kind added."""
    copy = tmp_path_factory.mktemp("copy")
    for folder in ("spikelearn", "models", "tests"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for path, (name, text) in ADDED.items():
        file = copy / "spikelearn" / path
        file.write_text(textwrap.dedent(text).lstrip())
        init = file.with_name("__init__.py")
        lines = init.read_text().splitlines(keepends=True)
        package = ".".join(file.parent.relative_to(copy).parts)
        first = next(k for k, line in enumerate(lines) if line.startswith(f"    from {package}."))
        init.write_text(
            "".join([*lines[:first], f"    from {package}.{file.stem} import {name} as {name}\n", *lines[first:]])
        )
    return copy


def files_of(root):
    return {
        str(path.relative_to(root)): path.read_text(errors="replace")
        for folder in ("spikelearn", "tests")
        for path in (root / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_adding_one_of_any_kind_is_one_file_and_one_line(copied):
    before, after = files_of(ROOT), files_of(copied)
    assert {path.removeprefix("spikelearn/") for path in after.keys() - before.keys()} == set(ADDED)
    changed = [path for path in before.keys() & after.keys() if before[path] != after[path]]
    assert sorted(changed) == sorted({f"spikelearn/{Path(path).parent}/__init__.py" for path in ADDED})
    lines = [
        line
        for path in changed
        for line in difflib.ndiff(before[path].splitlines(), after[path].splitlines())
        if line[0] in "+-"
    ]
    assert len(lines) == len(ADDED) and all(line.startswith("+     from spikelearn.") for line in lines)


def test_one_of_each_joins_the_common_tests_and_passes_them(copied):
    """Not those that are about everything at once: the whole package has passed them already."""
    names = [name for name, _ in ADDED.values()]
    assert not any(hasattr(sl, name) for name in names)
    command = [
        sys.executable, "-m", "pytest", "-q", "-rA", "--show-capture=no", "-n", "0", "-p", "no:cacheprovider",
        "-k", " or ".join(names),
        *(f"tests/{path}" for path in COMMON),
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(copied)}
    done = subprocess.run(command, cwd=copied, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    passed = re.findall(r"^PASSED (\S.*)$", done.stdout, re.MULTILINE)
    for name, fewest in HELD_TO.items():
        held = [test for test in passed if name in test]
        assert len(held) >= fewest, (name, held)
