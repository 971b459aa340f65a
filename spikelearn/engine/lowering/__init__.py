"""Lowering of a description to a Program: arrays, and the ordered Calls of a step."""
