"""How kernels stop a run. control: (4,) int64, whose indices have these names."""

STOP, POPULATION, NEURON, STEP = range(4)
"""STOP: nonzero if the run must stop because a buffer is full or a state is not finite. POPULATION, NEURON, STEP: of
the first non-finite state; POPULATION is -1 while there is none. The exact engine, which has no steps, stores the
number of the current sample in STEP."""
