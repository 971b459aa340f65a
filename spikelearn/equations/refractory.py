"""What keeps a neuron from firing again: a period, or a condition that has to end."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spikelearn.codegen.source_text import is_identifier
from spikelearn.equations.constants import Constant, time
from spikelearn.equations.python import units
from spikelearn.equations.text import Piece, whole
from spikelearn.equations.vocabulary import Vocabulary, is_condition


@dataclass(frozen=True)
class Refractory:
    """period: a number of ms, or the name of a parameter. lasting: an expression that is a time, evaluated at the spike
    for each neuron. condition: after a spike, the neuron is refractory until it is no longer true. One of these is set.
    """

    period: str | float | None = None
    lasting: Piece | None = None
    condition: Piece | None = None

    @property
    def trees(self) -> list[ast.expr]:
        return [piece.tree for piece in (self.lasting, self.condition) if piece is not None]


def refractory_of(
    given: Any, constants: Mapping[str, Constant], vocabulary: Vocabulary, owner: str
) -> Refractory | None:
    """The `refractory=` of a model. Raises DescriptionError or UnitError."""
    where = f"refractory of {owner}"
    if given is None:
        return None
    known = isinstance(given, str) and given in vocabulary.dimensions and given not in constants
    if not isinstance(given, str) or (is_identifier(given.strip()) and not known):
        return Refractory(period=time(given, constants, where))
    piece = whole(where, given)
    if is_condition(piece.tree):
        vocabulary.check_condition(piece)
        return Refractory(condition=piece)
    vocabulary.dimension(piece, units()["second"].dim, "a refractory period")
    return Refractory(lasting=piece)
