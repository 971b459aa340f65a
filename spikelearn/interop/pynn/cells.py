"""The standard cells: each is PyNN's own, and says which model of spikelearn it is, and which of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from pyNN.errors import InvalidParameterValueError
from pyNN.standardmodels import cells

from spikelearn import neurons
from spikelearn.interop.pynn import simulator
from spikelearn.interop.pynn.gif import TERMS, GIFConductance
from spikelearn.interop.pynn.hodgkin_huxley import HodgkinHuxleyParts
from spikelearn.interop.pynn.values import alike, unchanged
from spikelearn.network import Network
from spikelearn.neurons import NeuronModel

if TYPE_CHECKING:
    from spikelearn.interop.pynn.populations import Population

__all__ = [
    "EIF_cond_alpha_isfa_ista", "EIF_cond_exp_isfa_ista", "GIF_cond_exp", "HH_cond_exp", "IF_cond_alpha", "IF_cond_exp",
    "IF_cond_exp_gsfa_grr", "IF_curr_alpha", "IF_curr_delta", "IF_curr_exp", "IF_facets_hardware1", "Izhikevich",
]  # fmt: skip

Values = Mapping[str, np.ndarray]
Given = str | float | tuple[str, float] | Callable[[Values], Any]
"""A parameter of PyNN, alone or with a factor, or a number, or a function of all parameters."""


def whole_steps(name: str) -> Callable[[Values], Any]:
    """A time that lasts for whole steps, in ms; one that does not fit takes the next step, as in NEST."""

    def rounded(p: Values) -> Any:
        dt = simulator.state.dt
        if simulator.state.exact:
            return p[name]
        return np.ceil(np.asarray(p[name], float) / dt - 1e-6) * dt

    return rounded


class Cell:
    """What a standard cell adds to PyNN's.

    model: of spikelearn. given: its parameters -> what they are in PyNN. variables: recordable variable of PyNN ->
    spikelearn's, and PyNN's unit in spikelearn's. ports: receptor type -> port, and the factor of a weight.
    """

    model: Any
    given: Mapping[str, Given]
    variables: Mapping[str, tuple[str, float]]
    ports: Mapping[str, tuple[str, float]]
    listed = False
    """Whether its spikes are known before a run; `emitted` tells them."""

    def of(self, population: Population) -> Any:
        """The neuron or the source with the parameters of a population."""
        return self.model(**self.own(population.parameters))

    def own(self, parameters: Values) -> dict[str, Any]:
        """Parameters of spikelearn: numbers, or arrays with a value for each neuron."""
        return {name: own_of(each, parameters) for name, each in self.given.items()}

    def tau_syn(self, receptor: str, population: Any, which: np.ndarray) -> np.ndarray:
        """(n,) ms, the time constants of a receptor of these neurons; 0 of one that acts at once."""
        name = {"excitatory": "tau_syn_E", "inhibitory": "tau_syn_I"}.get(receptor, f"{receptor}.tau_syn")
        return np.asarray(population.parameters.get(name, np.zeros(population.size))[which], float)

    def check(self, parameters: Values) -> None:
        """Raise InvalidParameterValueError for values that this cell cannot have."""

    def set(self, net: Network, neurons: Any, population: Population, changed: dict[str, Any]) -> None:
        """Let the neurons of a network have the parameters of a population from now on. changed: those that differ."""
        net.set(neurons, **changed)

    def before_run(self, net: Network, neurons: Any, population: Population, last: int) -> None:
        """Prepare a run up to a step."""


def own_of(given: Given, parameters: Values) -> Any:
    if isinstance(given, float):
        return given
    if callable(given):
        return alike(np.broadcast_to(given(parameters), (len(next(iter(parameters.values()))),)))
    name, factor = given if isinstance(given, tuple) else (given, 1.0)
    return alike(parameters[name] * factor if factor != 1.0 else parameters[name])


MEMBRANE: dict[str, Given] = {
    "E_L": "v_rest",
    "V_th": "v_thresh",
    "V_reset": "v_reset",
    "C_m": ("cm", 1e3),
    "I_e": ("i_offset", 1e3),
    "t_ref": whole_steps("tau_refrac"),
}
_SYNAPSES: dict[str, Given] = {"tau_syn_exc": "tau_syn_E", "tau_syn_inh": "tau_syn_I"}
LEAK: dict[str, Given] = {"g_L": lambda p: 1e3 * p["cm"] / p["tau_m"]}
_REVERSAL: dict[str, Given] = {"E_exc": "e_rev_E", "E_inh": "e_rev_I"}
_PORTS = {"excitatory": ("exc", 1e3), "inhibitory": ("inh", 1e3)}
_VOLTAGE_PORTS = {"excitatory": ("exc", 1.0), "inhibitory": ("exc", 1.0)}
_CURRENTS = {"v": ("V_m", 1.0), "isyn_exc": ("I_syn_exc", 1e3), "isyn_inh": ("I_syn_inh", 1e3)}
_CONDUCTANCES = {"v": ("V_m", 1.0), "gsyn_exc": ("g_exc", 1e3), "gsyn_inh": ("g_inh", 1e3)}
ADAPTATION: dict[str, Given] = {
    "V_peak": "v_spike",
    "a": "a",
    "b": ("b", 1e3),
    "Delta_T": "delta_T",
    "tau_w": "tau_w",
}
_OF_RECEPTORS: dict[str, Given] = {
    "tau_syn_exc": "tau_syn_E",
    "tau_syn_inh": "tau_syn_I",
    "E_exc": "e_rev_E",
    "E_inh": "e_rev_I",
}


def _with_two(model: NeuronModel, receptor: Any, name: str) -> NeuronModel:
    return model.with_receptors(exc=receptor(E=0.0), inh=receptor(E=-70.0), name=name)


class IF_curr_exp(Cell, cells.IF_curr_exp):
    __doc__ = cells.IF_curr_exp.__doc__
    translations = unchanged(cells.IF_curr_exp)
    recordable = ["spikes", "v", "isyn_exc", "isyn_inh"]
    model = neurons.LIF
    given = {**MEMBRANE, **_SYNAPSES, "tau_m": "tau_m"}
    variables, ports = _CURRENTS, _PORTS


class IF_curr_alpha(Cell, cells.IF_curr_alpha):
    __doc__ = cells.IF_curr_alpha.__doc__
    translations = unchanged(cells.IF_curr_alpha)
    recordable = ["spikes", "v", "isyn_exc", "isyn_inh"]
    model = neurons.LIFAlpha
    given = {**MEMBRANE, **_SYNAPSES, "tau_m": "tau_m"}
    variables, ports = _CURRENTS, _PORTS


class IF_curr_delta(Cell, cells.IF_curr_delta):
    __doc__ = cells.IF_curr_delta.__doc__
    translations = unchanged(cells.IF_curr_delta)
    model = neurons.LIFDelta
    given = {**MEMBRANE, "tau_m": "tau_m"}
    variables, ports = {"v": ("V_m", 1.0)}, _VOLTAGE_PORTS


class IF_cond_exp(Cell, cells.IF_cond_exp):
    __doc__ = cells.IF_cond_exp.__doc__
    translations = unchanged(cells.IF_cond_exp)
    model = neurons.LIFConductance
    given = {**MEMBRANE, **LEAK, **_SYNAPSES, **_REVERSAL}
    variables, ports = _CONDUCTANCES, _PORTS


class IF_cond_alpha(Cell, cells.IF_cond_alpha):
    __doc__ = cells.IF_cond_alpha.__doc__
    translations = unchanged(cells.IF_cond_alpha)
    model = _with_two(neurons.LIFConductance, neurons.AlphaConductance, "LIFAlphaConductance")
    given = {**MEMBRANE, **LEAK, **_OF_RECEPTORS}
    variables, ports = _CONDUCTANCES, _PORTS


class IF_facets_hardware1(Cell, cells.IF_facets_hardware1):
    __doc__ = cells.IF_facets_hardware1.__doc__
    translations = unchanged(cells.IF_facets_hardware1)
    model = neurons.LIFConductance
    given = {
        "E_L": "v_rest", "V_th": "v_thresh", "V_reset": "v_reset", "g_L": "g_leak", "E_inh": "e_rev_I", **_SYNAPSES,
        "C_m": 200.0, "t_ref": lambda p: np.ceil(1.0 / simulator.state.dt - 1e-6) * simulator.state.dt, "E_exc": 0.0,
    }  # fmt: skip
    variables, ports = _CONDUCTANCES, _PORTS


class IF_cond_exp_gsfa_grr(Cell, cells.IF_cond_exp_gsfa_grr):
    __doc__ = cells.IF_cond_exp_gsfa_grr.__doc__
    translations = unchanged(cells.IF_cond_exp_gsfa_grr)
    model = neurons.LIFConductanceAdaptation
    given = {
        **MEMBRANE, **LEAK, **_SYNAPSES, **_REVERSAL,
        "tau_sfa": "tau_sfa", "E_sfa": "e_rev_sfa", "q_sfa": "q_sfa",
        "tau_rr": "tau_rr", "E_rr": "e_rev_rr", "q_rr": "q_rr",
    }  # fmt: skip
    variables = {**_CONDUCTANCES, "g_r": ("g_rr", 1.0), "g_s": ("g_sfa", 1.0)}
    ports = _PORTS


class EIF_cond_exp_isfa_ista(Cell, cells.EIF_cond_exp_isfa_ista):
    __doc__ = cells.EIF_cond_exp_isfa_ista.__doc__
    translations = unchanged(cells.EIF_cond_exp_isfa_ista)
    model = _with_two(neurons.AdEx, neurons.ExponentialConductance, "AdExExponentialConductance")
    given = {**MEMBRANE, **LEAK, **ADAPTATION, **_OF_RECEPTORS}
    variables, ports = {**_CONDUCTANCES, "w": ("w", 1e3)}, _PORTS


class EIF_cond_alpha_isfa_ista(Cell, cells.EIF_cond_alpha_isfa_ista):
    __doc__ = cells.EIF_cond_alpha_isfa_ista.__doc__
    translations = unchanged(cells.EIF_cond_alpha_isfa_ista)
    model = _with_two(neurons.AdEx, neurons.AlphaConductance, "AdExAlphaConductance")
    given = {**MEMBRANE, **LEAK, **ADAPTATION, **_OF_RECEPTORS}
    variables, ports = {**_CONDUCTANCES, "w": ("w", 1e3)}, _PORTS


class HH_cond_exp(Cell, cells.HH_cond_exp):
    """Traub & Miles, Neuronal Networks of the Hippocampus, Cambridge, 1991.

    Steps of more than 0.025 ms are divided by four.
    """

    translations = unchanged(cells.HH_cond_exp)
    recordable = ["spikes", "v", "gsyn_exc", "gsyn_inh", "m", "h", "n"]
    receptor_types = ("excitatory", "inhibitory")

    @property
    def model(self) -> Any:
        return HodgkinHuxleyParts if simulator.state.dt > 0.0251 else neurons.HodgkinHuxley

    given = {
        "E_L": "e_rev_leak", "E_Na": "e_rev_Na", "E_K": "e_rev_K", "V_T": "v_offset", "C_m": ("cm", 1e3),
        "g_L": ("g_leak", 1e3), "g_Na": ("gbar_Na", 1e3), "g_K": ("gbar_K", 1e3), **_REVERSAL, **_SYNAPSES,
        "I_e": ("i_offset", 1e3), "t_ref": lambda p: np.ceil(2.0 / simulator.state.dt - 1e-6) * simulator.state.dt,
    }  # fmt: skip
    variables = {**_CONDUCTANCES, "m": ("m", 1.0), "h": ("h", 1.0), "n": ("n", 1.0)}
    ports = _PORTS


class GIF_cond_exp(Cell, cells.GIF_cond_exp):
    """See pyNN.standardmodels.cells.GIF_cond_exp. Of each kind of term there may be up to three."""

    translations = unchanged(cells.GIF_cond_exp)
    model = GIFConductance
    given = {
        **{name: each for name, each in MEMBRANE.items() if name != "V_th"}, **LEAK, **_SYNAPSES, **_REVERSAL,
        "V_T_star": "v_t_star", "lambda_0": "lambda0", "Delta_V": "delta_v",
    }  # fmt: skip
    variables = {**_CONDUCTANCES, "i_eta": ("stc", 1e3), "v_t": ("v_t", 1.0)}
    ports = _PORTS

    def own(self, parameters: Values) -> dict[str, Any]:
        found = super().own(parameters)
        for kind, name, factor in (("stc", "eta", 1e3), ("sfa", "gamma", 1.0)):
            for ours, theirs, by in (("q", f"a_{name}", factor), ("tau", f"tau_{name}", 1.0)):
                for k, values in enumerate(_terms(parameters[theirs], 0.0 if ours == "q" else 1.0).T, 1):
                    found[f"{ours}_{kind}_{k}"] = alike(values * by)
        return found

    def check(self, parameters: Values) -> None:
        for name in ("tau_eta", "tau_gamma", "a_eta", "a_gamma"):
            if any(len(each.value) > len(TERMS) for each in parameters.get(name, ())):
                raise InvalidParameterValueError(f"{name} of GIF_cond_exp: expected {len(TERMS)} values at most")


def _terms(sequences: np.ndarray, missing: float) -> np.ndarray:
    """(n, 3), those of each neuron."""
    found = np.full((len(sequences), len(TERMS)), missing)
    for row, each in zip(found, sequences, strict=True):
        row[: len(each.value)] = each.value
    return found


class Izhikevich(Cell, cells.Izhikevich):
    __doc__ = cells.Izhikevich.__doc__
    translations = unchanged(cells.Izhikevich)
    model = neurons.Izhikevich
    given = {"a": "a", "b": "b", "c": "c", "d": "d", "I_e": ("i_offset", 1e3)}
    variables, ports = {"v": ("V_m", 1.0), "u": ("u", 1.0)}, _VOLTAGE_PORTS
