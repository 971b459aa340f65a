"""Connection rules: which neurons a projection joins."""
