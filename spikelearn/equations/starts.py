"""Initial values of a model from equations, as Python text in terms of the parameters p."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikelearn.equations.constants import Constant
from spikelearn.equations.dimensions import coherent_name
from spikelearn.equations.python import to_python
from spikelearn.equations.text import whole
from spikelearn.equations.vocabulary import Vocabulary
from spikelearn.errors import DescriptionError, ParameterError, UnitError
from spikelearn.parameters import suggest
from spikelearn.units import dimension_of, plain, unit_named


def starting_values(
    initial: Any, dimensions: Mapping[str, Any], constants: Mapping[str, Constant], owner: str
) -> dict[str, str]:
    """Variable -> its initial value. A text is an expression of parameters; a number is in the variable's unit.

    dimensions: of the variables. By default V_m starts at the parameter E_L, if there are both.
    """
    given = {} if initial is None else initial
    if not isinstance(given, Mapping):
        raise ParameterError(f"initial of {owner}: expected a dict of variables and values, got {initial!r}")
    found = {}
    if "V_m" in dimensions and "E_L" in constants and dimensions["V_m"] == constants["E_L"].dimension:
        found["V_m"] = constants["E_L"].read
    for name, value in given.items():
        where = f"initial {name} of {owner}"
        if name not in dimensions:
            known = ", ".join(dimensions)
            raise DescriptionError(f"{where}: unknown variable{suggest(name, dimensions)}; expected one of {known}")
        if isinstance(value, str):
            piece = whole(where, value)
            vocabulary = Vocabulary({c.name: c.dimension for c in constants.values()})
            vocabulary.dimension(piece, dimensions[name], name)
            found[name] = to_python(piece.tree, {n: c.read for n, c in constants.items()}, "numpy")
            continue
        unit = coherent_name(dimensions[name])
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], str):
            if dimension_of(unit_named(value[1]).name) != dimensions[name]:
                raise UnitError(f"{where}: expected {unit}, got {value!r}")
            factor = unit_named(unit).per_si / unit_named(value[1]).per_si
            number = np.asarray(plain(value[0], value[1], where)) * factor
        else:
            number = np.asarray(plain(value, unit, where))
        if number.ndim or not np.isfinite(number):
            raise ParameterError(f"{where}: expected one finite number or an expression of parameters, got {value!r}")
        found[name] = repr(float(f"{number:.15g}"))
    return found
