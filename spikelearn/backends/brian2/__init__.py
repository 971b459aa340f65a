"""The engine "brian2": descriptions run by Brian2."""
