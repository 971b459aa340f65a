"""What a run returns, and where it puts what it records."""
