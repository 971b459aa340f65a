"""Descriptions run by Brian2."""
