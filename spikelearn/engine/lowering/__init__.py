"""From a description to a Program: arrays, and the Calls of a step in their order."""
