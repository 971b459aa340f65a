"""How other simulators run a network."""

from __future__ import annotations

from dataclasses import dataclass

from spikelearn.errors import ParameterError

_CODEGEN = ("numpy", "cython")


class Options:
    """How an engine is to run a network: what `Network.run` takes for `engine` besides the name of one."""


@dataclass(frozen=True)
class NEST(Options):
    """Run on NEST (pip install nest-simulator): `network.run(1000, engine=sl.NEST(threads=4))`.

    NEST is handed the very network: each synapse with its weight and delay, the state of each neuron at the start, each
    spike of a source, each arrival of a PoissonInput and each value of a noise, as spikelearn has drawn them from the
    network's seed. What is integrated exactly gives the same spikes. Weights that learn are as the last spike of their
    source left them: NEST brings a synapse up to date when its source fires.

    threads: NEST's threads, in each of its MPI processes.
    native_rules: NEST draws the synapses itself, by its own rule of the same name. This is another draw of the same
        network, made in parallel, of which each MPI process holds its part: for networks that outgrow one machine.
    native_sources: NEST's own generators make Poisson spikes, PoissonInput and NoiseCurrent: another draw, and much
        faster where there are many of them.
    """

    threads: int = 1
    native_rules: bool = False
    native_sources: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.threads, int) or isinstance(self.threads, bool) or self.threads < 1:
            raise ParameterError(f"threads of NEST: expected a whole number of at least 1, got {self.threads!r}")


@dataclass(frozen=True)
class Brian2(Options):
    """Run on Brian2 (pip install brian2): `network.run(1000, engine=sl.Brian2(method="rk4"))`.

    Brian2 integrates the equations that each model shows. It is handed the very network: each synapse, the state of
    each neuron at the start, each spike of a source, each arrival and each noise, as spikelearn has drawn them.

    Neurons that draw random numbers themselves (escape noise) draw others there. Equations without a closed form are
    integrated by another method than here, and agree as far as methods do.

    method: Brian2's method of integration for all neurons, such as "exact", "euler", "rk4"; by default each model's
        own.
    codegen: "numpy", or "cython", which compiles for a while and then is faster.
    """

    method: str | None = None
    codegen: str = "numpy"

    def __post_init__(self) -> None:
        if self.codegen not in _CODEGEN:
            raise ParameterError(f"codegen of Brian2: expected one of {', '.join(_CODEGEN)}, got {self.codegen!r}")
        if self.method is not None and not isinstance(self.method, str):
            raise ParameterError(f"method of Brian2: expected the name of a method or None, got {self.method!r}")
