"""A kernel is compiled from what it reaches, so kernels that do not call a model's functions are the same for many."""

from spikelearn.codegen.reached_text import functions_of, reached_text

TEXT = '''from somewhere import down as signal
# advance: step
# of a script, source 0123
# Rendered from kernels/templates/first.py.

import math

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.control import STOP, GO


@kernel
def begin(step, clock: Written):
    """Not the signal that advance() takes."""
    clock[GO] = math.exp(step)  # nor signal


@kernel
def signals(step, begin, gain: Written):
    end = begin + STOP
    gain[0] = signal(end)


# Rendered from kernels/templates/second.py.

import math

from spikelearn.codegen.jit import Written, kernel


@kernel
def function(step, gain: Written):
    begin(step, gain)
    gain[0] = advance(gain[1])
'''


def test_a_kernel_keeps_what_it_calls_and_leaves_what_it_only_mentions():
    text = reached_text(TEXT, "begin")
    assert "import math" in text and "import GO" in text and "STOP" not in text
    assert "def signals" not in text and "down as signal" not in text and "of a script" not in text
    assert "second.py" not in text


def test_a_variable_that_is_called_like_a_function_is_not_that_function():
    text = reached_text(TEXT, "signals")
    assert "def begin" not in text and "from somewhere import down as signal" in text and "import STOP" in text


def test_the_mark_of_an_injected_function_stays_with_what_calls_it():
    text = reached_text(TEXT, "function")
    assert "# advance: step\n# of a script, source 0123\n" in text and "def begin" in text
    assert text.count("import math") == 1 and text.index("first.py") < text.index("second.py")


def test_what_is_reached_reaches_itself():
    for name in functions_of(TEXT):
        text = reached_text(TEXT, name)
        compile(text, "text", "exec")
        assert reached_text(text, name) == text


def test_kernels_that_do_not_call_the_function_of_a_rule_are_the_same_for_all_rules():
    other = TEXT.replace("down as signal", "up as signal")
    assert reached_text(TEXT, "begin") == reached_text(other, "begin")
    assert reached_text(TEXT, "signals") != reached_text(other, "signals")
