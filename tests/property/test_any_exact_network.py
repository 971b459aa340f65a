"""Any small network on the exact engine: finite, in order, nothing before its cause, and one however it is cut."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tolerances import EXACT

import spikelearn as sl

DT, DURATION = 0.5, 40.0
NEURONS = {
    "LIF": (sl.LIF, {"exc": 600.0, "inh": -400.0}, {"tau_m": 8.0, "tau_syn_inh": 4.0}),
    "LIFAlpha": (sl.LIFAlpha, {"exc": 300.0, "inh": -200.0}, {"tau_m": 8.0, "tau_syn_inh": 4.0}),
    "LIFDelta": (sl.LIFDelta, {"exc": 8.0}, {"I_e": 300.0, "t_ref": 0.7}),
    "QIF": (sl.QIF, {"exc": 9.0}, {"I_e": 90.0}),
    "Parrot": (sl.Parrot, {"exc": 1.0, "ignored": 1.0}, {}),
}
RULES = [
    sl.AllToAll(), sl.AllToAll(autapses=False), sl.FixedProbability(0.4), sl.FixedInDegree(2), sl.FixedOutDegree(3),
    sl.FixedTotalNumber(5), sl.FixedTotalNumber(0),
]  # fmt: skip

projections = st.fixed_dictionaries(
    {
        "ends": st.tuples(st.integers(0, 3), st.integers(0, 1)),
        "port": st.integers(0, 1),
        "rule": st.sampled_from(RULES),
        "scale": st.floats(-0.5, 1.0),
        "spread": st.booleans(),
        "delay": st.one_of(st.floats(0.5, 9.0), st.just(1.0), st.just(sl.Uniform(0.5, 5.0))),
        "dendritic": st.sampled_from([0.0, 0.0, 0.5, 2.0]),
    }
)
networks = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**62),
        "models": st.tuples(*[st.sampled_from(sorted(NEURONS))] * 2),
        "sizes": st.tuples(*[st.integers(1, 5)] * 4),
        "rate": st.floats(0.0, 300.0),
        "spikes": st.lists(
            st.tuples(st.floats(0.26, DURATION + 5.0), st.integers(0, 4)),
            max_size=40,
            unique_by=lambda spike: (spike[1], np.floor(spike[0] / DT + 0.5)),
        ),
        "starts": st.sampled_from([-70.0, -54.0, 31.0]),
        "current": st.lists(st.floats(0.0, DURATION), max_size=3, unique=True),
        "projections": st.lists(projections, min_size=1, max_size=5),
    }
)


def build(given):
    net = sl.Network(dt=DT, seed=given["seed"])
    *n_cells, n_poisson, n_listed = given["sizes"]
    cells = []
    for k, (name, n) in enumerate(zip(given["models"], n_cells, strict=True)):
        model, _, parameters = NEURONS[name]
        initial = {} if name == "Parrot" else {"V_m": given["starts"]}
        cells.append(net.population(n, model(**parameters), name=f"{name} {k}", initial=initial))
        if name != "Parrot":
            net.drive(cells[-1], sl.PoissonInput(given["rate"], n=3), weight=NEURONS[name][1]["exc"] / 4)
            if given["current"]:
                times = np.sort(given["current"])
                net.drive(cells[-1], sl.StepCurrent(times, 200.0 * np.cos(np.arange(len(times)))))
    listed = [(time, i) for time, i in given["spikes"] if i < n_listed]
    sources = [
        net.population(n_poisson, sl.Poisson(given["rate"]), name="poisson"),
        net.population(n_listed, sl.SpikeList([t for t, _ in listed], [i for _, i in listed]), name="listed"),
    ]
    everyone = [*sources, *cells]
    for k, p in enumerate(given["projections"]):
        source, target = everyone[p["ends"][0]], cells[p["ends"][1]]
        ports = NEURONS[given["models"][p["ends"][1]]][1]
        # parrots that repeat one another would multiply spikes without end
        echo = all(population.model_name == "Parrot" for population in (source, target))
        port = "ignored" if echo else list(ports)[p["port"] % len(ports)]
        weight = p["scale"] * ports[port]
        net.connect(
            source, target, port, p["rule"],
            weight=sl.Uniform(min(0, weight), max(0, weight)) if p["spread"] else weight,
            axonal_delay=p["delay"], dendritic_delay=p["dendritic"], name=f"projection {k}",
        )  # fmt: skip
    for population in everyone:
        net.record(population)
    for population in cells:
        net.record(population, list(population.model.model.state), every=4 * DT)
    return net, cells


def outcome(runs):
    result = {}
    for key in runs[0].spike_data:
        for part in ("times", "ids"):
            result[key, part] = np.concatenate([getattr(run.spike_data[key], part) for run in runs])
    for key in runs[0].trace_data:
        result[key, "values"] = np.concatenate([run.trace_data[key].values for run in runs])
    return result


def check_causes(net, run, parrots):
    """A parrot fires only when a spike that was sent to it arrives."""
    arrivals = [[] for _ in range(parrots.size)]
    for name, projection in net.projections.items():
        if projection.target is parrots and projection.port == "exc":
            sent, synapses = run.spikes(projection.source), run.synapses(name)
            for pre, post, delay in zip(synapses.pre, synapses.post, synapses.delay, strict=True):
                arrivals[post].append(sent.times[sent.ids == pre] + delay)
    found = run.spikes(parrots)
    for time, i in zip(found.times, found.ids, strict=True):
        assert np.any(np.concatenate(arrivals[i]) == time), (time, i)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(given=networks, pause=st.integers(0, int(DURATION / DT)))
def test_any_network_is_finite_and_in_order_and_one_however_it_is_cut(given, pause):
    net, cells = build(given)
    run = net.run(DURATION, engine="events")
    whole = outcome([run])
    for (name, part), values in whole.items():
        assert np.all(np.isfinite(values)), name
        if part == "times":
            assert np.all(np.diff(values) >= 0.0), name
            assert len(values) == 0 or (values[0] >= 0.0 and values[-1] <= DURATION), name
    for population in cells:
        if population.model.model is sl.Parrot:
            check_causes(net, run, population)
    net, _ = build(given)
    pieces = [net.run(pause * DT, engine="events"), net.run(DURATION - pause * DT, engine="events")]
    for name, values in outcome(pieces).items():
        EXACT.check(values, whole[name], str(name))
