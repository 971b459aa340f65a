"""Derivatives of scalar functions by transformation of their source, beside central differences."""

import math

import numpy as np
import pytest
from tolerances import EXACT, METHOD

import spikelearn as sl
from spikelearn.codegen.derivative import derivative
from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.jit import scalar
from spikelearn.errors import DescriptionError
from spikelearn.kernels.exponential import expm1, exponential
from spikelearn.neurons import MODELS, RATE_MODELS
from spikelearn.neurons.margin import margin_function

STEP = 1e-6
STEPS = [
    (model, function) for model in (*MODELS, *RATE_MODELS) for function in (model.step, model.at_event) if function
]
MARGINS = [model for model in MODELS if model.margin]
FACTOR = 3.0


def plain(function):
    return getattr(function, "py_func", function)


def both(function, by, given):
    """(values, Jacobian by central differences, the one by `derivative`) of a function at given arguments.

    Where a branch changes within a step of the difference, that column is NaN.
    """
    names, found = arguments_of(function), derivative(function, by)

    def values(changed=None, change=0.0):
        at = [given[name] + (change if name == changed else 0.0) for name in names]
        return np.atleast_1d(np.array(plain(function)(*at), float))

    returned = np.atleast_1d(np.array(plain(found.function)(*(given[name] for name in names)), float))
    EXACT.check(returned[: found.outputs], values())
    jacobian = np.zeros((found.outputs, len(by)))
    for (output, name), value in zip(found.partials, returned[found.outputs :], strict=True):
        jacobian[output, by.index(name)] = value
    slopes = np.full(jacobian.shape, np.nan)
    for k, name in enumerate(by):
        step = STEP * max(1.0, abs(given[name]))
        far = [(values(name, sign * 2.0 * step) - values()) / (2.0 * sign * step) for sign in (1.0, -1.0)]
        if np.allclose(*far, rtol=1e-2, atol=1e-2):
            slopes[:, k] = (values(name, step) - values(name, -step)) / (2.0 * step)
    return values(), slopes, jacobian


def arguments(model, function, generator, parameters):
    """Random state around the initial one, input, and random numbers, of the order that they have in a run."""
    p = model(**parameters).parameters
    constants = {name: float(np.ravel(value)[0]) for name, value in model.constants(p, 0.1).items()}
    start = dict.fromkeys(model.state, 0.0) | {name: float(np.ravel(v)[0]) for name, v in model.initial(p).items()}
    given = {}
    for name in arguments_of(function):
        if name in start:
            given[name] = start[name] + generator.normal() * (0.3 if abs(start[name]) < 1.5 else 5.0)
        elif name in constants:
            given[name] = constants[name]
        else:
            given[name] = generator.uniform(0.1, 0.9)
    return given


@pytest.mark.parametrize(("model", "function"), STEPS, ids=lambda each: getattr(each, "name", ""))
def test_the_jacobian_of_every_step_is_that_of_central_differences(model, function):
    generator, checked = np.random.default_rng(1), 0
    by = tuple(n for n in arguments_of(function) if n in model.state or n.startswith(("in_", "I_")) and n != "I_e")
    by = tuple(name for name in by if name not in model.constants(model().parameters, 0.1))
    for parameters in (model.properties.quiet, model.properties.firing):
        for _ in range(10):
            values, slopes, jacobian = both(function, by, arguments(model, function, generator, parameters))
            known = np.isfinite(slopes)
            # Differences lose the digits of the value and of the second derivative, which grows with the first.
            METHOD(1, 1e-4, 1.0 + np.abs(values).max() + np.abs(slopes[known]).max(initial=0.0)).check(
                jacobian[known], slopes[known]
            )
            checked += known.sum()
    assert checked > 10 * jacobian.size


@pytest.mark.parametrize("model", MARGINS, ids=lambda model: model.name)
def test_margins_have_the_derivatives_of_central_differences(model):
    function, generator, checked = margin_function(model), np.random.default_rng(2), 0
    for _ in range(20):
        given = arguments(model, function, generator, model.properties.firing)
        values, slopes, jacobian = both(function, tuple(model.state), given)
        if abs(values[0]) < 1e6:
            known = np.isfinite(slopes)
            METHOD(1, 1e-4, 1.0 + np.abs(values[0])).check(jacobian[known], slopes[known])
            checked += np.count_nonzero(slopes[known])
    assert checked > 5 or model is sl.McCullochPitts  # it has no memory, so that its margin depends on input only


@scalar
def helper(x, y):
    return x * y, math.sin(x) / y


@scalar
def applied(function, x):
    return function(x) + function(2.0 * x)


@scalar
def falling(x):
    return np.exp(-x)


@scalar
def rising(x):
    return exponential(x)


def operations(x, y):
    z = x**2 - 3 * y + (-x) / (1.0 + y * y)
    z += max(x, 0.5, y) - min(x * y, 2.0) + abs(x - 2.0 * y)
    w, v = helper(x + y, 2.0 + y)
    u = v if v > 0.3 else w * FACTOR
    return z, u * float(x), math.sqrt(2.0 + x) + math.log(3.0 + y) + math.tanh(x * y), x ** (1.0 + y), np.uint8(x > y)


def elementary(x, y):
    return (
        exponential(x) + expm1(y), math.exp(x) * np.expm1(y), math.cos(x) + math.tan(y) + math.atan(x), math.log1p(x),
        math.sinh(x) * math.cosh(y), np.arctan(x * y), applied(exponential, x) + rising(y) - falling(x),
    )  # fmt: skip


def branches(x, y):
    total = 0.0
    part = x
    if x > y:
        total = x * y
    elif x > 0.2:
        part = y * y
    for k in range(3):
        part = part * y + k
        if part > 2.5:
            break
    while total < 5.0:
        total += 1.0 + x
    return total + part, part * x


@pytest.mark.parametrize("function", [operations, elementary, branches], ids=lambda each: each.__name__)
@pytest.mark.parametrize(("x", "y"), [(0.7, 0.4), (0.3, 0.8), (1.6, 1.1)])
def test_operations_and_branches_have_the_derivatives_of_central_differences(function, x, y):
    values, slopes, jacobian = both(function, ("x", "y"), {"x": x, "y": y})
    assert np.isfinite(slopes).all()
    METHOD(2, STEP, 1e4).check(jacobian, slopes)  # rounding: 1e-16 of 10, over a step of 1e-6


def test_a_derivative_by_one_argument_has_no_others():
    found = derivative(helper, ("y",))
    assert found.outputs == 2 and found.partials == ((0, "y"), (1, "y"))
    assert plain(found.function)(2.0, 4.0) == (8.0, math.sin(2.0) / 4.0, 2.0, -math.sin(2.0) / 16.0)


def no_derivative_of_other_arguments(x, y):
    return (x if y > 0.0 else 2.0 * x), y > 0.0


def test_conditions_are_held():
    assert derivative(no_derivative_of_other_arguments, ("x", "y")).partials == ((0, "x"),)


def indexed(x, y):
    return (x, y)[1] * x


def whole_division(x, y):
    return x // y


def unknown_function(x, y):
    return math.gamma(x)


def by_name(x, y):
    return helper(x, y=y)[0]


def with_comprehension(x, y):
    return sum([x * k for k in range(3)])


def in_condition(x, y):
    while applied(exponential, x) < y:
        x += 1.0
    return x


def of_two_sizes(x, y):
    if x > 0.0:
        return x, y
    return x


def of_arrays(x, y):
    a = np.zeros(2)
    a[0] = x
    return a[0]


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (indexed, "Tuple of variables that have derivatives"),
        (whole_division, "an operation on whole numbers, line .*x // y"),
        (unknown_function, "its derivative is not known.*math.gamma"),
        (by_name, "arguments are given by name"),
        (with_comprehension, "its derivative is not known, line 2: sum"),
        (in_condition, "a call in the condition of a loop"),
        (of_two_sizes, "different numbers of values"),
        (of_arrays, "assigns to something else than variables"),
        (lambda x, y: x, "expected a function that is defined with def|source cannot be read"),
    ],
)
def test_what_cannot_be_differentiated_is_refused_with_its_line(function, complaint):
    with pytest.raises(DescriptionError, match=complaint):
        derivative(function, ("x", "y"))
