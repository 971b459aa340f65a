"""What users write, with types: CI checks it as `mypy --strict` does, and tests/unit/test_types.py runs it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn import sweep
from spikelearn.units import ms, mV


class LeakyParameters(NamedTuple):
    tau_m: Annotated[ms, "membrane time constant"] = 10.0
    V_th: Annotated[mV, "threshold"] = 15.0


def leaky_constants(p: LeakyParameters, dt: float) -> dict[str, float]:
    return {"P_m": float(np.exp(-dt / p.tau_m)), "V_th": p.V_th}


def leaky_step(V_m: float, in_exc: float, P_m: float, V_th: float) -> tuple[float, int]:
    V_m = P_m * V_m + in_exc
    fired = V_m >= V_th
    return (0.0 if fired else V_m), fired * 1


def own_model() -> sl.NeuronModel:
    return sl.NeuronModel(
        "Leaky", LeakyParameters, leaky_constants, leaky_step, state={"V_m": "mV"}, ports={"exc": "mV"},
        initial=lambda p: {},
    )  # fmt: skip


def network(seed: int = 1, neuron: sl.Neuron | None = None) -> tuple[sl.Network, sl.Population, sl.Projection]:
    """The network of the README."""
    net = sl.Network(dt=0.1, seed=seed)
    dopamine: sl.Modulator = net.modulator("dopamine", tau=200)
    source = net.population(50, sl.Poisson(rate=20), name="input")
    cells = net.population(20, sl.LIF(tau_m=np.linspace(8, 12, 20)) if neuron is None else neuron, name="cells")
    learning = net.connect(
        source, cells, rule=sl.FixedProbability(0.2), weight=sl.Uniform(0, 50), delay=1.5,
        plasticity=sl.DopamineSTDP(dopamine, W_max=80),
    )  # fmt: skip
    net.connect(cells, cells[:5], rule=sl.FixedInDegree(3), weight=-20.0, delay=sl.Normal(2, 0.5, low=0.1))
    net.drive(cells, sl.NoiseCurrent(mean=500, std=100))
    net.release(dopamine, [10.0, 20.0], 0.1)
    net.record(cells, ["spikes", "V_m"], every=0.5)
    return net, cells, learning


def rate(run: sl.Run, cells: sl.Population) -> float:
    times, ids = run.spikes(cells)
    return len(times) / cells.size / run.duration * 1e3 + 0.0 * float(ids.sum())


def mean_weight(run: sl.Run, learning: sl.Projection) -> float:
    return float(run.weights(learning).mean())


def points(folder: Path) -> tuple[int, Mapping[str, object]]:
    """A sweep over a published network; it is type-checked here, and run elsewhere."""
    few = {"order": 100, "duration": 200.0, "warm_up": 50.0}
    done: sweep.Summary = sweep.run("brunel_2000", folder, grid={"g": [4, 5], "eta": [0.9, 2]}, settings=few)
    table = sweep.read_table(folder)
    return done.computed, {name: column for name, column in table.items()}


def trials() -> sl.Run:
    net = sl.Network(dt=0.5, seed=2)
    source = net.population(4, sl.Poisson(0.0), name="source")
    target = net.population(3, sl.LIF(), name="target")
    weights = net.connect(source, target, weight=100.0, plasticity=sl.STDP())
    net.record(target)
    shown = sl.Phase(10, rates={source: np.full((5, 4), 200.0)}, plastic=[weights])
    return net.run(trials=sl.Trials([shown, sl.Phase(5, reset=[target])], 5), progress=False)


def figures(run: sl.Run, cells: sl.Population) -> list[Figure]:
    raster, voltage = sl.plots.raster(run), sl.plots.voltage(run, cells[:3])
    return [figure for axes in (raster, voltage) for figure in [np.ravel(np.asarray(axes))[0].figure]]


def main(folder: Path) -> dict[str, float]:
    net, cells, learning = network()
    run = net.run(30.0, progress=False)
    run.checkpoint(folder / "state.ckpt")
    again = sl.Network.restore(folder / "state.ckpt")
    longer = again.run(10.0, after=again.recorded, progress=False)
    sl.io.save(run, folder / "run.h5")
    small = sl.Network(dt=0.1)
    own = small.population(2, own_model()(tau_m=20.0))
    plasticity: sl.Plasticity = sl.STDP(W_max=20.0)
    small.connect(own, own, weight=1.0, plasticity=plasticity)
    for figure in figures(run, cells):
        figure.savefig(folder / "figure.png")
    return {
        "rate": rate(run, cells), "weight": mean_weight(longer, learning), "trials": trials().duration,
        "steps": small.run(1.0, progress=False).duration,
    }  # fmt: skip
