"""Hardware limits to compare the loops of a network with: memory, scattered additions and arithmetic.

Each is the loop of a kernel that does nothing else; all but `read` return how many numbers they processed.
"""

from spikelearn.codegen.jit import kernel

OPERATIONS = 16
"""Operations of `calculate` on each number that it loads."""


@kernel
def read(numbers, times):
    """Read an array of int64 so many times, in order. A sum of integers vectorises; one of floats may not."""
    total = 0
    for _ in range(times):
        for i in range(len(numbers)):
            total += numbers[i]
        numbers[0] = total
    return total


@kernel
def update(numbers, times):
    """Read and write an array of float64 so many times, in order, like a loop over neurons with its state."""
    for _ in range(times):
        for i in range(len(numbers)):
            numbers[i] = 0.5 * numbers[i] + 1.0
    return len(numbers) * times


@kernel
def scatter(targets, inputs, times):
    """Add to inputs[target] for each target, like a delivery."""
    for _ in range(times):
        for target in targets:
            inputs[target] += 1.0
    return len(targets) * times


@kernel
def calculate(numbers, times):
    """Multiply and add, in vectors as wide as the machine's; `numbers` is small, so that memory is not involved."""
    for _ in range(times):
        for i in range(len(numbers)):
            x = numbers[i]
            x = x * 0.5 + 1.0
            x = x * 0.5 + 1.0
            x = x * 0.5 + 1.0
            x = x * 0.5 + 1.0
            x = x * 0.5 + 1.0
            x = x * 0.5 + 1.0
            x = x * 0.5 + 1.0
            x = x * 0.5 + 1.0
            numbers[i] = x
    return len(numbers) * times
