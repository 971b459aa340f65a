"""The event loop of the exact engine: from one event to the next, without Python.

Everything that happens at one time is one batch: first, everything due is sent and delivered; then every neuron that
received input is updated. So inputs that arrive together act together, in whatever order they are delivered.
"""

from typing import NamedTuple

import numpy as np

from spikelearn.codegen.jit import invoke, scalar
from spikelearn.kernels.control import STEP, STOP
from spikelearn.kernels.event_queue import add_flight, replace_first, set_clock
from spikelearn.kernels.exact_neurons import SAMPLE, SETTLE
from spikelearn.kernels.poisson_process import next_arrival

NEURONS, POISSON, POISSON_INPUT, SPIKE_LIST, STEP_CURRENT = range(5)


class Synapses(NamedTuple):
    """Static synapses in runs: one source, one delay, one population and port. A cell's runs are sorted by delay."""

    first_run: np.ndarray  # (n_cells + 1,)
    delay: np.ndarray  # (n_runs,) ms
    next_delay: np.ndarray  # (n_runs,) ms, of the source's next run; inf after its last
    group: np.ndarray  # (n_runs,) population and port
    begin: np.ndarray  # (n_runs + 1,) its first synapse
    target: np.ndarray  # (n,) neuron within its population
    weight: np.ndarray  # (n,)


class Groups(NamedTuple):
    """Ports of populations, and projections whose synapses have memory: where input goes, and how."""

    population: np.ndarray
    first_input: np.ndarray  # of the port's neuron 0, in `inputs`
    dynamic: np.ndarray  # whether release depends on earlier spikes
    released: np.ndarray  # (1,) the fraction of the weights that is released now
    delivered: np.ndarray  # how many synapses of each were reached


class Cells(NamedTuple):
    """All neurons of all populations, one after another; those of a population begin at first[population]."""

    first: np.ndarray  # (n_populations,)
    touched: np.ndarray  # (n_cells,) neurons that received input now, packed from first[population] on
    n_touched: np.ndarray  # (n_populations,)
    marked: np.ndarray  # (n_cells,) whether it is in `touched`
    wanted: np.ndarray  # (n_cells,) whether its spikes are recorded
    fired: np.ndarray  # (2 n_cells,) neurons that fired just now
    n_fired: np.ndarray  # (1,)
    inputs: np.ndarray  # all ports of all populations


class Owners(NamedTuple):
    """Owners of clocks: a row for each population, then one for each drive."""

    kind: np.ndarray
    first_clock: np.ndarray
    key: np.ndarray
    group: np.ndarray  # of a drive
    weight: np.ndarray  # of a Poisson input
    first_neuron: np.ndarray  # of a drive, in its population
    size: np.ndarray
    first_value: np.ndarray  # in `values`: rates, or currents
    first_time: np.ndarray  # in `times`
    rows: np.ndarray
    width: np.ndarray
    owner_of: np.ndarray  # (n_clocks,)
    count: np.ndarray  # (n_clocks,) number of times each was due: a Poisson process at 0 ms and at each arrival
    values: np.ndarray
    times: np.ndarray  # of spikes, of changes of currents, and from which each row of rates applies
    ids: np.ndarray  # of spike lists, parallel to `times`


class Watched(NamedTuple):
    """Recordings. times, cells: buffer of spikes. next_step, every: of each recording of a variable."""

    times: np.ndarray
    cells: np.ndarray
    used: np.ndarray
    next_step: np.ndarray
    every: np.ndarray


@scalar
def run_events(
    step, numerator, denominator, seed, now, control, event_count, clocks, flights, synapses, groups, cells, owners,
    watched, addresses, arguments, release_addresses, release_arguments, sample_addresses, sample_arguments,
):  # fmt: skip
    """Process all events up to and including the end of `step`, or until buffers have to be emptied.

    control: see kernels/control.py; STOP is 0 if all were processed.
    numerator, denominator: of dt; step k ends at k * numerator / denominator. event_count: (synaptic events, events of
    the queue). addresses, arguments: of each population, 0 for sources, and of each group, 0 for static synapses.
    """
    until = step * numerator / denominator
    control[STOP] = 0
    n_cells = len(cells.marked)
    while True:
        for population in range(len(cells.n_touched)):
            if cells.n_touched[population] > 0:
                invoke(addresses[population], SETTLE, arguments[population])
        _send(now[0], cells, flights, synapses, watched)
        if watched.used[0] + 2 * n_cells > len(watched.times) or flights.size[0] + 2 * n_cells > len(flights.due):
            control[STOP] = 1
        if control[STOP] != 0:
            return
        due = clocks.due[clocks.heap[0]] if clocks.size[0] > 0 else np.inf
        if flights.size[0] > 0:
            due = min(due, flights.due[0])
        sample = _next_sample(watched)
        sampled = sample * numerator / denominator
        if sample >= 0 and sampled < due and sampled <= until:
            now[0] = sampled
            control[STEP] = sample
            for k in range(len(watched.every)):
                if watched.next_step[k] == sample:
                    invoke(sample_addresses[k], SAMPLE, sample_arguments[k])
                    watched.next_step[k] += watched.every[k]
            continue
        if due > until:
            return
        now[0] = due
        while clocks.size[0] > 0 and clocks.due[clocks.heap[0]] <= due:
            event_count[1] += 1
            clock = clocks.heap[0]
            owner = owners.owner_of[clock]
            if owners.kind[owner] == NEURONS:
                invoke(addresses[owner], clock - owners.first_clock[owner], arguments[owner])
            else:
                set_clock(clocks, clock, _tick(clock, owner, due, seed, event_count, groups, cells, owners))
        while flights.size[0] > 0 and flights.due[0] <= due:
            event_count[1] += 1
            run = flights.run[0]
            group = synapses.group[run]
            released = 1.0
            if groups.dynamic[group]:
                invoke(release_addresses[group], run, release_arguments[group])
                released = groups.released[0]
            _deliver(run, released, event_count, synapses, groups, cells)
            replace_first(flights, flights.sent[0] + synapses.next_delay[run], run + 1)


@scalar
def _next_sample(watched):
    step = -1
    for k in range(len(watched.every)):
        if step < 0 or watched.next_step[k] < step:
            step = watched.next_step[k]
    return step


@scalar
def _reach(population, i, cells):
    cell = cells.first[population] + i
    if cells.marked[cell] == 0:
        cells.marked[cell] = 1
        cells.touched[cells.first[population] + cells.n_touched[population]] = i
        cells.n_touched[population] += 1


@scalar
def _tick(clock, owner, due, seed, event_count, groups, cells, owners):
    """Handle the due clock of a source or a drive; returns when it is due again."""
    kind = owners.kind[owner]
    row = owners.count[clock]
    owners.count[clock] = row + 1
    if kind == POISSON or kind == POISSON_INPUT:
        i = clock - owners.first_clock[owner]
        if row > 0 and kind == POISSON:
            cells.fired[cells.n_fired[0]] = clock
            cells.n_fired[0] += 1
        elif row > 0:
            group = owners.group[owner]
            neuron = owners.first_neuron[owner] + i
            cells.inputs[groups.first_input[group] + neuron] += owners.weight[owner]
            _reach(groups.population[group], neuron, cells)
            event_count[0] += 1
        rates = owners.values[owners.first_value[owner] :]
        starts = owners.times[owners.first_time[owner] :]
        time = next_arrival(
            seed, owners.key[owner], i, row, due, rates, owners.rows[owner], owners.width[owner], starts
        )
        return max(time, due + max(due * 2.3e-16, 1e-300))
    first = owners.first_time[owner]
    if kind == SPIKE_LIST:
        cells.fired[cells.n_fired[0]] = cells.first[owner] + owners.ids[first + row]
        cells.n_fired[0] += 1
    else:
        _change_current(owner, row, groups, cells, owners)
    return owners.times[first + row + 1] if row + 1 < owners.rows[owner] else np.inf


@scalar
def _change_current(owner, row, groups, cells, owners):
    group = owners.group[owner]
    width = owners.width[owner]
    first = owners.first_value[owner] + row * width
    for i in range(owners.size[owner]):
        column = i if width > 1 else 0
        before = owners.values[first - width + column] if row > 0 else 0.0
        neuron = owners.first_neuron[owner] + i
        cells.inputs[groups.first_input[group] + neuron] += owners.values[first + column] - before
        _reach(groups.population[group], neuron, cells)


@scalar
def _deliver(run, released, event_count, synapses, groups, cells):
    """Add what is sent to the inputs of the targets."""
    group = synapses.group[run]
    population = groups.population[group]
    first_input = groups.first_input[group]
    first = synapses.begin[run]
    last = synapses.begin[run + 1]
    event_count[0] += last - first
    groups.delivered[group] += last - first
    first_cell = cells.first[population]
    n_touched = cells.n_touched[population]
    for k in range(first, last):
        i = synapses.target[k]
        cells.inputs[first_input + i] += synapses.weight[k] * released
        if cells.marked[first_cell + i] == 0:
            cells.marked[first_cell + i] = 1
            cells.touched[first_cell + n_touched] = i
            n_touched += 1
    cells.n_touched[population] = n_touched


@scalar
def _send(time, cells, flights, synapses, watched):
    """Record the neurons that fired, and send their spikes."""
    for k in range(cells.n_fired[0]):
        cell = cells.fired[k]
        if cells.wanted[cell]:
            watched.times[watched.used[0]] = time
            watched.cells[watched.used[0]] = cell
            watched.used[0] += 1
        run = synapses.first_run[cell]
        if run < synapses.first_run[cell + 1]:
            add_flight(flights, time + synapses.delay[run], time, run)
    cells.n_fired[0] = 0
