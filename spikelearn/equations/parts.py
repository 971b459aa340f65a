"""The equations of a model, sorted into differential equations, named expressions and declarations."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from spikelearn.codegen.source_text import is_identifier
from spikelearn.equations.brian import import_brian2
from spikelearn.equations.python import reserved
from spikelearn.equations.system import names_in, ordered
from spikelearn.equations.text import Piece, definitions
from spikelearn.equations.vocabulary import Vocabulary
from spikelearn.errors import DescriptionError, ParameterError


@dataclass(frozen=True)
class Parts:
    """owner: 'neuron model X'. equations: Brian2's. pieces: name -> its whole equation.
    rights, expressions: the right-hand sides of differential equations and of named expressions, the latter in order.
    declared: names that have only a unit. dimensions: of all of these. noises: xi, xi_name.
    """

    owner: str
    equations: Any
    pieces: Mapping[str, Piece]
    rights: Mapping[str, Piece]
    expressions: Mapping[str, Piece]
    declared: tuple[str, ...]
    dimensions: Mapping[str, Any]
    noises: tuple[str, ...]

    def with_flag(self, flag: str) -> frozenset[str]:
        return frozenset(name for name in self.pieces if flag in self.equations[name].flags)

    def check(self, vocabulary: Vocabulary, left_out: str = "") -> None:
        """Check the names and units of every equation but one that is left out."""
        from brian2 import second

        for name, piece in self.rights.items():
            vocabulary.dimension(piece, self.dimensions[name] / second.dim, f"d{name}/dt")
        for name, piece in self.expressions.items():
            if name != left_out:
                vocabulary.dimension(piece, self.dimensions[name], name)


def parts_of(
    text: Any, owner: str, flags: tuple[str, ...], taken: tuple[str, ...], may_be_empty: bool = False
) -> Parts:
    """Parse equations. flags: those allowed here. taken: reserved names. Raises DescriptionError.

    A synapse may have no equations, only statements. may_be_empty: whether others may, too.
    """
    where = f"equations of {owner}"
    if not isinstance(text, str):
        raise DescriptionError(f"{where}: expected a text such as 'dV_m/dt = (E_L - V_m) / tau_m : volt', got {text!r}")
    import_brian2()
    found = definitions(where, text) if text.strip() or not (may_be_empty or "event-driven" in flags) else {}
    equations = _parsed(found)
    for name, (piece, _) in found.items():
        if reserved(name, taken) or not is_identifier(name):
            message = f"{name} is no name, or a reserved name in generated models"
            raise DescriptionError(piece.complaint_about(message, name))
        for flag in equations[name].flags:
            if flag not in flags:
                known = ", ".join(f"({each})" for each in flags) or "none"
                known += "; GradedSynapse.from_equations takes it" if flag in ("clock-driven", "summed") else ""
                message = f"({flag}) is not allowed here; allowed flags: {known}"
                raise DescriptionError(piece.complaint_about(message, flag))
    rights = {name: right for name, (_, right) in found.items() if equations[name].type == "differential equation"}
    expressions = {name: right for name, (_, right) in found.items() if equations[name].type == "subexpression"}
    declared = tuple(name for name in found if equations[name].type == "parameter")
    used = [name for right in rights.values() for name in sorted(names_in(right.tree))]
    noises = tuple(dict.fromkeys(name for name in used if re.fullmatch(r"xi(_\w+)?", name)))
    for name, piece in expressions.items():
        noise = [each for each in names_in(piece.tree) if re.fullmatch(r"xi(_\w+)?", each)]
        if noise:
            message = f"noise is only allowed in differential equations, not in {name}"
            raise DescriptionError(piece.complaint_about(message, noise[0]))
    dimensions = {name: equations[name].dim for name in found}
    pieces = {name: piece for name, (piece, _) in found.items()}
    return Parts(owner, equations, pieces, rights, ordered(expressions), declared, dimensions, noises)


def no_equation_for(parts: Parts, parameters: Iterable[str]) -> None:
    """Raise DescriptionError if a parameter is also defined by an equation."""
    for each in parameters:
        if each in parts.rights or each in parts.expressions:
            message = f"{each} has an equation, so it cannot be a parameter"
            raise DescriptionError(parts.pieces[each].complaint_about(message, each))


def values_for(parts: Parts, names: Iterable[str], changed: Container[str], otherwise: str) -> None:
    """Raise ParameterError for a name that is declared but has no value. otherwise: another way to give it one."""
    for name in names:
        if name not in changed:
            message = f"{name} has no value: give it in parameters=, {otherwise}"
            raise ParameterError(parts.pieces[name].complaint_about(message, name))


def event_driven(parts: Parts) -> None:
    """Raise DescriptionError for a differential equation of a synapse that would be integrated in every step."""
    for name in parts.rights:
        if "event-driven" not in parts.equations[name].flags:
            message = f"{name} is integrated only between events: write (event-driven) after its unit"
            raise DescriptionError(parts.pieces[name].complaint(message))


def _parsed(found: Mapping[str, tuple[Piece, Piece]]) -> Any:
    """Brian2's Equations; one at a time, so that an error points at the right one."""
    from brian2 import Equations
    from brian2.equations.equations import EquationError

    everything: dict[str, Any] = {}
    for name, (piece, _) in found.items():
        try:
            everything |= Equations(piece.code.strip())
        except (EquationError, SyntaxError, ValueError, TypeError) as error:
            if "unit" in str(error).lower():
                raise DescriptionError(piece.complaint(_reason(error), piece.code.rfind(":") + 1)) from None
            raise DescriptionError(piece.complaint_about(_reason(error), name)) from None
    return everything


def _reason(error: Exception) -> str:
    message = str(error)
    if message.startswith("Parsing failed"):
        return "this is not an equation, such as 'dV_m/dt = (E_L - V_m) / tau_m : volt (unless refractory)'"
    if error.__cause__ is not None and str(error.__cause__) not in message:
        message = f"{message.rstrip('.')}: {error.__cause__}"  # Brian2 from 2.10 on
    return message.removeprefix("Error parsing the unit specification for variable ").rstrip(".")
