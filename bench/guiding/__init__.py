"""Fuzzing that is guided by what the code reaches."""
