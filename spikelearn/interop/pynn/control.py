"""The functions with which a script sets up, runs and ends a simulation."""

from __future__ import annotations

from typing import Any

from pyNN import common
from pyNN.connectors import FixedProbabilityConnector
from pyNN.recording import get_io

from spikelearn.interop.pynn import simulator
from spikelearn.interop.pynn.building import Built
from spikelearn.interop.pynn.populations import Population
from spikelearn.interop.pynn.projections import Projection
from spikelearn.interop.pynn.synapses import StaticSynapse
from spikelearn.network import Network

__all__ = [
    "connect", "create", "end", "get_current_time", "get_max_delay", "get_min_delay", "get_time_step", "initialize",
    "network", "num_processes", "rank", "record", "record_gsyn", "record_v", "reset", "run", "run_for", "run_until",
    "set", "setup",
]  # fmt: skip

state = simulator.state


def setup(timestep: float = 0.1, min_delay: float | str = "auto", **extra_params: Any) -> int:
    """Begin anew; nothing of an earlier network is kept.

    timestep, min_delay: ms. Of extra_params, besides max_delay: `rng_seed` is the root of the random numbers that are
    drawn while the network runs (those of connectors have generators of their own); `threads`, `precision` and `engine`
    are those of spikelearn.Network and its `run`. `spike_precision="off_grid"`: spikes, delays and refractory periods
    are not rounded to steps, and integration is exact, if all cells are IF_curr_exp, IF_curr_delta or IF_curr_alpha,
    all sources SpikeSourceArray and all synapses static; else a warning says why not. Such a network cannot be changed
    after its first run. As in other back-ends, parameters of other simulators are ignored.
    """
    precision = extra_params.get("spike_precision", "on_grid")
    if precision not in ("on_grid", "off_grid"):
        raise ValueError(f"spike_precision: expected 'on_grid' or 'off_grid', got {precision!r}")
    common.setup(timestep, min_delay, **extra_params)
    seed = extra_params.get("rng_seed", extra_params.get("rng_seeds_seed", 42))
    options: dict[str, Any] = {name: extra_params[name] for name in ("threads", "precision") if name in extra_params}
    Network(dt=timestep, seed=seed, **options)  # checks them
    state.clear()
    state.dt = float(timestep)
    state.given_min_delay = min_delay
    state.given_max_delay = extra_params.get("max_delay", "auto")
    state.seed, state.options, state.engine = seed, options, extra_params.get("engine")
    state.exact = precision == "off_grid"
    return rank()


def end(compatible_output: bool = True) -> None:
    """Write what was recorded with a file name. Recorded data can be read until `setup` is called again."""
    for population, variables, filename in state.write_on_end:
        population.write_data(get_io(filename), variables)
    state.write_on_end = []


run, run_until = common.build_run(simulator)
run_for = run
reset = common.build_reset(simulator)
initialize = common.initialize
get_current_time, get_time_step, get_min_delay, get_max_delay, num_processes, rank = common.build_state_queries(
    simulator
)

create = common.build_create(Population)
connect = common.build_connect(Projection, FixedProbabilityConnector, StaticSynapse)
set = common.set
record = common.build_record(simulator)


def record_v(source: Any, filename: Any) -> Any:
    """Record membrane potentials to a file."""
    return record(["v"], source, filename)


def record_gsyn(source: Any, filename: Any) -> Any:
    """Record synaptic conductances to a file."""
    return record(["gsyn_exc", "gsyn_inh"], source, filename)


def network() -> Network:
    """The network of spikelearn that the objects of PyNN have become; it is built if it has not run yet.

    For what PyNN has no words for: `sim.network().plot()`. Change it through PyNN's objects only.
    """
    if state.built is None:
        state.built = Built(state)
    state.built.take_up()
    return state.built.net
