"""The engine "nest": running descriptions on NEST."""
