"""What the suites said, beside the goals, and where it was measured."""
