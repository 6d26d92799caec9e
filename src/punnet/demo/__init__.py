"""The demo market and its shoppers."""
