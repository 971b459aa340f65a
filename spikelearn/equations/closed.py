"""Equations of synapses between two events: `interval` may be long, so they must have a closed form."""

from __future__ import annotations

from typing import Any

from spikelearn.equations.rendering import together, unused
from spikelearn.equations.system import System, from_sympy, symbol
from spikelearn.errors import DescriptionError


def closed_form(system: System) -> tuple[list[str], list[str]]:
    """Lines that advance the variables by `interval` ms, in Brian2's syntax; and their divisors, which must not be 0.
    Brian2 finds the linear system; its solution is a sum of exponentials. Raises DescriptionError."""
    from brian2.stateupdaters.base import UnsupportedEquationsException
    from brian2.stateupdaters.exact import get_linear_system

    if system.noises:
        raise DescriptionError(f"{system.owner} has noise: between two events equations must have a closed form")
    if not system.rights:
        return [], []
    try:
        found, A, b = get_linear_system(system.brian2(), {})
    except UnsupportedEquationsException:
        raise DescriptionError(_not_linear(system)) from None
    order = [found.index(x) for x in system.variables]
    A, b = A.extract(order, order), b.extract(order, [0])
    for i, x in enumerate(system.variables):
        loose = {str(s) for each in (*A[i, :], b[i]) for s in each.free_symbols} - set(system.constant)
        if loose:
            message = f"between two events {min(loose)} may not be in d{x}/dt: it is not constant"
            raise DescriptionError(system.rights[x].complaint(message))
        if A[i, i] == 0:
            message = f"{x} does not decay, so it has no value long after the last event"
            raise DescriptionError(system.rights[x].complaint(message))
    if A.is_diagonal():
        return together({x: _alone(x, A[i, i], b[i]) for i, x in enumerate(system.variables)}), []
    return _coupled(system, A, b)


def _alone(x: str, rate: Any, b: Any) -> str:
    decay, rest = f"exp({from_sympy(rate * symbol('interval'))})", -b / rate
    if rest == 0:
        return f"{x} * {decay}"
    end = from_sympy(rest)
    return f"{end} + ({x} - ({end})) * {decay}" if rest.is_Add else f"{end} + ({x} - {end}) * {decay}"


def _coupled(system: System, A: Any, b: Any) -> tuple[list[str], list[str]]:
    """x = x_inf + sum over eigenvalues r of exp(r interval) times the component of (x - x_inf) that decays with it."""
    import sympy

    n = A.shape[0]
    try:
        vectors, values = A.diagonalize()
        inverse = vectors.inv()
    except (sympy.matrices.exceptions.MatrixError, ValueError):
        raise DescriptionError(f"{system.owner}: its equations have no closed form as a sum of exponentials") from None
    rates = [sympy.simplify(values[k, k]) for k in range(n)]
    if any(not power.exp.is_integer for rate in rates for power in rate.atoms(sympy.Pow)):
        raise DescriptionError(f"{system.owner}: its equations oscillate or have no simple time constants")
    rest = (-A.inv() * b).applyfunc(sympy.simplify)
    lines, taken = [], system.names
    decays, away = [], []
    for k, rate in enumerate(rates):
        decays.append(unused(f"decay_{k + 1}", taken))
        lines.append(f"{decays[-1]} = exp({from_sympy(rate * symbol('interval'))})")
    for x, end in zip(system.variables, rest, strict=True):
        away.append(unused(f"{x}_away", taken))
        lines.append(f"{away[-1]} = {from_sympy(symbol(x) - end)}")
    divisors: dict[str, None] = {}
    new = {}
    for i, x in enumerate(system.variables):
        total = rest[i]
        for j in range(n):
            shares = [sympy.factor(vectors[i, k] * inverse[k, j]) for k in range(n)]
            total += sum(share * symbol(decay) for share, decay in zip(shares, decays, strict=True)) * symbol(away[j])
            for share in shares:
                factors = sympy.Mul.make_args(sympy.denom(share))
                divisors |= {from_sympy(factor): None for factor in factors if factor.is_Add}
        new[x] = from_sympy(total)
    return lines + together(new), list(divisors)


def _not_linear(system: System) -> str:
    """The message for the first equation that is not linear in the variables."""
    import sympy

    for x, piece in system.rights.items():
        for y in system.variables:
            slope = sympy.diff(system.substituted[x], symbol(y))
            if slope.free_symbols & {symbol(z) for z in system.variables}:
                return piece.complaint(f"between two events equations must be linear in the variables; d{x}/dt is not")
    return f"{system.owner}: between two events equations must be linear in the variables"
