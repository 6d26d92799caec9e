"""Punnet: real-time recommendations for farmers' markets and local-food shops."""

__version__ = "0.1.0"
