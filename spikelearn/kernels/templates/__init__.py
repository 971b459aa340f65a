"""Templates of kernels that are rendered for each model; see codegen/template.py for the syntax."""

raise ImportError("spikelearn.kernels.templates holds templates for spikelearn.codegen.template and cannot be imported")
