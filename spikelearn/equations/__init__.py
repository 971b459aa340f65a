"""Models from equations in Brian2's syntax: checked by its parser, integrated by its methods, rendered as Python."""

from spikelearn.equations.graded import graded_source
from spikelearn.equations.neuron import neuron_source
from spikelearn.equations.rule import rule_source
from spikelearn.equations.synapse import synapse_source

__all__ = ["graded_source", "neuron_source", "rule_source", "synapse_source"]
