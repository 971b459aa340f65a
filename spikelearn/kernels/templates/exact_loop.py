"""The exact engine's event loop, with the arrays of its tables (NamedTuples) as separate arguments.

Assembling a table here costs nothing; passing one would update the reference counts of its arrays at every call.
"""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.event_loop import run_events

# for module, table in imports:
from module import table
# end


@kernel
def function(
    step, numerator, denominator, seed, now: Written, control: Written, event_count: Written, FIELDS: Written,
    addresses, arguments, release_addresses, release_arguments, sample_addresses, sample_arguments
):  # fmt: skip
    run_events(
        step, numerator, denominator, seed, now, control, event_count, TABLES, addresses, arguments, release_addresses,
        release_arguments, sample_addresses, sample_arguments
    )  # fmt: skip
