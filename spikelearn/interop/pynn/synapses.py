"""The standard synapses: each is PyNN's own, and says what it becomes in spikelearn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pyNN.errors import NoModelAvailableError
from pyNN.standardmodels import base, build_translations, synapses

from spikelearn.interop.pynn import simulator
from spikelearn.interop.pynn.learning import BalancingSTDP, Bernoulli, PairSTDP
from spikelearn.interop.pynn.values import alike, unchanged
from spikelearn.synapses import StochasticRelease, TsodyksUzielMarkram
from spikelearn.synapses.short_term import decay

__all__ = [
    "AdditivePotentiationMultiplicativeDepression", "AdditiveWeightDependence", "GutigWeightDependence",
    "MultiQuantalSynapse", "MultiplicativeWeightDependence", "STDPMechanism", "SimpleStochasticSynapse",
    "SpikePairRule", "StaticSynapse", "StochasticTsodyksMarkramSynapse", "TsodyksMarkramSynapse", "Vogels2011Rule",
]  # fmt: skip

Values = Mapping[str, np.ndarray]


def check_weights(weights: Any, projection: Any) -> None:
    """PyNN's check of signs, where it knows which they should be."""
    known = (*base.excitatory_receptor_types, *base.inhibitory_receptor_types)
    if projection.post.conductance_based or projection.receptor_type in known:
        base.check_weights(weights, projection)


class SynapseType:
    """What a synapse adds to PyNN's.

    plastic: whether its weights change while the network runs. shared: names of parameters of which a projection of
    spikelearn has one value for all its synapses.
    """

    parameter_checks: ClassVar[dict[str, Any]] = {"weight": check_weights}
    plastic = False
    shared: ClassVar[tuple[str, ...]] = ()

    def _get_minimum_delay(self) -> float:
        return simulator.state.default_delay

    def own_factor(self, factor: float) -> float:
        """spikelearn's weight for a weight of 1. factor: that of a standard synapse, by the unit of the port."""
        return factor

    def weights(self, values: Values, factor: float) -> np.ndarray:
        """spikelearn's weights. factor: of a weight, by the unit of the port."""
        return values["weight"] * factor

    def rule_parameters(self, values: Values, factor: float) -> dict[str, Any]:
        """Parameters of its plasticity rule. values: of each synapse, in PyNN's units. factor: of a weight."""
        return {}

    def synapse_parameters(self, values: Values, tau_syn: np.ndarray) -> dict[str, Any]:
        """Parameters of its short-term synapse. tau_syn: ms, of the receptor of each synapse."""
        return {}

    def plasticity(self, parameters: dict[str, Any]) -> Any:
        """Its plasticity rule with these parameters."""
        return None

    def short_term(self, parameters: dict[str, Any]) -> Any:
        """Its short-term synapse with these parameters."""
        return None

    def at_rest(self, values: Values) -> dict[str, Any]:
        """Its state variables in PyNN's words, and their values at rest."""
        return {}

    def dendritic_steps(self, projection: Any) -> np.ndarray:
        """(n,), the part of each delay that is dendritic, in steps."""
        return np.zeros(len(projection), np.int64)


class StaticSynapse(SynapseType, synapses.StaticSynapse):
    __doc__ = synapses.StaticSynapse.__doc__
    translations = unchanged(synapses.StaticSynapse)


class TsodyksMarkramSynapse(SynapseType, synapses.TsodyksMarkramSynapse):
    __doc__ = synapses.TsodyksMarkramSynapse.__doc__
    translations = unchanged(synapses.TsodyksMarkramSynapse)

    def synapse_parameters(self, values: Values, tau_syn: np.ndarray) -> dict[str, Any]:
        tau_rec = values["tau_rec"]
        # the closed form is 0/0 where they are the same
        tau_syn = decay(tau_syn)
        tau_psc = np.where(np.abs(tau_syn - tau_rec) < 2e-6 * tau_rec, tau_rec * (1 + 2e-6), tau_syn)
        return {
            "U": alike(values["U"]), "tau_rec": alike(tau_rec), "tau_psc": alike(tau_psc),
            "tau_fac": alike(values["tau_facil"]),
        }  # fmt: skip

    def short_term(self, parameters: dict[str, Any]) -> Any:
        return TsodyksUzielMarkram(**parameters)

    def at_rest(self, values: Values) -> dict[str, Any]:
        return {"x": 1.0, "y": 0.0, "u": 0.0}


class SimpleStochasticSynapse(SynapseType, synapses.SimpleStochasticSynapse):
    __doc__ = synapses.SimpleStochasticSynapse.__doc__
    translations = unchanged(synapses.SimpleStochasticSynapse)

    def synapse_parameters(self, values: Values, tau_syn: np.ndarray) -> dict[str, Any]:
        return {"p": alike(values["p"])}

    def short_term(self, parameters: dict[str, Any]) -> Any:
        return Bernoulli(**parameters)


class _Release(SynapseType):
    def synapse_parameters(self, values: Values, tau_syn: np.ndarray) -> dict[str, Any]:
        return {
            "n": alike(values.get("n", np.ones(len(values["U"])))), "U": alike(values["U"]),
            "tau_rec": alike(values["tau_rec"]), "tau_fac": alike(values["tau_facil"]),
        }  # fmt: skip

    def short_term(self, parameters: dict[str, Any]) -> Any:
        return StochasticRelease(**parameters)

    def at_rest(self, values: Values) -> dict[str, Any]:
        return {"u": values["U"], **({"a": values["n"]} if "n" in values else {"R": 1.0})}


class StochasticTsodyksMarkramSynapse(_Release, synapses.StochasticTsodyksMarkramSynapse):
    __doc__ = synapses.StochasticTsodyksMarkramSynapse.__doc__
    translations = unchanged(synapses.StochasticTsodyksMarkramSynapse)


class MultiQuantalSynapse(_Release, synapses.MultiQuantalSynapse):
    """Synapse with n release sites, each of which contributes the weight, as with pyNN.nest (pyNN.neuron: weight/n)."""

    translations = unchanged(synapses.MultiQuantalSynapse)

    def weights(self, values: Values, factor: float) -> np.ndarray:
        return values["weight"] * values["n"] * factor


# Plasticity


class AdditiveWeightDependence(synapses.AdditiveWeightDependence):
    __doc__ = synapses.AdditiveWeightDependence.__doc__
    translations = unchanged(synapses.AdditiveWeightDependence)
    possible_models = frozenset({"PairSTDP", "BalancingSTDP"})
    exponents = (0.0, 0.0)


class MultiplicativeWeightDependence(synapses.MultiplicativeWeightDependence):
    __doc__ = synapses.MultiplicativeWeightDependence.__doc__
    translations = unchanged(synapses.MultiplicativeWeightDependence)
    possible_models = frozenset({"PairSTDP"})
    exponents = (1.0, 1.0)


class AdditivePotentiationMultiplicativeDepression(synapses.AdditivePotentiationMultiplicativeDepression):
    __doc__ = synapses.AdditivePotentiationMultiplicativeDepression.__doc__
    translations = unchanged(synapses.AdditivePotentiationMultiplicativeDepression)
    possible_models = frozenset({"PairSTDP"})
    exponents = (0.0, 1.0)


class GutigWeightDependence(synapses.GutigWeightDependence):
    __doc__ = synapses.GutigWeightDependence.__doc__
    translations = unchanged(synapses.GutigWeightDependence)
    possible_models = frozenset({"PairSTDP"})


class SpikePairRule(synapses.SpikePairRule):
    __doc__ = synapses.SpikePairRule.__doc__
    translations = unchanged(synapses.SpikePairRule)
    possible_models = frozenset({"PairSTDP"})


class Vogels2011Rule(synapses.Vogels2011Rule):
    """Inhibitory plasticity that balances excitation (Vogels et al. 2011, Science 334:1569).

    Arguments:
        `tau`: ms, time constant of both traces. `eta`: step of the weight at a pair, in the unit of the weight. `rho`:
        target rate in Hz.
    """

    translations = unchanged(synapses.Vogels2011Rule)
    possible_models = frozenset({"BalancingSTDP"})


class STDPMechanism(SynapseType, synapses.STDPMechanism):
    """See pyNN.standardmodels.synapses.STDPMechanism. Any part of the delay may be dendritic."""

    plastic = True
    base_translations = build_translations(*((each, each) for each in ("weight", "delay", "dendritic_delay_fraction")))

    def __init__(
        self, timing_dependence: Any = None, weight_dependence: Any = None, voltage_dependence: Any = None,
        dendritic_delay_fraction: float = 1.0, weight: Any = 0.0, delay: Any = None,
    ) -> None:  # fmt: skip
        if timing_dependence is None or weight_dependence is None or voltage_dependence is not None:
            raise NoModelAvailableError(
                "STDPMechanism: expected a timing_dependence and a weight_dependence, and no voltage_dependence"
            )
        super().__init__(timing_dependence, weight_dependence, None, dendritic_delay_fraction, weight, delay)
        [self._rule] = self.possible_models

    def _build_translations(self) -> None:
        parts = (self.timing_dependence, self.weight_dependence)
        self.translations = {name: each for part in parts for name, each in part.translations.items()}
        self.translations |= self.base_translations

    @property
    def shared(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(name for name in self.get_parameter_names() if name.startswith(("tau", "w_")))

    def rule_parameters(self, values: Values, factor: float) -> dict[str, Any]:
        low, high = sorted(float(values[name][0]) * factor for name in ("w_min", "w_max"))
        found: dict[str, Any] = {"W_min": low, "W_max": high}
        if self._rule == "BalancingSTDP":
            tau = float(values["tau"][0])
            found |= {"tau": tau, "eta": alike(values["eta"] * factor), "alpha": alike(2e-3 * tau * values["rho"])}
            return found
        for name in ("tau_plus", "tau_minus", "A_plus", "A_minus"):
            found[name] = alike(values[name])
        for k, name in enumerate(("mu_plus", "mu_minus")):
            found[name] = alike(values[name]) if name in values else self.weight_dependence.exponents[k]
        return found

    def plasticity(self, parameters: dict[str, Any]) -> Any:
        return {"PairSTDP": PairSTDP, "BalancingSTDP": BalancingSTDP}[self._rule](**parameters)

    def dendritic_steps(self, projection: Any) -> np.ndarray:
        steps = np.rint(projection.delays() / simulator.state.dt)
        return np.rint(projection.current("dendritic_delay_fraction") * steps).astype(np.int64)
