"""What a rule asks of a synapse: what it must know, and what the circuit around it must have."""

from __future__ import annotations

from typing import NamedTuple


class Locality(NamedTuple):
    """What must be known at a synapse for its rule, and what else must be there for it to be known."""

    pre: bool = True
    """The activity of its source."""
    post: bool = True
    """The activity of its target."""
    target_signal: bool = False
    """A signal of its own for each target, such as an apical potential, beside the activity of the target."""
    global_scalar: bool = False
    """One number for all synapses, such as a reward."""
    other_weights: bool = False
    """Weights of other synapses: weight transport."""
    phases: bool = False
    """Phases that are told apart, such as free and taught."""
    error_cells: bool = False
    """Cells that carry nothing but errors."""
    label_at_hidden: bool = False
    """The teacher at hidden layers."""
    whole_time: bool = False
    """The course of all cells, kept and gone through backwards."""


MEANINGS = {
    "pre": "own source", "post": "own target", "target_signal": "signal of its target",
    "global_scalar": "global number", "other_weights": "other weights", "phases": "phases",
    "error_cells": "error cells", "label_at_hidden": "label at hidden layers", "whole_time": "stored time course",
}  # fmt: skip
"""Field of Locality -> what it is called in tables."""
