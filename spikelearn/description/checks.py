"""Consistency checks between the parts of a network, made when they are added to it.

Parts check themselves on creation where they can. All raise DescriptionError or ParameterError.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from spikelearn.connectivity import ConnectionRule, Endpoints, Rows
from spikelearn.description.distributions import Drawn, drawn
from spikelearn.description.grid import check_durations
from spikelearn.description.population import Modulator, Population, View
from spikelearn.description.receiver import Receiver
from spikelearn.errors import DescriptionError, ParameterError, SignWarning
from spikelearn.kernels import connect
from spikelearn.neurons import Neuron
from spikelearn.plasticity import Plasticity
from spikelearn.sources import (
    CorrelatedPoisson,
    GammaProcess,
    NoiseCurrent,
    Poisson,
    PoissonInput,
    PoissonWithDeadTime,
    SpikeList,
    StepCurrent,
)
from spikelearn.steps import nearest_steps, steps_of, whole_steps, written
from spikelearn.synapses import GradedSynapse, Synapse
from spikelearn.units import plain
from spikelearn.warn import warn


def check_sizes(name: str, size: int, model: Any, dt: float) -> None:
    """Check that the parameters, rates or spikes of a model match the size of a population; dt: ms."""
    values = model.parameters._asdict() if isinstance(model, Neuron) else model.parameters
    for parameter, value in values.items():
        if isinstance(value, np.ndarray) and value.shape != (size,):
            raise DescriptionError(
                f"population {name!r}: {parameter} needs one value or {size}, one per neuron, got {value.shape}"
            )
    if isinstance(model, Poisson) and model.values.shape[1] not in (1, size):
        raise DescriptionError(f"population {name!r}: rate needs one value or {size}, got {model.values.shape[1]}")
    if isinstance(model, CorrelatedPoisson):
        model.check_size(size, f"population {name!r}")
    if isinstance(model, GammaProcess) and model.order.shape not in ((), (size,)):
        raise DescriptionError(f"population {name!r}: order needs one value or {size}, got {model.order.shape}")
    if isinstance(model, PoissonWithDeadTime):
        whole_steps(model.dead_time, dt, f"dead_time of population {name!r}")
    if isinstance(model, Neuron) and model.model.closed_form is None:
        check_durations(name, model, dt)
    if isinstance(model, SpikeList):
        _check_spike_list(name, size, model, dt)


def _check_spike_list(name: str, size: int, model: SpikeList, dt: float) -> None:
    """Check that a neuron fires at most once per step, the capacity of the event rings.

    Times between steps, which only the exact engine takes, are left to `check_grid`.
    """
    steps, fits = nearest_steps(model.times, dt)
    steps = np.where(fits, steps, -1.0 - np.arange(len(steps)))
    order = np.lexsort((steps, model.ids))
    twice = np.flatnonzero((np.diff(steps[order]) == 0) & (np.diff(model.ids[order]) == 0))
    if len(twice):
        first, second = (order[twice[0] + k] for k in (0, 1))
        raise DescriptionError(
            f"population {name!r}: a neuron fires at most once per step of {dt:g} ms, but neuron {model.ids[first]} "
            f"of SpikeList does at {model.times[first]:g} and {model.times[second]:g} ms"
        )
    wrong = np.flatnonzero((model.ids < 0) | (model.ids >= size))
    if len(wrong):
        raise DescriptionError(
            f"population {name!r}: id {model.ids[wrong[0]]} at index {wrong[0]} of SpikeList is out of range "
            f"0..{size - 1}"
        )


def checked_initial(population: Population, initial: Any) -> dict[str, Drawn]:
    """Initial values by state variable. Raises DescriptionError for a variable that the population lacks, or an array
    that does not have one value per neuron."""
    if not isinstance(initial, Mapping):
        raise DescriptionError(
            f"initial of population {population.name!r}: expected {{variable: value}}, got {reprlib.repr(initial)}"
        )
    return checked_states(population, initial, "initial", "initial ")


def checked_states(
    part: Population | View, values: Mapping[str, Any], where: str, called: str = ""
) -> dict[str, Drawn]:
    """Values of state variables of some neurons: numbers, distributions, or arrays with one value for each.

    where: what they were given to. called: what comes before the name of a variable in errors.
    """
    found = {}
    for variable, value in values.items():
        what = f"{called}{variable} of population {part.name!r}"
        made = drawn(value, part.of.check_state(variable, where), what)
        if made.profile is not None:
            raise DescriptionError(f"{what}: only synapses have a distance; got {value!r}")
        if made.code == connect.ARRAY and made.array.shape != (part.size,):
            raise DescriptionError(f"{what}: expected one value or {part.size} values, got shape {made.array.shape}")
        found[variable] = made
    return found


def check_array(
    rule: ConnectionRule, values: np.ndarray | None, rows: Rows, n_source: int, n_target: int, what: str
) -> None:
    """Check that weights or delays given for each synapse have the shape that the rule requires."""
    if values is None:
        return
    n_rows = n_target if rows.owners is None else len(rows.owners)
    expected = {"pairs": (n_source, n_target), "rows": (n_rows,)}.get(rule.arrays)
    if expected is None:
        raise DescriptionError(f"{what}: {rule.name} takes a number or a distribution, not an array")
    if values.shape != expected:
        raise DescriptionError(f"{what}: {rule.name} needs an array of shape {expected}, got {values.shape}")


def check_synapse(
    synapse: Any, rule: ConnectionRule, rows: Rows, n_source: int, n_target: int, plasticity: Any, where: str
) -> None:
    """Check parameters that differ between synapses: their distributions, and the shapes of arrays."""
    if isinstance(synapse, Synapse) and plasticity is not None and getattr(synapse.model, "random", None):
        raise DescriptionError(
            f"{where}: {synapse.model.name} releases at random, with a state of each synapse, and cannot be combined "
            f"with a plasticity rule; expected none, got {plasticity}"
        )
    for name in synapse.varying if isinstance(synapse, Synapse) else ():
        what = f"{name} of {synapse.model.name}, {where}"
        if plasticity is not None:
            raise DescriptionError(
                f"{what}: expected one number for all synapses of a projection with a plasticity rule"
            )
        values = drawn(getattr(synapse.parameters, name), synapse.model.units[name], what)
        check_array(rule, values.values, rows, n_source, n_target, what)
    for name in plasticity.varying if isinstance(plasticity, Plasticity) else ():
        what = f"{name} of {plasticity.rule.name}, {where}"
        values = drawn(getattr(plasticity.parameters, name), plasticity.rule.units[name], what)
        check_array(rule, values.values, rows, n_source, n_target, what)


def check_by_distance(values: Drawn, ends: Endpoints, what: str) -> None:
    """Check that a function of the distance gives numbers, at a few of the distances. Raises DescriptionError."""
    if values.profile is not None:
        few = [np.unique(np.linspace(0, n - 1, min(n, 4)).astype(int)) for n in (ends.n_source, ends.n_target)]
        try:
            values.profile(ends.distances(*few))
        except DescriptionError as error:
            raise DescriptionError(f"{what}: {error}") from error


def check_delays(
    delay: Any, axonal: Any, dendritic: Any, dt: float, where: str, late: bool = False
) -> tuple[Drawn, int]:
    """The axonal delay in ms and the dendritic one in steps; together one to connect.LONGEST_DELAY steps of dt ms.

    late: whether the target takes up input after neurons have fired, so that they may also be 0.

    Whether an axonal delay is a multiple of dt depends on the engine: see `check_grid`. A distribution without a lower
    limit gets one step as its limit: lower values are redrawn.
    """
    if delay is not None and (axonal is not None or dendritic is not None):
        raise DescriptionError(f"{where}: give either delay, which is axonal, or axonal_delay and dendritic_delay")
    given = delay if delay is not None else axonal
    back = 0 if dendritic is None else whole_steps(dendritic, dt, f"dendritic_delay of {where}")
    if given is None:
        given = 0.0 if back > 0 else dt
    drawn_delay = drawn(given, "ms", f"delay of {where}")
    if drawn_delay.low == -np.inf and not drawn_delay.constant and drawn_delay.values is None:
        least = max(0.0, dt - back * dt) * (1.0 - 1e-9 * (drawn_delay.function is not None))
        drawn_delay = drawn_delay.within(least, drawn_delay.high, f"delay of {where}")
    shortest, typical = _range_of(drawn_delay)
    if shortest < 0:
        raise ParameterError(f"delay of {where}: expected at least 0 ms, got {shortest:g} ms")
    if shortest + back * dt < dt * (1 - 1e-6) and not late:
        raise DescriptionError(
            f"delay of {where}: expected at least one step (dt = {dt:g} ms), got {shortest + back * dt:g} ms"
        )
    if typical / dt + back >= connect.LONGEST_DELAY:
        raise DescriptionError(
            f"delay of {where}: delays must be shorter than {written(connect.LONGEST_DELAY * dt)} ms, which is "
            f"{connect.LONGEST_DELAY:,} steps, got {typical + back * dt:g} ms"
        )
    return drawn_delay, back


def _range_of(delay: Drawn) -> tuple[float, float]:
    """The shortest delay (ms), and the longest, or for a distribution that has no limit the median."""
    if delay.values is not None:
        return float(delay.values.min()), float(delay.values.max())
    if delay.constant:
        return delay.a, delay.a
    if delay.code == connect.UNIFORM:
        return delay.low, delay.b
    median = {connect.LOG_NORMAL: math.exp(min(delay.a, 700.0)), connect.EXPONENTIAL: delay.a * math.log(2.0)}
    return delay.low, min(median.get(delay.code, delay.a), delay.high)


def check_late(
    receiver: Population | Modulator, synapse: Any, plasticity: Any, procedural: bool, payload: Any, dendritic: Any,
    where: str,
) -> bool:  # fmt: skip
    """Whether a target takes up input late, which only static synapses and those of statements bring."""
    model = receiver.model if isinstance(receiver, Population) else None
    late = isinstance(model, Neuron) and model.model.late_input
    of_statements = isinstance(synapse, Synapse) and synapse.has_statements
    if of_statements and not (late or isinstance(receiver, Population) and not receiver.is_neuron):
        raise DescriptionError(
            f"{where}: {synapse.model.name} runs statements in Brian2's order of a step; expected a target whose model "
            f"has late_input, or a source, got {receiver.name!r}"
        )
    if not late:
        return of_statements
    given = {"plasticity rule": plasticity, "payload": payload, "dendritic_delay": dendritic}
    given |= {"synapse model": None if of_statements else synapse, "procedural": procedural or None}
    for what, value in given.items():
        if value is not None:
            raise DescriptionError(
                f"{where}: {receiver.name!r} takes up input after neurons have fired, as in Brian2 (late_input); "
                f"expected static synapses or a StatementSynapse, without {what}"
            )
    return True


def check_plasticity(
    sender: Population,
    receiver: Population | Modulator,
    port: str,
    plasticity: Any,
    synapse: Any,
    learns_from: str | None,
    weights: Drawn,
    dendritic_delay: float,
    modulators: Collection[Modulator],
    where: str,
) -> str:
    """The kind of post event that a projection learns from, after checking its rule, target, weights and delay.

    dendritic_delay: ms. modulators: those of the network.
    """
    if synapse is not None and not isinstance(synapse, Synapse):
        raise DescriptionError(f"{where}: expected a synapse such as TsodyksMarkram(U=0.5), got {synapse!r}")
    _check_graded(sender, receiver, port, synapse, plasticity, where)
    if plasticity is not None and synapse is not None and synapse.has_statements:
        raise DescriptionError(f"{where}: {synapse.model.name} has statements that learn; expected no plasticity rule")
    if plasticity is None:
        if learns_from is not None:
            raise DescriptionError(f"{where}: learns_from={learns_from!r} needs a plasticity rule")
        return "spike"
    if not isinstance(plasticity, Plasticity):
        raise DescriptionError(f"{where}: expected a plasticity rule such as STDP(), got {plasticity!r}")
    if isinstance(receiver, Modulator):
        raise DescriptionError(f"{where}: a projection to a modulator cannot have a plasticity rule")
    if plasticity.modulator is not None and not any(plasticity.modulator is known for known in modulators):
        raise DescriptionError(f"{where}: modulator {plasticity.modulator.name!r} does not belong to this network")
    rule, limits = plasticity.rule, plasticity.parameters
    given = [weights.a] if weights.constant else [] if weights.values is None else weights.values.ravel()
    if len(given) and not (limits.W_min <= np.min(given) and np.max(given) <= limits.W_max):
        raise ParameterError(
            f"weight of {where}: expected {limits.W_min:g} to {limits.W_max:g}, the limits W_min and W_max of "
            f"{rule.name}, got {np.min(given):g} to {np.max(given):g}"
        )
    for variable in rule.needs:
        receiver.check_state(variable, f"{where}, {rule.name} reads it")
    for also in rule.learns_also_from:
        receiver.check_kind(also, f"{where}, {rule.name}")
    if learns_from is None and rule.learns_from not in receiver.kinds and rule.ignores_events:
        learns_from = receiver.kinds[0]
    kind = receiver.check_kind(learns_from or rule.learns_from, f"{where}, {rule.name}")
    if rule.axonal_only and dendritic_delay > 0:
        raise DescriptionError(
            f"{where}: {rule.name} {rule.axonal_only}, so it supports axonal delays only; expected no dendritic_delay, "
            f"got {dendritic_delay:g} ms"
        )
    return kind


def warn_of_sign(receiver: Receiver, weights: Drawn, where: str) -> None:
    """Warn of weights that are all positive where inhibition is a negative current, or negative as conductances.

    Only models of spikelearn are known to add the current of their port "inh"; equations of users may subtract it.
    """
    port, unit = receiver.port, receiver.unit
    step = getattr(getattr(getattr(receiver.target, "model", None), "model", None), "step", None)
    ours = getattr(getattr(step, "py_func", step), "__module__", "").startswith("spikelearn.neurons.")
    if weights.profile is not None or weights.code == connect.LOG_NORMAL:
        low = high = 1.0
    elif weights.values is not None:
        low, high = np.min(weights.values, initial=0.0), np.max(weights.values, initial=0.0)
    else:
        low, high = weights.a, weights.b if weights.code == connect.UNIFORM else weights.a
    if ours and port == "inh" and unit in ("pA", "mV") and low >= 0.0 < high:
        message = f"its weights are positive, but port 'inh' adds currents as they are: inhibition is negative {unit}"
    elif unit == "nS" and high <= 0.0 > low:
        message = f"its weights are negative, but those of port {port!r} are conductances in nS, which are positive"
    else:
        return
    warn(f"{where}: {message}", SignWarning)


def check_procedural(rule: ConnectionRule, plasticity: Any, synapse: Any, where: str) -> None:
    """Check that synapses can be regenerated at each event: from their source, and without state."""
    for what, given in (("plasticity rule", plasticity), ("synapse model", synapse)):
        if given is not None:
            raise DescriptionError(
                f"{where}: procedural synapses are regenerated at each event and have no state; expected no {what}, "
                f"got {given}"
            )
    if not rule.procedural:
        from spikelearn.connectivity import CONNECTION_RULES, Pairs  # loads all of them

        *most, last = (each.__name__ for each in CONNECTION_RULES if each.by_source or each.rank is not None)
        by_target = "" if isinstance(rule, Pairs) else ", whose synapses are generated from their targets"
        raise DescriptionError(
            f"{where}: procedural synapses are generated from their sources; expected {', '.join(most)} or {last}, "
            f"got {rule.name}{by_target}; without procedural=True they are stored in a table"
        )


def check_payload(
    source: Population, variable: Any, plasticity: Any, synapse: Any, procedural: bool, where: str
) -> None:
    """Check that events can carry a value, a state variable of their source or one of a list of spikes, and that the
    synapses use it."""
    source.check_payload(variable, f"{where}, payload")
    if procedural:
        raise DescriptionError(f"{where}: procedural synapses transmit events without values; expected no payload")
    if synapse is not None:
        raise DescriptionError(
            f"{where}: payload={variable!r}, but {synapse.model.name} depends on event times, not on the values that "
            "they carry; expected no synapse model"
        )
    if plasticity is not None and not plasticity.rule.takes_payload:
        raise DescriptionError(
            f"{where}: payload={variable!r}, but {plasticity.rule.name} learns from event times, not from values that "
            "they carry; expected a SignalRule or StepRule, whose traces use values, or no rule"
        )


def _check_sent(
    sender: Population, receiver: Population | Modulator, port: str, model: GradedSynapse, where: str
) -> None:
    """Check that source and target have the variables that a graded synapse reads."""
    assert isinstance(receiver, Population)
    for variable in model.pre:
        sender.check_state(variable, f"{where}, {model.name} reads it of its source")
    for variable in model.post:
        receiver.check_state(variable, f"{where}, {model.name} reads it of its target")
    own = receiver.model.model.set_by(port)
    if own in model.post or (own in model.pre and sender is receiver):
        raise DescriptionError(f"{where}: {model.name} sends to {own} what depends on {own}, in the same step")
    if not own:
        raise DescriptionError(
            f"{where}: {model.name} sends values of the end of each step, for a port that sets a variable to them, "
            f"ports={{{port!r}: 'x = weight'}}; {receiver.model_name} does more with them"
        )


def check_sent_at_once(synapse: Any, delays: tuple[Any, ...], where: str) -> None:
    """Check that no delay is given for synapses whose values are those of their ends in the same step."""
    if isinstance(synapse, Synapse) and isinstance(synapse.model, GradedSynapse) and synapse.model.send is not None:
        if not synapse.model.state and any(each is not None for each in delays):
            raise DescriptionError(
                f"{where}: {synapse.model.name} sends what depends on its ends at the same time; expected no delay"
            )


def _check_graded(
    sender: Population,
    receiver: Population | Modulator,
    port: str,
    synapse: Synapse | None,
    plasticity: Any,
    where: str,
) -> None:
    """Check that graded ports get graded synapses, with a value in each step, and other ports get events."""
    expected = receiver.model.model.graded if isinstance(receiver, Population) and receiver.is_neuron else ()
    graded = synapse is not None and isinstance(synapse.model, GradedSynapse)
    if synapse is not None and graded and port not in expected:
        raise DescriptionError(
            f"{where}: {synapse.model.name} needs a graded port; those of {receiver.name!r} are "
            f"{', '.join(expected) or 'none'}; got port {port!r}"
        )
    if synapse is not None and graded and synapse.model.send is not None:
        _check_sent(sender, receiver, port, synapse.model, where)
    if synapse is not None and graded and plasticity is not None:
        raise DescriptionError(
            f"{where}: {synapse.model.name} is a graded synapse, which sends a value in every step and does not learn; "
            f"expected no plasticity rule, got {plasticity}"
        )
    if port in expected and not graded:
        given = plasticity if plasticity is not None else synapse.model.name if synapse is not None else "none"
        raise DescriptionError(
            f"{where}: port {port!r} of {receiver.name!r} is graded: expected a graded synapse such as "
            f"synapse=NMDA(), got {given}"
        )


def check_drive(
    population: Population, size: int, source: Any, port: str | None, weight: Any, dt: float, where: str
) -> tuple[str, float]:
    """The port and the weight (0 for a current) of a drive of `size` neurons of a population. dt: ms."""
    number = 0.0
    if isinstance(source, PoissonInput):
        if not isinstance(population.model, Neuron):
            raise DescriptionError(
                f"{where}: population {population.name!r} ({population.model_name}) accepts no input"
            )
        port = population.model.model.port(port, where)
        if port in population.model.model.graded:
            raise DescriptionError(f"{where}: port {port!r} is graded: it accepts only graded synapses such as NMDA()")
        given = plain(1.0 if weight is None else weight, population.model.model.ports[port], f"weight of {where}")
        if not isinstance(given, float) or not np.isfinite(given):
            raise ParameterError(f"weight of {where}: expected one finite number, got {weight!r}")
        number = given
        width = source.rates.shape[1]
    elif isinstance(source, StepCurrent | NoiseCurrent):
        port = population.check_current(port, where)
        if weight is not None:
            raise DescriptionError(f"{where}: a current cannot have a weight, got {weight!r}")
        width = source.values.shape[1] if isinstance(source, StepCurrent) else 1
        if isinstance(source, NoiseCurrent) and source.interval is not None:
            whole_steps(source.interval, dt, f"interval of NoiseCurrent, {where}", least=1)
    else:
        raise DescriptionError(f"{where}: expected PoissonInput, StepCurrent, NoiseCurrent or Timed, got {source!r}")
    if width not in (1, size):
        raise DescriptionError(f"{where}: expected one value or {size}, one per neuron, got {width}")
    return port, number


def check_release(modulator: Modulator, times: Any, amounts: Any, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Steps (n,) int64, ascending, and the amount (n,) released at each."""
    at = np.atleast_1d(np.asarray(plain(times, "ms", f"times of release of {modulator.name!r}")))
    much = np.asarray(plain(amounts, "1", f"amounts of release of {modulator.name!r}"))
    if much.ndim and much.shape != at.shape:
        raise DescriptionError(
            f"release of {modulator.name!r}: expected one amount or {len(at)}, one per time, got {much.shape}"
        )
    if not np.all(np.isfinite(much)):
        raise ParameterError(f"release of {modulator.name!r}: expected finite amounts")
    steps = steps_of(at, dt, f"times of release of {modulator.name!r}", least=1, unreachable=True)
    order = np.argsort(steps, kind="stable")
    amount_of_each = np.ascontiguousarray(np.broadcast_to(much, at.shape)[order].astype(np.float64))
    return np.ascontiguousarray(steps[order]), amount_of_each
