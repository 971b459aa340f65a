"""Kernels that are made for one model at a time. They are read as text by codegen/template.py, which says how."""

raise ImportError("spikelearn.kernels.templates holds text for spikelearn.codegen.template, nothing to import")
