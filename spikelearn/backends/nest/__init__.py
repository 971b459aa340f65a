"""The engine "nest": descriptions run by NEST."""
