"""A synapse model from equations: advanced in closed form to the next arrival, and rendered as a module."""

from __future__ import annotations

from typing import Any

from spikelearn import values
from spikelearn.equations.brian import quiet
from spikelearn.equations.closed import closed_form
from spikelearn.equations.constants import declared
from spikelearn.equations.module import Raw, render_module
from spikelearn.equations.parts import event_driven, no_equation_for, parts_of, values_for
from spikelearn.equations.python import to_python, uses_units
from spikelearn.equations.rendering import function, python_lines, used_names
from spikelearn.equations.starts import starting_values
from spikelearn.equations.system import System, assigned, without_units
from spikelearn.equations.text import Statement, statements, whole
from spikelearn.equations.vocabulary import CANNOT_BE_SET, Vocabulary, dimensionless
from spikelearn.errors import DescriptionError

_RESERVED = ("interval", "released", "weight")


def synapse_source(equations: Any, on_pre: Any, parameters: Any, initial: Any, name: str) -> str:
    """The text of a module that defines `Model`, a SynapseModel. See SynapseModel.from_equations."""
    values.name(name, "name of a synapse model")
    with quiet():
        owner = f"synapse model {name!r}"
        parts = parts_of(equations, owner, ("event-driven", "constant"), _RESERVED)
        event_driven(parts)
        constants = declared(parameters, parts.dimensions, owner, _RESERVED)
        no_equation_for(parts, constants)
        memory = tuple(each for each in parts.declared if each not in constants)
        state = [*parts.rights, *memory]
        dimensions = {**parts.dimensions, **{constant.name: constant.dimension for constant in constants.values()}}
        hints = dict.fromkeys(("w", "weight"), "`released` is multiplied by the weight later")
        parts.check(Vocabulary(dimensions, hints))
        arrival = statements(f"on_pre of {owner}", on_pre)
        _check_released(arrival, f"on_pre of {owner}", on_pre)
        vocabulary = Vocabulary({**dimensions, "released": dimensionless()}, hints)
        vocabulary.check_statements(arrival, [*state, "released"], CANNOT_BE_SET)
        values_for(parts, memory, {part.target for part in arrival}, "or change it in on_pre=")
        system = System(owner, parts.rights, parts.expressions, tuple(constants), memory)
        lines, divisors = closed_form(system)
        advanced = list(lines)
        needed = system.needed_expressions([part.expression.tree for part in arrival])
        lines += [f"{each} = {without_units(parts.expressions[each].tree)}" for each in needed]
        for k, part in enumerate(arrival):
            again = system.changed_expressions(arrival, k)
            lines += [f"{each} = {without_units(parts.expressions[each].tree)}" for each in again]
            lines.append(f"{part.target} = {assigned(part)}")
        own = {each: each for each in (*system.names, *state, "interval", "released")}
        body = python_lines([*lines, f"return {', '.join([*state, 'released'])}"], own)
        between = python_lines([*advanced, f"return {', '.join(state)}"], own)
        used = [each for each in constants if each in used_names(body)]
        start = starting_values(initial, {each: parts.dimensions[each] for each in state}, constants, owner)
        functions = [
            function(main, [*state, "interval", *used], "", text)
            for main, text in (("release", body), ("between", between))
        ]
        given: dict[str, Any] = {"state": tuple(state)}
        if divisors:
            read = {each: constant.read for each, constant in constants.items()}
            functions.append(_check(divisors, read))
            given["check"] = Raw("check")
        if not any(uses_units(part.tree) for part in (*parts.rights.values(), *(each.expression for each in arrival))):
            given["statements"] = "\n".join(["", *lines, ""])
        return render_module(
            "SynapseModel", name, constants, [], {each: constants[each].read for each in used},
            {each: start.get(each, "0.0") for each in state}, functions, ("release", "between"), given, (),
            f"{equations.strip()}\n\non_pre: {on_pre.strip()}",
        )  # fmt: skip


def _check_released(arrival: list[Statement], where: str, text: Any) -> None:
    for part in arrival:
        if part.target.endswith(("_post", "_pre")):
            message = f"{part.target} is not available here: weight times `released` is delivered; set `released`"
            raise DescriptionError(part.whole.complaint_about(message, part.target))
    first = next((part for part in arrival if part.target == "released"), None)
    if first is None:
        raise DescriptionError(whole(where, text).complaint("`released` is not set: 'released = u * x', for example"))
    if first.operator:
        raise DescriptionError(first.whole.complaint("`released` has no value before it is set with ="))


def _check(divisors: list[str], read: dict[str, str]) -> str:
    """The function that rejects parameters for which the closed form divides by zero."""
    lines = ["def check(p):"]
    for divisor in divisors:
        lines.append(f"    if {to_python(divisor, read)} == 0.0:")
        lines.append(f'        return "the closed form divides by {divisor}, which must not be 0"')
    return "\n".join([*lines, "    return None"]) + "\n"
