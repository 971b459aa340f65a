"""How kernels stop a run. control: (4,) int64, whose places have these names."""

STOP, POPULATION, NEURON, STEP = range(4)
"""STOP: not 0 if the run is to stop, because a buffer is full or a state is not finite. POPULATION, NEURON, STEP: of
the first such state; POPULATION is -1 while there is none. The exact engine, which has no steps, keeps the number of
the sample that is being taken in STEP."""
