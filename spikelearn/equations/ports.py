"""Ports of a model from equations: statements about `weight`, in a unit that makes them consistent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spikelearn.codegen.source_text import is_identifier
from spikelearn.equations.dimensions import coherent_name
from spikelearn.equations.parts import Parts
from spikelearn.equations.system import names_in, symbol, to_sympy
from spikelearn.equations.text import Statement, statements, whole
from spikelearn.equations.vocabulary import CANNOT_BE_SET, Vocabulary
from spikelearn.errors import DescriptionError, UnitError
from spikelearn.parameters import suggest
from spikelearn.units import UNITS, dimension_of

_USUAL = [*(name for name in UNITS if name not in ("port", "Hz")), "1/ms", "mV/ms", "pA/ms", "nS/ms"]


@dataclass(frozen=True)
class Port:
    """text: as given by the user. unit: of the weight. graded: whether it sets a variable to
    what arrives in each step.
    """

    name: str
    text: str
    unit: str
    statements: list[Statement]
    graded: bool = False


def port_of(name: Any, text: Any, parts: Parts, state: Sequence[str], vocabulary: Vocabulary) -> Port:
    """Raises DescriptionError or UnitError, also if inputs of one step cannot be summed."""
    where = f"port {name!r} of {parts.owner}"
    if not is_identifier(name):
        raise DescriptionError(f"{where}: expected a name such as 'exc', no keyword of Python, got {name!r}")
    if not isinstance(text, str):
        raise DescriptionError(f"{where}: expected a variable or statements about `weight`, got {text!r}")
    given = whole(where, text)
    if text.strip().isidentifier():
        if text.strip() not in state:
            message = (
                f"{text.strip()} is not a variable{suggest(text.strip(), state)}; variables are {', '.join(state)}"
            )
            raise DescriptionError(given.complaint(message))
        found = statements(where, f"{text.strip()} += weight")
    else:
        found = statements(where, text)
    if not any("weight" in names_in(part.expression.tree) for part in found):
        raise DescriptionError(given.complaint("expected a statement with `weight`, such as 'V_m += weight'"))
    plainly = [part.target for part in found if part.expression.code.strip() == "weight" and part.target in state]
    units = list(dict.fromkeys([*(coherent_name(parts.dimensions[target]) for target in plainly), *_USUAL]))
    unit = next((unit for unit in units if _consistent(found, unit, state, vocabulary)), None)
    if unit is None:
        message = f"no unit of weight makes this consistent; tried {', '.join(units)}"
        raise UnitError(given.complaint(message))
    if len(found) == 1 and plainly and not found[0].operator and plainly[0] not in parts.rights:
        return Port(name, text, unit, found, graded=True)
    _check_that_it_adds(found, parts, state)
    return Port(name, text, unit, found)


def _consistent(found: list[Statement], unit: str, state: Sequence[str], vocabulary: Vocabulary) -> bool:
    with_weight = Vocabulary({**vocabulary.dimensions, "weight": dimension_of(unit)}, vocabulary.hints)
    try:
        with_weight.check_statements(found, state, CANNOT_BE_SET)
    except UnitError:
        return False
    return True


def _check_that_it_adds(found: list[Statement], parts: Parts, state: Sequence[str]) -> None:
    weight = symbol("weight")
    known = {symbol(name): to_sympy(piece.tree) for name, piece in parts.expressions.items()}
    for part in found:
        value = to_sympy(part.expression.tree)
        while value.free_symbols & known.keys():
            value = value.xreplace(known)
        if part.target not in state:
            known[symbol(part.target)] = value
        elif part.operator not in ("+", "-") or value.subs(weight, 0) != 0 or value.diff(weight).has(weight):
            message = "inputs of one step are summed: expected 'variable += weight' or a multiple of weight"
            message += ", or 'variable = weight' with a variable without an equation, for graded synapses"
            raise DescriptionError(part.whole.complaint(message))
