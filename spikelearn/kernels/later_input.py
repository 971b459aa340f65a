"""Input through projections that learn and came later, to a port whose other input is added to the state."""

from spikelearn.codegen.jit import Written, kernel


@kernel
def add_later_input(step, later: Written, variable: Written):
    """Add what has arrived in this step to the variable, and begin anew."""
    for i in range(len(later)):
        variable[i] += later[i]
        later[i] = 0.0
