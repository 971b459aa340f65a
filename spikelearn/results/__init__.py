"""The result of a run, and the sinks that receive its recordings."""
