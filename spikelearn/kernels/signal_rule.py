"""The loops of a SignalRule (plasticity/signal_rule.py), rendered for each rule from two templates.

templates/signal_rule.py: learning and delivery. templates/signal_readings.py: what synapses hold at a time.
templates/third_factor.py, by itself: what acts on eligibilities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spikelearn.codegen.template import render

EPOCH, BASE, SWEPT = range(3)
"""Indices of the rule's clock, (3,) int64: the number of the epoch, its base in steps, and the epoch in which all
synapses were last updated."""

EPOCHS = 16
"""Number of epoch ends that are kept. Synapses of sources that were silent for longer are swept."""


def render_signal_rule(
    pre: Sequence[tuple[str, str, float]],
    reads: Sequence[str],
    state: Sequence[str],
    delayed: Sequence[str],
    seen: Sequence[str],
    constants: Sequence[str],
    eligibility: bool,
    takes: Mapping[str, Sequence[str]],
    payload: bool = False,
    hidden: bool = False,
    also: Sequence[str] = (),
    release: tuple[Sequence[str], Sequence[str]] | None = None,
    dense: bool = False,
    by_target: bool = False,
    rises: bool = False,
) -> str:
    """The loops: signals (once a target and step), begin, take_signal, deliver, read and reset.

    pre: (name, jump, amplitude) of the traces; the amplitude is part of X. takes: the arguments of signal, and of
        advance and on_pre if the rule has them. payload: whether events carry values.
        hidden: the limits apply to the weight that is sent, not to the one that learns. also: further kinds of
        event that the rule learns from. release: state and constants of short-term plasticity, None without it.
        dense: whether the targets of each slot are neighbours. by_target: whether each has a third factor of its own.
        rises: whether the eligibility does.
    """
    constant = {name: f"constant_{name}" for name in constants}
    in_step = {"t": "time_now", **{name: f"u_{name}" for name in (*reads, *state)}, **constant}
    in_step |= {"event": "now_event[i]"} | {name: f"now_also_{name}[i]" for name in also}
    at_arrival = {
        "t": "arrival_time",
        **{name: f"given_{name}" for name in (*(x for x, _, _ in pre), *seen)},
        **constant,
    }
    called = {name: in_step for name in ("signal", "advance")} | {"on_pre": at_arrival}
    arguments = {
        handler: tuple(called[handler][name] for name in names if name != "weight") for handler, names in takes.items()
    }
    return render(
        "signal_rule",
        "signal_readings",
        pre=tuple(name for name, _, _ in pre),
        added=tuple(name for name, jump, _ in pre if jump == "add"),
        amplitudes=tuple((name, repr(float(amplitude))) for name, _, amplitude in pre),
        reads=tuple(reads),
        state=tuple(state),
        delayed=tuple(delayed),
        seen=tuple(seen),
        first_seen=tuple(seen)[:1],
        starts=tuple(dict.fromkeys([*state, *delayed, *seen])),
        constants=tuple(constants),
        signal_arguments=arguments["signal"],
        advance_arguments=arguments.get("advance", ()),
        arrival_arguments=arguments.get("on_pre", ()),
        arrival_constants=tuple(constants) if "on_pre" in takes else (),
        step_timed=any("time_now" in each for each in arguments.values()),
        arrival_timed="arrival_time" in arguments.get("on_pre", ()),
        also=tuple(also),
        eligibility=eligibility,
        on_pre="on_pre" in takes,
        payload=payload,
        hidden=hidden,
        short_term=release is not None,
        release_state=tuple(release[0]) if release else (),
        release_constants=tuple(release[1]) if release else (),
        dense=dense,
        by_target=by_target,
        rises=rises,
    )


def render_third_factor(pre: Sequence[str], rises: bool = False) -> str:
    """What acts on eligibilities in each step. pre: names of the traces. rises: whether eligibilities do."""
    return render("third_factor", pre=tuple(pre), rises=rises)
