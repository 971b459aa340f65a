"""Synapses that run statements: at events of their source or target, in each step, or to sum over those of a neuron.

As in Brian2, whose Synapses are read as such (spikelearn.interop.brian2). Each synapse has its own variables;
statements read and change these, and variables of its two ends, in Brian2's order of a step: sums, then neurons advance
and fire, then events act, those of sources first, then neurons are reset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.jit import scalar
from spikelearn.errors import DescriptionError
from spikelearn.synapses.model import Synapse

KINDS = ("sum", "copy", "before", "after", "pre", "post")
"""When an action is taken, in the order of a step. sum: into a variable of an end, before neurons advance; copy: the
same, just before the neurons of that end do. before, after: in each step, before or after neurons advance. pre, post:
at events of the source or the target."""
MORE = ("t", "dt", "i", "j", "N_pre", "N_post")
"""What functions of actions may take besides variables, constants and random numbers, in this order."""


@dataclass(frozen=True, eq=False)
class Action:
    """One thing that all synapses of a projection do.

    kind: one of KINDS. function: function(*own, *pre, *post, *drawn, *more, *constants) -> (*sets), a tuple; of a sum
    or copy, the one number that is added or copied. own, pre, post: variables of the synapse, of its source and of its
    target, for which the function's arguments are called x, x_pre and x_post. sets: those among them that it changes,
    by these names. drawn: "uniform" or "normal" for each random number, the arguments drawn_0 and so on. more: some of
    MORE. constants: of the StatementSynapse.
    delays: of events, in ms, one for all or one for each synapse; None for those of the projection. into: of a sum or
    copy, the variable of an end that gets it, "x_post" or "x_pre". label: for errors and profiles.
    """

    kind: str
    function: Callable[..., Any]
    own: tuple[str, ...] = ()
    pre: tuple[str, ...] = ()
    post: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    drawn: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    delays: Any = None
    into: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "function", scalar(self.function))
        if self.kind not in KINDS:
            raise DescriptionError(f"action {self.label!r}: kind {self.kind!r}; expected one of {', '.join(KINDS)}")
        drawn = [f"drawn_{k}" for k in range(len(self.drawn))]
        expected, given = [*self.variables, *drawn, *self.more, *self.constants], list(arguments_of(self.function))
        if given != expected:
            raise DescriptionError(
                f"the function of action {self.label!r} takes ({', '.join(given)}), expected ({', '.join(expected)})"
            )
        if not set(self.sets) <= set(self.variables):
            raise DescriptionError(f"action {self.label!r} sets {self.sets}, which are not all among its variables")

    @property
    def variables(self) -> tuple[str, ...]:
        """The names under which it knows its variables."""
        return (*self.own, *(f"{name}_pre" for name in self.pre), *(f"{name}_post" for name in self.post))

    @property
    def of_events(self) -> bool:
        return self.kind in ("pre", "post")


@dataclass(frozen=True, eq=False)
class StatementSynapse:
    """What the synapses of one projection are and do, in Brian2's order of a step.

    name: for errors. state: variable -> unit. start: variable -> (n,), its value of each synapse at the beginning, in
    the order of the projection's rule. constants: name -> number, the same for all synapses. actions: in the order in
    which those of one kind are taken. The projection's delay is that of the first action at events of the source.

    `connect(source, target, rule=Pairs(pre, post), synapse=model())`, without a port: statements set variables
    themselves. For targets whose model has late_input, and for sources.

    >>> import spikelearn as sl
    >>> from spikelearn.synapses.statements import Action
    >>> grow = Action("pre", lambda w: (w + 0.1,), own=("w",), sets=("w",))
    >>> growing = StatementSynapse("growing", {"w": "1"}, {"w": np.zeros(2)}, {}, (grow,))
    >>> net = sl.Network()
    >>> sources = net.population(2, sl.SpikeList([1.0, 2.0, 5.0], [0, 0, 1]))
    >>> made = net.connect(sources, sources, rule=sl.Pairs([0, 1], [1, 0]), synapse=growing(), delay=1.0)
    >>> run = net.run(10)
    >>> net.get(made, "w").round(3).tolist()
    [0.2, 0.1]
    """

    name: str
    state: Mapping[str, str]
    start: Mapping[str, np.ndarray]
    constants: Mapping[str, float]
    actions: tuple[Action, ...]

    def __post_init__(self) -> None:
        if self.start.keys() != self.state.keys():
            raise DescriptionError(f"{self.name}: start gives {', '.join(self.start)}; its state is {self.state}")
        for action in self.actions:
            unknown = {*action.own} - {*self.state} | {*action.constants} - {*self.constants}
            if unknown:
                raise DescriptionError(f"{self.name}, {action.label!r}: unknown {', '.join(sorted(unknown))}")

    def longest(self, dt: float) -> int:
        """The longest delay of an action, in steps."""
        delays = (np.max(each.delays, initial=0.0) for each in self.actions if each.delays is not None)
        return int(max(delays, default=0.0) / dt + 0.5)

    @property
    def changes(self) -> frozenset[str]:
        """The variables that its actions change."""
        return frozenset(name for action in self.actions for name in action.own if name in action.sets)

    @property
    def Parameters(self) -> Any:
        return NamedTuple("Parameters", [(name, float) for name in self.constants])

    def __call__(self) -> Synapse:
        return Synapse(self, self.Parameters(**self.constants))
