"""The exact engine's event loop, taking the arrays of its tables, which are NamedTuples, one by one.

A table that is put together here costs nothing; one that is handed over would have its arrays counted in and out at
every call.
"""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.event_loop import run_events

# for module, table in imports:
from module import table
# end


@kernel
def function(
    step, dt, seed, now: Written, control: Written, event_count: Written, FIELDS: Written, addresses, arguments,
    release_addresses, release_arguments, sample_addresses, sample_arguments
):  # fmt: skip
    run_events(
        step, dt, seed, now, control, event_count, TABLES, addresses, arguments, release_addresses, release_arguments,
        sample_addresses, sample_arguments
    )  # fmt: skip
