"""Options for running a network on other simulators."""

from __future__ import annotations

from dataclasses import dataclass

from spikelearn.errors import ParameterError

_CODEGEN = ("numpy", "cython")


class Options:
    """Options of an engine: what `Network.run` accepts as `engine` besides a name."""


@dataclass(frozen=True)
class NEST(Options):
    """Run on NEST (pip install nest-simulator): `network.run(1000, engine=sl.NEST(threads=4))`.

    NEST receives exactly the same network: each synapse with its weight and delay, the initial state of each neuron,
    each spike of a source, each arrival of a PoissonInput and each value of a noise, as drawn by spikelearn from the
    network's seed. Exactly integrated models give the same spikes. Plastic weights are those at the last spike of their
    source, because NEST updates a synapse when its source fires.

    threads: number of NEST threads in each MPI process.
    native_rules: NEST draws the synapses itself, with its own rule of the same name. This is a different random draw of
        the same network, made in parallel; each MPI process holds its part, for networks too large for one machine
        (docs/interop/mpi.md).
    native_sources: NEST's own generators produce Poisson spikes, PoissonInput and NoiseCurrent: a different random
        draw, and much faster if there are many of them.
    virtual_processes: the number of threads of all MPI processes together, instead of `threads`. NEST's own draws
        depend on it, and on nothing else of how the work is divided.
    """

    threads: int = 1
    native_rules: bool = False
    native_sources: bool = False
    virtual_processes: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("threads", self.threads), ("virtual_processes", self.virtual_processes)):
            if value is None and name == "virtual_processes":
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ParameterError(f"{name} of NEST: expected a whole number of at least 1, got {value!r}")
        if self.virtual_processes is not None and self.threads != 1:
            raise ParameterError("give threads of NEST, in each MPI process, or virtual_processes, of all, not both")


@dataclass(frozen=True)
class Brian2(Options):
    """Run on Brian2 (pip install brian2): `network.run(1000, engine=sl.Brian2(method="rk4"))`.

    Brian2 integrates the published equations of each model. It receives exactly the same network: each synapse, the
    initial state of each neuron, each spike of a source, each arrival and each noise value, as drawn by spikelearn.

    Neurons that draw random numbers themselves (escape noise) draw different ones. Equations without a closed form are
    integrated by a different method, so results agree only up to the integration error.

    method: Brian2's integration method for all neurons, such as "exact", "euler" or "rk4"; by default that of each
        model.
    codegen: "numpy", or "cython", which takes time to compile and is then faster.
    """

    method: str | None = None
    codegen: str = "numpy"

    def __post_init__(self) -> None:
        if self.codegen not in _CODEGEN:
            raise ParameterError(f"codegen of Brian2: expected one of {', '.join(_CODEGEN)}, got {self.codegen!r}")
        if self.method is not None and not isinstance(self.method, str):
            raise ParameterError(f"method of Brian2: expected the name of a method or None, got {self.method!r}")
