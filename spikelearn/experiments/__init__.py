"""Model files: how they are found, run and controlled."""
