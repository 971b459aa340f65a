"""Learners: networks with a credit-assignment rule, and tools to compare them."""
