"""The engine "brian2": running descriptions on Brian2."""
