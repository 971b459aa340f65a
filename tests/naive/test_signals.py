"""Rules that learn from a signal of the target, in closed form, against references that move in every step."""

from typing import NamedTuple

import numpy as np
import pytest
from given_spikes import steps_of
from given_traces import replay
from naive import scaled_learning
from naive.signal_rules import NaiveClopath, TwoTraces
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import ParameterError
from spikelearn.plasticity import Trace
from spikelearn.units import ms, number, weight

DT, STEPS, N_PRE, N_POST = 0.5, 600, 5, 4
TOLERANCE = ULP(4_500_000, 1.0)
"""1e-9: 600 steps in each of which the reference decays a trace and adds to weights, where the engine takes
differences of integrals that are up to exp(8) = 3,000 times as large."""
CLOPATH = {
    "A_LTD": 4e-3,
    "A_LTP": 3e-3,
    "theta_minus": -69.0,
    "theta_plus": -48.0,
    "tau_u_bar_minus": 12.0,
    "tau_u_bar_plus": 8.0,
    "tau_x": 14.0,
    "delay_u_bars": 4.0,
    "W_min": 0.0,
    "W_max": 3.0,
}


class TwoTracesParameters(NamedTuple):
    tau_fast: ms = 5.0
    tau_slow: ms = 30.0
    tau_c: ms = 50.0
    tau_rise: ms = 0.0
    b: number = 0.0
    gain: number = 0.002
    kick: number = 0.1
    loss: number = 0.002
    W_min: weight = -5000.0
    W_max: weight = 5000.0


def _constants(p, dt):
    return {"gain": p.gain * dt, "kick": p.kick, "loss": p.loss}


def _signal(V_m, u_bar_minus, event, gain, kick, loss):
    return gain * (V_m - u_bar_minus) + kick * event


def _on_pre(weight, fast, slow, u_bar_minus, gain, kick, loss):
    return weight - loss * u_bar_minus


def _on_pre_of_eligibility(fast, slow, u_bar_minus, gain, kick, loss):
    return -loss * u_bar_minus


AMPLITUDE = -1.5
COMMON = {
    "Parameters": TwoTracesParameters,
    "pre": (Trace("fast", "tau_fast"), Trace("slow", "tau_slow", amplitude=AMPLITUDE)),
    "reads": ("V_m", "u_bar_minus"),
    "signal": _signal,
    "seen": ("u_bar_minus",),
    "constants": _constants,
}
Plain = sl.SignalRule("Plain", on_pre=_on_pre, **COMMON)
LowPass = sl.SignalRule("LowPass", on_pre=_on_pre_of_eligibility, low_pass=True, **COMMON)
Modulated = sl.SignalRule("Modulated", on_pre=_on_pre_of_eligibility, modulated=True, **COMMON)
Taught = sl.SignalRule("Taught", on_pre=_on_pre_of_eligibility, modulated_by="rho_star", **COMMON)
Hidden = sl.SignalRule("Hidden", on_pre=_on_pre, limits="sent", **COMMON)
HiddenLowPass = sl.SignalRule("HiddenLowPass", on_pre=_on_pre_of_eligibility, low_pass=True, limits="sent", **COMMON)
RULES = {"Plain": Plain, "LowPass": LowPass, "Modulated": Modulated, "Taught": Taught}
RISE = 12.0
RULES |= {f"{name} with rise": rule for name, rule in RULES.items() if rule.has_eligibility}


class Scene(NamedTuple):
    pre: set
    post: set
    V_m: np.ndarray
    second: np.ndarray
    third: np.ndarray
    synapses: list
    released: dict
    dendritic: int


def scene(seed, dendritic=0, steps=STEPS):
    """Fourteen synapses, with multapses and three axonal delays; potentials that wander, and jump at spikes."""
    generator = np.random.default_rng(seed)
    pre = {(int(s), int(i)) for s, i in zip(*generator.integers((1, 0), (steps, N_PRE), (150, 2)).T, strict=True)}
    # the sources are silent for a while, but for one; so some synapses miss several epochs, and some are swept
    pre = {(s, i) for s, i in pre if not (i > 0 and 150 < s < 400)}
    post = {(int(s), int(j)) for s, j in zip(*generator.integers(2, (steps, 100), (60, 2)).T, strict=True)}
    post = {(s, j % N_POST) for s, j in post}
    V_m = -60.0 + np.cumsum(generator.normal(0, 1.0, (steps, N_POST)), axis=0) * 0.3
    for s, j in post:
        V_m[s - 1 : s + 3, j] = 30.0
    second = generator.normal(-60.0, 5.0, (steps, N_POST))
    synapses = [
        (int(i), int(j), float(w), int(axonal))
        for i, j, w, axonal in zip(
            generator.integers(0, N_PRE, 14),
            generator.integers(0, N_POST, 14),
            generator.uniform(0.5, 2.5, 14),
            generator.choice([1, 2, 7], 14),
            strict=True,
        )  # fmt: skip
    ]
    released = {
        int(s): float(a) for s, a in zip(generator.integers(1, steps, 25), generator.normal(0, 0.2, 25), strict=True)
    }
    third = generator.normal(0.3, 1.0, (steps, N_POST))
    return Scene(pre, post, V_m, second, third, synapses, released, dendritic)


def engine(found, rule, threads=1, trials=None, record=(), synapse=None, every=10, halfway=None, steps=STEPS, **how):
    """(run, network, projection, targets). every: steps between samples of what is recorded of synapses. halfway:
    weights that are set then. how: of the run."""
    net = sl.Network(dt=DT, threads=threads)
    modulator = net.modulator(tau=30.0)
    net.release(modulator, np.array(list(found.released)) * DT, np.array(list(found.released.values())))
    ordered = sorted(found.pre)
    source = net.population(N_PRE, sl.SpikeList([s * DT for s, _ in ordered], [i for _, i in ordered]))
    target = replay(net, N_POST, found.post, V_m=found.V_m, u_bar_minus=found.second, rho_star=found.third)
    ids_pre, ids_post, weights, axonal = (np.array(values) for values in zip(*found.synapses, strict=True))
    projection = net.connect(
        source, target, "ignored", sl.Pairs(ids_pre, ids_post), weight=weights, axonal_delay=axonal * DT,
        dendritic_delay=found.dendritic * DT, plasticity=rule(modulator), synapse=synapse, name="synapses",
    )  # fmt: skip
    net.record(target, ["spikes", "ignored", "V_m"])
    for variable in record:
        net.record(projection, variable, every=every * DT)
    if halfway is not None:
        first = net.run(STEPS // 2 * DT)
        net.set_weights(projection, halfway)
        run = first.joined(net.run(STEPS // 2 * DT))
    else:
        run = net.run(steps * DT, **how) if trials is None else net.run(trials=trials(projection, target))
    times, ids = run.spikes(target)
    assert set(zip(steps_of(times, DT).tolist(), ids.tolist(), strict=True)) == {p for p in found.post if p[0] <= steps}
    ULP(2 * STEPS, 100.0).check(run.trace(target, "V_m").values, found.V_m[:steps], "a StepCurrent adds up differences")
    return run, net, projection, target


def clopath_reference(found, **changed):
    return NaiveClopath(found.synapses, found.dendritic, DT, found.V_m, -70.0, **CLOPATH | changed)


def two_traces(name, found, hidden=False, **changed):
    p = TwoTracesParameters(**with_rise(name, changed))
    more = {"hidden": hidden}
    if name != "Plain":
        more |= {"tau_c": p.tau_c, "tau_rise": p.tau_rise}
    if name.startswith("Modulated"):
        more |= {"tau_n": 30.0, "b": 0.05, "released": found.released}
    if name.startswith("Taught"):
        more["third"] = found.third
    return TwoTraces(
        found.synapses, found.dendritic, DT, [p.tau_fast, p.tau_slow], p.W_min, p.W_max, V_m=found.V_m,
        second=found.second, spikes=found.post, gain=p.gain, kick=p.kick, loss=p.loss,
        amplitude=AMPLITUDE, **more,
    )  # fmt: skip


def with_rise(name, changed):
    """The parameters of a rule, with a rise that is faster than the decay."""
    tau_rise = min(RISE, 0.8 * changed.get("tau_c", 50.0))
    return {"tau_rise": tau_rise, **changed} if name.endswith("with rise") else changed


def rule_of(name, **changed):
    changed = with_rise(name, changed)
    if name.startswith("Modulated"):
        return lambda m: Modulated(m, b=0.05, **changed)
    return lambda m: RULES[name](**changed)


def rule_and_reference(name, found):
    """Of Clopath, one of RULES, or Hidden with narrow limits."""
    if name == "Clopath":
        return lambda m: sl.Clopath(**CLOPATH), clopath_reference(found)
    if name == "Hidden":
        limits = {"W_min": 0.4, "W_max": 2.5}
        return lambda m: Hidden(**limits), two_traces("Plain", found, hidden=True, **limits)
    return rule_of(name), two_traces(name, found)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("dendritic", [0, 1, 9])
def test_clopath_is_what_happens_when_every_synapse_moves_in_every_step(dendritic, seed):
    found = scene(seed, dendritic)
    run, _, projection, target = engine(found, lambda m: sl.Clopath(**CLOPATH))
    reference = clopath_reference(found)
    reference.run(found.pre, STEPS)
    TOLERANCE.check(run.trace(target, "ignored").values, reference.inputs(N_POST, STEPS), "weights sent")
    sent = np.concatenate([list(s.sent.values()) for s in reference.synapses])
    assert reference.limited > 10 and np.ptp(sent) > 1.0, "limits are met, and left again"
    TOLERANCE.check(run.weights(projection), reference.weights)


@pytest.mark.parametrize("dendritic", [0, 1, 9])
@pytest.mark.parametrize("name", RULES)
def test_traces_of_either_sign_eligibilities_and_modulators_are_what_happens_step_by_step(name, dendritic):
    found = scene(3, dendritic)
    run, _, projection, target = engine(found, rule_of(name))
    reference = two_traces(name, found)
    reference.run(found.pre, STEPS)
    TOLERANCE.check(run.trace(target, "ignored").values, reference.inputs(N_POST, STEPS), "weights sent")
    TOLERANCE.check(run.weights(projection), reference.weights)
    moved = np.abs(reference.weights - [w for _, _, w, _ in found.synapses])
    assert np.median(moved) > 1.0 and moved.max() < 4000.0


@pytest.mark.parametrize("dendritic", [0, 9])
@pytest.mark.parametrize("rule", [Hidden, HiddenLowPass], ids=lambda rule: rule.name)
def test_a_weight_that_learns_beyond_its_limits_sends_what_they_allow(rule, dendritic):
    found, limits = scene(3, dendritic), {"W_min": 0.4, "W_max": 2.4}
    run, _, projection, target = engine(found, lambda m: rule(**limits))
    reference = two_traces("LowPass" if rule.low_pass else "Plain", found, hidden=True, **limits)
    reference.run(found.pre, STEPS)
    TOLERANCE.check(run.trace(target, "ignored").values, reference.inputs(N_POST, STEPS), "weights sent")
    assert reference.limited > 10
    TOLERANCE.check(run.weights(projection), reference.weights)


@pytest.mark.parametrize("dendritic", [0, 9, 100])
@pytest.mark.parametrize(
    "changed", [{"tau_fast": 0.5}, {"tau_c": 1.0}, {"tau_fast": 1e5, "tau_slow": 1e5, "tau_c": 1e5}], ids=str
)
@pytest.mark.parametrize("name", RULES)
def test_the_origin_of_the_exponentials_moves_without_a_trace(name, changed, dendritic):
    """Every 8, every 16 steps and never; sources are silent for more than the 16 moves that are remembered."""
    found = scene(10, dendritic)
    run, _, projection, target = engine(found, rule_of(name, **changed))
    reference = two_traces(name, found, **changed)
    reference.run(found.pre, STEPS)
    TOLERANCE.check(run.trace(target, "ignored").values, reference.inputs(N_POST, STEPS), "weights sent")
    TOLERANCE.check(run.weights(projection), reference.weights)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dendritic", [0, 1, 9, 100])
@pytest.mark.parametrize("name", ["Clopath", *RULES, "Hidden"])
def test_recorded_weights_and_eligibilities_are_those_of_every_moment(name, dendritic, threads):
    """All events that have reached the synapse count, also those that have not reached the target yet."""
    found = scene(4, dendritic)
    variables = ["weight", "c"] if name.startswith(("LowPass", "Modulated")) else ["weight"]
    rule, reference = rule_and_reference(name, found)
    run, *_ = engine(found, rule, record=variables, threads=threads)
    reference.run(found.pre, STEPS, every=10)
    for variable, expected in zip(variables, zip(*reference.read, strict=True), strict=False):
        TOLERANCE.check(run.trace("synapses", variable).values, np.array(expected), variable)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dendritic", [1, 9, 100])
@pytest.mark.parametrize("name", ["Clopath", *RULES, "Hidden"])
def test_what_is_read_when_an_event_reaches_a_synapse_is_what_its_target_gets(name, dendritic, threads):
    found = scene(4, dendritic)
    found = found._replace(synapses=[(i, i, 1.5, 1 + i) for i in range(N_POST)])
    rule, _ = rule_and_reference(name, found)
    run, _, _, target = engine(found, rule, record=["weight"], threads=threads, every=1)
    sent, read = run.trace(target, "ignored").values, run.trace("synapses", "weight").values
    arrivals = {(s + 1 + i, i) for s, i in found.pre if i < N_POST and s + 1 + i + dendritic <= STEPS}
    steps, ids = np.array(sorted(arrivals)).T
    assert len(steps) > 50 and np.ptp(read) > 0.5
    TOLERANCE.check(sent[steps + dendritic - 1, ids], read[steps - 1, ids])


@pytest.mark.parametrize("name", RULES)
def test_a_spike_at_0_ms_is_at_a_synapse_without_axonal_delay_before_the_first_step(name):
    """It adds loss (70 mV) to the weight, or to an eligibility of 50 ms, which is multiplied by 1, by -b, or by the
    third factor that the target had 9 steps before."""
    found = scene(4, 9)._replace(pre={(0, 1)}, post=set(), released={})
    found = found._replace(synapses=[(1, j, 1.5, 0) for j in range(N_POST)])
    run, *_ = engine(found, rule_of(name, gain=0.0, kick=0.0), record=["weight"], every=1)
    passed = np.arange(1, STEPS + 1)[:, None] * DT
    third = np.concatenate([np.zeros((9, N_POST)), found.third[:-9]])
    low_passed, taught = 50.0 * -np.expm1(-passed / 50.0), np.cumsum(np.exp(-passed / 50.0) * third * DT, axis=0)
    if name.endswith("with rise"):
        gain = 50.0 / (50.0 - RISE)
        low_passed = gain * (low_passed - RISE * -np.expm1(-passed / RISE))
        taught = gain * (taught - np.cumsum(np.exp(-passed / RISE) * third * DT, axis=0))
    factors = {"Plain": 1.0, "LowPass": low_passed, "Modulated": -0.05 * low_passed, "Taught": taught}
    factor = factors[name.removesuffix(" with rise")]
    TOLERANCE.check(run.trace("synapses", "weight").values, 1.5 + 0.002 * 70.0 * factor * np.ones((STEPS, N_POST)))


@pytest.mark.parametrize("name", RULES)
def test_a_dendritic_delay_of_eight_hundred_time_constants_is_one_like_any_other(name):
    """Of four hundred for an eligibility that rises, since it rises faster than it decays."""
    found, changed = scene(4, 100), {"tau_fast": DT / 8, "tau_c": DT / 4 if name.endswith("with rise") else DT / 8}
    run, _, projection, target = engine(found, rule_of(name, **changed))
    reference = two_traces(name, found, **changed)
    reference.run(found.pre, STEPS)
    TOLERANCE.check(run.trace(target, "ignored").values, reference.inputs(N_POST, STEPS), "weights sent")
    TOLERANCE.check(run.weights(projection), reference.weights)


def test_looking_at_weights_and_the_number_of_threads_change_nothing():
    found = scene(6)
    unwatched, _, projection, target = engine(found, lambda m: sl.Clopath(**CLOPATH))
    sent, final = unwatched.trace(target, "ignored").values, unwatched.weights(projection)
    for threads, record in ((1, ["weight"]), (2, ()), (3, ["weight"])):
        run, _, projection, target = engine(found, lambda m: sl.Clopath(**CLOPATH), threads=threads, record=record)
        EXACT.check(run.trace(target, "ignored").values, sent)
        EXACT.check(run.weights(projection), final)


@pytest.mark.parametrize("name", ["Clopath", *RULES])
def test_outside_plastic_windows_nothing_is_learned_but_traces_go_on(name):
    found = scene(7)

    def trials(projection, target):
        return sl.Trials([sl.Phase(30 * DT, plastic=[projection]), sl.Phase(20 * DT, plastic=[])], STEPS // 50)

    rule = (lambda m: sl.Clopath(**CLOPATH)) if name == "Clopath" else rule_of(name)
    run, _, projection, _ = engine(found, rule, trials=trials)
    reference = clopath_reference(found) if name == "Clopath" else two_traces(name, found)
    reference.run(found.pre, STEPS, plastic=lambda step: (step - 1) % 50 < 30)
    TOLERANCE.check(run.weights(projection), reference.weights)


@pytest.mark.parametrize("dendritic", [0, 9])
@pytest.mark.parametrize("name", ["Clopath", "HiddenLowPass", *RULES])
def test_a_factor_multiplies_the_signal_of_a_step_and_what_an_arrival_changes(name, dendritic):
    found = scene(12, dendritic)
    rules = {"Clopath": lambda m: sl.Clopath(**CLOPATH), "HiddenLowPass": lambda m: HiddenLowPass()}
    run, _, projection, target = engine(
        found, rules.get(name) or rule_of(name), trials=lambda made, _: scaled_learning.trials(made, DT, STEPS),
        record=["weight"],
    )  # fmt: skip
    reference = clopath_reference(found) if name == "Clopath" else two_traces(name.removeprefix("Hidden"), found)
    reference.run(found.pre, STEPS, plastic=scaled_learning.factor, every=10)
    TOLERANCE.check(run.trace(target, "ignored").values, reference.inputs(N_POST, STEPS), "weights sent")
    TOLERANCE.check(run.trace(projection, "weight").values, np.array([weights for weights, _ in reference.read]))
    TOLERANCE.check(run.weights(projection), reference.weights)


@pytest.mark.parametrize("dendritic", [0, 9])
@pytest.mark.parametrize("name", ["Clopath", *RULES])
def test_a_reset_keeps_the_weights_and_forgets_all_else(name, dendritic):
    """What comes after a reset is what a fresh network makes of it, starting with the weights that there were."""
    found = scene(8, dendritic)
    half = STEPS // 2
    # nothing is on its way to the synapses when the reset comes, and a spike follows before what is on its way back
    pre = {(s, i) for s, i in found.pre if not half - 7 - 2 * dendritic <= s <= half}
    found = found._replace(pre=pre | {(half + 1, i) for i in range(N_PRE)})

    def trials(projection, target):
        return sl.Trials([sl.Phase(half * DT), sl.Phase(half * DT, reset=[projection])], 1)

    rule = (lambda m: sl.Clopath(**CLOPATH)) if name == "Clopath" else rule_of(name)
    found = found._replace(released={s: a for s, a in found.released.items() if s > half})
    run, _, projection, target = engine(found, rule, trials=trials)

    def reference_of(scene_, steps):
        reference = clopath_reference(scene_) if name == "Clopath" else two_traces(name, scene_)
        reference.run(scene_.pre, steps)
        return reference

    first = reference_of(found, half)
    later = found._replace(
        pre={(s - half, i) for s, i in found.pre if s > half},
        post={(s - half, j) for s, j in found.post},
        V_m=found.V_m[half:],
        second=found.second[half:],
        third=found.third[half:],
        synapses=[(i, j, float(w), d) for (i, j, _, d), w in zip(found.synapses, first.weights, strict=True)],
        released={s - half: a for s, a in found.released.items()},
    )
    second = reference_of(later, half)
    TOLERANCE.check(run.weights(projection), second.weights)
    TOLERANCE.check(run.trace(target, "ignored").values[half:], second.inputs(N_POST, half))


def test_plastic_false_freezes_the_weights():
    found = scene(9)
    net = sl.Network(dt=DT)
    ordered = sorted(found.pre)
    source = net.population(N_PRE, sl.SpikeList([s * DT for s, _ in ordered], [i for _, i in ordered]))
    target = replay(net, N_POST, found.post, V_m=found.V_m, u_bar_minus=found.second)
    frozen = net.connect(source, target, "ignored", weight=1.0, plasticity=sl.Clopath(**CLOPATH), plastic=False)
    EXACT.check(net.run(STEPS * DT).weights(frozen), np.ones(N_PRE * N_POST))


def test_an_eligibility_cannot_rise_faster_than_a_fraction_of_a_step():
    with pytest.raises(ParameterError, match="tau_rise of LowPass, .*'synapses': expected 0 or at least 0.0625 ms"):
        engine(scene(1), lambda m: LowPass(tau_rise=0.01))


@pytest.mark.parametrize("name", ["Modulated with rise", "Taught with rise"])
def test_an_eligibility_that_rises_goes_on_from_a_checkpoint_and_steps_as_it_runs(name, tmp_path):
    found, path = scene(5, 9), tmp_path / "half"
    whole, *_ = engine(found, rule_of(name), record=["weight", "c"])
    stepped, *_ = engine(found, rule_of(name), record=["weight", "c"], engine="stepper")
    first, *_ = engine(found, rule_of(name), record=["weight", "c"], steps=STEPS // 2, checkpoint=path)
    restored = sl.Network.restore(path).run(STEPS // 2 * DT, after=first)
    for variable in ("weight", "c"):
        values = whole.trace("synapses", variable).values
        assert np.ptp(values[-1]) > 0.1
        EXACT.check(stepped.trace("synapses", variable).values, values, variable)
        EXACT.check(restored.trace("synapses", variable).values, values, variable)
