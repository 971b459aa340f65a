"""Loops that are made for one model or rule at a time."""
