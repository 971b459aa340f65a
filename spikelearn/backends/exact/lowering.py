"""Lower a description to an EventPlan, or report what the exact engine cannot run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikelearn.backends.exact import synapses
from spikelearn.backends.exact.plan import EventPlan, Neurons, SampleBuffer
from spikelearn.codegen.modules import kernel_for
from spikelearn.description.distributions import drawn, sample_each
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Population
from spikelearn.description.projection import Drive, Projection
from spikelearn.description.recording import Recording
from spikelearn.engine.plan import Call
from spikelearn.errors import DescriptionError
from spikelearn.kernels import event_loop
from spikelearn.kernels.event_loop import Cells, Groups, Owners, Watched
from spikelearn.kernels.event_queue import Clocks, Flights
from spikelearn.kernels.exact_neurons import render_population, render_release
from spikelearn.kernels.random import noise_key
from spikelearn.neurons import MODELS, Neuron
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
from spikelearn.synapses import Synapse

_BUFFER_EVENTS = 1 << 18
_BUFFER_VALUES = 1 << 17
_FLIGHTS = 1 << 10
_LONG_AGO = -1.0
_NEVER = -1e12


def lower(d: NetworkDescription) -> EventPlan:
    """Build everything that the exact engine needs. Raises DescriptionError if it cannot run something."""
    check_supported(d)
    populations = list(d.populations)
    first_cell, n_cells = {}, 0
    for population in populations:
        first_cell[population] = n_cells
        n_cells += population.size
    group_of, groups, n_inputs = _groups(populations, d)
    table, sizes = synapses.build(d.projections, first_cell, group_of, n_cells, d.seed, d.dt)
    owners = _owners(d, first_cell, group_of, n_cells)
    clocks = _clocks(owners)
    capacity = _FLIGHTS + 4 * n_cells
    flights = Flights(np.zeros(capacity), np.zeros(capacity), np.zeros(capacity, np.int64), np.zeros(1, np.int64))
    cells = Cells(
        np.array([first_cell[p] for p in populations], np.int64), np.zeros(n_cells, np.int32),
        np.zeros(len(populations), np.int64), np.zeros(n_cells, np.uint8), np.zeros(n_cells, np.uint8),
        np.zeros(2 * n_cells, np.int64), np.zeros(1, np.int64), np.zeros(n_inputs),
    )  # fmt: skip
    spikes = [recording for recording in d.recordings if recording.events]
    traces = [recording for recording in d.recordings if not recording.events]
    for recording in spikes:
        cells.wanted[first_cell[recording.of] + recording.ids] = 1
    every = np.array([recording.every for recording in traces], np.int64)
    start = np.array([recording.first for recording in traces], np.int64)
    watched = Watched(
        np.zeros(_BUFFER_EVENTS + 4 * n_cells), np.zeros(_BUFFER_EVENTS + 4 * n_cells, np.int64),
        np.zeros(1, np.int64), every * -(-start // np.maximum(every, 1)), every,
    )  # fmt: skip
    now, control, event_count = np.zeros(1), np.array([0, -1, 0, 0], np.int64), np.zeros(2, np.int64)
    shared = _Shared(d, now, control, clocks, cells, groups, group_of)
    neurons: dict[Population, Neurons] = {}
    calls: list[Any] = []
    for number, population in enumerate(populations):
        if isinstance(population.model, Neuron):
            neurons[population] = _neurons(d, population)
            _touch_all(population, number, cells)
            calls.append(shared.call(population, number, neurons[population], None))
        else:
            calls.append(None)
    memory: dict[Projection, dict[str, np.ndarray]] = {}
    releases: list[Any] = [None] * len(groups.population)
    for projection in (p for p in d.projections if p.synapse is not None):
        memory[projection] = _memory(projection, len(table.delay))
        releases[group_of[projection]] = _release(projection, memory[projection], now, groups, d.dt)
    buffers = [_buffer(recording) for recording in traces]
    samples = [
        shared.call(b.recording.of, populations.index(b.recording.of), neurons[b.recording.of], b) for b in buffers
    ]
    return EventPlan(
        d.dt, d.seed, populations, list(d.projections), neurons, clocks, flights, table, groups, cells, owners, watched,
        calls, releases, samples, buffers, spikes, sizes, memory, now, control, event_count,
        group_of,
    )  # fmt: skip


def check_supported(d: NetworkDescription) -> None:
    """Raise DescriptionError for the first part that the exact engine cannot run."""
    able = ", ".join(model.name for model in MODELS if model.closed_form is not None)
    for population in d.populations:
        model = population.model
        if isinstance(model, Neuron) and model.model.closed_form is None:
            raise DescriptionError(
                f"population {population.name!r}: {model.model.name} has no closed form between events, which "
                f"engine='events' needs; it runs: {able}, Poisson, SpikeList"
            )
        if isinstance(model, Neuron) and model.timed:
            raise DescriptionError(
                f"population {population.name!r}: engine='events' has one closed form for the whole run, and "
                f"{model.timed[0][0]} of {model.model.name} changes in time; engine='compiled' runs it"
            )
        if isinstance(model, CorrelatedPoisson):
            raise DescriptionError(
                f"population {population.name!r}: CorrelatedPoisson is correlated within steps, which "
                "engine='events' does not have; engine='compiled' does"
            )
    for owner, source in [
        *((p, p.model) for p in d.populations),
        *((drive.target, drive.source) for drive in d.drives),
    ]:
        if isinstance(source, GammaProcess | PoissonWithDeadTime) or getattr(source, "function", None) is not None:
            raise DescriptionError(
                f"population {owner.name!r}: {source!r} runs in steps, of which engine='events' has none; "
                "engine='compiled' does"
            )
    for modulator in d.modulators:
        raise DescriptionError(f"modulator {modulator.name!r}: engine='events' does not support modulators")
    for signal in d.signals:
        raise DescriptionError(f"signal {signal.name!r}: engine='events' does not support signals")
    for projection in d.projections:
        where = f"projection {projection.name!r}"
        if projection.transmits:
            assert projection.plasticity is not None
            raise DescriptionError(
                f"{where}: engine='events' delivers plain weights, without {projection.plasticity.rule.name}"
            )
        if projection.learns:
            assert projection.plasticity is not None
            raise DescriptionError(
                f"{where}: engine='events' does not change weights, got {projection.plasticity.rule.name} "
                "(plastic=False would freeze it)"
            )
        if projection.payload:
            raise DescriptionError(
                f"{where}: engine='events' delivers events without values, got payload={projection.payload!r}"
            )
        if projection.synapse is not None and projection.synapse.varying:
            raise DescriptionError(
                f"{where}: engine='events' has one state for all synapses of a source and delay, got "
                f"{projection.synapse.varying[0]} that differs among them"
            )
        if projection.synapse is not None and getattr(projection.synapse.model, "random", None):
            raise DescriptionError(
                f"{where}: engine='events' has one state for all synapses of a source and delay, and "
                f"{projection.synapse.model.name} one of each synapse, as it releases at random"
            )
        if projection.synapse is not None and not isinstance(projection.synapse, Synapse):
            raise DescriptionError(f"{where}: engine='events' does not support synapses with postsynaptic state")
    for homeostasis in d.homeostases:
        raise DescriptionError(
            f"projection {homeostasis.projection.name!r}: engine='events' does not change weights, got "
            f"{type(homeostasis.rule).__name__}"
        )
    for drive in d.drives:
        if isinstance(drive.source, NoiseCurrent):
            raise DescriptionError(
                f"drive of {drive.target.name!r}: engine='events' supports PoissonInput and StepCurrent; NoiseCurrent "
                "has no closed form between events"
            )
    if d.callbacks:
        raise DescriptionError("on_step: engine='events' has no steps, so it does not support callbacks")
    for recording in d.recordings:
        if recording.at:
            raise DescriptionError(
                f"recording of {recording.of.name!r}: engine='events' does not record {recording.variable!r}; "
                "engine='compiled' does"
            )
        if not isinstance(recording.of, Population):
            raise DescriptionError(
                f"recording of {recording.of.name!r}: engine='events' records spikes and state variables of "
                "populations; the weights of its synapses do not change"
            )


def _groups(populations: Sequence[Population], d: NetworkDescription) -> tuple[dict[Any, int], Groups, int]:
    """The group of each (population, port), of each (population, "I_<current>") and of each projection with a separate
    one; all groups; and the total length of the inputs.
    """
    group_of: dict[Any, int] = {}
    numbers: list[int] = []
    firsts: list[int] = []
    n_inputs = 0
    for number, population in enumerate(populations):
        if isinstance(population.model, Neuron):
            model = population.model.model
            for name in [*model.ports, *(f"I_{current}" for current in model.currents)]:
                group_of[population, name] = len(numbers)
                numbers.append(number)
                firsts.append(n_inputs)
                n_inputs += population.size
    for projection in d.projections:
        if projection.synapse is not None or projection in d.counted:
            port = group_of[projection.target, projection.port]
            group_of[projection] = len(numbers)
            numbers.append(numbers[port])
            firsts.append(firsts[port])
    dynamic, delivered = np.zeros(len(numbers), np.uint8), np.zeros(len(numbers), np.int64)
    dynamic[[group_of[p] for p in d.projections if p.synapse is not None]] = 1
    groups = Groups(np.array(numbers, np.int64), np.array(firsts, np.int64), dynamic, np.zeros(1), delivered)
    return group_of, groups, n_inputs


def _owners(d: NetworkDescription, first_cell: dict[Population, int], group_of: dict[Any, int], n_cells: int) -> Owners:
    rows: list[dict[str, Any]] = []
    values: list[np.ndarray] = []
    times: list[np.ndarray] = []
    ids: list[np.ndarray] = []
    n_clocks = n_cells

    def own_clocks(n: int) -> int:
        nonlocal n_clocks
        n_clocks += n
        return n_clocks - n

    def kept(parts: list[np.ndarray], array: Any) -> int:
        first = sum(len(part) for part in parts)
        parts.append(np.ravel(array))
        return first

    for population in d.populations:
        model = population.model
        row: dict[str, Any] = {
            "size": population.size,
            "key": noise_key(population.uid),
            "first_clock": first_cell[population],
        }
        if isinstance(model, Poisson):
            row |= {"kind": event_loop.POISSON, "first_value": kept(values, model.values)}
            row |= {"rows": len(model.values), "width": model.values.shape[1]}
            row |= {"first_time": kept(times, model.starts)}
            kept(ids, np.zeros(len(model.starts)))
        elif isinstance(model, SpikeList):
            order = np.lexsort((model.ids, model.times))
            row |= {"kind": event_loop.SPIKE_LIST, "first_clock": own_clocks(1), "rows": len(order)}
            row |= {"first_time": kept(times, model.times[order])}
            kept(ids, model.ids[order])
        else:
            row |= {"kind": event_loop.NEURONS}
        rows.append(row)
    for drive in d.drives:
        rows.append(_drive_row(drive, group_of) | {"size": drive.size, "key": noise_key(drive.uid)})
        if isinstance(drive.source, PoissonInput):
            source = drive.source
            rows[-1] |= {"first_clock": own_clocks(drive.size), "first_value": kept(values, source.rates * source.n)}
            from_then = source.starts
        else:
            rows[-1] |= {"first_clock": own_clocks(1), "first_value": kept(values, drive.source.values)}
            from_then = drive.source.times
        rows[-1] |= {"first_time": kept(times, from_then)}
        kept(ids, np.zeros(len(from_then)))

    owner_of = np.zeros(n_clocks, np.int32)
    for number, row in enumerate(rows):
        n = row["size"] if row["kind"] not in (event_loop.SPIKE_LIST, event_loop.STEP_CURRENT) else 1
        owner_of[row["first_clock"] : row["first_clock"] + n] = number
    columns = {
        name: np.array([row.get(name, 0) for row in rows], np.float64 if name == "weight" else np.int64)
        for name in Owners._fields[: Owners._fields.index("owner_of")]
    }
    joined = [np.concatenate([np.zeros(0), *parts]) for parts in (values, times, ids)]
    return Owners(
        **columns,
        owner_of=owner_of,
        count=np.zeros(n_clocks, np.int64),
        values=joined[0].astype(np.float64),
        times=joined[1].astype(np.float64),
        ids=joined[2].astype(np.int64),
    )


def _clocks(owners: Owners) -> Clocks:
    """Initial clocks: Poisson processes are due at 0 ms, lists at their first spike, neurons not yet."""
    due = np.full(len(owners.owner_of), np.inf)
    for owner, kind in enumerate(owners.kind):
        first = owners.first_clock[owner]
        if kind in (event_loop.POISSON, event_loop.POISSON_INPUT):
            due[first : first + owners.size[owner]] = 0.0
        elif kind != event_loop.NEURONS and owners.rows[owner]:
            due[first] = owners.times[owners.first_time[owner]]
    heap = np.argsort(due, kind="stable").astype(np.int32)
    size = int(np.isfinite(due).sum())
    place = np.full(len(due), -1, np.int32)
    place[heap[:size]] = np.arange(size)
    return Clocks(due, heap, place, np.array([size], np.int64))


def _drive_row(drive: Drive, group_of: dict[Any, int]) -> dict[str, Any]:
    source = drive.source
    row: dict[str, Any] = {"first_neuron": drive.first}
    if isinstance(source, PoissonInput):
        row |= {"kind": event_loop.POISSON_INPUT, "group": group_of[drive.target, drive.port], "weight": drive.weight}
        return row | {"rows": len(source.rates), "width": source.rates.shape[1]}
    assert isinstance(source, StepCurrent)
    row |= {"kind": event_loop.STEP_CURRENT, "group": group_of[drive.target, f"I_{drive.port}"]}
    return row | {"rows": len(source.times), "width": source.values.shape[1]}


def _neurons(d: NetworkDescription, population: Population) -> Neurons:
    """Initial values: the same as on the grid."""
    model, n = population.model.model, population.size
    state = {name: np.zeros(n) for name in model.state}
    start = {**model.initial(population.model.parameters), **population.initial}
    values = {name: drawn(value, model.state[name], f"initial {name}") for name, value in start.items()}
    state |= sample_each(values, n, (d.seed, population.uid))
    until = np.full(n, _LONG_AGO)
    if model.closed_form.clock:
        steps = state.pop(model.closed_form.clock)
        until[steps > 0] = steps[steps > 0] * d.dt
    currents = {name: np.zeros(n) for name in model.currents}
    return Neurons(state, currents, np.zeros(n), until, np.zeros(n, np.uint8))


def _memory(projection: Projection, n_runs: int) -> dict[str, np.ndarray]:
    """The state of synapses with short-term plasticity before their first spike."""
    assert projection.synapse is not None
    model, parameters = projection.synapse.model, projection.synapse.parameters
    start = model.initial(parameters)
    return {"last_arrival": np.full(n_runs, _NEVER)} | {name: np.full(n_runs, start[name]) for name in model.state}


def _release(projection: Projection, state: dict[str, np.ndarray], now: np.ndarray, groups: Groups, dt: float) -> Call:
    assert projection.synapse is not None
    model = projection.synapse.model
    constants = model.constants(projection.synapse.parameters, dt)
    text = render_release(list(model.state), list(constants))
    kernel = kernel_for(f"Synapses of {model.name}", text, {"release": model.release})
    values = {name if name == "last_arrival" else f"all_{name}": array for name, array in state.items()}
    values |= {name: float(value) for name, value in constants.items()}
    return Call(f"release of {projection.name}", kernel, clock_time=now, share=groups.released, **values)


def _touch_all(population: Population, number: int, cells: Cells) -> None:
    """Every neuron is checked once, at 0 ms: if it starts above threshold, it fires then."""
    span = slice(cells.first[number], cells.first[number] + population.size)
    cells.touched[span] = np.arange(population.size)
    cells.marked[span] = 1
    cells.n_touched[number] = population.size


def _buffer(recording: Recording) -> SampleBuffer:
    rows = max(16, _BUFFER_VALUES // max(1, len(recording.ids)))
    return SampleBuffer(
        recording, np.zeros(rows, np.int64), np.zeros((rows, len(recording.ids))), np.zeros(1, np.int64)
    )


class _Shared:
    """Arguments common to the calls of all populations."""

    def __init__(
        self, d: NetworkDescription, now: np.ndarray, control: np.ndarray, clocks: Clocks, cells: Cells, groups: Groups,
        group_of: dict[Any, int],
    ) -> None:  # fmt: skip
        self.dt = d.dt
        self.common = {"clock_time": now, "control": control, "fired": cells.fired, "n_fired": cells.n_fired}
        self.common |= clocks._asdict()
        self.cells, self.groups, self.group_of = cells, groups, group_of

    def call(self, population: Population, number: int, neurons: Neurons, buffer: SampleBuffer | None) -> Call:
        """The call for a population at an event; with a buffer, the call that samples one of its variables."""
        neuron, n = population.model, population.size
        model, form = neuron.model, neuron.model.closed_form
        constants = {}
        for name, value in form.constants(neuron.parameters).items():
            array = np.asarray(value, dtype=np.float64)
            constants[name] = float(array) if array.ndim == 0 else np.ascontiguousarray(np.broadcast_to(array, n))
        varying = [name for name, value in constants.items() if isinstance(value, np.ndarray)]
        text = render_population(
            list(neurons.state), list(model.ports), list(model.currents), list(constants), varying,
            form.hold is not None, form.soonest is not None,
        )  # fmt: skip
        names = ("flow", "receive", "crossing", "reset", "hold", "soonest")
        kernel = kernel_for(f"Neurons of {model.name}", text, {name: getattr(form, name) for name in names})

        def inputs(name: str) -> np.ndarray:
            first = self.groups.first_input[self.group_of[population, name]]
            return self.cells.inputs[first : first + n]

        first = int(self.cells.first[number])
        span = slice(first, first + n)
        t_ref = np.asarray(neuron.parameters.t_ref if form.hold is not None else 0.0, dtype=np.float64)
        values = {
            **self.common, "population": number, "first": first, "touched": self.cells.touched[span],
            "n_touched": self.cells.n_touched[number : number + 1], "marked": self.cells.marked[span],
            "last": neurons.last, "all_until": neurons.until, "exact": neurons.exact,
            "t_ref": np.ascontiguousarray(np.broadcast_to(t_ref, n)),
        }  # fmt: skip
        values |= self._sampled(buffer, [*neurons.state, form.clock])
        values |= {f"all_{name}": array for name, array in neurons.state.items()}
        values |= {f"all_in_{port}": inputs(port) for port in model.ports}
        for name, array in neurons.currents.items():
            values |= {f"all_I_{name}": array, f"change_{name}": inputs(f"I_{name}")}
        values |= {f"all_{name}" if name in varying else name: value for name, value in constants.items()}
        return Call(f"{'events' if buffer is None else 'samples'} of {population.name}", kernel, **values)

    def _sampled(self, buffer: SampleBuffer | None, variables: Sequence[str]) -> dict[str, Any]:
        """The sample buffer, and the variable and neurons that it records; empty without a buffer."""
        nothing = np.zeros(0, np.int64)
        if buffer is None:
            room = {"steps": nothing, "values": np.zeros((0, 0)), "used": np.zeros(1, np.int64)}
            return {"dt": self.dt, "variable": 0, "ids": nothing, **room}
        ids = np.ascontiguousarray(buffer.recording.ids.astype(np.int64))
        room = {"steps": buffer.steps, "values": buffer.values, "used": buffer.used}
        return {"dt": self.dt, "variable": variables.index(buffer.recording.variable), "ids": ids, **room}
