"""Learners: networks with a rule for assigning credit, and their comparison."""
