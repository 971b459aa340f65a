"""Descriptions run by NEST."""
