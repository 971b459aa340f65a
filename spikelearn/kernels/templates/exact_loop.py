"""The exact engine's event loop, taking the arrays of its tables, which are NamedTuples, one by one.

A table that is put together here costs nothing; one that is handed over would have its arrays counted in and out at
every call.
"""

from spikelearn.codegen.jit import kernel
from spikelearn.kernels.event_loop import run_events

# for module, table in imports:
from module import table
# end


@kernel
def function(step, FIRST, FIELDS, LAST):
    run_events(step, FIRST, TABLES, LAST)
