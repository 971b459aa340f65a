"""Neurons of NEST 3.10 with several receptors, live. Units and stamps are those of nest_oracle."""

from collections.abc import Mapping, Sequence

import numpy as np

from oracles.nest_oracle import Trace, fresh_kernel, parrot_at

PRECISION = 1e-9
"""Error of NEST's adaptive solver in a step, in its own units: far below what is compared."""


def neuron(
    model: str,
    inputs: Mapping[int, Sequence[tuple[float, float]]],
    *,
    params: Mapping[str, object],
    delay: float = 1.0,
    duration: float,
    resolution: float = 0.1,
    record: tuple[str, ...] = (),
    currents: tuple[Sequence[float], Sequence[float]] = ((), ()),
) -> Trace:
    """One neuron under spikes at each of its receptors.

    inputs: receptor -> (time of emission, weight) of each spike; all at one receptor come from one source, of which
    iaf_bw_2001_exact takes the weight of the first for all. currents: times at which the neuron sees a new current, and
    the currents.
    """
    nest = fresh_kernel(resolution)
    cell = nest.Create(model, params=dict(params))
    multimeter = nest.Create("multimeter", params={"record_from": ["V_m", *record], "interval": resolution})
    recorder = nest.Create("spike_recorder")
    for receptor, spikes in inputs.items():
        times, weights = (np.array(values, float) for values in zip(*sorted(spikes), strict=True))
        generator = nest.Create("spike_generator", params={"spike_times": times, "spike_weights": weights})
        nest.Connect(generator, cell, syn_spec={"weight": 1.0, "delay": delay, "receptor_type": receptor})
    drive(nest, cell, currents, resolution)
    return measured(nest, cell, multimeter, recorder, delay, duration, resolution, record)


def brunel_wang(
    ampa: Sequence[float],
    gaba: Sequence[float],
    nmda: Sequence[Sequence[float]],
    *,
    weights: tuple[float, float, Sequence[float]],
    params: Mapping[str, object],
    delay: float = 1.0,
    duration: float,
    resolution: float = 0.1,
) -> Trace:
    """iaf_bw_2001_exact: times of spikes from one AMPA source, one GABA source and several NMDA sources.

    Each NMDA source has a gate of its own. weights: of AMPA, of GABA, and of each NMDA source. Records s_NMDA too.
    """
    nest = fresh_kernel(resolution)
    cell = nest.Create("iaf_bw_2001_exact", params={**params, "gsl_error_tol": PRECISION})
    multimeter = nest.Create("multimeter", params={"record_from": ["V_m", "s_NMDA"], "interval": resolution})
    recorder = nest.Create("spike_recorder")
    sources = [(1, ampa, weights[0]), (2, gaba, weights[1])]
    sources += [(3, times, weight) for times, weight in zip(nmda, weights[2], strict=True)]
    for receptor, times, weight in sources:
        if len(times):
            source = parrot_at(nest, times, resolution)
            nest.Connect(source, cell, syn_spec={"weight": weight, "delay": delay, "receptor_type": receptor})
    return measured(nest, cell, multimeter, recorder, delay, duration, resolution, ("s_NMDA",))


def drive(nest, cell, currents, resolution: float) -> None:
    times, amplitudes = currents
    if len(times):
        # A current that is generated for t and sent with a delay of one step is felt from t + one step.
        generated = np.asarray(times, float) - resolution
        source = nest.Create(
            "step_current_generator",
            params={"amplitude_times": generated, "amplitude_values": np.asarray(amplitudes, float)},
        )
        nest.Connect(source, cell, syn_spec={"delay": resolution})


def measured(nest, cell, multimeter, recorder, delay, duration, resolution, record) -> Trace:
    nest.Connect(multimeter, cell, syn_spec={"delay": resolution})
    nest.Connect(cell, recorder, syn_spec={"delay": resolution})
    # The multimeter is handed the samples of a slice of one smallest delay when that slice is over.
    nest.Simulate(duration + max(delay, 2 * resolution))
    events, spikes = multimeter.get("events"), np.asarray(recorder.get("events")["times"])
    within = events["times"] < duration + resolution / 2
    return Trace(
        times=np.asarray(events["times"])[within],
        V_m=np.asarray(events["V_m"])[within],
        spike_times=spikes[spikes < duration + resolution / 2],
        recorded={name: np.asarray(events[name])[within] for name in record},
    )
